"""Updates in the background what pages show of stock.

An order changes only the stock of variants; it never waits for the derived rows that pages read. This task refreshes
them for all orders of a short time in one batch, so that a hundred orders in a second invalidate the page caches once.
It also releases expired reservations.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Iterable
from contextlib import suppress

from sqlalchemy import Select, select
from sqlalchemy.ext.asyncio import AsyncEngine

from shop.catalog.schema import products, reservations, variants
from shop.catalog.stock.derived import refresh_stock, stale_products
from shop.catalog.stock.stock import release_expired
from shop.catalog.writing.writer import BATCH, batched, lock_catalog
from shop.database import fetch, writing
from shop.errors import ShopError

BATCH_SECONDS = 0.5
"""Changes within this time are refreshed in one batch."""
POLL_SECONDS = 5.0
"""How often expired reservations are looked for while no stock changes."""
RECONCILE_SECONDS = 600.0
"""How often all derived stock is checked, to repair what a crashed process left undone."""

_log = logging.getLogger(__name__)


class StockSync:
    """The background task that refreshes derived stock, between `start` and `close`. shop.parts makes one per process.

    `currency` is the catalogue's own; `clock` returns seconds since the epoch.
    """

    def __init__(
        self,
        engine: AsyncEngine,
        currency: str,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.engine = engine
        self._currency = currency
        self._clock = clock
        self._touched: set[str] = set()
        self._changed = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._reconcile_due = 0.0

    async def start(self) -> None:
        """Start the background task. Does not wait, and does not need the database yet."""
        self._task = asyncio.create_task(self._run())

    async def close(self) -> None:
        """Stop, after one attempt to refresh the skus that are still queued."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        if self._touched:
            await self._try()

    def touched(self, skus: Iterable[str]) -> None:
        """Queue skus whose stock has changed. Call it after the change is committed."""
        self._touched.update(skus)
        self._changed.set()

    async def refresh(self) -> None:
        """Release expired reservations and refresh all queued skus now.

        Raises StoreUnavailable; the skus stay queued then.
        """
        await self._release_expired()
        skus, self._touched = self._touched, set()
        try:
            for batch in batched(sorted(skus), BATCH):
                await self._restock(select(variants.c.product_id).where(variants.c.sku.in_(batch)))
        except BaseException:
            self._touched |= skus
            raise

    async def reconcile(self) -> None:
        """Refresh every stale product, queued or not: a process may have crashed between an order and its refresh."""
        ids = sorted(row.id for row in await fetch(self.engine, stale_products(self.engine.dialect.name)))
        for start in range(0, len(ids), BATCH):
            await self._restock(select(products.c.id).where(products.c.id.in_(ids[start : start + BATCH])))

    async def _release_expired(self) -> None:
        now = int(self._clock())
        expired = select(reservations.c.sku).where(reservations.c.expires_at <= now).limit(1)
        while await fetch(self.engine, expired):
            async with writing(self.engine) as connection:
                changed = await release_expired(connection, now)
            self._touched |= changed
            if not changed:
                return  # another process is releasing the rest

    async def _restock(self, chosen: Select[tuple[int]]) -> None:
        async with writing(self.engine) as connection:
            await lock_catalog(connection)
            await refresh_stock(connection, self._currency, chosen)

    async def _run(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            if loop.time() >= self._reconcile_due and await self._try(reconcile=True):
                self._reconcile_due = loop.time() + RECONCILE_SECONDS
            with suppress(TimeoutError):
                async with asyncio.timeout(POLL_SECONDS):
                    await self._changed.wait()
            self._changed.clear()
            await asyncio.sleep(BATCH_SECONDS)
            await self._try()

    async def _try(self, *, reconcile: bool = False) -> bool:
        """Refresh, or reconcile; return whether it succeeded. A failure is logged, and retried later."""
        try:
            await (self.reconcile() if reconcile else self.refresh())
        except ShopError as error:
            _log.warning("Stock sync failed, pages may show old stock, will retry: %s", error)
            return False
        except Exception:
            _log.exception("Stock sync failed, pages may show old stock, will retry")  # the task must survive
            return False
        return True
