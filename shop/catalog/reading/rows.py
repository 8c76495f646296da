"""Builds the catalogue's structs from database rows, and names the columns that each needs."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

import msgspec
from sqlalchemy import Row, case, func, select

from shop.catalog.model import Image, Listing, Offer, Product, Variant, choices_of
from shop.catalog.reading.filtering import Candidate
from shop.catalog.reading.traits import ALL_RESERVED, Traits
from shop.catalog.schema import products, reservations, variants
from shop.money import Money

texts = msgspec.json.Decoder(tuple[str, ...]).decode
images = msgspec.json.Decoder(tuple[Image, ...]).decode
image = msgspec.json.Decoder(Image | None).decode
traits = msgspec.json.Decoder(Traits).decode
_p, _v, _r = products.c, variants.c, reservations.c
_UNITS = select(func.coalesce(func.sum(_r.quantity), 0)).where(_r.sku == _v.sku).correlate(variants)
RESERVED = _UNITS.where(~_r.committed).scalar_subquery()
"""The reserved quantity of a variant."""
COMMITTED = _UNITS.where(_r.committed).scalar_subquery()
"""The quantity of a variant that is sold and has not left the shop."""

LISTING = (
    _p.handle,
    _p.title,
    _p.vendor,
    _p.category,
    _p.image,
    _p.price,
    _p.to_price,
    _p.compare_at,
    _p.stock,
    _p.sku,
    _p.currency,
    _p.traits,
)
CANDIDATE = (*LISTING, _p.id, _p.rank, _p.created_at, _p.sort_price)
_VARIANT = (
    _v.sku,
    _v.options,
    _v.price,
    _v.compare_at,
    _v.stock,
    _v.weight,
    _v.image,
    _v.tax_class,
    RESERVED.label("reserved"),
)
OFFER = (*_VARIANT, _p.handle, _p.title, _p.images, _p.currency, _p.categories)
_ONCE = (_p.title, _p.description, _p.vendor, _p.categories, _p.tags, _p.options, _p.images)
PRODUCT = (
    _p.handle,
    _p.published,
    _p.created_at,
    _p.rank,
    _p.currency,
    *(case((_v.position == 0, column)).label(f"product_{column.name}") for column in _ONCE),
    *_VARIANT,
    COMMITTED.label("committed"),
)
"""One row per variant, in order. Long columns of the product are in the first row only."""


def listing(row: Row[Any]) -> Listing:
    """A Listing from a row of LISTING."""
    summary = traits(row.traits)
    return Listing(
        handle=row.handle,
        title=row.title,
        vendor=row.vendor,
        category=row.category,
        image=image(row.image),
        price=Money(row.price, row.currency),
        to_price=Money(row.to_price, row.currency),
        compare_at=_money(row.compare_at, row.currency),
        stock=row.stock,
        sku=row.sku,
        reserved=row.stock == 0 and ALL_RESERVED in summary.shown_stock,
        choices=choices_of(summary.options, [options for _available, options in summary.variants]),
    )


def candidate(row: Row[Any]) -> Candidate:
    """A Candidate from a row of CANDIDATE, with the score of a search if the row has one."""
    show, score = partial(listing, row), int(row._mapping.get("score", 0))
    return Candidate(row.id, row.rank, row.created_at, row.sort_price, row.title, traits(row.traits), show, score)


def offer(row: Row[Any]) -> Offer:
    """An Offer from a row of OFFER."""
    pictures = images(row.images)
    return Offer(
        sku=row.sku,
        handle=row.handle,
        title=row.title,
        variant=" / ".join(texts(row.options)),
        price=Money(row.price, row.currency),
        compare_at=_money(row.compare_at, row.currency),
        stock=row.stock,
        weight=row.weight,
        image=pictures[row.image or 0] if pictures else None,
        reserved=int(row.reserved),
        tax_class=row.tax_class,
        categories=texts(row.categories),
    )


def product(rows: Sequence[Row[Any]]) -> Product:
    """A Product from all its rows of PRODUCT, in the order of its variants."""
    first = rows[0]
    return Product(
        handle=first.handle,
        title=first.product_title,
        description=first.product_description,
        variants=tuple(variant(row) for row in rows),
        vendor=first.product_vendor,
        categories=texts(first.product_categories),
        tags=texts(first.product_tags),
        options=texts(first.product_options),
        images=images(first.product_images),
        published=first.published,
        created_at=first.created_at,
        rank=first.rank,
    )


def variant(row: Row[Any]) -> Variant:
    """A Variant from a row of PRODUCT."""
    return Variant(
        sku=row.sku,
        options=texts(row.options),
        price=Money(row.price, row.currency),
        compare_at=_money(row.compare_at, row.currency),
        stock=row.stock,
        weight=row.weight,
        image=row.image,
        reserved=int(row.reserved),
        committed=int(row.committed),
        tax_class=row.tax_class,
    )


def _money(amount: int | None, currency: str) -> Money | None:
    return None if amount is None else Money(amount, currency)
