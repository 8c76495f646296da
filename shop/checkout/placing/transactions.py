"""Runs the transactions of orders: a bounded number at a time, the rest queued, with retries after conflicts.

A rush of orders must not exhaust the connection pool: pages need connections too. SQLite has one writer at a time and
only polls for its lock, so queueing here is faster and fair. Orders in progress go first: new ones wait in a second
queue, which admits few of them at a time.
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
QUEUE_SECONDS = 10.0
"""How long a new order may wait in the queue before StoreBusy."""
RETRY_SECONDS = (0.02, 0.1, 0.3)
_CONFLICTS = ("40001", "40P01")
"""SQLSTATE of a serialisation failure and of a deadlock: the transaction was rolled back and can be retried."""

T = TypeVar("T")
Work = Callable[[AsyncConnection], Awaitable[T]]


class OrderTransactions:
    """Runs transactions on an engine. Safe for concurrent use."""

    def __init__(
        self, engine: AsyncEngine, *, at_once: int | None = None, queue_seconds: float = QUEUE_SECONDS
    ) -> None:
        self._engine = engine
        slots = at_once or AT_ONCE[engine.dialect.name]
        self._slots, self._admission = asyncio.Semaphore(slots), asyncio.Semaphore(slots)
        self._queue_seconds = queue_seconds

    async def run_first(self, work: Work[T]) -> T:
        """Run the first transaction of an order. Raises StoreBusy if the queue is too long; nothing was done then."""
        async with self._admitted(), self._slots:
            return await self._run(work)

    async def run(self, work: Work[T]) -> T:
        """Run a later transaction of an order: it waits however long the queue is."""
        async with self._slots:
            return await self._run(work)

    @asynccontextmanager
    async def _admitted(self) -> AsyncIterator[None]:
        try:
            async with asyncio.timeout(self._queue_seconds):
                await self._admission.acquire()
        except TimeoutError as error:
            raise StoreBusy(noted("A lot of people are ordering just now. Please try again in a moment.")) from error
        try:
            yield
        finally:
            self._admission.release()

    async def _run(self, work: Work[T]) -> T:
        for pause in RETRY_SECONDS:
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
    """Whether the database rolled this transaction back because of a conflict with another."""
    cause = getattr(error.__cause__, "orig", None)
    return getattr(cause, "sqlstate", None) in _CONFLICTS or getattr(cause, "sqlite_errorname", "").startswith(
        "SQLITE_BUSY"
    )
