"""Keeps the catalogue's pages in step with stock, behind the orders that change it.

An order changes the stock of variants and nothing else: it never waits for what pages show. That is brought in step
here, for all the orders of a moment at once, so that a hundred orders in a second empty the pages' caches once. The
same background task gives back what was set aside for too long.
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
from shop.catalog.stock.derived import out_of_step, restock
from shop.catalog.stock.stock import release_expired
from shop.catalog.writing.writer import BATCH, alone, batched
from shop.database import fetch, writing
from shop.errors import ShopError

GATHER_SECONDS = 0.5
"""What changes within this time is one change."""
LOOK_SECONDS = 5.0
"""How often reservations that are over are looked for while nothing else happens."""
HEAL_SECONDS = 600.0
"""How often all stock is compared, for what a process that has died left undone."""

_log = logging.getLogger(__name__)


class StockSync:
    """Brings what is derived from stock in step, in a catalogue whose own currency is `currency`."""

    def __init__(self, engine: AsyncEngine, currency: str, clock: Callable[[], float] = time.time) -> None:
        self.engine = engine
        self.currency = currency
        self.clock = clock
        self._touched: set[str] = set()
        self._news = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._heal_due = 0.0

    async def start(self) -> None:
        """Begin in the background; waits for nothing, and needs no database yet."""
        self._task = asyncio.create_task(self._run())

    async def close(self) -> None:
        """End, with what is noted brought in step as far as the database allows."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        if self._touched:
            await self._try()

    def touched(self, skus: Iterable[str]) -> None:
        """Note skus whose stock has changed; to be called after the change is committed."""
        self._touched.update(skus)
        self._news.set()

    async def refresh(self) -> None:
        """Give back what is over, and bring all that is noted in step, now. Raises StoreUnavailable: call it again."""
        await self._release()
        skus, self._touched = self._touched, set()
        try:
            for some in batched(sorted(skus), BATCH):
                await self._restock(select(variants.c.product_id).where(variants.c.sku.in_(some)))
        except BaseException:
            self._touched |= skus
            raise

    async def heal(self) -> None:
        """Bring in step what nobody has noted: a process may have died between an order and its refresh."""
        ids = sorted(row.id for row in await fetch(self.engine, out_of_step(self.engine.dialect.name)))
        for start in range(0, len(ids), BATCH):
            await self._restock(select(products.c.id).where(products.c.id.in_(ids[start : start + BATCH])))

    async def _release(self) -> None:
        now = int(self.clock())
        over = select(reservations.c.sku).where(reservations.c.expires_at <= now).limit(1)
        while await fetch(self.engine, over):
            async with writing(self.engine) as connection:
                changed = await release_expired(connection, now)
            self._touched |= changed
            if not changed:
                return  # another process is giving the rest back

    async def _restock(self, chosen: Select[tuple[int]]) -> None:
        async with writing(self.engine) as connection:
            await alone(connection)
            await restock(connection, self.currency, chosen)

    async def _run(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            if loop.time() >= self._heal_due and await self._try(heal=True):
                self._heal_due = loop.time() + HEAL_SECONDS
            with suppress(TimeoutError):
                async with asyncio.timeout(LOOK_SECONDS):
                    await self._news.wait()
            self._news.clear()
            await asyncio.sleep(GATHER_SECONDS)
            await self._try()

    async def _try(self, *, heal: bool = False) -> bool:
        """Heal or refresh; whether it could be done: if not, it is tried again later."""
        try:
            await (self.heal() if heal else self.refresh())
        except ShopError as error:
            _log.warning("The pages are not in step with stock yet: %s", error)
            return False
        except Exception:
            _log.exception("The pages are not in step with stock")  # and the next change is to be seen to all the same
            return False
        return True
