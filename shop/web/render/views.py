"""View structs, the input of templates: finished texts, numbers and URLs, with nothing left to compute.

Every `*_url` is a path on this site, ready for an attribute. Every price is text in the shopper's currency.
"""

from __future__ import annotations

import msgspec


class Link(msgspec.Struct, frozen=True):
    """A link; `current` if it leads to the page that shows it."""

    label: str
    url: str
    current: bool = False


class Source(msgspec.Struct, frozen=True):
    """A picture's files of one format: media type 'image/avif', and a srcset of several widths."""

    type: str
    srcset: str
    narrow_srcset: str
    """Without the widths that no screen needs for a picture of at most 360 CSS pixels."""


class Picture(msgspec.Struct, frozen=True):
    """A picture with its alternative text. A `remote` one may fail to load and has a fallback."""

    url: str
    """The file for a browser that supports none of the sources."""
    alt: str
    remote: bool = False
    width: int = 0
    """Width and height in pixels reserve space of the right shape; 0 if they are unknown."""
    height: int = 0
    sources: tuple[Source, ...] = ()
    """The best format first."""
    small: str = ""
    """The smallest file, for thumbnails; '' if there is only one file."""
    large: str = ""
    """The largest file; '' if there is only one."""
    blur: str = ""
    """A blurred preview of a few pixels as a data: URL, shown while the picture loads."""
    jpeg: str = ""
    """A JPEG for social cards and search engines."""


class Price(msgspec.Struct, frozen=True):
    """'€19.00'; `was`: the price before a reduction; `varies`: whether it is the lowest of several ('From €19.00')."""

    text: str
    was: str = ""
    varies: bool = False


class LanguageLink(msgspec.Struct, frozen=True):
    """An entry of the language switch: 'de', 'Deutsch'; `current` if the page is in it."""

    code: str
    name: str
    current: bool = False


class Alternate(msgspec.Struct, frozen=True):
    """The page in another language, for search engines: <link rel="alternate" hreflang href>."""

    language: str
    """'de'; 'x-default' for the address that negotiates the language."""
    url: str
    """Absolute URL."""


class Shell(msgspec.Struct, frozen=True):
    """The parts that every page shares. The badge is not one of them: it is inserted into the finished page."""

    title: str
    """For <title>, without the shop's name."""
    description: str
    canonical_url: str
    """Absolute if the public address is known, else a path; '' if search engines must not index the page."""
    path: str
    """Path and query of this page: where /setCurrency and /setLanguage return to."""
    currency: str
    currencies: tuple[str, ...]
    categories: tuple[Link, ...]
    q: str = ""
    """The search text as typed."""
    language: str = "en"
    direction: str = "ltr"
    """'ltr' or 'rtl'."""
    languages: tuple[LanguageLink, ...] = ()
    """The language switch; empty if only one language is offered."""
    alternates: tuple[Alternate, ...] = ()
    """The page in each language; empty if it is not indexed or the public address is unknown."""
    site: str = ""
    """The shop's public origin: 'https://shop.example'; '' if it is unknown."""
    picture: Picture | None = None
    """The picture of the page, for social cards."""


class CardChoice(msgspec.Struct, frozen=True):
    """A value of an option, on a card: 'Moss'. `swatch`: the suffix of its colour's class, '' for none."""

    value: str
    swatch: str


class Card(msgspec.Struct, frozen=True):
    """A product in a grid."""

    handle: str
    title: str
    url: str
    picture: Picture
    price: Price
    stock: str
    """'Only 3 left', 'Sold out'; '' if there is enough."""
    sold_out: bool
    on_sale: bool
    sku: str
    """The sku to add directly; '' for a product with options to choose."""
    choices: tuple[CardChoice, ...] = ()
    """The values of its first option."""
    more_choices: int = 0
    """How many more values it has."""


class TextPage(msgspec.Struct, frozen=True):
    """A page of text: an error, or the question before a logout."""

    shell: Shell
    heading: str
    lead: str = ""
    status: int = 200
    can_retry: bool = False
    """Whether an error page offers to load the same page again."""


class DeliveryWay(msgspec.Struct, frozen=True):
    """A shipping method and its price."""

    title: str
    price: str
    """'€4.90', or 'Free' if the variant alone reaches the threshold."""
    free_from: str = ""
    """The threshold for free shipping, '€60.00'; '' if it is never free, or free already."""


class DeliveryView(msgspec.Struct, frozen=True):
    """The shipping methods to one zone."""

    zone: str
    """Name of the zone after 'to': 'the European Union'."""
    ways: tuple[DeliveryWay, ...]
