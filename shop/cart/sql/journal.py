"""The journal of outages in a table of the database, shared by all processes of all hosts."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import msgspec
from typing_extensions import override

from shop.cart.journal import Journal, Outage
from shop.cart.sql.rows import Rows
from shop.cart.sql.service import open_table
from shop.cart.sql.table import CartTable, Row, StoredRow

TABLE = "cart_journal"
TIMEOUT_SECONDS = 1.0
"""How long the database may take to answer: a shopper waits, and memory can take over."""
FILE_TIMEOUT_SECONDS = 3.0
"""How long a lock of SQLite's file is waited for: it is not away, other processes are writing."""
_LIFETIME = 365 * 24 * 3600
"""Seconds until a row would expire. It is emptied long before."""


class SqlJournal(Journal):
    """A journal in a table of the database, shared by all processes. A row of which nothing is pending has expired."""

    is_shared = True

    def __init__(self, table: CartTable) -> None:
        self._table = table
        self._rows = Rows(table, _decode, self._encode)

    @classmethod
    def connect(cls, url: str) -> SqlJournal:
        """The journal in the database of a URL in the form of DATABASE_URL. Connects when first used."""
        timeout = FILE_TIMEOUT_SECONDS if url.startswith("sqlite") else TIMEOUT_SECONDS
        return cls(open_table(url, timeout, TABLE))

    @override
    async def read(self, cart_id: str) -> Outage:
        return await self._rows.read(cart_id)

    @override
    async def transform(self, cart_id: str, fold: Callable[[Outage], Outage]) -> Outage:
        return await self._rows.transform(cart_id, fold)

    @override
    async def carts(self, limit: int, *, after: str = "") -> Sequence[str]:
        return [cart_id for cart_id, _ in await self._table.page(after, 0, limit)]

    @override
    async def recent(self, seconds: float, limit: int) -> Sequence[str]:
        rows = page = await self._table.page("", 0, limit)
        if len(page) == limit:
            since = int(self._table.now() - seconds) + _LIFETIME
            rows = page = await self._table.page("", since, limit)
            while len(page) == limit:
                page = await self._table.page(page[-1][0], since, limit)
                rows = [*rows, *page]
        return [cart_id for cart_id, _ in rows]

    @override
    async def purge(self, limit: int) -> int:
        return await self._table.purge(0, limit)

    @override
    async def close(self) -> None:
        await self._rows.close()

    def _encode(self, cart_id: str, outage: Outage) -> Row:
        now = int(self._table.now())
        expires_at = now + _LIFETIME if outage.is_pending else 0
        return Row(cart_id, now, expires_at, 0, len(outage.changes), "", _encoder.encode(outage))


def _decode(_: str, stored: StoredRow | None) -> Outage:
    return _decoder.decode(stored.state) if stored else Outage()


_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(Outage)
