"""Buffers a file's products between reading and writing, on disk if there are many.

The whole file is checked before the first row is written. A private temporary SQLite database holds it until then, so
that memory stays bounded and the transaction on the real database is short.
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
    CREATE TABLE skus (sku TEXT PRIMARY KEY, line INTEGER, exported INTEGER) WITHOUT ROWID;
"""
_decode = msgspec.msgpack.Decoder(Product).decode


class DraftBuffer:
    """The drafts of one import, in the order of the file; those to be written get a number, their future id."""

    def __init__(self) -> None:
        # An empty name: a private database that spills to a temporary file and is deleted when it is closed.
        self._db = sqlite3.connect("", isolation_level=None)
        self._db.executescript(_SCHEMA)
        self._db.execute("BEGIN")
        self.count = 0

    def __enter__(self) -> DraftBuffer:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._db.close()

    def add(self, draft: Draft, problems: Problems) -> None:
        """Add a draft. A handle or sku that the file has used before is reported as an error instead."""
        row = (self.count, draft.product.handle, draft.line, msgspec.msgpack.encode(draft.product))
        if not self._db.execute("INSERT OR IGNORE INTO drafts VALUES (?, ?, ?, ?, NULL, NULL)", row).rowcount:
            known = self._db.execute("SELECT line FROM drafts WHERE handle = ?", row[1:2]).fetchone()[0]
            reason = f"handle {row[1]!r} was used on line {known}; the rows of one product must be adjacent"
            problems.error(draft.line, reason)
            return
        self.count += 1
        exported = draft.exported or (None,) * len(draft.lines)
        for variant, line, on_hand in zip(draft.product.variants, draft.lines, exported, strict=True):
            self._add_sku(variant.sku, line, on_hand, problems)

    def _add_sku(self, sku: str, line: int, exported: int | None, problems: Problems) -> None:
        if not self._db.execute("INSERT OR IGNORE INTO skus VALUES (?, ?, ?)", (sku, line, exported)).rowcount:
            (other,) = self._db.execute("SELECT line FROM skus WHERE sku = ?", (sku,)).fetchone()
            problems.error(line, f"SKU {sku!r} is already used on line {other}")

    def batches(self, size: int) -> Iterator[list[tuple[int, Product]]]:
        """(position, product) of every draft, in batches."""
        for rows in self._in_batches("SELECT position, position, product FROM drafts WHERE TRUE", size):
            yield [(position, _decode(body)) for _, position, body in rows]

    def mark_to_write(self, position: int, number: int, product: Product, *, known: bool) -> None:
        """Mark a draft to be written as `product` with this number; `known` if it replaces a stored product."""
        values = (number, known, msgspec.msgpack.encode(product), position)
        self._db.execute("UPDATE drafts SET number = ?, known = ?, product = ? WHERE position = ?", values)

    def unmark(self) -> None:
        """Forget which drafts are to be written."""
        self._db.execute("UPDATE drafts SET number = NULL, known = NULL")

    def replaced_ids(self, size: int) -> Iterator[list[int]]:
        """Numbers of stored products that are replaced, in batches."""
        for rows in self._in_batches("SELECT position, number FROM drafts WHERE known", size):
            yield [number for _, number in rows]

    def to_write(self, size: int) -> Iterator[list[tuple[int, Product]]]:
        """(number, product) of the drafts marked to be written, in batches."""
        for rows in self._in_batches("SELECT position, number, product FROM drafts WHERE number IS NOT NULL", size):
            yield [(number, _decode(body)) for _, number, body in rows]

    def _in_batches(self, select: str, size: int) -> Iterator[list[tuple[Any, ...]]]:
        last = -1
        while rows := self._db.execute(f"{select} AND position > ? ORDER BY position LIMIT ?", (last, size)).fetchall():
            yield rows
            last = rows[-1][0]

    def missing(self, handles: Iterable[str]) -> set[str]:
        """Those of the handles that the file lacks."""
        find = "SELECT 1 FROM drafts WHERE handle = ?"
        return {handle for handle in handles if not self._db.execute(find, (handle,)).fetchone()}

    def has_sku(self, sku: str) -> bool:
        """Whether the file has a sku."""
        return self._db.execute("SELECT 1 FROM skus WHERE sku = ?", (sku,)).fetchone() is not None

    def exported(self, sku: str) -> int | None:
        """What was on hand of a sku of the file when our export wrote it; None if the file does not say."""
        (on_hand,) = self._db.execute("SELECT exported FROM skus WHERE sku = ?", (sku,)).fetchone()
        return None if on_hand is None else int(on_hand)

    def line_of_sku(self, sku: str) -> int:
        """The line of the file that has a sku."""
        (line,) = self._db.execute("SELECT line FROM skus WHERE sku = ?", (sku,)).fetchone()
        return int(line)
