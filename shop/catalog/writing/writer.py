"""Writes products and the rows derived from them, inside a transaction."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Iterable, Iterator, Sequence
from itertools import islice
from typing import Any

from sqlalchemy import ARRAY, Integer, Table, any_, delete, func, insert, literal, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from shop.catalog.model import Product, Query
from shop.catalog.reading import rows
from shop.catalog.reading.counts import TOTAL, Filters, Tally
from shop.catalog.reading.price_scale import PriceScale
from shop.catalog.reading.search import INDEX_VERSION, search_for
from shop.catalog.schema import catalog, facets, listings, products, variants
from shop.catalog.writing.derived import InCatalogCurrency, indexed, listing_rows, product_row, variant_rows
from shop.catalog.writing.words import WordWriter
from shop.database import insert_into
from shop.languages import known, language_of

BATCH = 500
"""Rows read or written per statement."""
CATALOG_LOCK = 0x63617461
"""Key of PostgreSQL's advisory lock for one writer of derived rows at a time; SQLite has one writer anyway."""


async def lock_catalog(connection: AsyncConnection) -> None:
    """Wait for the lock on the catalogue's derived rows, and hold it until the transaction ends."""
    if connection.dialect.name == "postgresql":
        await connection.execute(select(func.pg_advisory_xact_lock(CATALOG_LOCK)))


def batched(values: Iterable[str], size: int) -> Iterator[list[str]]:
    """The values in lists of at most `size`."""
    rest = iter(values)
    while batch := list(islice(rest, size)):
        yield batch


