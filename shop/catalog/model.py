"""The catalogue's data: products, their variants and pictures, and a page of a search. Pure: no I/O.

A product is found by its handle (the last part of its URL). What a cart holds is a variant, found by its
sku; a product without options has exactly one variant.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import msgspec

from shop.money import Money

Sort = Literal["featured", "price-asc", "price-desc", "newest", "name"]
SORTS: tuple[Sort, ...] = ("featured", "price-asc", "price-desc", "newest", "name")

LOW_STOCK = 5
"""A variant with this many pieces or fewer is called low in stock."""


class Image(msgspec.Struct, frozen=True):
    """A picture: `src` is an absolute https URL or a path below static/, such as 'img/products/mug.svg'."""

    src: str
    alt: str = ""


class Variant(msgspec.Struct, frozen=True):
    """One thing that can be bought."""

    sku: str
    """Unique in the catalogue, case-sensitive; what a cart line names."""
    options: tuple[str, ...]
    """One value for each of the product's option names, in their order: ('Moss', 'Large')."""
    price: Money
    compare_at: Money | None = None
    """The price before a reduction; always more than `price`."""
    stock: int | None = None
    """Pieces on sale; None: sold without a stock limit."""
    weight: int = 0
    """Grams."""
    image: int | None = None
    """Index into the product's images of the picture that shows this variant."""
    held: int = 0
    """Pieces that are set aside for checkouts: no longer on sale, and not yet sold."""

    @property
    def available(self) -> bool:
        """Whether at least one can be bought."""
        return self.stock is None or self.stock > 0

    @property
    def on_shelf(self) -> int | None:
        """Pieces that are not sold yet, set aside or not: what a person who counts them finds."""
        return None if self.stock is None else self.stock + self.held

    def with_held(self, held: int) -> Variant:
        """The same pieces, so many of them set aside and the rest on sale, never less than none."""
        stock = None if self.on_shelf is None else max(0, self.on_shelf - held)
        return msgspec.structs.replace(self, stock=stock, held=held)

    @property
    def low(self) -> bool:
        """Whether only a few are left (and at least one)."""
        return self.stock is not None and 0 < self.stock <= LOW_STOCK

    @property
    def title(self) -> str:
        """The option values as one reads them: 'Moss / Large'; empty for a product without options."""
        return " / ".join(self.options)


class Product(msgspec.Struct, frozen=True):
    """A product as its page shows it."""

    handle: str
    """URL-safe and unique; the {id} of /product/{id}."""
    title: str
    description: str
    """HTML, already sanitised."""
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
    """Seconds since the epoch; what 'newest' sorts by."""
    rank: int = 0
    """What 'featured' sorts by, smallest first."""

    def with_held(self, held: Mapping[str, int]) -> Product:
        """The same pieces, so many of each sku set aside and the rest on sale, never less than none."""
        if all(variant.held == held.get(variant.sku, 0) for variant in self.variants):
            return self
        variants = (variant.with_held(held.get(variant.sku, 0)) for variant in self.variants)
        return msgspec.structs.replace(self, variants=tuple(variants))

    @property
    def listing(self) -> Listing:
        """The product as a grid shows it."""
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
        )

    def variant(self, sku: str) -> Variant | None:
        """The variant with this sku, or None."""
        return next((variant for variant in self.variants if variant.sku == sku), None)


class Listing(msgspec.Struct, frozen=True):
    """A product as a grid shows it: enough for a card, read without its variants.

    `price` is the lowest of its variants, `to_price` the highest; `compare_at` belongs to the lowest one.
    `sku` is the only variant's, so that a card can add it at once; None when an option must be chosen first.
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


class Published(msgspec.Struct, frozen=True):
    """A product as a list of all of them names it."""

    handle: str
    changed_at: int
    """Seconds since the epoch."""
    images: tuple[Image, ...]


class Offer(msgspec.Struct, frozen=True):
    """What a cart needs to know of a sku to show it, price it and limit it."""

    sku: str
    handle: str
    title: str
    variant: str
    """The option values as one reads them; '' where there are none."""
    price: Money
    compare_at: Money | None
    stock: int | None
    weight: int
    image: Image | None
    held: int = 0
    """Pieces that are set aside for checkouts: for those of others, where it is said who asks."""

    def to_holder(self, own: int) -> Offer:
        """The offer as it is to somebody for whom so many of the held pieces are set aside: they can have them."""
        if self.stock is None or not (own := min(own, self.held)):
            return self
        return msgspec.structs.replace(self, stock=self.stock + own, held=self.held - own)


class Query(msgspec.Struct, frozen=True):
    """What to list. Everything here lives in the URL of the grid; the defaults are the front page."""

    q: str = ""
    category: str = ""
    """A category's slug."""
    min_price: int | None = None
    """Major units of the catalogue's currency, inclusive."""
    max_price: int | None = None
    in_stock: bool = False
    options: tuple[tuple[str, str], ...] = ()
    """(option name, value) pairs: values of one name are alternatives, names must all match."""
    sort: Sort = "featured"
    page: int = 1


class FacetValue(msgspec.Struct, frozen=True):
    """One choice of a facet: its value in the URL, its words, how many products it has, whether it is chosen.

    A price band's value is '10-20': major units of the catalogue's currency, both ends inclusive. A custom
    range that is no band is a selected value with count 0 ('15-', '-40').
    """

    value: str
    label: str
    count: int
    selected: bool = False


class Facet(msgspec.Struct, frozen=True):
    """A way to narrow a listing: 'category', 'price', 'in_stock' or an option's name."""

    name: str
    label: str
    values: tuple[FacetValue, ...]


class Category(msgspec.Struct, frozen=True):
    """A category with its number of published products."""

    slug: str
    title: str
    count: int


class Page(msgspec.Struct, frozen=True):
    """A page of a listing; `total` counts all matches, `pages` is at least 1.

    `query.page` is the page this is: the last one where a later one was asked for. `pages` is bounded however
    large `total` is, so that no page costs more than another.
    """

    query: Query
    listings: tuple[Listing, ...]
    facets: tuple[Facet, ...]
    total: int
    pages: int
    more: bool = False
    """There are more matches than `total`: too many to count."""
