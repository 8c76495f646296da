"""What the templates of a product's page are given; see shop.web.render.views."""

from __future__ import annotations

import msgspec

from shop.web.render.views import Card, Link, Picture, Price, Shell


class OptionValue(msgspec.Struct, frozen=True):
    """A value of an option."""

    value: str
    selected: bool
    available: bool
    url: str = ""
    """The product page with this value chosen and the other options as they are; '' where no such variant is."""
    swatch: str = ""
    """What its colour is called in the style sheet: 'moss'; '' where it is no colour that we know."""


class OptionView(msgspec.Struct, frozen=True):
    """An option of a product, such as Colour."""

    name: str
    values: tuple[OptionValue, ...]


class VariantView(msgspec.Struct, frozen=True):
    """The variant that the page shows."""

    sku: str
    price: Price
    stock: str
    """'' while there is plenty; else 'Only 3 left', 'Sold out', or that the last ones are in another cart."""
    sold_out: bool
    max_quantity: int


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


class ProductView(msgspec.Struct, frozen=True):
    """A product page."""

    shell: Shell
    handle: str
    title: str
    trail: tuple[Link, ...]
    """The way here, from the front page to the product's category."""
    lead: str
    """Safe HTML: the paragraph to read first; '' where the description is of another form than ours."""
    facts: str
    """Safe HTML: material, size, care; the whole description where there is no lead."""
    pictures: tuple[Picture, ...]
    """At least one; those of the chosen variant first."""
    options: tuple[OptionView, ...]
    selected: VariantView
    delivery: tuple[DeliveryView, ...]
    category: Link | None
    related: tuple[Card, ...]
    json_ld: tuple[str, ...]
    """For <script type="application/ld+json">, with '<' escaped."""
    error: str = ""
    """Why the last add was refused, without JavaScript."""
    quantity: str = "1"
    """What the quantity field holds: as it was typed, where an add was refused."""


class RecentView(msgspec.Struct, frozen=True):
    """Products that were looked at lately."""

    cards: tuple[Card, ...]
