"""Looks at what cannot be counted on the way, such as the size of all carts, every few seconds."""

from __future__ import annotations

import asyncio
import logging
from abc import abstractmethod
from collections.abc import Sequence

from prometheus_client.registry import Collector

from shop.errors import ShopError

SECONDS = 15.0

log = logging.getLogger(__name__)


class Sampled(Collector):
    """Metrics of what `look` has found."""

    @abstractmethod
    async def look(self) -> None:
        """Look again. May raise ShopError: what was found before then stays."""


class Sampling:
    """Looks regularly, while it is started."""

    def __init__(self, sampled: Sequence[Sampled], seconds: float = SECONDS) -> None:
        self._sampled = sampled
        self._seconds = seconds
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Begin."""
        self._task = asyncio.create_task(self._look_regularly())

    async def close(self) -> None:
        """End."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def _look_regularly(self) -> None:
        while True:
            for sampled in self._sampled:
                try:
                    await sampled.look()
                except ShopError as error:
                    log.debug("Metrics are of earlier: %s", error)
                except Exception:
                    log.exception("Metrics cannot be looked at, will retry.")
            await asyncio.sleep(self._seconds)
