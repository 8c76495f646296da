"""The cart page and every change of a cart but the add.

A change is decided in one small function: which change was asked for, and what to say when it is done. Refused,
it is answered with the reason and the cart as it is.
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
from shop.errors import CouponRefused, InvalidInput, NotEnoughStock
from shop.i18n import gettext as _
from shop.i18n import ngettext
from shop.web.cart.cart_builder import name_of
from shop.web.cart.replies import CartReplies, Words
from shop.web.cart.views import CartView
from shop.web.http.change_ids import named_change
from shop.web.http.forms import Form, read_form
from shop.web.http.reply import Reply
from shop.web.http.request import ShopRequest
from shop.web.http.session import Session
from shop.web.render.paths import sku_of
from shop.web.render.storefront import Storefront


class Asked(msgspec.Struct, frozen=True):
    """A change that a shopper asks for.

    Of which cart and line ('' for none), on which visit, with which form, under which id, and when.
    """

    cart_id: str
    sku: str
    request: ShopRequest
    form: Form
    id: bytes
    at: int


Decision = tuple[Change, Words]
Decide = Callable[[Asked], Awaitable[Decision]]
Handler = Callable[[ShopRequest], Awaitable[Reply]]


class CartHandlers:
    """The cart's page and its changes."""

    def __init__(self, site: Storefront, carts: CartService, replies: CartReplies) -> None:
        self._site = site
        self._carts = carts
        self._replies = replies

    async def show(self, request: ShopRequest) -> Reply:
        """GET /cart."""
        return await self._replies.shown(request, await self._cart(self._site.sessions.read(request)))

    async def welcomed(self, request: ShopRequest) -> Reply:
        """POST /cart/welcome: the shopper has read that their cart is back."""
        return await self._replies.welcomed(request, await self._cart(self._site.sessions.read(request)))

    def changing(self, decide: Decide) -> Handler:
        """The handler of a POST that changes a cart as `decide` says."""

        async def change_cart(request: ShopRequest) -> Reply:
            session = self._site.sessions.read(request)
            form = Form({})
            try:
                form = await read_form(request)
                change, words = await decide(self._asked(request, session, form))
                cart = await self._carts.apply(session.cart_id, change) if session else Cart("")
            except CouponRefused as error:
                return await self._replies.refused_coupon(request, await self._cart(session), error.message, form)
            except InvalidInput as error:
                return await self._replies.refused(request, await self._cart(session), error.message)
            return await self._replies.changed(request, session, cart, words)

        return change_cart

    async def set_quantity(self, asked: Asked) -> Decision:
        """POST /cart/lines/{sku} with quantity; 0 removes the line."""
        quantity = asked.form.count("quantity")
        offer = (await self._site.catalog.offers((asked.sku,), asked.cart_id)).get(asked.sku)
        if offer is not None and offer.stock is not None and quantity > offer.stock:
            raise NotEnoughStock(name_of(offer), max(0, offer.stock))
        change = SetQuantity(asked.id, asked.at, asked.sku, quantity)
        return change, lambda view: _quantity_words(view, asked.sku) if quantity else _removed(view)

    async def remove(self, asked: Asked) -> Decision:
        """POST /cart/lines/{sku}/remove."""
        return Remove(asked.id, asked.at, asked.sku), _removed

    async def remove_saved(self, asked: Asked) -> Decision:
        """POST /cart/saved/{sku}/remove."""
        return RemoveSaved(asked.id, asked.at, asked.sku), _removed

    async def save(self, asked: Asked) -> Decision:
        """POST /cart/lines/{sku}/save."""
        return SaveForLater(asked.id, asked.at, asked.sku), lambda view: _told(_("Saved for later."), view)

    async def move(self, asked: Asked) -> Decision:
        """POST /cart/saved/{sku}/move."""
        return MoveToCart(asked.id, asked.at, asked.sku), lambda view: _told(_("Moved to your cart."), view)

    async def empty(self, asked: Asked) -> Decision:
        """POST /cart/empty."""
        return Clear(asked.id, asked.at), _emptied

    async def undo(self, asked: Asked) -> Decision:
        """POST /cart/undo with `of`, the id of the removal in hex."""
        try:
            of = bytes.fromhex(asked.form.text("of"))
        except ValueError:
            raise InvalidInput("That can no longer be undone.", field="of") from None
        return Undo(asked.id, asked.at, of), lambda view: _told(_("Put back."), view)

    def _asked(self, request: ShopRequest, session: Session | None, form: Form) -> Asked:
        cart_id = session.cart_id if session else ""
        named = named_change(request, cart_id, form) if cart_id else None
        sku = sku_of(request.path_params.get("sku", ""))
        return Asked(cart_id, sku, request, form, named or new_change_id(), int(self._site.clock()))

    async def _cart(self, session: Session | None) -> Cart:
        return await self._carts.get(session.cart_id) if session else Cart("")


def _emptied(view: CartView) -> str:
    return _("Your cart is empty.") if not view.lines else _told(_("Emptied."), view)


def _told(what: str, view: CartView) -> str:
    holds = ngettext("{count} item in your cart.", "{count} items in your cart.", view.quantity)
    return f"{what} {holds}"


def _quantity_words(view: CartView, sku: str) -> str:
    line = next((line for line in view.lines if line.sku == sku), None)
    said = f"{line.title}: {line.quantity}." if line else _("That item is no longer in your cart.")
    return _told(said, view)


def _removed(view: CartView) -> str:
    return _told(view.undo.words if view.undo else _("Removed."), view)
