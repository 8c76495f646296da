"""Reserves the items of a cart while its shopper fills in the checkout."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable, Mapping

from sqlalchemy.ext.asyncio import AsyncEngine

from shop.catalog.stock import stock
from shop.database import writing
from shop.errors import StoreUnavailable

log = logging.getLogger(__name__)

NOTHING = stock.Reserved({}, 0)


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

    async def reserve(self, cart_id: str, wanted: Mapping[str, int]) -> stock.Reserved:
        """Reserve what is available of the wanted quantities: see stock.reserve.

        A cart that already has a reservation keeps its expiry: opening the checkout again does not extend it.
        Without a database nothing is reserved and nothing is returned. The form can still be filled in; placing the
        order then checks the stock.
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
