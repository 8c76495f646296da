"""The cart page, and every change to a cart except the add.

Each change is one small action: it turns a request into a Change and the announcement of its result. A refused
change is answered with the reason and the unchanged cart.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import msgspec

from shop.cart.model import (
    Cart,
    Change,
    Clear,
    MoveToCart,
    Remove,
    RemoveSaved,
    SaveForLater,
    SetQuantity,
    Undo,
    new_change_id,
)
from shop.cart.service import CartService
from shop.checkout.placing.reservations import Reservations
from shop.errors import CouponRefused, InvalidInput, NotEnoughStock
from shop.i18n import gettext as _
from shop.i18n import ngettext
from shop.web.cart.cart_builder import name_of
from shop.web.cart.replies import Announcement, CartReplies
from shop.web.cart.views import CartView
from shop.web.http.change_ids import keyed_change
from shop.web.http.forms import Form, read_form
from shop.web.http.reply import Reply
from shop.web.http.request import ShopRequest
from shop.web.http.session import Session
from shop.web.render.paths import sku_of
from shop.web.render.storefront import Storefront


class CartRequest(msgspec.Struct, frozen=True):
    """A request to change a cart, made by CartHandlers.changing for its actions."""

    cart_id: str
    """'' for a shopper without a session."""
    sku: str
    """The line to change; '' for the whole cart."""
    request: ShopRequest
    form: Form
    change_id: bytes
    at: int
    """Time of the request, seconds since the epoch."""


AnnouncedChange = tuple[Change, Announcement]
CartAction = Callable[[CartRequest], Awaitable[AnnouncedChange]]
Handler = Callable[[ShopRequest], Awaitable[Reply]]
RELEASING = (Clear, Remove, SaveForLater, SetQuantity)
"""The changes after which a cart may need less than it has reserved."""


class CartHandlers:
    """Handles /cart, /cart/lines, /cart/saved, /cart/empty, /cart/undo and /cart/welcome."""

    def __init__(self, site: Storefront, carts: CartService, replies: CartReplies, reservations: Reservations) -> None:
        self._site = site
        self._carts = carts
        self._replies = replies
        self._reservations = reservations

    async def show(self, request: ShopRequest) -> Reply:
        """GET /cart."""
        return await self._replies.shown(request, await self._cart(self._site.sessions.read(request)))

    async def dismiss_returning(self, request: ShopRequest) -> Reply:
        """POST /cart/welcome: hide the notice of a returning cart."""
        return await self._replies.returning_dismissed(request, await self._cart(self._site.sessions.read(request)))

    def changing(self, action: CartAction) -> Handler:
        """The handler of a POST that applies the change of `action` and announces it."""

        async def change_cart(request: ShopRequest) -> Reply:
            session = self._site.sessions.read(request)
            form = Form({})
            try:
                form = await read_form(request)
                change, announcement = await action(self._cart_request(request, session, form))
                cart = await self._changed(session, change)
            except CouponRefused as error:
                return await self._replies.coupon_refused(request, await self._cart(session), error.message, form)
            except InvalidInput as error:
                return await self._replies.refused(request, await self._cart(session), error.message)
            return await self._replies.changed(request, session, cart, announcement)

        return change_cart

    async def _changed(self, session: Session | None, change: Change) -> Cart:
        """The cart after a change. What it no longer needs of its reservation is on sale again at once."""
        if session is None:
            return Cart("")
        cart = await self._carts.apply(session.cart_id, change)
        if isinstance(change, RELEASING):
            await self._reservations.keep(cart.id, {line.sku: line.quantity for line in cart.active})
        return cart

    async def set_quantity(self, cart_request: CartRequest) -> AnnouncedChange:
        """POST /cart/lines/{sku} with quantity; 0 removes the line."""
        quantity = cart_request.form.count("quantity")
        offer = (await self._site.catalog.offers((cart_request.sku,), cart_request.cart_id)).get(cart_request.sku)
        if offer is not None and offer.stock is not None and quantity > offer.stock:
            raise NotEnoughStock(name_of(offer), max(0, offer.stock), reserved=offer.reserved > 0)
        change = SetQuantity(cart_request.change_id, cart_request.at, cart_request.sku, quantity)
        return change, lambda view: _announce_quantity(view, cart_request.sku) if quantity else _announce_removal(view)

    async def remove(self, cart_request: CartRequest) -> AnnouncedChange:
        """POST /cart/lines/{sku}/remove."""
        return Remove(cart_request.change_id, cart_request.at, cart_request.sku), _announce_removal

    async def remove_saved(self, cart_request: CartRequest) -> AnnouncedChange:
        """POST /cart/saved/{sku}/remove."""
        return RemoveSaved(cart_request.change_id, cart_request.at, cart_request.sku), _announce_removal

    async def save(self, cart_request: CartRequest) -> AnnouncedChange:
        """POST /cart/lines/{sku}/save."""
        return SaveForLater(cart_request.change_id, cart_request.at, cart_request.sku), lambda view: _with_count(
            _("Saved for later."), view
        )

    async def move(self, cart_request: CartRequest) -> AnnouncedChange:
        """POST /cart/saved/{sku}/move."""
        return MoveToCart(cart_request.change_id, cart_request.at, cart_request.sku), lambda view: _with_count(
            _("Moved to your cart."), view
        )

    async def empty(self, cart_request: CartRequest) -> AnnouncedChange:
        """POST /cart/empty."""
        return Clear(cart_request.change_id, cart_request.at), _announce_empty

    async def undo(self, cart_request: CartRequest) -> AnnouncedChange:
        """POST /cart/undo with `of`, the id of the removal in hex. Raises InvalidInput for any other text."""
        try:
            removal_id = bytes.fromhex(cart_request.form.text("of"))
        except ValueError:
            raise InvalidInput("That can no longer be undone.", field="of") from None
        return Undo(cart_request.change_id, cart_request.at, removal_id), lambda view: _with_count(_("Put back."), view)

    def _cart_request(self, request: ShopRequest, session: Session | None, form: Form) -> CartRequest:
        cart_id = session.cart_id if session else ""
        keyed = keyed_change(request, cart_id, form) if cart_id else None
        sku = sku_of(request.path_params.get("sku", ""))
        return CartRequest(cart_id, sku, request, form, keyed or new_change_id(), int(self._site.clock()))

    async def _cart(self, session: Session | None) -> Cart:
        return await self._carts.get(session.cart_id) if session else Cart("")


def _announce_empty(view: CartView) -> str:
    return _("Your cart is empty.") if not view.lines else _with_count(_("Emptied."), view)


def _announce_quantity(view: CartView, sku: str) -> str:
    line = next((line for line in view.lines if line.sku == sku), None)
    message = f"{line.title}: {line.quantity}." if line else _("That item is no longer in your cart.")
    return _with_count(message, view)


def _announce_removal(view: CartView) -> str:
    return _with_count(view.undo.message if view.undo else _("Removed."), view)


def _with_count(message: str, view: CartView) -> str:
    count = ngettext("{count} item in your cart.", "{count} items in your cart.", view.quantity)
    return f"{message} {count}"
