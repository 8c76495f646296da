"""The table of carts in PostgreSQL. Each method is one statement, except a change, which is two."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

from typing_extensions import override

from shop.cart.clock import StoreClock
from shop.cart.sql.postgres_connections import Connections, Target
from shop.cart.sql.table import CartTable, Fold, IdleCart, Row, StoredRow
from shop.money import Money

MAINTENANCE_SECONDS = 60.0
"""The timeout of statements that may read the whole table."""
ESTIMATE_ABOVE = 1_000_000
"""The number of rows above which `count` returns an estimate."""

_READ = "SELECT id, state, expires_at, xmin FROM carts WHERE id = ANY($1)"
_READ_ONE = "SELECT id, state, expires_at, xmin FROM carts WHERE id = $1"
_WRITE = """
WITH given AS (
  SELECT * FROM unnest($1::xid[], $2::text[], $3::bigint[], $4::bigint[], $5::bigint[], $6::int[], $7::text[],
    $8::bytea[]) AS given (seen, id, changed_at, expires_at, amount, pieces, currency, state)
), free AS (
  SELECT given.* FROM given JOIN carts ON carts.id = given.id AND carts.xmin = given.seen
  FOR NO KEY UPDATE OF carts SKIP LOCKED
), changed AS (
  UPDATE carts SET (changed_at, expires_at, amount, pieces, currency, state)
    = (free.changed_at, free.expires_at, free.amount, free.pieces, free.currency, free.state)
  FROM free WHERE carts.id = free.id RETURNING carts.id
), made AS (
  INSERT INTO carts (id, changed_at, expires_at, amount, pieces, currency, state)
  SELECT id, changed_at, expires_at, amount, pieces, currency, state FROM given WHERE seen IS NULL
  ON CONFLICT DO NOTHING RETURNING id
)
SELECT id FROM changed UNION ALL SELECT id FROM made
"""
_WRITE_ONE = """
WITH free AS MATERIALIZED (
  SELECT id FROM carts WHERE id = $2 AND xmin = $1 FOR NO KEY UPDATE SKIP LOCKED
)
UPDATE carts SET (changed_at, expires_at, amount, pieces, currency, state)
  = ($3::bigint, $4::bigint, $5::bigint, $6::int, $7::text, $8::bytea)
FROM free WHERE carts.id = free.id RETURNING carts.id
"""
"""The same for one existing row, which is the usual case: takes a third less time."""
_PAGE = """
SELECT id, state FROM carts WHERE id > $1 AND expires_at > $2 AND id NOT LIKE 'unreadable:%' ORDER BY id LIMIT $3
"""
_DELETE = "DELETE FROM carts WHERE id = ANY($1)"
_PING = """
DO $$ BEGIN
  INSERT INTO carts (id, changed_at, expires_at, amount, pieces, currency, state) VALUES ('', 0, 0, 0, 0, '', '');
  RAISE SQLSTATE 'PROBE';
EXCEPTION WHEN SQLSTATE 'PROBE' THEN NULL;
END $$
"""
_PUT_ASIDE = """
WITH gone AS (DELETE FROM carts WHERE id = $1 AND state = $2 RETURNING *)
INSERT INTO carts (id, changed_at, expires_at, amount, pieces, currency, state)
SELECT 'unreadable:' || id, changed_at, $3::bigint, amount, 0, currency, state FROM gone
ON CONFLICT (id) DO UPDATE
  SET (changed_at, expires_at, state) = (excluded.changed_at, excluded.expires_at, excluded.state)
