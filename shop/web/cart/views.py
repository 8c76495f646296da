"""What the templates of the cart are given; see shop.web.render.views."""

from __future__ import annotations

import msgspec

from shop.web.render.views import Card, Picture, Shell


class LineView(msgspec.Struct, frozen=True):
    """A line of the cart."""

    sku: str
    path: str
    """'/cart/lines/{sku}' with the sku encoded; '/remove', '/save' follow it, '/cart/saved/{sku}' where saved."""
    title: str
    variant: str
    url: str
    picture: Picture
    quantity: int
    max_quantity: int
    unit_price: str
    total: str
    notices: tuple[str, ...]
    """'The price went up from €10.00 to €12.00.', 'Only 2 left.', 'Sold out.'"""
    gone: bool
    """The catalogue no longer has it: it counts nothing and can only be removed."""
    changes: tuple[str, ...] = ()
    """Those of the notices that say what is otherwise than when it was added."""


class UndoView(msgspec.Struct, frozen=True):
    """An offer to put back what was just removed; `of` is the removing change's id, hex."""

    of: str
    words: str
    """'Removed Tide Mug.'"""


class ReturningCartView(msgspec.Struct, frozen=True):
    """What is said of a cart that has slept."""

    words: str
    """'Your cart of 3 March 2026 is here again.'"""
    changes: tuple[str, ...]
    """'Tide Mug: the price went up from €10.00 to €12.00.'"""
    more: int = 0
    """Changes that are not listed; each line says its own."""


class CouponView(msgspec.Struct, frozen=True):
    """The coupon of a cart."""

    code: str
    words: str
    """What it gives, or why it does not count."""
    counts: bool
    discount: str = ""
    """'−€4.70'; '' where it takes nothing off."""
    left: str = ""
    """The subtotal less the discount, where there is one."""


class FreeShippingView(msgspec.Struct, frozen=True):
    """How far away free shipping is; `value` and `goal` are for a progress bar, and equal where it is reached."""

    words: str
    """'€12.70 more, and the cheapest shipping to the European Union is free.'"""
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
    """The cart's revision, by which a page tells an older reply from a newer one."""
    welcome: ReturningCartView | None = None
    """Where the cart has slept and just come back."""
    coupon: CouponView | None = None
    """Where one was entered, whether it counts or not."""
    shipping: FreeShippingView | None = None
    recommended_url: str = ""
    """What goes well with it; '' where there is nothing to go by."""
    typed: str = ""
    """What was typed as a coupon's code and refused."""
    coupon_error: str = ""
    """Why it was refused."""


class CartPage(msgspec.Struct, frozen=True):
    """The cart page."""

    shell: Shell
    cart: CartView
    error: str = ""
    """Why the last change was refused, without JavaScript."""


class CartReply(msgspec.Struct, frozen=True):
    """The reply to a change by htmx: which fragments to swap and what happened in words."""

    cart: CartView
    badge: int
    status: str
    """For the role=status region: 'Added 2 x Tide Mug. 3 items in your cart.'"""
    error: str = ""
    """Not empty where the change was refused; `status` then says the same."""
    added: str = ""
    """The sku that was just added, '' where nothing was."""


class RecommendedView(msgspec.Struct, frozen=True):
    """What is recommended; nothing is as well."""

    cards: tuple[Card, ...]
