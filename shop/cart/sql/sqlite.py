"""The table of carts in a SQLite file."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path

from typing_extensions import override

from shop.cart.sql.sqlite_thread import SqliteThread
from shop.cart.sql.table import CartTable, Fold, IdleCart, StoredRow
from shop.money import Money

MAINTENANCE_SECONDS = 60.0
"""The timeout of statements that may read the whole table."""

_READ = "SELECT state, expires_at FROM carts WHERE id = ?"
_WRITE = """
INSERT INTO carts (id, changed_at, expires_at, amount, pieces, currency, state) VALUES (?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (id) DO UPDATE SET changed_at = excluded.changed_at, expires_at = excluded.expires_at,
  amount = excluded.amount, pieces = excluded.pieces, currency = excluded.currency, state = excluded.state
"""
_PAGE = """
SELECT id, state FROM carts WHERE id > ? AND expires_at > ? AND id NOT LIKE 'unreadable:%' ORDER BY id LIMIT ?
"""
_PROBE = ("", 0, 0, 0, 0, "", bytes(16_384))
"""A row large enough to need new pages, so that a full disk is noticed."""
_DELETE = "DELETE FROM carts WHERE id = ?"
_PUT_ASIDE = """
UPDATE OR REPLACE carts SET id = 'unreadable:' || id, expires_at = ?, pieces = 0 WHERE id = ? AND state = ?
"""
_COUNT_PUT_ASIDE = "SELECT count(*) FROM carts WHERE id >= 'unreadable:' AND id < 'unreadable;'"
_NEWEST = """
SELECT coalesce(max(changed_at), 0), coalesce(max(expires_at), 0)
FROM (SELECT changed_at, expires_at FROM carts ORDER BY expires_hour DESC LIMIT 100)
"""
_PURGE = """
DELETE FROM carts WHERE id IN (
  SELECT id FROM carts WHERE expires_hour <= :now / 3600 AND expires_at <= :now ORDER BY expires_hour LIMIT :limit)
"""
_IDLE = """
SELECT id, pieces, amount, currency, changed_at FROM carts WHERE changed_at <= ? AND expires_at > ? AND pieces > 0
ORDER BY {} LIMIT ?
"""
_COUNT = "SELECT count(*) FROM carts WHERE expires_at > ?"


class SqliteCarts(CartTable):
    """The table in an existing SQLite file. One thread reads, one writes, and one runs slow queries.

    Write-ahead logging lets reads continue during a write. A batch of changes is one transaction that takes the write
    lock first, so no other write can come between its read and its write. `timeout` is in seconds.
    """

    def __init__(self, file: Path, *, timeout: float, table: str = "carts") -> None:
        self._reader = SqliteThread(file, timeout)
        self._writer = SqliteThread(file, timeout)
        self._sql = cache(lambda statement: statement.replace("carts", table))
        self._maintenance = SqliteThread(file, MAINTENANCE_SECONDS)

    @override
    async def read(self, ids: Sequence[str]) -> Mapping[str, StoredRow]:
        return await self._reader.run(lambda connection: _read(connection, self._sql(_READ), ids))

    @override
    async def change(self, ids: Sequence[str], fold: Fold) -> frozenset[str]:
        def work(connection: sqlite3.Connection) -> None:
            connection.execute("BEGIN IMMEDIATE")
            connection.executemany(self._sql(_WRITE), fold(_read(connection, self._sql(_READ), ids)))
            connection.execute("COMMIT")

        await self._writer.run(work)
        return frozenset()

    @override
    async def delete(self, ids: Sequence[str]) -> None:
        def work(connection: sqlite3.Connection) -> None:
            connection.execute("BEGIN IMMEDIATE")
            connection.executemany(self._sql(_DELETE), [(cart_id,) for cart_id in ids])
            connection.execute("COMMIT")

        await self._writer.run(work)

    @override
    async def put_aside(self, row_id: str, state: bytes, expires_at: int) -> bool:
        values = (expires_at, row_id, state)
        changed = await self._writer.run(lambda connection: connection.execute(self._sql(_PUT_ASIDE), values).rowcount)
        return changed > 0

    @override
    async def count_put_aside(self) -> int:
        (count,) = await self._maintenance.run(
            lambda connection: connection.execute(self._sql(_COUNT_PUT_ASIDE)).fetchone()
        )
        return int(count)

    @override
    async def newest(self) -> tuple[int, int]:
        changed, expires = await self._maintenance.run(
            lambda connection: connection.execute(self._sql(_NEWEST)).fetchone()
        )
        return changed, expires

    @override
    async def page(self, after: str, now: int, size: int) -> Sequence[tuple[str, bytes]]:
        return await self._reader.run(
            lambda connection: connection.execute(self._sql(_PAGE), (after, now, size)).fetchall()
        )

    @override
    async def ping(self) -> None:
        def work(connection: sqlite3.Connection) -> None:
            connection.execute("BEGIN IMMEDIATE")
            connection.execute(self._sql(_WRITE), _PROBE)
            connection.execute(self._sql(_DELETE), ("",))
            connection.execute("COMMIT")

        await self._writer.run(work)

    @override
    async def purge(self, now: int, limit: int) -> int:
        values = {"now": now, "limit": limit}
        return await self._writer.run(lambda connection: connection.execute(self._sql(_PURGE), values).rowcount)

    @override
    async def idle(self, before: int, now: int, limit: int, *, by_value: bool) -> Sequence[IdleCart]:
        statement = self._sql(_IDLE).format("amount DESC" if by_value else "expires_hour")
        rows = await self._maintenance.run(
            lambda connection: connection.execute(statement, (before, now, limit)).fetchall()
        )
        return [IdleCart(row[0], row[1], Money(row[2], row[3]), row[4]) for row in rows]

    @override
    async def count(self, now: int) -> int:
        return int(
            await self._maintenance.run(lambda connection: connection.execute(self._sql(_COUNT), (now,)).fetchone()[0])
        )

    @override
    async def close(self) -> None:
        for thread in (self._reader, self._writer, self._maintenance):
            await thread.close()


def _read(connection: sqlite3.Connection, statement: str, ids: Sequence[str]) -> Mapping[str, StoredRow]:
    # One statement for all rows would save nothing: SQLite runs in this process.
    rows = ((cart_id, connection.execute(statement, (cart_id,)).fetchone()) for cart_id in ids)
    return {cart_id: StoredRow(*row) for cart_id, row in rows if row}
