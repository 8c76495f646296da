"""The transactions of orders: so many at once, the others in line, and again where the database asks for it.

A rush of shoppers must not take every connection of the pool: pages need some. SQLite has one writer at a time, and
those who wait inside it wait by trying: they are better off in a line here. An order that has begun goes before those
that have not: they stand in line at the door, which lets few of them in at once.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import TypeVar

from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from shop.database import writing
from shop.errors import StoreBusy, StoreUnavailable
from shop.i18n import noted
from shop.retry import jitter

AT_ONCE = {"sqlite": 1, "postgresql": 4}
LINE_SECONDS = 10.0
"""How long a shopper stands in line before being asked to come again."""
TRY_AGAIN_SECONDS = (0.02, 0.1, 0.3)
_CONFLICTS = ("40001", "40P01")
"""SQLSTATE of a serialisation failure and of a deadlock: the transaction was rolled back, and may be tried again."""

T = TypeVar("T")
Work = Callable[[AsyncConnection], Awaitable[T]]


class OrderTransactions:
    """Runs transactions of orders on an engine. Safe to call concurrently."""

    def __init__(self, engine: AsyncEngine, *, at_once: int | None = None, line_seconds: float = LINE_SECONDS) -> None:
        self._engine = engine
        places = at_once or AT_ONCE[engine.dialect.name]
        self._places, self._door = asyncio.Semaphore(places), asyncio.Semaphore(places)
        self._line_seconds = line_seconds

    async def run_first(self, work: Work[T]) -> T:
        """A transaction that nothing depends on yet. Raises StoreBusy where the line is too long, nothing done."""
        async with self._door_passed(), self._places:
            return await self._run(work)

    async def run(self, work: Work[T]) -> T:
        """A transaction that follows on another: it waits for its turn however long the line is."""
        async with self._places:
            return await self._run(work)

    @asynccontextmanager
    async def _door_passed(self) -> AsyncIterator[None]:
        try:
            async with asyncio.timeout(self._line_seconds):
                await self._door.acquire()
        except TimeoutError as error:
            raise StoreBusy(noted("Very many people are ordering just now. Please try again in a moment.")) from error
        try:
            yield
        finally:
            self._door.release()

    async def _run(self, work: Work[T]) -> T:
        for pause in TRY_AGAIN_SECONDS:
            try:
                async with writing(self._engine) as connection:
                    return await work(connection)
            except StoreUnavailable as error:
                if not _in_conflict(error):
                    raise
            await asyncio.sleep(jitter(pause))
        async with writing(self._engine) as connection:
            return await work(connection)


def _in_conflict(error: StoreUnavailable) -> bool:
    """Whether two transactions were in each other's way, and the database has undone this one."""
    cause = getattr(error.__cause__, "orig", None)
    return getattr(cause, "sqlstate", None) in _CONFLICTS or getattr(cause, "sqlite_errorname", "").startswith(
        "SQLITE_BUSY"
    )
