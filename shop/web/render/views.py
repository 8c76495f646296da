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


class TextPage(msgspec.Struct, frozen=True):
    """A page of words: about, help, an error."""

    shell: Shell
    heading: str
    lead: str = ""
    status: int = 200
    again: bool = False
    """Of an error: whether asking for the same page once more may help."""


class DeliveryWay(msgspec.Struct, frozen=True):
    """A way of shipping the variant."""

    title: str
    price: str
    """'€4.90', or 'Free' where the variant alone costs enough for that."""
    free_from: str = ""
    """'€60.00'; '' where it is never free, or is already."""


class DeliveryView(msgspec.Struct, frozen=True):
    """How the variant comes to a part of the world, and for how much."""

    zone: str
    """As it is read after 'to': 'the European Union'."""
    ways: tuple[DeliveryWay, ...]
