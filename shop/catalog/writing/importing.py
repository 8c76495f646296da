"""Imports a catalogue file, completely or not at all. A second import of the same file changes nothing.

The whole file is read, checked and compared with the stored products first. One transaction then writes only the
differences; if another import has come between, it compares again. Existing products keep their rank and their creation
date; new ones follow in the order of the file.

Stock is left alone: what was sold since the file was written must not be on sale again. Only skus that are new to the
shop get the file's, which is the quantity on hand. With `stock`, all do: an exported file says what was on hand when it
was written, and only the difference counts; another file sets what is on hand.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from io import BufferedReader

import msgspec
from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncEngine

from shop.catalog.importers import read
from shop.catalog.importers.draft import Problems
from shop.catalog.importers.draft_buffer import DraftBuffer
from shop.catalog.model import Product, StockLevel
from shop.catalog.reading.search import INDEX_VERSION
from shop.catalog.schema import catalog
from shop.catalog.writing.levels import StockChange, kept_from_sale, levels, move_reservations, record, rename
from shop.catalog.writing.writer import BATCH, CatalogWriter, batched, lock_catalog
from shop.database import fetch, reading, writing
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
    stock_left: int = 0
    """Skus whose stock differs from the file's, and was left alone."""
    warnings: tuple[str, ...] = ()