RETURNING id
"""
_COUNT_PUT_ASIDE = "SELECT count(*) FROM carts WHERE id LIKE 'unreadable:%'"
_NEWEST = """
SELECT coalesce(max(changed_at), 0), coalesce(max(expires_at), 0)
FROM (SELECT changed_at, expires_at FROM carts ORDER BY expires_hour DESC LIMIT 100) AS newest
"""
_PURGE = """
WITH gone AS (
  DELETE FROM carts WHERE id IN (
    SELECT id FROM carts WHERE expires_hour <= $1 / 3600 AND expires_at <= $1 ORDER BY expires_hour LIMIT $2
    FOR UPDATE SKIP LOCKED)
  RETURNING 1
)
SELECT count(*) FROM gone
"""
_IDLE = """
SELECT id, pieces, amount, currency, changed_at FROM carts WHERE changed_at <= $1 AND expires_at > $2 AND pieces > 0
ORDER BY {} LIMIT $3
"""
_COUNT = """
SELECT CASE WHEN reltuples > $2 THEN reltuples::bigint ELSE (SELECT count(*) FROM carts WHERE expires_at > $1) END
FROM pg_class WHERE oid = 'carts'::regclass
"""


class PostgresCarts(CartTable):
    """The table in a PostgreSQL database; `timeout` is in seconds.

    Optimistic locking: a row is written only if its `xmin`, the transaction that wrote it, is still the one that was
    read. So a change holds a lock only during its own write, and never waits for another's.
    """

    def __init__(self, url: str, *, timeout: float, table: str = "carts") -> None:
        target = Target.parse(url)
        self._clock = StoreClock()
        self._connections = Connections(target, self._clock, timeout=timeout)
        self._sql = cache(lambda statement: statement.replace("carts", table))
        self._maintenance = Connections(target, self._clock, timeout=MAINTENANCE_SECONDS)

    @override
    async def read(self, ids: Sequence[str]) -> Mapping[str, StoredRow]:
        return {row[0]: StoredRow(row[1], row[2]) for row in await self._found(ids)}

    @override
    async def change(self, ids: Sequence[str], fold: Fold) -> frozenset[str]:
        found = await self._found(ids)
        rows = fold({row[0]: StoredRow(row[1], row[2]) for row in found})
        if not rows:
            return frozenset()
        written = await self._write(rows, {row[0]: row[3] for row in found})
        return frozenset(row.id for row in rows).difference(written)

    async def _found(self, ids: Sequence[str]) -> Sequence[Any]:
        if len(ids) == 1:
            return await self._connections.fetch(self._sql(_READ_ONE), ids[0])
        return await self._connections.fetch(self._sql(_READ), ids)

    async def _write(self, rows: Sequence[Row], seen: Mapping[str, int]) -> Sequence[str]:
        """Write the rows that are still in the state that was read, and return their ids."""
        if len(rows) == 1 and rows[0].id in seen:
            written = await self._connections.fetch(self._sql(_WRITE_ONE), seen[rows[0].id], *rows[0])
        else:
            # Sorted, so that two transactions that insert the same rows cannot deadlock.
            columns = zip(*((seen.get(row.id), *row) for row in sorted(rows)), strict=True)
            written = await self._connections.fetch(self._sql(_WRITE), *columns)
        return [row[0] for row in written]

    @override
    async def delete(self, ids: Sequence[str]) -> None:
        await self._connections.fetch(self._sql(_DELETE), ids)

    @override
    async def put_aside(self, row_id: str, state: bytes, expires_at: int) -> bool:
        return bool(await self._connections.fetch(self._sql(_PUT_ASIDE), row_id, state, expires_at))

    @override
    async def count_put_aside(self) -> int:
        return int((await self._maintenance.fetch(self._sql(_COUNT_PUT_ASIDE)))[0][0])

    @override
    async def newest(self) -> tuple[int, int]:
        ((changed, expires),) = await self._maintenance.fetch(self._sql(_NEWEST))
        return changed, expires

    @override
    def now(self) -> float:
        return self._clock.now()

    @override
    async def ask_time(self) -> int:
        if not self._clock.is_measured:
            await self._connections.measure()
        return int(self.now())

    @override
    async def page(self, after: str, now: int, size: int) -> Sequence[tuple[str, bytes]]:
        return [(row[0], row[1]) for row in await self._connections.fetch(self._sql(_PAGE), after, now, size)]

    @override
    async def ping(self) -> None:
        await self._connections.fetch(self._sql(_PING))
        await self._connections.measure()

    @override
    async def purge(self, now: int, limit: int) -> int:
        return int((await self._maintenance.fetch(self._sql(_PURGE), now, limit))[0][0])

    @override
    async def idle(self, before: int, now: int, limit: int, *, by_value: bool) -> Sequence[IdleCart]:
        statement = self._sql(_IDLE).format("amount DESC" if by_value else "expires_hour")
        rows = await self._maintenance.fetch(statement, before, now, limit)
        return [IdleCart(row[0], row[1], Money(row[2], row[3]), row[4]) for row in rows]

    @override
    async def count(self, now: int) -> int:
        return int((await self._maintenance.fetch(self._sql(_COUNT), now, float(ESTIMATE_ABOVE)))[0][0])

    @property
    @override
    def epoch(self) -> int:
        return self._connections.epoch

    @override
    async def close(self) -> None:
        await self._connections.close()
        await self._maintenance.close()
