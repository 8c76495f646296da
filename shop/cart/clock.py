"""The clock of a store, as this process has measured it.

Carts are dated and expire by their store's clock, which all processes share: a host whose clock is wrong harms nothing.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable


class StoreClock:
    """The store's time as an offset from this host's monotonic clock; the host's own time until it is measured.

    `monotonic` and `host` are clocks in seconds.
    """

    def __init__(
        self, *, monotonic: Callable[[], float] = time.monotonic, host: Callable[[], float] = time.time
    ) -> None:
        self.monotonic = monotonic
        self._host = host
        self._least = -math.inf
        self._most = math.inf

    @property
    def is_measured(self) -> bool:
        """Whether the store has ever told its time."""
        return self._least > -math.inf

    def measured(self, seconds: float, sent: float, received: float) -> None:
        """Record that the store's clock showed `seconds` since the epoch at some moment between two monotonic ones.

        So the offset is in an interval. A measurement narrows the interval; one that contradicts it replaces it,
        because the store's clock was set, or another server is the store now.
        """
        least, most = seconds - received, seconds - sent
        if most < self._least or least > self._most:
            self._least, self._most = least, most
        else:
            self._least, self._most = max(least, self._least), min(most, self._most)

    def now(self) -> float:
        """The store's time in seconds since the epoch."""
        return self.monotonic() + (self._least + self._most) / 2 if self.is_measured else self._host()

    def not_after(self, moment: float) -> float | None:
        """A time by the store's clock that is not after this moment of the monotonic clock; None if not measured."""
        return moment + self._least if self.is_measured else None
