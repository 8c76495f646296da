"""What templates are given: finished words, numbers and addresses, and nothing to compute with.

Every `*_url` is a path on this site, ready for an attribute. Every price is text in the shopper's currency.
"""

from __future__ import annotations

import msgspec


class Link(msgspec.Struct, frozen=True):
    """A place to go; `current` when it is where the shopper is."""

    label: str
    url: str
    current: bool = False


class Source(msgspec.Struct, frozen=True):
    """A picture's files of one format: 'image/avif', and the widths that a browser chooses from."""

    type: str
    srcset: str


class Picture(msgspec.Struct, frozen=True):
    """A picture's address and what it shows. `remote` ones may fail and have a fallback."""

    url: str
    """Of the file for a browser that knows none of the sources."""
    alt: str
    remote: bool = False
    width: int = 0
    """Pixels, as is the height: its shape, by which its place is kept; 0 where it is not known."""
    height: int = 0
    sources: tuple[Source, ...] = ()
    """The best format first."""
    small: str = ""
    """Of the smallest file, for thumbnails; '' where there is but one."""
    blur: str = ""
    """A few pixels of it as a data: URL, to look at until it is there."""
    jpeg: str = ""
    """For those who show it elsewhere: social cards, search engines."""


class Price(msgspec.Struct, frozen=True):
    """'€19.00'; `was` is the price before a reduction; `varies` when it is the lowest of several ('From €19.00')."""

    text: str
    was: str = ""
    varies: bool = False


class LanguageLink(msgspec.Struct, frozen=True):
    """A language that can be chosen: 'de', 'Deutsch'; `current` where it is spoken."""

    code: str
    name: str
    current: bool = False


class Alternate(msgspec.Struct, frozen=True):
    """The page in another language, for search engines: <link rel="alternate" hreflang href>."""

    language: str
    """'de'; 'x-default' for the address that leaves it to the visitor."""
    url: str
    """Absolute."""


class Shell(msgspec.Struct, frozen=True):
    """What surrounds every page. The badge is not in it: it is spliced into the finished page."""

    title: str
    """For <title>, without the shop's name."""
    description: str
    canonical_url: str
    """Absolute where a public address is known, else a path; '' where a page is not for search engines."""
    path: str
    """Where the shopper is, with the query: the place that setCurrency comes back to."""
    currency: str
    currencies: tuple[str, ...]
    categories: tuple[Link, ...]
    q: str = ""
    """The search text, as it was typed."""
    notice: str = ""
    """A discreet sentence for everyone, e.g. while saved carts cannot be read; '' for none."""
    language: str = "en"
    direction: str = "ltr"
    """'ltr' or 'rtl'."""
    languages: tuple[LanguageLink, ...] = ()
    """Those that are offered, for setLanguage; none where there is no choice."""
    alternates: tuple[Alternate, ...] = ()
    """Where the page is for search engines and a public address is known; else none."""
    site: str = ""
    """The shop's public address, before which a path is put: 'https://shop.example'; '' where it is not known."""
    picture: Picture | None = None
    """What the page is about, for social cards."""


class Card(msgspec.Struct, frozen=True):
    """A product in a grid."""

    handle: str
    title: str
    url: str
    picture: Picture
    price: Price
    stock: str
    """'' while there is plenty; else 'Only 3 left', 'Sold out'."""
    sold_out: bool
    on_sale: bool
    sku: str
    """Not empty where the card can add the product at once (no option to choose)."""


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


class WelcomeView(msgspec.Struct, frozen=True):
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
    welcome: WelcomeView | None = None
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


class TextPage(msgspec.Struct, frozen=True):
    """A page of words: about, help, an error."""

    shell: Shell
    heading: str
    lead: str = ""
    status: int = 200
    again: bool = False
    """Of an error: whether asking for the same page once more may help."""
