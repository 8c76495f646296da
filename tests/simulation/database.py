"""A simulated database: tables of carts that all processes share, with delays, conflicts and outages."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Mapping, Sequence
from contextvars import Context
from functools import partial
from typing import Any, TypeVar

from typing_extensions import override

from shop.cart.sql.table import CartTable, Fold, IdleCart, Row, StoredRow
from shop.errors import StoreUnavailable
from tests.simulation.loop import VirtualLoop

TIMEOUT = 2.0
"""Seconds after which a process gives up on a statement."""
DELAY = (0.0003, 0.003)
"""Seconds that a statement takes on its way, and back."""

T = TypeVar("T")

_NOBODY = Context()
"""Of what no process does."""


class Database:
    """The server: tables of rows by id."""

    def __init__(self, loop: VirtualLoop, chance: random.Random) -> None:
        self.tables: dict[str, dict[str, Row]] = {}
        self.down = False
        """Whether it refuses every statement."""
        self.hung = False
        """Whether it executes statements only when it goes on."""
        self.delay = DELAY
        self._chance = chance
        self._loop = loop
        self._waiting: list[Callable[[], None]] = []

    async def starts(self, seconds: float) -> None:
        """Be up again. In so many seconds the processes connect; what they send before is executed all at once then."""
        self.down, self.hung = False, True
        await asyncio.sleep(seconds)
        self.go_on()

    def go_on(self) -> None:
        """End a hang: what waits is executed, even if the process has given up."""
        self.hung = False
        waiting, self._waiting = self._waiting, []
        for execute in waiting:
            execute()

    async def execute(self, statement: Callable[[], T]) -> T:
        """Execute a statement and return its result. Raises StoreUnavailable: then it may have been executed."""
        reply: asyncio.Future[T] = self._loop.create_future()
        self._later(self._arrives, statement, reply)
        return await reply

    def _later(self, callback: Callable[..., None], *args: object) -> None:
        """Call back after the time of a trip, whatever becomes of the process."""
        low, high = self.delay
        at = self._loop.now + (low + (high - low) * self._chance.random())
        self._loop.call_at(at, callback, *args, context=_NOBODY)

    def _arrives(self, statement: Callable[[], T], reply: asyncio.Future[T]) -> None:
        if self.hung:
            execute = partial(self._execute, statement, reply)
            self._waiting.append(execute)
            self._loop.call_later(TIMEOUT, self._give_up, execute, reply, context=_NOBODY)
        else:
            self._execute(statement, reply)

    def _give_up(self, execute: Callable[[], None], reply: asyncio.Future[T]) -> None:
        if execute in self._waiting:
            if self._chance.random() < 0.5:
                self._waiting.remove(execute)
            if not reply.done():
                reply.set_exception(StoreUnavailable("The database did not answer in time."))

    def _execute(self, statement: Callable[[], T], reply: asyncio.Future[T]) -> None:
        if self.down:
            self._answer(reply, None)
        else:
            self._later(self._answer, reply, statement())

    def _answer(self, reply: asyncio.Future[T], result: Any) -> None:
        if reply.done():
            return
        if self.down:
            reply.set_exception(StoreUnavailable("The database cannot be reached."))
        else:
            reply.set_result(result)


class Table(CartTable):
    """A table as one process sees it."""

    def __init__(self, database: Database, name: str = "carts") -> None:
        self._database = database
        self._rows = database.tables.setdefault(name, {})

    @override
    async def read(self, ids: Sequence[str]) -> Mapping[str, StoredRow]:
        return await self._database.execute(
            lambda: {i: StoredRow(self._rows[i].state, self._rows[i].expires_at) for i in ids if i in self._rows}
        )

    @override
    async def change(self, ids: Sequence[str], fold: Fold) -> frozenset[str]:
        before = await self._database.execute(lambda: {i: self._rows[i] for i in ids if i in self._rows})
        rows = fold({i: StoredRow(row.state, row.expires_at) for i, row in before.items()})
        return await self._database.execute(lambda: self._write(rows, before)) if rows else frozenset()

    def _write(self, rows: Sequence[Row], before: Mapping[str, Row]) -> frozenset[str]:
        conflicts = set()
        for row in rows:
            if self._rows.get(row.id) is before.get(row.id):
                self._rows[row.id] = row
            else:
                conflicts.add(row.id)
        return frozenset(conflicts)

    @override
    async def delete(self, ids: Sequence[str]) -> None:
        await self._database.execute(lambda: [self._rows.pop(i, None) for i in ids])

    @override
    async def put_aside(self, row_id: str, state: bytes, expires_at: int) -> bool:
        raise NotImplementedError

    @override
    async def count_put_aside(self) -> int:
        return 0

    @override
    async def newest(self) -> tuple[int, int]:
        def newest() -> tuple[int, int]:
            rows = self._rows.values()
            return max((row.changed_at for row in rows), default=0), max((row.expires_at for row in rows), default=0)

        return await self._database.execute(newest)

    @override
    async def page(self, after: str, now: int, size: int) -> Sequence[tuple[str, bytes]]:
        return await self._database.execute(
            lambda: [
                (i, self._rows[i].state) for i in sorted(self._rows) if i > after and self._rows[i].expires_at > now
            ][:size]
        )

    @override
    async def ping(self) -> None:
        await self._database.execute(lambda: None)

    @override
    async def purge(self, now: int, limit: int) -> int:
        def purge() -> int:
            expired = [i for i, row in self._rows.items() if row.expires_at <= now][:limit]
            for i in expired:
                del self._rows[i]
            return len(expired)

        return await self._database.execute(purge)

    @override
    async def idle(self, before: int, now: int, limit: int, *, by_value: bool) -> Sequence[IdleCart]:
        raise NotImplementedError

    @override
    async def count(self, now: int) -> int:
        return await self._database.execute(lambda: sum(row.expires_at > now for row in self._rows.values()))

    @override
    async def close(self) -> None:
        pass