class CatalogImport:
    """Imports into a catalogue whose own currency is `currency`.

    `rates` must have every other currency of a file, because prices are sorted in `currency`. `replace` removes
    products that the file lacks, and ranks products in the order of the file. `stock`: also import the stock, which the
    history then says of `who`.
    """

    def __init__(
        self,
        engine: AsyncEngine,
        currency: str,
        rates: Rates,
        *,
        replace: bool = False,
        stock: bool = False,
        who: str = "",
        progress: Progress = _no_progress,
    ) -> None:
        self.engine = engine
        self.currency = currency
        self.rates = rates
        self.replace = replace
        self.stock = stock
        self.who = who
        self.progress = progress

    async def run(self, source: BufferedReader, prices_in: str = "") -> Report:
        """Import a file; `prices_in` is the default currency of its prices, by default the catalogue's own.

        Raises ImportRefused (nothing was changed then), StoreUnavailable and ConfigurationError.
        """
        problems = Problems()
        with DraftBuffer() as buffer:
            self._read(source, prices_in or self.currency, buffer, problems)
            _check(problems, buffer.count)
            report = await self._import(buffer, problems)
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

    async def refresh_index(self) -> None:
        """Rebuild the search index if another release has made it.

        Raises StoreUnavailable and ConfigurationError.
        """
        statement = select(catalog.c.index_version)
        if (await fetch(self.engine, statement))[0].index_version == INDEX_VERSION:
            return
        async with writing(self.engine) as connection:
            await lock_catalog(connection)
            if (await connection.execute(statement)).scalar_one() != INDEX_VERSION:  # nobody else has, meanwhile
                await CatalogWriter(connection, self.currency, self._in_catalog_currency).reindex()

    def _read(self, source: BufferedReader, currency: str, buffer: DraftBuffer, problems: Problems) -> None:
        for draft in read(source, currency, problems):
            if self.stock and not draft.counted:
                raise ImportRefused("The file has no column for the quantity on hand, so its stock cannot be imported.")
            code = draft.product.variants[0].price.currency
            if code not in (self.currency, *self.rates.per_base):
                problems.error(draft.line, f"there is no exchange rate for {code}")
            buffer.add(draft, problems)
            if buffer.count % 100 == 0 and source.seekable():
                self.progress("Reading", source.tell(), None)

    async def _import(self, buffer: DraftBuffer, problems: Problems) -> Report:
        """Compare without a lock, so that orders go on meanwhile, and write in a transaction if anything differs."""
        async with reading(self.engine) as connection:
            writer = CatalogWriter(connection, self.currency, self._in_catalog_currency)
            before = await writer.imports()
            report, removed = await self._compared(writer, buffer, problems)
        if not (report.added or report.changed or report.removed):
            return report
        async with writing(self.engine) as connection:
            await lock_catalog(connection)
            writer = CatalogWriter(connection, self.currency, self._in_catalog_currency)
            if await writer.imports() != before:
                buffer.unmark()
                report, removed = await self._compared(writer, buffer, problems)
            await self._change(writer, buffer, removed, report.added + report.changed)
            await writer.finish()
        return report

    async def _compared(
        self, writer: CatalogWriter, buffer: DraftBuffer, problems: Problems
    ) -> tuple[Report, list[int]]:
        """What the import does, and the ids of products that it removes. Raises ImportRefused."""
        report = await self._compare(writer, buffer, problems)
        _check(problems, buffer.count)
        removed = await self._absent_ids(writer, buffer) if self.replace else []
        return msgspec.structs.replace(report, removed=len(removed)), removed

    async def _change(self, writer: CatalogWriter, buffer: DraftBuffer, removed: list[int], written: int) -> None:
        old = [*removed, *(number for numbers in buffer.replaced_ids(BATCH) for number in numbers)]
        renames = await self._renames(writer, buffer)
        await move_reservations(writer.connection, renames)
        await writer.lock_stock(old)
        await rename(writer.connection, renames, who=self.who, at=int(time.time()))
        # Clear every old variant before the first new one is written: a sku may move from one product to another.
        for start in range(0, len(old), BATCH):
            await writer.clear(old[start : start + BATCH])
        done = 0
        for batch in buffer.to_write(BATCH):
            await self._write_batch(writer, buffer, batch)
            done += len(batch)
            self.progress("Writing", done, written)
        await writer.remove_cleared(removed)

    async def _write_batch(self, writer: CatalogWriter, buffer: DraftBuffer, batch: list[tuple[int, Product]]) -> None:
        skus = [variant.sku for _, product in batch for variant in product.variants]
        before, kept = await levels(writer.connection, skus), await kept_from_sale(writer.connection, skus)
        numbered = [(number, self._with_stock(product, before, kept, buffer)) for number, product in batch]
        await writer.write(numbered)
        now = int(time.time())
        changes = [
            StockChange(
                sku=sku, kind="imported", before=before[sku].on_hand, after=after, reason="", who=self.who, at=now
            )
            for _, product in numbered
            for sku, after in ((variant.sku, variant.level.on_hand) for variant in product.variants)
            if sku in before and before[sku].on_hand != after
        ]
        await record(writer.connection, changes)

    def _with_stock(
        self,
        product: Product,
        before: Mapping[str, StockLevel],
        kept: Mapping[str, StockLevel],
        buffer: DraftBuffer,
    ) -> Product:
        """A product of the file with the stock that it has after the import.

        `before`: the levels of skus that are stored; `kept`: what is reserved and committed of all of them.
        """
        after = dict[str, StockLevel]()
        for sku, on_hand in ((variant.sku, variant.stock) for variant in product.variants):
            level, exported = before.get(sku), buffer.exported(sku)
            if level is None:
                after[sku] = kept[sku].counted(on_hand)
            elif not self.stock:
                after[sku] = level
            elif None not in (on_hand, exported, level.on_hand):
                after[sku] = level.counted(max(0, (level.on_hand or 0) + (on_hand or 0) - (exported or 0)))
            else:
                after[sku] = level.counted(on_hand)
        return product.with_levels(after)

    async def _renames(self, writer: CatalogWriter, buffer: DraftBuffer) -> dict[str, str]:
        """Skus (old -> new) whose variant stays: it has the same handle and options, and neither sku is elsewhere."""
        renames = dict[str, str]()
        for batch in buffer.to_write(BATCH):
            stored = await writer.stored([product.handle for _, product in batch])
            taken = await levels(
                writer.connection, [variant.sku for _, product in batch for variant in product.variants]
            )
            for _, product in batch:
                known = stored[product.handle][1].variants if product.handle in stored else ()
                before = {variant.options: variant.sku for variant in known if not buffer.has_sku(variant.sku)}
                new = [
                    variant for variant in product.variants if variant.options in before and variant.sku not in taken
                ]
                renames |= {before[variant.options]: variant.sku for variant in new}
        return renames

    async def _compare(self, writer: CatalogWriter, buffer: DraftBuffer, problems: Problems) -> Report:
        """Mark the products in the buffer that have to be written."""
        number, rank = await writer.next_id_and_rank()
        now, added, changed, done, stock_left = int(time.time()), 0, 0, 0, 0
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
                    continue
                stock_left += self._stock_left(product, stored_product[1], buffer)
                if self._differs(product, stored_product[1], buffer):
                    buffer.mark_to_write(position, stored_product[0], product, known=True)
                    changed += 1
            done += len(batch)
            self.progress("Comparing", done, buffer.count)
        unchanged = buffer.count - added - changed
        return Report(added=added, changed=changed, unchanged=unchanged, stock_left=stock_left)

    def _differs(self, product: Product, stored: Product, buffer: DraftBuffer) -> bool:
        """Whether the file changes a stored product."""
        before = {variant.sku: variant.level for variant in stored.variants}
        nothing = {variant.sku: StockLevel(0) for variant in product.variants}
        return self._with_stock(product, before, nothing, buffer) != stored

    def _stock_left(self, product: Product, stored: Product, buffer: DraftBuffer) -> int:
        """The number of skus whose stock the file would change, if its stock was imported."""
        if self.stock:
            return 0
        before = {variant.sku: variant.level.on_hand for variant in stored.variants}
        known = [variant for variant in product.variants if variant.sku in before]
        then = {variant.sku: buffer.exported(variant.sku) for variant in known}
        return sum(variant.stock not in (before[variant.sku], then[variant.sku]) for variant in known)

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
                tables = "products, variants, listings, facets, product_texts, search_words, search_spellings"
                await driver.execute(f"VACUUM (ANALYZE) {tables}")
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
