"""Brings what is derived from stock in step with it: the products' sums, what is listed as in stock, and its counts.

The result is what an import would have written: a test holds one against the other.
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
from shop.catalog.reading.traits import IN_CARTS, MANY, Traits, told
from shop.catalog.schema import catalog, facets, listings, products, variants
from shop.catalog.writing.derived import json, total
from shop.database import insert_into

_p, _v = products.c, variants.c
_COUNTED = (_p.id, _p.published, _p.sort_price, _p.stock.label("sum"), _p.traits, _v.stock, rows.HELD.label("held"))


class Counted(msgspec.Struct, frozen=True):
    """A product whose derived stock may be out of date: as it stands, and as it should."""

    id: int
    published: bool
    price: int
    """The lowest, in minor units of the catalogue's currency."""
    stock_before: int | None
    before: Traits
    stock: int | None
    traits: Traits

    @property
    def stale(self) -> bool:
        """Whether something is to be written."""
        return self.stock != self.stock_before or self.traits != self.before

    @property
    def listed(self) -> bool:
        """Whether it is to be listed as in stock."""
        return any(available for available, _ in self.traits.variants)

    @property
    def flips(self) -> bool:
        """Whether a published product sells out or comes back."""
        return self.published and self.listed != any(available for available, _ in self.before.variants)


async def restock(connection: AsyncConnection, currency: str, chosen: Select[Any]) -> bool:
    """Bring the products of a SELECT of ids in step, in a transaction that writes the catalogue alone.

    The version goes up where something that pages tell has changed: whether it did.
    """
    stale = [product for product in await _counted(connection, chosen) if product.stale]
    if not stale:
        return False
    await _write(connection, stale)
    flips = [product for product in stale if product.flips]
    for listed in (True, False):
        if ids := [product.id for product in flips if product.listed is listed]:
            await connection.execute(update(listings).where(listings.c.product_id.in_(ids)).values(in_stock=listed))
    await _count(connection, currency, flips)
    if changed := any(product.published and product.traits != product.before for product in stale):
        await connection.execute(update(catalog).values(version=catalog.c.version + 1))
    return changed


async def _counted(connection: AsyncConnection, chosen: Select[Any]) -> list[Counted]:
    statement = select(*_COUNTED).join(variants, _v.product_id == _p.id).where(_p.id.in_(chosen))
    found = await connection.execute(statement.order_by(_p.id, _v.position))
    return [_product(list(own)) for _, own in groupby(found.all(), key=attrgetter("id"))]


def _product(own: Sequence[Any]) -> Counted:
    first = own[0]
    before = rows.traits(first.traits)
    options = [options for _, options in before.variants]
    traits = msgspec.structs.replace(
        before,
        variants=tuple((row.stock is None or row.stock > 0, of) for row, of in zip(own, options, strict=True)),
        told=tuple(told(row.stock, row.held) for row in own),
    )
    stock = total(row.stock for row in own)
    return Counted(first.id, first.published, first.sort_price, first.sum, before, stock, traits)


async def _write(connection: AsyncConnection, stale: Sequence[Counted]) -> None:
    statement = (
        update(products).where(_p.id == bindparam("key")).values(stock=bindparam("sum"), traits=bindparam("all"))
    )
    await connection.execute(statement, [{"key": p.id, "sum": p.stock, "all": json(p.traits)} for p in stale])


async def _count(connection: AsyncConnection, currency: str, flips: Sequence[Counted]) -> None:
    """Change the counts of facets by what these products add to them now and did not, and the other way round."""
    everything, changes = Filters(Query(), currency), Counter[tuple[str, str, str, str]]()
    for product in flips:
        for category in ("", *(slug for slug, _ in product.traits.categories)):
            for traits, sign in ((product.traits, 1), (product.before, -1)):
                for name, choices in everything.additions(traits, product.price):
                    for choice in choices:
                        changes[category, name, *choice] += sign
    for (category, name, value, label), change in sorted(changes.items()):
        if change:
            await _add(connection, category, name, value, label, change)
    if flips:
        await connection.execute(delete(facets).where(facets.c.products == 0))


async def _add(connection: AsyncConnection, category: str, name: str, value: str, label: str, change: int) -> None:
    """Change one count. A choice that comes back stands last again: only 'in stock' comes and goes, the last facet."""
    place = func.coalesce(func.max(facets.c.position) + 1, 0)
    texts = (literal(text, Text) for text in (category, name, value, label))
    row = select(*texts, literal(change, Integer), place).where(facets.c.category == category)
    names = ["category", "name", "value", "label", "products", "position"]
    statement = insert_into(connection, facets).from_select(names, row)
    added = {"products": facets.c.products + statement.excluded.products}
    await connection.execute(statement.on_conflict_do_update(index_elements=["category", "name", "value"], set_=added))


def out_of_step(dialect: str) -> Select[Any]:
    """The ids of products whose stock or traits are not what their variants' stock says."""
    known = case((func.count() == func.count(_v.stock), func.sum(_v.stock)))
    sums = select(_v.product_id, known.label("sum")).group_by(_v.product_id).subquery()
    tells = case(
        (_v.stock > MANY, MANY), (or_(_v.stock.is_(None), _v.stock > 0), _v.stock), (rows.HELD > 0, IN_CARTS), else_=0
    )
    kept = _kept(dialect)
    untold = select(_v.product_id).join(products, _p.id == _v.product_id).where(kept.is_distinct_from(tells))
    unsummed = select(_p.id).join(sums, sums.c.product_id == _p.id).where(_p.stock.is_distinct_from(sums.c.sum))
    return unsummed.union(untold)  # type: ignore[return-value]


def _kept(dialect: str) -> ColumnElement[int]:
    """What the stored traits of a product tell of a variant's stock: `Traits.told` at the variant's position."""
    place = Traits.__struct_fields__.index("told")
    position = cast(_v.position, Text)
    if dialect == "postgresql":
        return cast(func.json_extract_path_text(cast(_p.traits, JSON), str(place), position), Integer)
    return type_coerce(func.json_extract(_p.traits, literal(f"$[{place}][") + position + "]"), Integer)
