"""Refreshes the rows that are derived from stock: sums by product, traits, listings and the counts of facets.

The result equals what an import would write; a test compares the two.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from itertools import groupby
from operator import attrgetter
from typing import Any

import msgspec
from sqlalchemy import (
    JSON,
    ColumnElement,
    Integer,
    Select,
    Text,
    bindparam,
    case,
    cast,
    delete,
    func,
    literal,
    or_,
    select,
    type_coerce,
    update,
)
from sqlalchemy.ext.asyncio import AsyncConnection

from shop.catalog.model import Query
from shop.catalog.reading import rows
from shop.catalog.reading.counts import Filters
from shop.catalog.reading.price_scale import PriceScale
from shop.catalog.reading.traits import ALL_RESERVED, MAX_SHOWN_STOCK, Traits, shown_stock
from shop.catalog.schema import catalog, facets, listings, products, variants
from shop.catalog.writing.derived import json, total_stock
from shop.database import insert_into

_p, _v = products.c, variants.c
_STOCK_COLUMNS = (
    _p.id,
    _p.published,
    _p.sort_price,
    _p.stock.label("sum"),
    _p.traits,
    _v.stock,
    rows.RESERVED.label("reserved"),
)


class ProductStock(msgspec.Struct, frozen=True):
    """The derived stock of a product, as stored and as computed from its variants."""

    id: int
    published: bool
    price: int
    """The lowest, in minor units of the catalogue's currency."""
    stock_before: int | None
    traits_before: Traits
    stock: int | None
    traits: Traits

    @property
    def stale(self) -> bool:
        """Whether the stored values differ from the computed ones."""
        return self.stock != self.stock_before or self.traits != self.traits_before

    @property
    def listed(self) -> bool:
        """Whether any variant is available, so that the product is listed as in stock."""
        return any(available for available, _ in self.traits.variants)

    @property
    def flipped(self) -> bool:
        """Whether a published product has sold out or is available again."""
        return self.published and self.listed != any(available for available, _ in self.traits_before.variants)


async def refresh_stock(connection: AsyncConnection, currency: str, selected: Select[Any]) -> bool:
    """Refresh the products of a SELECT of ids. The transaction must hold `lock_catalog`.

    Increments the catalogue's version if anything that pages show has changed; returns whether it did.
    """
    stale = [product for product in await _product_stocks(connection, selected) if product.stale]
    if not stale:
        return False
    await _write(connection, stale)
    flipped = [product for product in stale if product.flipped]
    for listed in (True, False):
        if ids := [product.id for product in flipped if product.listed is listed]:
            await connection.execute(update(listings).where(listings.c.product_id.in_(ids)).values(in_stock=listed))
    await _update_counts(connection, currency, flipped)
    if changed := any(product.published and product.traits != product.traits_before for product in stale):
        await connection.execute(update(catalog).values(version=catalog.c.version + 1))
    return changed


async def _product_stocks(connection: AsyncConnection, selected: Select[Any]) -> list[ProductStock]:
    statement = select(*_STOCK_COLUMNS).join(variants, _v.product_id == _p.id).where(_p.id.in_(selected))
    found = await connection.execute(statement.order_by(_p.id, _v.position))
    return [_product_stock(list(own)) for _, own in groupby(found.all(), key=attrgetter("id"))]


def _product_stock(own: Sequence[Any]) -> ProductStock:
    first = own[0]
    traits_before = rows.traits(first.traits)
    options = [options for _, options in traits_before.variants]
    traits = msgspec.structs.replace(
        traits_before,
        variants=tuple((row.stock is None or row.stock > 0, of) for row, of in zip(own, options, strict=True)),
        shown_stock=tuple(shown_stock(row.stock, row.reserved) for row in own),
    )
    stock = total_stock(row.stock for row in own)
    return ProductStock(first.id, first.published, first.sort_price, first.sum, traits_before, stock, traits)


async def _write(connection: AsyncConnection, stale: Sequence[ProductStock]) -> None:
    statement = (
        update(products).where(_p.id == bindparam("key")).values(stock=bindparam("sum"), traits=bindparam("all"))
    )
    await connection.execute(statement, [{"key": p.id, "sum": p.stock, "all": json(p.traits)} for p in stale])


async def _update_counts(connection: AsyncConnection, currency: str, flipped: Sequence[ProductStock]) -> None:
    """Adjust the counts of facets: add the choices that these products gained, subtract those that they lost."""
    everything, changes = Filters(Query(), PriceScale(currency)), Counter[tuple[str, str, str, str]]()
    for product in flipped:
        for category in ("", *(slug for slug, _ in product.traits.categories)):
            for traits, sign in ((product.traits, 1), (product.traits_before, -1)):
                for name, choices in everything.additions(traits, product.price):
                    for choice in choices:
                        changes[category, name, *choice] += sign
    for (category, name, value, label), change in sorted(changes.items()):
        if change:
            await _add_to_count(connection, category, name, value, label, change)
    if flipped:
        await connection.execute(delete(facets).where(facets.c.products == 0))


async def _add_to_count(
    connection: AsyncConnection, category: str, name: str, value: str, label: str, change: int
) -> None:
    """Change one count. A new choice is appended: only 'in stock' comes and goes, and it is the last facet."""
    position = func.coalesce(func.max(facets.c.position) + 1, 0)
    texts = (literal(text, Text) for text in (category, name, value, label))
    row = select(*texts, literal(change, Integer), position).where(facets.c.category == category)
    names = ["category", "name", "value", "label", "products", "position"]
    statement = insert_into(connection, facets).from_select(names, row)
    added = {"products": facets.c.products + statement.excluded.products}
    await connection.execute(statement.on_conflict_do_update(index_elements=["category", "name", "value"], set_=added))


def stale_products(dialect: str) -> Select[Any]:
    """Selects the ids of products whose stored stock or traits differ from what their variants' stock implies."""
    sum_if_limited = case((func.count() == func.count(_v.stock), func.sum(_v.stock)))
    sums = select(_v.product_id, sum_if_limited.label("sum")).group_by(_v.product_id).subquery()
    computed = case(
        (_v.stock > MAX_SHOWN_STOCK, MAX_SHOWN_STOCK),
        (or_(_v.stock.is_(None), _v.stock > 0), _v.stock),
        (rows.RESERVED > 0, ALL_RESERVED),
        else_=0,
    )
    stored = _stored_shown_stock(dialect)
    wrong_traits = select(_v.product_id).join(products, _p.id == _v.product_id).where(stored.is_distinct_from(computed))
    wrong_sum = select(_p.id).join(sums, sums.c.product_id == _p.id).where(_p.stock.is_distinct_from(sums.c.sum))
    return wrong_sum.union(wrong_traits)  # type: ignore[return-value]


def _stored_shown_stock(dialect: str) -> ColumnElement[int]:
    """The stored `Traits.shown_stock` at the variant's position."""
    place = Traits.__struct_fields__.index("shown_stock")
    position = cast(_v.position, Text)
    if dialect == "postgresql":
        return cast(func.json_extract_path_text(cast(_p.traits, JSON), str(place), position), Integer)
    return type_coerce(func.json_extract(_p.traits, literal(f"$[{place}][") + position + "]"), Integer)
