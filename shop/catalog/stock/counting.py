"""Stock as people see it: the levels of skus, the changes that people make, and the history of these changes.

What a person counts is on hand: it includes what is reserved and what is sold and not shipped yet.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime

import msgspec
from sqlalchemy import bindparam, select, update
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from shop.catalog.model import StockLevel
from shop.catalog.reading.rows import COMMITTED, RESERVED
from shop.catalog.schema import stock_changes, variants
from shop.catalog.writing.levels import Kind, StockChange, locked_levels, record
from shop.catalog.writing.writer import BATCH, batched
from shop.database import fetch, writing
from shop.errors import InvalidInput, NotFound

Counted = Callable[[str, int | None], int]
"""The new quantity on hand of a sku, from the one before (None: no limit). May raise a ShopError."""
MAX_ON_HAND = 10**9

_v = variants.c


class StockRow(msgspec.Struct, frozen=True):
    """The stock of a sku."""

    sku: str
    level: StockLevel


class StockBook:
    """Shows and changes the stock of a database. `clock` returns seconds since the epoch. shop.parts makes one.

    Every method may raise StoreUnavailable.
    """

    def __init__(self, engine: AsyncEngine, clock: Callable[[], float] = time.time) -> None:
        self._engine = engine
        self._clock = clock

    async def levels(self, skus: Sequence[str] = ()) -> list[StockRow]:
        """The stock of these skus, by default of all, in their order. Unknown skus are left out."""
        statement = select(_v.sku, _v.stock, RESERVED.label("reserved"), COMMITTED.label("committed")).order_by(_v.sku)
        batches = [statement.where(_v.sku.in_(batch)) for batch in batched(sorted(set(skus)), BATCH)] or [statement]
        rows = [row for chosen in batches for row in await fetch(self._engine, chosen)]
        return [StockRow(row.sku, StockLevel(row.stock, int(row.reserved), int(row.committed))) for row in rows]

    async def change(
        self, skus: Iterable[str], counted: Counted, kind: Kind, *, reason: str, who: str
    ) -> list[StockChange]:
        """Change the quantity on hand of these skus; return what has changed.

        Raises NotFound for an unknown sku: nothing is changed then.
        """
        changes: list[StockChange] = []
        async with writing(self._engine) as connection:
            for batch in batched(sorted(skus), BATCH):
                found = await locked_levels(connection, batch)
                if unknown := [sku for sku in batch if sku not in found]:
                    raise NotFound(f"There is no sku {unknown[0]}.")
                changes += await self._count(connection, found, counted, kind, reason, who)
            await record(connection, changes)
        return changes

    async def history(self, sku: str, limit: int) -> list[StockChange]:
        """The latest changes of a sku, the newest first, those under earlier names too."""
        own = stock_changes.c.sku == sku
        statement = select(stock_changes).where(own).order_by(stock_changes.c.id.desc()).limit(limit)
        rows = await fetch(self._engine, statement)
        return [msgspec.convert(row, StockChange, from_attributes=True) for row in rows]

    async def _count(
        self,
        connection: AsyncConnection,
        found: Mapping[str, StockLevel],
        counted: Counted,
        kind: Kind,
        reason: str,
        who: str,
    ) -> list[StockChange]:
        after = {sku: level.counted(_checked(sku, counted(sku, level.on_hand))) for sku, level in found.items()}
        changed = {sku: level for sku, level in after.items() if level != found[sku]}
        if changed:
            statement = update(variants).where(_v.sku == bindparam("key")).values(stock=bindparam("new"))
            await connection.execute(statement, [{"key": sku, "new": level.stock} for sku, level in changed.items()])
        now = int(self._clock())
        return [
            StockChange(
                sku=sku, kind=kind, before=found[sku].on_hand, after=level.on_hand, reason=reason, who=who, at=now
            )
            for sku, level in changed.items()
        ]


def _checked(sku: str, on_hand: int) -> int:
    if not 0 <= on_hand <= MAX_ON_HAND:
        raise InvalidInput(f"{sku}: the quantity on hand would be {on_hand}.")
    return on_hand


def number(count: int | None) -> str:
    """A quantity as operators read it."""
    return "no limit" if count is None else str(count)


def told(change: StockChange) -> str:
    """'2026-11-30 14:05 UTC, ada: set, 10 to 8: one is broken'."""
    why = f": {change.reason}" if change.reason else ""
    numbers = f"{number(change.before)} to {number(change.after)}"
    return f"{datetime.fromtimestamp(change.at, UTC):%Y-%m-%d %H:%M} UTC, {change.who}: {change.kind}, {numbers}{why}"
