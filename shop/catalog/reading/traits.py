"""The stored summary by which a product is filtered and counted without reading its variants. Pure."""

from __future__ import annotations

import msgspec

from shop.catalog.model import Product
from shop.catalog.text import slug

MAX_SHOWN_STOCK = 99
"""Largest stock that traits record: pages do not distinguish larger ones."""
ALL_RESERVED = -1
"""The shown stock of a variant whose last units are reserved."""

VariantTraits = tuple[bool, tuple[str, ...]]
"""(available, option values)."""


class Traits(msgspec.Struct, frozen=True, array_like=True):
    """What facets need to know of a product: its categories as (slug, title), its option names, and its variants.

    Stored as a JSON array in the order of the fields. Add new fields at the end, with a default: rows stored by an
    earlier release lack them.
    """

    categories: tuple[tuple[str, str], ...]
    options: tuple[str, ...]
    variants: tuple[VariantTraits, ...]
    shown_stock: tuple[int | None, ...] = ()
    """`shown_stock` of each variant: pages are out of date when it changes."""

    @property
    def available(self) -> bool:
        """Whether any variant can be bought."""
        return any(available for available, _options in self.variants)

    @classmethod
    def of(cls, product: Product) -> Traits:
        """The traits of a product."""
        return cls(
            categories=categories_of(product),
            options=product.options,
            variants=tuple((variant.available, variant.options) for variant in product.variants),
            shown_stock=tuple(shown_stock(variant.stock, variant.reserved) for variant in product.variants),
        )


def shown_stock(stock: int | None, reserved: int) -> int | None:
    """The stock as pages show it: at most MAX_SHOWN_STOCK; ALL_RESERVED if the rest is reserved; None for no limit."""
    if stock is None or stock > 0:
        return stock and min(stock, MAX_SHOWN_STOCK)
    return ALL_RESERVED if reserved else 0


def categories_of(product: Product) -> tuple[tuple[str, str], ...]:
    """(slug, title) of each category; titles of one slug are one category."""
    slugs: dict[str, str] = {}
    for title in product.categories:
        if slug(title):
            slugs.setdefault(slug(title), title)
    return tuple(slugs.items())
