"""What is stored of a product to filter and count it without its variants' rows. Pure."""

from __future__ import annotations

import msgspec

from shop.catalog.model import Product
from shop.catalog.text import slug

MANY = 99
"""Pieces of a variant up to which pages are kept in step with its stock; of more they only know that there are many."""
IN_CARTS = -1
"""Told of a variant whose last pieces are set aside."""

VariantTraits = tuple[bool, tuple[str, ...]]
"""(available, option values)."""


class Traits(msgspec.Struct, frozen=True, array_like=True):
    """What facets ask of a product: its categories as (slug, title), its option names, and its variants.

    Stored as a JSON array in the order of the fields. Add a field as the last one, with a default: rows that an
    earlier release has stored do not have it.
    """

    categories: tuple[tuple[str, str], ...]
    options: tuple[str, ...]
    variants: tuple[VariantTraits, ...]
    told: tuple[int | None, ...] = ()
    """What pages tell of each variant's stock (see `told`): when it changes, they are out of date."""

    @classmethod
    def of(cls, product: Product) -> Traits:
        """The traits of a product."""
        return cls(
            categories=categories_of(product),
            options=product.options,
            variants=tuple((variant.available, variant.options) for variant in product.variants),
            told=tuple(told(variant.stock, variant.held) for variant in product.variants),
        )


def told(stock: int | None, held: int) -> int | None:
    """What pages tell of a stock: pieces, at most MANY; IN_CARTS where the last are set aside; None for no limit."""
    if stock is None or stock > 0:
        return stock and min(stock, MANY)
    return IN_CARTS if held else 0


def categories_of(product: Product) -> tuple[tuple[str, str], ...]:
    """(slug, title) of each category; titles of one slug are one category."""
    slugs: dict[str, str] = {}
    for title in product.categories:
        if slug(title):
            slugs.setdefault(slug(title), title)
    return tuple(slugs.items())