class CatalogWriter:
    """Writes on a connection that is inside a transaction; end with `remove_cleared` and `finish`.

    A variant's row is kept as long as its sku exists: an order may be waiting for the row, and would not find a new
    one. `currency` is the catalogue's own; `in_catalog_currency` converts a price to its minor units.
    """

    def __init__(self, connection: AsyncConnection, currency: str, in_catalog_currency: InCatalogCurrency) -> None:
        self.connection = connection
        self.currency = currency
        self.in_catalog_currency = in_catalog_currency
        self.search = search_for(connection.dialect.name)
        self._words = WordWriter(connection)

    async def stored(self, handles: Sequence[str]) -> dict[str, tuple[int, Product]]:
        """(id, product) by handle, of those handles that are stored."""
        statement = select(products.c.id, *rows.PRODUCT).join(variants, variants.c.product_id == products.c.id)
        statement = statement.where(products.c.handle.in_(handles)).order_by(products.c.id, variants.c.position)
        found: dict[str, tuple[int, list[Any]]] = {}
        for row in await self.connection.execute(statement):
            found.setdefault(row.handle, (row.id, []))[1].append(row)
        return {handle: (key, rows.product(own)) for handle, (key, own) in found.items()}

    async def owners(self, skus: Sequence[str]) -> dict[str, str]:
        """The handle of the product of each sku, of those skus that are stored."""
        statement = select(variants.c.sku, products.c.handle).join(products, variants.c.product_id == products.c.id)
        found = await self.connection.execute(statement.where(variants.c.sku.in_(skus)))
        return {row.sku: row.handle for row in found}

    async def imports(self) -> int:
        """How often the catalogue has been imported into."""
        return int(await self.connection.scalar(select(catalog.c.imports)) or 0)

    async def next_id_and_rank(self) -> tuple[int, int]:
        """The next free (id, rank)."""
        row = (await self.connection.execute(select(func.max(products.c.id), func.max(products.c.rank)))).one()
        return (0 if row[0] is None else row[0] + 1), (0 if row[1] is None else row[1] + 1)

    async def stored_ids(self) -> AsyncIterator[dict[str, int]]:
        """Yield the id of every stored product by handle, in batches."""
        statement, last = select(products.c.id, products.c.handle).order_by(products.c.id).limit(BATCH), -1
        while batch := (await self.connection.execute(statement.where(products.c.id > last))).all():
            last = batch[-1].id
            yield {row.handle: row.id for row in batch}

    async def lock_stock(self, ids: Sequence[int]) -> None:
        """Keep the stock of these products' variants as it is until the transaction ends."""
        if self.connection.dialect.name == "postgresql":
            of_products = variants.c.product_id == any_(literal(ids, ARRAY(Integer)))
            locked = select(variants.c.sku).where(of_products).order_by(variants.c.sku).with_for_update()
            await self.connection.execute(select(func.count()).select_from(locked.subquery()))

    async def write(self, numbered: Sequence[tuple[int, Product]]) -> None:
        """Write products under ids that are unused or cleared."""
        now = int(time.time())
        await self._upsert(
            products, "id", (product_row(key, product, self.in_catalog_currency, now) for key, product in numbered)
        )
        await self._upsert(variants, "sku", (row for key, product in numbered for row in variant_rows(key, product)))
        await self._insert(
            listings, (row for key, product in numbered for row in listing_rows(key, product, self.in_catalog_currency))
        )
        await self._index(numbered)

    async def reindex(self) -> int:
        """Rebuild the search index of every published product, after translations changed; return their number."""
        count = 0
        await self._words.clear()
        async for stored_ids in self.stored_ids():
            numbered = list((await self.stored(list(stored_ids))).values())
            await self.search.remove(self.connection, list(stored_ids.values()))
            count += await self._index(numbered)
        made = {"version": catalog.c.version + 1, "index_version": INDEX_VERSION}
        await self.connection.execute(update(catalog).values(made))
        return count

    async def _index(self, numbered: Sequence[tuple[int, Product]]) -> int:
        languages = list(map(language_of, known()))
        published = [indexed(key, product, languages) for key, product in numbered if product.published]
        if published:
            await self.search.index(self.connection, [product.entry for product in published])
            await self._words.add(product.words for product in published)
        return len(published)

    async def _insert(self, table: Table, rows: Iterable[dict[str, Any]]) -> None:
        if rows := list(rows):
            await self.connection.execute(insert(table), rows)

    async def _upsert(self, table: Table, key: str, rows: Iterable[dict[str, Any]]) -> None:
        if rows := list(rows):
            statement = insert_into(self.connection, table)
            changed = {name: statement.excluded[name] for name in rows[0] if name != key}
            await self.connection.execute(statement.on_conflict_do_update(index_elements=[key], set_=changed), rows)

    async def clear(self, ids: Sequence[int]) -> None:
        """Clear the rows of products that are about to be rewritten or removed."""
        await self.search.remove(self.connection, ids)
        await self.connection.execute(delete(listings).where(listings.c.product_id.in_(ids)))
        of_products = variants.c.product_id.in_(ids)
        await self.connection.execute(update(variants).where(of_products).values(position=-1 - variants.c.position))

    async def remove_cleared(self, ids: Sequence[int]) -> None:
        """Delete these products, and all variants that were cleared and not rewritten."""
        await self.connection.execute(delete(variants).where(variants.c.position < 0))
        for start in range(0, len(ids), BATCH):
            await self.connection.execute(delete(products).where(products.c.id.in_(ids[start : start + BATCH])))

    async def finish(self) -> None:
        """Recount the facets and increment the version. Call it once, after everything is written."""
        await self.connection.execute(delete(facets))
        tallies, total = await self._tallies()
        for category, tally in tallies.items():
            await self._insert(facets, _facet_rows(category, tally))
        await self.connection.execute(
            update(catalog).values(version=catalog.c.version + 1, imports=catalog.c.imports + 1, products=total)
        )

    async def _tallies(self) -> tuple[dict[str, Tally], int]:
        """The counts of each category by slug, and the number of published products."""
        statement = (
            select(products.c.traits, products.c.sort_price).where(products.c.published).order_by(products.c.rank)
        )
        no_filters, total = Filters(Query(), PriceScale(self.currency)), 0
        tallies: dict[str, Tally] = {"": Tally()}
        async with self.connection.stream(statement) as stream:
            async for row in stream:
                total += 1
                traits = rows.traits(row.traits)
                added = no_filters.additions(traits, row.sort_price)
                for category in ("", *(slug for slug, _ in traits.categories)):
                    tallies.setdefault(category, Tally()).add([*added, (TOTAL, [("", "")])])
        return tallies, total


def _facet_rows(category: str, tally: Tally) -> Iterable[dict[str, Any]]:
    choices = [(facet.name, value) for facet in tally.facets(Query(), complete=True) for value in facet.values]
    counts = [(name, value.value, value.label, value.count) for name, value in choices]
    totals = [(TOTAL, "", "", count) for _, count in tally.counts.get(TOTAL, {}).values()]
    for position, (name, value, label, count) in enumerate([*totals, *counts]):
        yield {
            "category": category,
            "name": name,
            "value": value,
            "label": label,
            "products": count,
            "position": position,
        }
