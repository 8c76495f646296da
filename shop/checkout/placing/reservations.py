"""Sets the pieces of a cart aside while its shopper fills in the checkout."""

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
    """Sets aside for `seconds` at most (0: not at all), and tells `touched` what may have changed.

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

    async def hold(self, cart_id: str, wanted: Mapping[str, int]) -> stock.Reserved:
        """Set aside what there is of the wanted pieces; give how many each, and until when: see stock.hold.

        A cart that has pieces set aside already keeps their end: opening the checkout again does not make it later.
        Where the database does not answer, nothing is set aside and nothing is given: a form can be filled in all the
        same, and ordering it tells what there is.
        """
        if not wanted or not self.seconds:
            return NOTHING
        now = int(self._clock())
        try:
            async with writing(self._engine) as connection:
                held = await stock.hold(connection, cart_id, wanted, until=now + self.seconds, now=now)
        except StoreUnavailable as error:
            log.warning("Nothing can be set aside for a checkout now: %s", error)
            return NOTHING
        self._touched(wanted)
        return held
