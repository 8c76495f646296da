"""Imports a catalogue file, completely or not at all. A second import of the same file changes nothing.

The whole file is read and checked first. One transaction then compares each product with the stored one and writes
only differences. Existing products keep their rank and their creation date; new ones follow in the order of the file.
The file's stock is the quantity on hand: reservations stay, and the rest goes on sale.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from io import BufferedReader

import msgspec
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from shop.catalog.importers import read
from shop.catalog.importers.draft import Problems
from shop.catalog.importers.draft_buffer import DraftBuffer
from shop.catalog.model import Product
from shop.catalog.writing.writer import BATCH, CatalogWriter, batched, lock_catalog
from shop.database import reading, writing
from shop.errors import ImportRefused
from shop.money import Money, Rates

Progress = Callable[[str, int, int | None], None]
"""Receives the step, the amount done, and the total or None: bytes for 'Reading', else products."""


def _no_progress(_what: str, _done: int, _of: int | None) -> None:
    """Ignore progress."""


class Report(msgspec.Struct, frozen=True):
    """The result of an import, in numbers of products."""

    added: int = 0
    changed: int = 0
    unchanged: int = 0
    removed: int = 0
    warnings: tuple[str, ...] = ()


class CatalogImport:
    """Imports into a catalogue whose own currency is `currency`.

    `rates` must have every other currency of a file, because prices are sorted in `currency`. `replace` removes
    products that the file lacks, and ranks products in the order of the file.
    """

    def __init__(
        self,
        engine: AsyncEngine,
        currency: str,
        rates: Rates,
        *,
        replace: bool = False,
        progress: Progress = _no_progress,
    ) -> None:
        self.engine = engine
        self.currency = currency
        self.rates = rates
        self.replace = replace
        self.progress = progress

    async def run(self, source: BufferedReader, prices_in: str = "") -> Report:
        """Import a file; `prices_in` is the default currency of its prices, by default the catalogue's own.

        Raises ImportRefused (nothing was changed then), StoreUnavailable and ConfigurationError.
        """
        problems = Problems()
        with DraftBuffer() as buffer:
            self._read(source, prices_in or self.currency, buffer, problems)
            _check(problems, buffer.count)
            async with writing(self.engine) as connection:
                report = await self._write(connection, buffer, problems)
        if report.added or report.changed or report.removed:
            await self._analyze()
        return msgspec.structs.replace(report, warnings=tuple(problems.warnings))

    async def reindex(self) -> int:
        """Let the search find what was translated since products were imported; how many there are to find.

        Raises StoreUnavailable and ConfigurationError.
        """
        async with writing(self.engine) as connection:
            await lock_catalog(connection)
            return await CatalogWriter(connection, self.currency, self._in_catalog_currency).reindex()

    def _read(self, source: BufferedReader, currency: str, buffer: DraftBuffer, problems: Problems) -> None:
        for draft in read(source, currency, problems):
            code = draft.product.variants[0].price.currency
            if code not in (self.currency, *self.rates.per_base):
                problems.error(draft.line, f"there is no exchange rate for {code}")
            buffer.add(draft, problems)
            if buffer.count % 100 == 0 and source.seekable():
                self.progress("Reading", source.tell(), None)

    async def _write(self, connection: AsyncConnection, buffer: DraftBuffer, problems: Problems) -> Report:
        await lock_catalog(connection)
        writer = CatalogWriter(connection, self.currency, self._in_catalog_currency)
        report = await self._compare(writer, buffer, problems)
        _check(problems, buffer.count)
        removed = await self._absent_ids(writer, buffer) if self.replace else []
        report = msgspec.structs.replace(report, removed=len(removed))
        if report.added or report.changed or report.removed:
            await self._change(writer, buffer, removed, report.added + report.changed)
            await writer.finish()
        return report

    async def _change(self, writer: CatalogWriter, buffer: DraftBuffer, removed: list[int], written: int) -> None:
        old = [*removed, *(number for numbers in buffer.replaced_ids(BATCH) for number in numbers)]
        reserved = await writer.reserved(old)
        # Clear every old variant before the first new one is written: a sku may move from one product to another.
        for start in range(0, len(old), BATCH):
            await writer.clear(old[start : start + BATCH])
        done = 0
        for batch in buffer.to_write(BATCH):
            await writer.write([(number, product.with_reserved(reserved)) for number, product in batch])
            done += len(batch)
            self.progress("Writing", done, written)
        await writer.remove_cleared(removed)

    async def _compare(self, writer: CatalogWriter, buffer: DraftBuffer, problems: Problems) -> Report:
        """Mark the products in the buffer that have to be written."""
        number, rank = await writer.next_id_and_rank()
        now, added, changed, done = int(time.time()), 0, 0, 0
        for batch in buffer.batches(BATCH):
            stored = await writer.stored([product.handle for _, product in batch])
            await self._check_owners(writer, [product for _, product in batch], buffer, problems)
            for position, product in batch:
                stored_product = stored.get(product.handle)
                product = msgspec.structs.replace(
                    product,
                    rank=position if self.replace else stored_product[1].rank if stored_product else rank,
                    created_at=product.created_at or (stored_product[1].created_at if stored_product else now),
                )
                if stored_product is None:
                    buffer.mark_to_write(position, number, product, known=False)
                    number, rank, added = number + 1, rank + 1, added + 1
                elif stored_product[1].with_reserved({}) != product:
                    buffer.mark_to_write(position, stored_product[0], product, known=True)
                    changed += 1
            done += len(batch)
            self.progress("Comparing", done, buffer.count)
        return Report(added=added, changed=changed, unchanged=buffer.count - added - changed)

    async def _check_owners(
        self, writer: CatalogWriter, batch: list[Product], buffer: DraftBuffer, problems: Problems
    ) -> None:
        """Report skus that belong to a stored product which the file neither changes nor removes."""
        handles = {variant.sku: product.handle for product in batch for variant in product.variants}
        for skus in batched(handles, BATCH):
            other_owners = {sku: owner for sku, owner in (await writer.owners(skus)).items() if owner != handles[sku]}
            unchanged_owners = set() if self.replace else buffer.missing(other_owners.values())
            for sku, owner in other_owners.items():
                if owner in unchanged_owners:
                    problems.error(buffer.line_of_sku(sku), f"SKU {sku!r} belongs to {owner!r} in the catalogue")

    async def _absent_ids(self, writer: CatalogWriter, buffer: DraftBuffer) -> list[int]:
        """The ids of stored products that the file lacks."""
        return [batch[handle] async for batch in writer.stored_ids() for handle in buffer.missing(batch)]

    def _in_catalog_currency(self, price: Money) -> int:
        return self.rates.convert(price, self.currency).amount

    async def _analyze(self) -> None:
        """Update the database's statistics, so that its planner keeps choosing the right indexes."""
        async with reading(self.engine) as connection:
            if connection.dialect.name == "postgresql":
                driver = (await connection.get_raw_connection()).driver_connection
                assert driver is not None
                # By the driver, unprepared: behind a pooler, this connection is in a transaction for SQLAlchemy.
                await driver.execute("VACUUM (ANALYZE) products, variants, listings, facets, product_texts")
            else:
                await connection.execute(text("ANALYZE"))
                await connection.execute(text("PRAGMA wal_checkpoint(TRUNCATE)"))


def _check(problems: Problems, products: int) -> None:
    """Raise ImportRefused if there are errors or no products."""
    if problems.errors:
        count = len(problems.errors)
        words = "1 row cannot" if count == 1 else f"{count} rows cannot"
        raise ImportRefused(f"{words} be imported, so nothing was. Correct the file and try again.", problems.rows())
    if not products:
        raise ImportRefused("The file has no products, so nothing was imported.")
