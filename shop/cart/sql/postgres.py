"""The table of carts in PostgreSQL: each method is one statement, but a change, which is two."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from typing_extensions import override

from shop.cart.sql.postgres_connections import Connections, Target
from shop.cart.sql.table import CartTable, Fold, Kept, Row, Sleeping
from shop.money import Money

PATIENT_SECONDS = 60.0
"""For what looks at the whole table."""
MANY = 1_000_000
"""A table of more rows is not counted, but estimated."""

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
"""The same for one row that is there, as nearly all are: a third less time."""
_PAGE = "SELECT id, state FROM carts WHERE id > $1 AND expires_at > $2 ORDER BY id LIMIT $3"
_DELETE = "DELETE FROM carts WHERE id = ANY($1)"
_PING = """
DO $$ BEGIN
  INSERT INTO carts (id, changed_at, expires_at, amount, pieces, currency, state) VALUES ('', 0, 0, 0, 0, '', '');
  RAISE SQLSTATE 'PROBE';
EXCEPTION WHEN SQLSTATE 'PROBE' THEN NULL;
END $$
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
_SLEEPING = """
SELECT id, pieces, amount, currency, changed_at FROM carts WHERE changed_at <= $1 AND expires_at > $2 AND pieces > 0
ORDER BY {} LIMIT $3
"""
_COUNT = """
SELECT CASE WHEN reltuples > $2 THEN reltuples::bigint ELSE (SELECT count(*) FROM carts WHERE expires_at > $1) END
FROM pg_class WHERE oid = 'carts'::regclass
"""


class PostgresCarts(CartTable):
    """The table in a database.

    A row that was read is written on the condition that its `xmin` is the same, the transaction that wrote it: so a
    change takes no lock but for the moment of its own write, and waits for nobody's.
    """

    def __init__(self, url: str, *, seconds: float) -> None:
        target = Target.parse(url)
        self._connections = Connections(target, seconds=seconds)
        self._patient = Connections(target, seconds=PATIENT_SECONDS)

    @override
    async def read(self, ids: Sequence[str]) -> Mapping[str, Kept]:
        return {row[0]: Kept(row[1], row[2]) for row in await self._found(ids)}

    @override
    async def change(self, ids: Sequence[str], fold: Fold) -> frozenset[str]:
        found = await self._found(ids)
        rows = fold({row[0]: Kept(row[1], row[2]) for row in found})
        if not rows:
            return frozenset()
        written = await self._write(rows, {row[0]: row[3] for row in found})
        return frozenset(row.id for row in rows).difference(written)

    async def _found(self, ids: Sequence[str]) -> Sequence[Any]:
        if len(ids) == 1:
            return await self._connections.fetch(_READ_ONE, ids[0])
        return await self._connections.fetch(_READ, ids)

    async def _write(self, rows: Sequence[Row], seen: Mapping[str, int]) -> Sequence[str]:
        """Write rows, and return the ids of those whose row was still the one that was seen."""
        if len(rows) == 1 and rows[0].id in seen:
            written = await self._connections.fetch(_WRITE_ONE, seen[rows[0].id], *rows[0])
        else:
            # In order, so that two who make the same new rows cannot wait for each other.
            columns = zip(*((seen.get(row.id), *row) for row in sorted(rows)), strict=True)
            written = await self._connections.fetch(_WRITE, *columns)
        return [row[0] for row in written]

    @override
    async def delete(self, ids: Sequence[str]) -> None:
        await self._connections.fetch(_DELETE, ids)

    @override
    async def page(self, after: str, now: int, size: int) -> Sequence[tuple[str, bytes]]:
        return [(row[0], row[1]) for row in await self._connections.fetch(_PAGE, after, now, size)]

    @override
    async def ping(self) -> None:
        await self._connections.fetch(_PING)

    @override
    async def purge(self, now: int, limit: int) -> int:
        return int((await self._patient.fetch(_PURGE, now, limit))[0][0])

    @override
    async def sleeping(self, before: int, now: int, limit: int, *, by_value: bool) -> Sequence[Sleeping]:
        statement = _SLEEPING.format("amount DESC" if by_value else "expires_hour")
        rows = await self._patient.fetch(statement, before, now, limit)
        return [Sleeping(row[0], row[1], Money(row[2], row[3]), row[4]) for row in rows]

    @override
    async def count(self, now: int) -> int:
        return int((await self._patient.fetch(_COUNT, now, float(MANY)))[0][0])

    @property
    @override
    def epoch(self) -> int:
        return self._connections.epoch

    @override
    async def close(self) -> None:
        await self._connections.close()
        await self._patient.close()
