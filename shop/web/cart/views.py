"""View structs for the cart's templates; see shop.web.render.views."""

from __future__ import annotations

import msgspec

from shop.web.render.views import Card, Picture, Shell


class LineView(msgspec.Struct, frozen=True):
    """A line of the cart."""

    sku: str
    path: str
    """'/cart/lines/{sku}' with the sku encoded, '/cart/saved/{sku}' for a saved line; '/remove' or '/save' follows."""
    title: str
    variant: str
    url: str
    picture: Picture
    quantity: int
    max_quantity: int
    unit_price: str
    was: str
    """The unit price before a reduction; '' if it is not reduced."""
    saving: str
    """What the reduction comes to for the whole line; '' if it is not reduced."""
    total: str
    notices: tuple[str, ...]
    """'The price went up from €10.00 to €12.00.', 'Only 2 left.', 'Sold out.'"""
    discontinued: bool
    """The catalogue no longer has the item: it adds nothing to the total and can only be removed."""
    changes: tuple[str, ...] = ()
    """The subset of `notices` about changes since the item was added."""


class UndoView(msgspec.Struct, frozen=True):
    """An offer to restore what was just removed."""

    removal_id: str
    """Id of the change that removed it, hex."""
    message: str
    """'Removed Tide Mug.'"""


class ReturningCartView(msgspec.Struct, frozen=True):
    """The notice about a cart restored from the archive."""

    message: str
    """'Your cart of 3 March 2026 is here again.'"""
    changes: tuple[str, ...]
    """'Tide Mug: the price went up from €10.00 to €12.00.'"""
    more: int = 0
    """Number of changes that are not listed; each line shows its own."""


class CouponView(msgspec.Struct, frozen=True):
    """The coupon of a cart."""

    code: str
    message: str
    """The coupon's benefit, or the reason why it does not apply."""
    applies: bool
    discount: str = ""
    """'−€4.70'; '' without a discount."""


class DiscountView(msgspec.Struct, frozen=True):
    """What an automatic rule takes off: '3 for 2 on mugs', '−€9.00'."""

    title: str
    amount: str


class FreeShippingView(msgspec.Struct, frozen=True):
    """Progress towards free shipping: `value` of `goal`, for a progress bar. Both are equal once it is reached."""

    message: str
    """'€12.70 more for free delivery to the European Union.'"""
    value: int
    goal: int


class CartView(msgspec.Struct, frozen=True):
    """The cart, as the page and the drawer show it."""

    lines: tuple[LineView, ...]
    saved: tuple[LineView, ...]
    quantity: int
    subtotal: str
    undo: UndoView | None
    partial: bool
    """Some saved items may not be visible yet."""
    revision: int = 0
    """The cart's revision; shop.js uses it to drop replies that arrive out of order."""
    returning: ReturningCartView | None = None
    """Present when the cart was just restored from the archive."""
    coupon: CouponView | None = None
    """The coupon that was entered, whether it applies or not."""
    discounts: tuple[DiscountView, ...] = ()
    """Those of automatic rules."""
    discounted: str = ""
    """The subtotal less all discounts; '' without one."""
    shipping: FreeShippingView | None = None
    recommended_url: str = ""
    """Where to fetch recommendations; '' when the cart has no items to base them on."""
    typed_code: str = ""
    """A coupon code that was entered and refused."""
    coupon_error: str = ""
    """Why that code was refused."""


class CartPage(msgspec.Struct, frozen=True):
    """The cart page."""

    shell: Shell
    cart: CartView
    error: str = ""
    """Why the last change was refused, without JavaScript."""


DRAWER_LINES = 5


class CartReply(msgspec.Struct, frozen=True):
    """The reply to a change by htmx: the cart for the fragments to swap, and a message about the change."""

    cart: CartView
    badge: int
    status: str
    """For the role=status region: 'Added 2 x Tide Mug. 3 items in your cart.'"""
    error: str = ""
    """Not empty if the change was refused; `status` then has the same text."""
    added_sku: str = ""
    """The sku that was just added; '' if none was."""

    @property
    def drawer_lines(self) -> list[LineView]:
        """The lines in the drawer: the one that was just added, and the newest others, newest first; at most five."""
        added = [line for line in self.cart.lines if line.sku == self.added_sku]
        others = [line for line in self.cart.lines if line.sku != self.added_sku]
        return [*added, *others[: -(DRAWER_LINES - len(added)) - 1 : -1]]


class RecommendedView(msgspec.Struct, frozen=True):
    """The recommended products; may be empty."""

    cards: tuple[Card, ...]
