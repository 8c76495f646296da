"""Redis is well, and the shop's processes get no processor: nobody may take that for an outage of Redis."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from tests.chaos.rows.redis import OneRedis
from tests.chaos.scene import Row, Scene
from tests.fixtures.shop_process import workers_of

STOPPED_SECONDS = 0.6
"""Longer than the shop waits for an answer of Redis."""
LOWEST, LOW = 19, 10
"""Nice values: of the shop, and of what keeps the processors busy."""
HOGS = 2
"""For each processor."""


class StarvedShop(OneRedis):
    """Starved shop"""


async def stopped_by_turns(scene: Scene[StarvedShop]) -> None:
    """Each process is not scheduled for a while, as by a garbage collection, a backup or a busy neighbour."""
    for shop in scene.stage.shops:
        for worker in workers_of(shop):
            await scene.strikes(lambda worker=worker: worker.send_signal(signal.SIGSTOP))  # type: ignore[misc]
            try:
                await asyncio.sleep(STOPPED_SECONDS)
            finally:
                worker.send_signal(signal.SIGCONT)
            await scene.crowd.goes_on(seconds=0.2, changes=10)
    await scene.lasts()


async def squeezed(scene: Scene[StarvedShop]) -> None:
    """Others want the processors, and the shop is the last to get them. It stays so: this stage is not used again.

    Nobody orders: an order of many steps may take longer than a browser waits.
    """
    for shop in scene.stage.shops:
        for worker in workers_of(shop):
            worker.nice(LOWEST)
    async with scene.without_orders():
        scene.strikes_now()
        with _hogs(HOGS * (os.cpu_count() or 1)):
            await scene.lasts()


@contextmanager
def _hogs(number: int) -> Iterator[None]:
    """So many processes that never rest."""
    command = [sys.executable, "-c", f"import os\nos.nice({LOW})\nwhile os.getppid() == {os.getpid()}: pass"]
    hogs = [subprocess.Popen(command) for _ in range(number)]
    try:
        yield
    finally:
        for hog in hogs:
            hog.kill()
            hog.wait()


ROWS: tuple[Row[Any], ...] = (
    Row("stalled", "each process stopped for 0.6 s", StarvedShop, stopped_by_turns, 2, tested=(), well=True),
    Row("starved", "no processor left for the shop", StarvedShop, squeezed, tested=(), well=True),
)
