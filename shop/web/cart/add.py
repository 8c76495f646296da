"""Adding to the cart: the one change that starts a session, and the path that must be short.

Form -> cached product -> one round trip to the cart service -> fragments. No query, no second look-up.
"""

from __future__ import annotations

import msgspec

from shop.cart.model import Add, Cart, new_change_id
from shop.cart.service import CartService
from shop.catalog.model import Product, Variant
from shop.errors import InvalidInput, NotEnoughStock, NotFound, QuantityLimitExceeded
from shop.formatting import listed
from shop.i18n import content, full_name, ngettext, noted
from shop.i18n import gettext as _
from shop.web.cart.replies import CartReplies
from shop.web.cart.views import CartView
from shop.web.catalog.product import ProductHandlers
from shop.web.http.change_ids import clicked_change, idempotency_key, is_plain_form, keyed_change
from shop.web.http.forms import Form, read_form
from shop.web.http.limits import CARTS
from shop.web.http.reply import Reply
from shop.web.http.request import ShopRequest
from shop.web.http.session import Session
from shop.web.render.catalog import product_of
from shop.web.render.storefront import Storefront


class ItemToAdd(msgspec.Struct, frozen=True):
    """A variant to add, and how many of it."""

    product: Product
    variant: Variant
    quantity: int

    @property
    def name(self) -> str:
        """Title and variant, for a sentence: 'Tide Mug, Moss'."""
        return full_name(self.product.title, self.variant.title)

    def announcement(self, view: CartView) -> str:
        """The message after the add, with the number of items now in the cart."""
        what = f"{self.quantity} × {self.name}" if self.quantity > 1 else self.name
        added = _("Added {what}.", what=what)
        count = ngettext("{count} item in your cart.", "{count} items in your cart.", view.quantity)
        return f"{added} {count}"


