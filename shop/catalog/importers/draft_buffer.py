"""A file's products between reading and writing, on disk where they are many.

The whole file is checked before the first row is written; SQLite's private temporary database holds it
meanwhile, so that memory stays bounded and the transaction on the real database is short.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator
from types import TracebackType
from typing import Any

import msgspec

from shop.catalog.importers.draft import Draft, Problems
from shop.catalog.model import Product

_SCHEMA = """
    PRAGMA journal_mode = OFF;
    PRAGMA synchronous = OFF;
    PRAGMA cache_size = -8000;
    CREATE TABLE drafts (
        position INTEGER PRIMARY KEY, handle TEXT UNIQUE, line INTEGER, product BLOB, number INTEGER, known INTEGER
    );
    CREATE TABLE skus (sku TEXT PRIMARY KEY, line INTEGER) WITHOUT ROWID;
"""
_decode = msgspec.msgpack.Decoder(Product).decode


class DraftBuffer:
    """Drafts in the order of the file; those that are to be written get a number, the id they will have."""

    def __init__(self) -> None:
        # An empty name: a database of our own that spills to a temporary file and is gone when it is closed.
        self._db = sqlite3.connect("", isolation_level=None)
        self._db.executescript(_SCHEMA)
        self._db.execute("BEGIN")
        self.count = 0

    def __enter__(self) -> DraftBuffer:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._db.close()

    def add(self, draft: Draft, problems: Problems) -> None:
        """Keep a draft, unless its handle or a sku was used before in the file."""
        row = (self.count, draft.product.handle, draft.line, msgspec.msgpack.encode(draft.product))
        if not self._db.execute("INSERT OR IGNORE INTO drafts VALUES (?, ?, ?, ?, NULL, NULL)", row).rowcount:
            known = self._db.execute("SELECT line FROM drafts WHERE handle = ?", row[1:2]).fetchone()[0]
            reason = f"handle {row[1]!r} was used on line {known}; the rows of one product stand together"
            problems.error(draft.line, reason)
            return
        self.count += 1
        for variant, line in zip(draft.product.variants, draft.lines, strict=True):
            self._add_sku(variant.sku, line, problems)

    def _add_sku(self, sku: str, line: int, problems: Problems) -> None:
        if not self._db.execute("INSERT OR IGNORE INTO skus VALUES (?, ?)", (sku, line)).rowcount:
            (other,) = self._db.execute("SELECT line FROM skus WHERE sku = ?", (sku,)).fetchone()
            problems.error(line, f"SKU {sku!r} is already used on line {other}")

    def batches(self, size: int) -> Iterator[list[tuple[int, Product]]]:
        """(position, product) of every draft, in batches."""
        for rows in self._in_batches("SELECT position, position, product FROM drafts WHERE TRUE", size):
            yield [(position, _decode(body)) for _, position, body in rows]

    def write(self, position: int, number: int, product: Product, *, known: bool) -> None:
        """Mark a draft to be written as `product` under a number; `known` where it takes a stored one's place."""
        values = (number, known, msgspec.msgpack.encode(product), position)
        self._db.execute("UPDATE drafts SET number = ?, known = ?, product = ? WHERE position = ?", values)

    def replaced(self, size: int) -> Iterator[list[int]]:
        """Numbers of stored products that are to be written anew, in batches."""
        for rows in self._in_batches("SELECT position, number FROM drafts WHERE known", size):
            yield [number for _, number in rows]

    def written(self, size: int) -> Iterator[list[tuple[int, Product]]]:
        """(number, product) of the drafts that are to be written, in batches."""
        for rows in self._in_batches("SELECT position, number, product FROM drafts WHERE number IS NOT NULL", size):
            yield [(number, _decode(body)) for _, number, body in rows]

    def _in_batches(self, select: str, size: int) -> Iterator[list[tuple[Any, ...]]]:
        last = -1
        while rows := self._db.execute(f"{select} AND position > ? ORDER BY position LIMIT ?", (last, size)).fetchall():
            yield rows
            last = rows[-1][0]

    def lacking(self, handles: Iterable[str]) -> set[str]:
        """Those of the handles that the file does not have."""
        find = "SELECT 1 FROM drafts WHERE handle = ?"
        return {handle for handle in handles if not self._db.execute(find, (handle,)).fetchone()}

    def line_of_sku(self, sku: str) -> int:
        """The line on which the file has a sku."""
        (line,) = self._db.execute("SELECT line FROM skus WHERE sku = ?", (sku,)).fetchone()
        return int(line)
