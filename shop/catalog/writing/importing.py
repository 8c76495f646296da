"""Imports a catalogue file: all of it or nothing, and a second time without any change.

First the whole file is read and checked; then, in one transaction, each product is held against the one that
is stored, and only what differs is written. Existing products keep their place among the featured ones and
their date; new ones follow in the order of the file. A file counts the pieces on the shelf: what is set aside for
checkouts stays set aside, and the rest of the file's number goes on sale.
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
from shop.catalog.writing.writer import BATCH, CatalogWriter, alone, batched
from shop.database import reading, writing
from shop.errors import ImportRefused
from shop.money import Money, Rates

Progress = Callable[[str, int, int | None], None]
"""Is told what is being done, how far, and of how much where that is known: bytes while 'Reading', else products."""


def _silent(_what: str, _done: int, _of: int | None) -> None:
    """No progress is shown."""


class Report(msgspec.Struct, frozen=True):
    """What an import did, in numbers of products."""

    added: int = 0
    changed: int = 0
    unchanged: int = 0
    removed: int = 0
    warnings: tuple[str, ...] = ()


class CatalogImport:
    """Imports into a catalogue whose own currency is `currency`.

    `rates` must know every other currency of a file: they put prices in order. `replace` takes out what the
    file does not have, and ranks products as the file does.
    """

    def __init__(
        self,
        engine: AsyncEngine,
        currency: str,
        rates: Rates,
        *,
        replace: bool = False,
        progress: Progress = _silent,
    ) -> None:
        self.engine = engine
        self.currency = currency
        self.rates = rates
        self.replace = replace
        self.progress = progress

    async def run(self, source: BufferedReader, prices_in: str = "") -> Report:
        """Import a file; `prices_in` is the currency of prices that name none, by default the catalogue's own.

        Raises ImportRefused, and then nothing was changed; StoreUnavailable; ConfigurationError.
        """
        problems = Problems()
        with DraftBuffer() as spool:
            self._read(source, prices_in or self.currency, spool, problems)
            _refuse(problems, spool.count)
            async with writing(self.engine) as connection:
                report = await self._write(connection, spool, problems)
        if report.added or report.changed or report.removed:
            await self._tidy()
        return msgspec.structs.replace(report, warnings=tuple(problems.warnings))

    async def reindex(self) -> int:
        """Let the search find what was translated since products were imported; how many there are to find.

        Raises StoreUnavailable and ConfigurationError.
        """
        async with writing(self.engine) as connection:
            await alone(connection)
            return await CatalogWriter(connection, self.currency, self._worth).reindex()

    def _read(self, source: BufferedReader, currency: str, spool: DraftBuffer, problems: Problems) -> None:
        for draft in read(source, currency, problems):
            code = draft.product.variants[0].price.currency
            if code not in (self.currency, *self.rates.per_base):
                problems.error(draft.line, f"there is no exchange rate for {code}")
            spool.add(draft, problems)
            if spool.count % 100 == 0 and source.seekable():
                self.progress("Reading", source.tell(), None)

    async def _write(self, connection: AsyncConnection, spool: DraftBuffer, problems: Problems) -> Report:
        await alone(connection)
        writer = CatalogWriter(connection, self.currency, self._worth)
        report = await self._compare(writer, spool, problems)
        _refuse(problems, spool.count)
        removed = await self._others(writer, spool) if self.replace else []
        report = msgspec.structs.replace(report, removed=len(removed))
        if report.added or report.changed or report.removed:
            await self._change(writer, spool, removed, report.added + report.changed)
            await writer.settle()
        return report

    async def _change(self, writer: CatalogWriter, spool: DraftBuffer, removed: list[int], written: int) -> None:
        old = [*removed, *(number for numbers in spool.replaced(BATCH) for number in numbers)]
        held = await writer.held(old)
        # Every old variant makes room before the first new one comes: a sku may move from one product to another.
        for start in range(0, len(old), BATCH):
            await writer.clear(old[start : start + BATCH])
        done = 0
        for batch in spool.written(BATCH):
            await writer.write([(number, product.with_held(held)) for number, product in batch])
            done += len(batch)
            self.progress("Writing", done, written)
        await writer.sweep(removed)

    async def _compare(self, writer: CatalogWriter, spool: DraftBuffer, problems: Problems) -> Report:
        """Mark in the spool what is to be written."""
        number, rank = await writer.next_numbers()
        now, added, changed, done = int(time.time()), 0, 0, 0
        for batch in spool.batches(BATCH):
            stored = await writer.stored([product.handle for _, product in batch])
            await self._check_owners(writer, [product for _, product in batch], spool, problems)
            for position, product in batch:
                known = stored.get(product.handle)
                product = msgspec.structs.replace(
                    product,
                    rank=position if self.replace else known[1].rank if known else rank,
                    created_at=product.created_at or (known[1].created_at if known else now),
                )
                if known is None:
                    spool.write(position, number, product, known=False)
                    number, rank, added = number + 1, rank + 1, added + 1
                elif known[1].with_held({}) != product:
                    spool.write(position, known[0], product, known=True)
                    changed += 1
            done += len(batch)
            self.progress("Comparing", done, spool.count)
        return Report(added=added, changed=changed, unchanged=spool.count - added - changed)

    async def _check_owners(
        self, writer: CatalogWriter, batch: list[Product], spool: DraftBuffer, problems: Problems
    ) -> None:
        """A sku may come from a product that the file changes or that goes, not from one that stays as it is."""
        handles = {variant.sku: product.handle for product in batch for variant in product.variants}
        for skus in batched(handles, BATCH):
            others = {sku: owner for sku, owner in (await writer.owners(skus)).items() if owner != handles[sku]}
            staying = set() if self.replace else spool.lacking(others.values())
            for sku, owner in others.items():
                if owner in staying:
                    problems.error(spool.line_of_sku(sku), f"SKU {sku!r} belongs to {owner!r} in the catalogue")

    async def _others(self, writer: CatalogWriter, spool: DraftBuffer) -> list[int]:
        """The ids of stored products that the file does not have."""
        return [batch[handle] async for batch in writer.numbers() for handle in spool.lacking(batch)]

    def _worth(self, price: Money) -> int:
        return self.rates.convert(price, self.currency).amount

    async def _tidy(self) -> None:
        """Let the database learn what it holds now, so that it goes on choosing the right index."""
        async with reading(self.engine) as connection:
            if connection.dialect.name == "postgresql":
                await connection.execute(text("VACUUM (ANALYZE) products, variants, listings, facets, product_texts"))
            else:
                await connection.execute(text("ANALYZE"))
                await connection.execute(text("PRAGMA wal_checkpoint(TRUNCATE)"))


def _refuse(problems: Problems, products: int) -> None:
    """Raise ImportRefused where there are errors, or nothing at all."""
    if problems.errors:
        count = len(problems.errors)
        words = "1 row cannot" if count == 1 else f"{count} rows cannot"
        raise ImportRefused(f"{words} be imported, so nothing was. Correct the file and try again.", problems.rows())
    if not products:
        raise ImportRefused("The file has no products, so nothing was imported.")
