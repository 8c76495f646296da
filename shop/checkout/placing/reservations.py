"""Reserves the items of a cart for the shopper who is paying for them."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Iterable, Mapping

from sqlalchemy import and_, select
from sqlalchemy.ext.asyncio import AsyncEngine

from shop.catalog.schema import reservations, variants
from shop.catalog.stock import stock
from shop.database import fetch, writing
from shop.errors import StoreUnavailable, unforeseen

RELEASE_SECONDS = 0.2
"""How long a change of a cart waits for its reservation to be released."""

log = logging.getLogger(__name__)

NOTHING = stock.Reserved({}, {}, 0)


class Reservations:
    """Reserves stock for at most `seconds` (0: not at all), and reports the skus that may have changed to `touched`.

    `clock`: seconds since the epoch.
    """

    def __init__(
        self,
        engine: AsyncEngine,
        touched: Callable[[Iterable[str]], object],
        seconds: int,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.seconds = seconds
        self._engine = engine
        self._touched = touched
        self._clock = clock
        self._releasing: set[asyncio.Task[None]] = set()

    async def reserve(self, cart_id: str, wanted: Mapping[str, int]) -> stock.Reserved:
        """Reserve the wanted quantities, as far as this cart's share goes: see stock.reserve.

        A cart that already has a reservation keeps its expiry. Without a database
        nothing is reserved and nothing is returned. The form can still be filled in; placing the order then checks the
        stock.
        """
        if not wanted or not self.seconds:
            return NOTHING
        now = int(self._clock())
        try:
            async with writing(self._engine) as connection:
                reserved = await stock.reserve(connection, cart_id, wanted, until=now + self.seconds, now=now)
        except StoreUnavailable as error:
            log.warning("Checkout continues without a reservation: %s", error)
            return NOTHING
        self._touched(wanted)
        return reserved

    async def until(self, cart_id: str, wanted: Mapping[str, int]) -> int:
        """When the reservation of all that is wanted expires (seconds since the epoch); 0 if not all is reserved."""
        if not wanted:
            return 0
        own = and_(reservations.c.sku == variants.c.sku, reservations.c.holder == cart_id)
        limited = (variants.c.sku.in_(list(wanted)), variants.c.stock.is_not(None))
        statement = select(variants.c.sku, reservations.c.quantity, reservations.c.expires_at).outerjoin(
            reservations, own
        )
        try:
            rows = await fetch(self._engine, statement.where(*limited))
        except StoreUnavailable:
            return 0
        if not rows or any((row.quantity or 0) < wanted[row.sku] for row in rows):
            return 0
        until = min(int(row.expires_at) for row in rows)
        return until if until > self._clock() else 0

    async def keep(self, cart_id: str, wanted: Mapping[str, int]) -> None:
        """Release what is reserved for a cart beyond the wanted quantities.

        Never fails, and waits for a slow database no longer than RELEASE_SECONDS: what is not released now expires.
        """
        task = asyncio.create_task(self._keep(cart_id, wanted))
        self._releasing.add(task)
        task.add_done_callback(self._releasing.discard)
        await asyncio.wait([task], timeout=RELEASE_SECONDS)

    async def close(self) -> None:
        """Stop releasing."""
        for task in self._releasing:
            task.cancel()
        await asyncio.gather(*self._releasing, return_exceptions=True)

    async def _keep(self, cart_id: str, wanted: Mapping[str, int]) -> None:
        any_reserved = select(reservations.c.sku).where(reservations.c.holder == cart_id).limit(1)
        try:
            if not await fetch(self._engine, any_reserved):
                return
            async with writing(self._engine) as connection:
                changed = await stock.keep(connection, cart_id, wanted)
        except Exception as error:
            log.warning("A reservation was not released, it will expire: %s", error, exc_info=unforeseen(error))
        else:
            self._touched(changed)
