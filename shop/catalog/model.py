"""The catalogue's data: products, their variants and images, and pages of listings. Pure: no I/O.

A product is identified by its handle (the last part of its URL). A cart contains variants, identified by their sku; a
product without options has exactly one variant.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal

import msgspec

from shop.money import Money

Sort = Literal["featured", "price-asc", "price-desc", "newest", "name"]
SORTS: tuple[Sort, ...] = ("featured", "price-asc", "price-desc", "newest", "name")

TaxClass = Literal["standard", "reduced", "zero", "exempt", "gift-card"]
TAX_CLASSES: tuple[TaxClass, ...] = ("standard", "reduced", "zero", "exempt", "gift-card")
"""How goods are taxed. zero: taxed at 0%. exempt: not taxed. gift-card: a voucher, taxed when it is redeemed."""

LOW_STOCK = 5
"""A variant with at most this stock is low in stock."""


class Image(msgspec.Struct, frozen=True):
    """An image: `src` is an absolute https URL or a path below static/, such as 'img/products/mug.svg'."""

    src: str
    alt: str = ""


class StockLevel(msgspec.Struct, frozen=True):
    """The stock of a sku. on hand = on sale + reserved + committed."""

    stock: int | None
    """Quantity on sale; None for no limit."""
    reserved: int = 0
    """Quantity that carts and unpaid orders keep from sale for a while."""
    committed: int = 0
    """Quantity that is sold and has not left the shop."""

    @property
    def on_hand(self) -> int | None:
        """What a person who counts finds; None for no limit."""
        return None if self.stock is None else self.stock + self.reserved + self.committed

    def counted(self, on_hand: int | None) -> StockLevel:
        """The stock with this quantity on hand. What is reserved or committed stays so, even if it is more."""
        stock = None if on_hand is None else max(0, on_hand - self.reserved - self.committed)
        return StockLevel(stock, self.reserved, self.committed)


class Variant(msgspec.Struct, frozen=True):
    """A version of a product that can be bought: a value of each option, a price and a stock."""

    sku: str
    """Unique in the catalogue, case-sensitive; cart lines refer to it."""
    options: tuple[str, ...]
    """A value for each of the product's option names, in the same order: ('Moss', 'Large')."""
    price: Money
    compare_at: Money | None = None
    """The price before a reduction, always higher than `price`."""
    stock: int | None = None
    """Quantity on sale, without reserved units; None for no limit."""
    weight: int = 0
    """Grams."""
    image: int | None = None
    """Index of this variant's image in the product's images."""
    reserved: int = 0
    """Quantity reserved by checkouts: no longer on sale, not yet sold."""
    committed: int = 0
    """Quantity sold to orders that have not left the shop."""
    tax_class: TaxClass = "standard"

    @property
    def available(self) -> bool:
        """Whether at least one unit can be bought."""
        return self.stock is None or self.stock > 0

    @property
    def level(self) -> StockLevel:
        """Its stock."""
        return StockLevel(self.stock, self.reserved, self.committed)

    def with_level(self, level: StockLevel) -> Variant:
        """The variant with this stock."""
        return msgspec.structs.replace(self, **msgspec.structs.asdict(level))

    @property
    def low(self) -> bool:
        """Whether from 1 to LOW_STOCK units are left."""
        return self.stock is not None and 0 < self.stock <= LOW_STOCK

    @property
    def title(self) -> str:
        """The option values for display: 'Moss / Large'; '' for a product without options."""
        return " / ".join(self.options)


class Product(msgspec.Struct, frozen=True):
    """A product with its variants and images."""

    handle: str
    """URL-safe and unique; the {id} of /product/{id}."""
    title: str
    description: str
    """Sanitised HTML."""
    variants: tuple[Variant, ...]
    """At least one; the first is the default."""
    vendor: str = ""
    categories: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    options: tuple[str, ...] = ()
    """Option names: ('Colour', 'Size')."""
    images: tuple[Image, ...] = ()
    published: bool = True
    created_at: int = 0
    """Seconds since the epoch; the key of the order 'newest'."""
    rank: int = 0
    """The key of the order 'featured', ascending."""

    def with_levels(self, levels: Mapping[str, StockLevel]) -> Product:
        """The product with these stocks by sku."""
        variants = tuple(variant.with_level(levels[variant.sku]) for variant in self.variants)
        return msgspec.structs.replace(self, variants=variants)

    @property
    def listing(self) -> Listing:
        """The product as a card in a grid shows it."""
        lowest = min(self.variants, key=lambda variant: variant.price.amount)
        stocks = [variant.stock for variant in self.variants]
        return Listing(
            handle=self.handle,
            title=self.title,
            vendor=self.vendor,
            category=self.categories[0] if self.categories else "",
            image=self.images[0] if self.images else None,
            price=lowest.price,
            to_price=max((variant.price for variant in self.variants), key=lambda price: price.amount),
            compare_at=lowest.compare_at,
            stock=None if None in stocks else sum(filter(None, stocks)),
            sku=lowest.sku if len(self.variants) == 1 else None,
            reserved=not any(variant.available for variant in self.variants)
            and any(variant.reserved for variant in self.variants),
            choices=choices_of(self.options, [variant.options for variant in self.variants]),
        )

    def variant(self, sku: str) -> Variant | None:
        """The variant with this sku, or None."""
        return next((variant for variant in self.variants if variant.sku == sku), None)