class AddHandlers:
    """Handles POST /cart: product_id, quantity (1), and variant_id where the product has several variants.

    Also POST /cart/saved, with the same fields but the quantity.
    """

    def __init__(self, site: Storefront, carts: CartService, replies: CartReplies, products: ProductHandlers) -> None:
        self._site = site
        self._carts = carts
        self._replies = replies
        self._products = products

    async def add(self, request: ShopRequest) -> Reply:
        """POST /cart. Raises NotFound for an unknown product; 422 if the cart or the stock does not allow the add."""
        form = await read_form(request)
        if not (handle := form.text("product_id")):
            raise InvalidInput("Please name a product, in product_id.", field="product_id")
        product = await product_of(self._site.catalog, handle)
        session = self._site.sessions.read(request)
        try:
            item = _item_of(product, form)
            own_session, woken = await self._own_session(request, session)
            cart = await self._apply(request, own_session, form, item)
            cart = msgspec.structs.replace(cart, idle_since=woken) if woken else cart
        except InvalidInput as error:
            return await self._refused(request, session, product, form, error)
        return await self._replies.added(request, own_session, cart, item.announcement, item.variant.sku)

    async def save(self, request: ShopRequest) -> Reply:
        """POST /cart/saved: one of a product for later; nothing if it is saved already. Also what is sold out."""
        form = await read_form(request)
        product = await product_of(self._site.catalog, form.text("product_id"))
        session = self._site.sessions.read(request)
        try:
            item = _item_of(product, form)
            own_session, _woken = await self._own_session(request, session)
            cart = await self._apply_save(request, own_session, form, item.variant)
        except InvalidInput as error:
            return await self._refused(request, session, product, form, error)
        return await self._replies.saved(request, own_session, cart)

    async def _apply_save(self, request: ShopRequest, session: Session, form: Form, variant: Variant) -> Cart:
        change_id, _idle_since = await self._change_id(request, session, form)
        at = int(self._site.clock())
        try:
            change = Add(change_id, at, variant.sku, 1, variant.price, at_most=1, saved=True)
            return await self._carts.apply(session.cart_id, change)
        except QuantityLimitExceeded:
            return await self._carts.get(session.cart_id)

    async def _own_session(self, request: ShopRequest, session: Session | None) -> tuple[Session, int]:
        """The session to add to, and `Cart.idle_since` if the look for its cart restored that from the archive.

        A new one if there is none, or if one without our mark names no cart. While the store is away, nobody knows
        whether there is a cart: the session stays.
        """
        if session is not None and session.issued:
            return session, 0
        if session is not None:
            cart = await self._carts.get(session.cart_id)
            if cart.revision or cart.partial:
                return session, cart.idle_since
        await self._site.limits.count(request.scope, CARTS)
        return self._site.sessions.begin(idempotency_key(request)), 0

    async def _apply(self, request: ShopRequest, session: Session, form: Form, item: ItemToAdd) -> Cart:
        variant = item.variant
        stock = await self._stock(variant, session)
        if stock is not None and stock <= 0:
            raise NotEnoughStock(item.name, 0, reserved=item.variant.reserved > 0)
        change_id, idle_since = await self._change_id(request, session, form)
        change = Add(
            id=change_id,
            at=int(self._site.clock()),
            sku=variant.sku,
            quantity=item.quantity,
            price=variant.price,
            at_most=stock or 0,
        )
        try:
            cart = await self._carts.apply(session.cart_id, change)
            return msgspec.structs.replace(cart, idle_since=idle_since) if idle_since else cart
        except QuantityLimitExceeded as error:
            if stock is None or error.limit >= self._carts.limits.quantity:
                raise
            line = (await self._carts.get(session.cart_id)).line(variant.sku)
            raise _not_enough(item, stock, line.quantity if line else 0) from error

    async def _stock(self, variant: Variant, session: Session) -> int | None:
        """Stock of a variant for this shopper, with the units reserved for their cart; None for unlimited stock."""
        if not variant.reserved:
            return variant.stock
        offers = await self._site.catalog.offers((variant.sku,), session.cart_id)
        return offers[variant.sku].stock if variant.sku in offers else 0

    async def _change_id(self, request: ShopRequest, session: Session, form: Form) -> tuple[bytes, int]:
        """The id of the change, and `Cart.woken` if the look-up of the cart restored it from the archive."""
        if (keyed := keyed_change(request, session.cart_id, form)) is not None:
            return keyed, 0
        if is_plain_form(request):
            cart = Cart(session.cart_id) if session.fresh else await self._carts.get(session.cart_id)
            return clicked_change(request, cart, form, self._site.clock), cart.idle_since
        return new_change_id(), 0

    async def _refused(
        self, request: ShopRequest, session: Session | None, product: Product, form: Form, error: InvalidInput
    ) -> Reply:
        if not request.wants_fragment:
            sku, quantity = form.fields.get("variant_id", ""), form.fields.get("quantity", "1")
            return await self._products.refused_add(request, product, sku, quantity, error.message)
        cart = await self._carts.get(session.cart_id) if session else Cart("")
        return await self._replies.refused(request, cart, error.message)


def _item_of(product: Product, form: Form) -> ItemToAdd:
    quantity = form.count("quantity", default=1)
    sku = form.text("variant_id")
    if sku:
        variant = product.variant(sku)
        if variant is None:
            raise NotFound("{title} no longer comes like that. Please choose again.", title=product.title)
        return ItemToAdd(product, variant, quantity)
    if len(product.variants) > 1:
        choices = listed([*map(content, product.options)])
        raise InvalidInput("Please choose: {choices}.", choices=choices, field="variant_id")
    return ItemToAdd(product, product.variants[0], quantity)


def _not_enough(item: ItemToAdd, stock: int, in_cart: int) -> InvalidInput:
    if not in_cart:
        return NotEnoughStock(item.name, stock, reserved=item.variant.reserved > 0)
    message = noted("Only {stock} of {name} left, and you have {have} in your cart.")
    return InvalidInput(message, stock=stock, name=item.name, have=in_cart, field="quantity")