class Listing(msgspec.Struct, frozen=True):
    """A product as a card in a grid shows it; read without its variants.

    `price` is the lowest of its variants, `to_price` the highest; `compare_at` belongs to the lowest one.
    `sku` is that of the only variant, so that a card can add it to the cart; None if an option must be chosen first.
    `stock` is the sum over the variants (None: no limit).
    """

    handle: str
    title: str
    vendor: str
    category: str
    image: Image | None
    price: Money
    to_price: Money
    compare_at: Money | None
    stock: int | None
    sku: str | None
    reserved: bool = False
    """Whether nothing is on sale, and some of it may come back within minutes."""
    choices: tuple[tuple[str, tuple[str, ...]], ...] = ()
    """(option name, its values) of the options that have several values."""


def choices_of(options: Sequence[str], variants: Sequence[Sequence[str]]) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """(name, its values) of each option that has several values; `variants` are the option values of each variant."""
    values = (tuple(dict.fromkeys(column)) for column in zip(*variants, strict=True))
    return tuple((name, each) for name, each in zip(options, values, strict=False) if len(each) > 1)


class Review(msgspec.Struct, frozen=True):
    """What somebody wrote about a product."""

    handle: str
    rating: int
    """From 1 to 5."""
    author: str
    title: str
    text: str
    """Plain text."""
    day: str
    """ISO 8601."""


class Reviews(msgspec.Struct, frozen=True):
    """The reviews of a product."""

    count: int = 0
    total: int = 0
    """The sum of all ratings."""
    latest: tuple[Review, ...] = ()

    @property
    def average(self) -> str:
        """The average rating with one decimal: '4.5'; '' without reviews."""
        return f"{(self.total * 20 // self.count + 1) // 2 / 10:.1f}" if self.count else ""


class Published(msgspec.Struct, frozen=True):
    """A published product as the sitemap lists it."""

    handle: str
    changed_at: int
    """Seconds since the epoch."""
    images: tuple[Image, ...]


class Offer(msgspec.Struct, frozen=True):
    """A sku as carts need it: title, price, stock, weight and image."""

    sku: str
    handle: str
    title: str
    variant: str
    """The option values for display; '' for a product without options."""
    price: Money
    compare_at: Money | None
    stock: int | None
    weight: int
    image: Image | None
    reserved: int = 0
    """Quantity reserved by checkouts; by other carts only, if the offer is for a holder."""
    tax_class: TaxClass = "standard"
    categories: tuple[str, ...] = ()

    def for_holder(self, own: int) -> Offer:
        """The offer for a holder of `own` reserved units: these count as on sale."""
        if self.stock is None or not (own := min(own, self.reserved)):
            return self
        return msgspec.structs.replace(self, stock=self.stock + own, reserved=self.reserved - own)


class Query(msgspec.Struct, frozen=True):
    """What a listing shows, as in the URL of the grid. The defaults are the front page."""

    q: str = ""
    category: str = ""
    """A category's slug."""
    categories: tuple[str, ...] = ()
    """Slugs of further categories: a product of any of them matches."""
    min_price: int | None = None
    """Major units, inclusive."""
    max_price: int | None = None
    price_in: str = ""
    """The currency of the price bounds, ISO 4217; '' for the catalogue's own."""
    in_stock: bool = False
    options: tuple[tuple[str, str], ...] = ()
    """(option name, value) pairs: values of one name are alternatives, names must all match."""
    sort: Sort = "featured"
    page: int = 1
    expanded: str = ""
    """The name of the facet whose rare values are listed too."""


class FacetValue(msgspec.Struct, frozen=True):
    """One choice of a facet: its value in the URL, its label, its number of products, whether it is chosen.

    A price band's value is '10-20': major units of the shown currency, both ends inclusive. A custom
    range is a selected value with count 0 ('15-', '-40').
    """

    value: str
    label: str
    count: int
    selected: bool = False


class Facet(msgspec.Struct, frozen=True):
    """A filter of a listing with its choices: 'category', 'price', 'in_stock' or an option's name."""

    name: str
    label: str
    values: tuple[FacetValue, ...]
    more: int = 0
    """The number of rarer values that are not listed."""
    at_least: bool = False
    """Whether only the first of many products were counted, so that every count may be higher."""


class Category(msgspec.Struct, frozen=True):
    """A category with its number of published products."""

    slug: str
    title: str
    count: int


class Page(msgspec.Struct, frozen=True):
    """A page of a listing; `total` counts all matches (unless `at_least`), `pages` is at least 1.

    `query.page` is the number of this page, clamped to the last one. `pages` is bounded whatever `total` is, which
    bounds the cost of a page.
    """

    query: Query
    listings: tuple[Listing, ...]
    facets: tuple[Facet, ...]
    total: int
    pages: int
    corrected: str = ""
    """The text that was searched for because some of its words are unknown; '' if it is that of the query."""
    partial: bool = False
    """Whether no product has all words of the text, so that those with the most of them are listed."""
    at_least: bool = False
    """Whether there are more matches than `total`; the pages list no more."""
    popular: tuple[Listing, ...] = ()
    """If nothing matches: the first products of the catalogue."""
