"""The shop itself is closed or killed under load, and opened again: while Redis is well, and while it is away."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Any

from tests.chaos.rows.redis import OneRedis, R
from tests.chaos.scene import Row, Scene
from tests.chaos.stage import SHOPS, TWO, Stage
from tests.fixtures.shop_process import ShopProcess, workers_of


class ShopOnRedis(OneRedis):
    """Shop"""


async def closed(scene: Scene[Stage]) -> None:
    """SIGTERM, in the middle of requests: they are answered, and what waits is written."""
    scene.strikes_now()
    await deployed(scene)
    await scene.lasts()


async def killed(scene: Scene[Stage]) -> None:
    """SIGKILL: what it had acknowledged is in the store."""
    scene.strikes_now()
    with _not_open(scene):
        for shop in scene.stage.shops:
            await asyncio.to_thread(_kill_whole, shop)
            await asyncio.to_thread(shop.start)
    await scene.lasts()


async def deployed_meanwhile(scene: Scene[OneRedis]) -> None:
    """Redis is away; every shop is closed and opened again, as for an update; then Redis is back."""
    async with away(scene):
        await scene.lasts()
        scene.crowd.makes_every_pair()
        await deployed(scene)
        await scene.lasts()


async def worker_killed_meanwhile(scene: Scene[OneRedis]) -> None:
    """Redis is away; one process of each shop is killed, and another takes its place."""
    async with away(scene):
        await scene.lasts()
        scene.crowd.makes_every_pair()
        with _not_open(scene):
            for shop in scene.stage.shops:
                await asyncio.to_thread(_kill_one, shop)
        await scene.lasts()


async def deployed(scene: Scene[Any]) -> None:
    """Close every shop and open it again, one after the other."""
    with _not_open(scene):
        for shop in scene.stage.shops:
            assert await asyncio.to_thread(shop.stop) in (0, -signal.SIGTERM), "it ended in good order"
            assert "Traceback" not in shop.log.read_text()
            await asyncio.to_thread(shop.start)


@asynccontextmanager
async def away(scene: Scene[R]) -> AsyncIterator[None]:
    """Redis hangs in this block, and has lost nothing after it."""
    valkey = scene.stage.valkey
    await scene.strikes(valkey.hang)
    try:
        await scene.until_standby()
        yield
    finally:
        await asyncio.to_thread(valkey.resume)


@contextmanager
def _not_open(scene: Scene[Any]) -> Iterator[None]:
    """Who gets no answer in this block asks again."""
    scene.crowd.shop_is_open = False
    yield
    scene.crowd.shop_is_open = True


def _kill_whole(shop: ShopProcess) -> None:
    """Kill all processes of a shop."""
    workers = workers_of(shop)
    shop.process.kill()
    assert shop.process.wait(10) == -signal.SIGKILL, "it really was killed"
    for worker in workers:
        if worker.pid != shop.process.pid and worker.is_running():
            worker.kill()


def _kill_one(shop: ShopProcess) -> None:
    """Kill a process that serves, and wait until another does."""
    victim, *_ = before = workers_of(shop)
    if victim.pid == shop.process.pid:
        _kill_whole(shop)
        shop.start()
        return
    victim.kill()
    _until(lambda: len({worker.pid for worker in workers_of(shop)} - {victim.pid}) == len(before))


def _until(condition: Callable[[], bool]) -> None:
    async def wait() -> None:
        async with asyncio.timeout(20):
            while not condition():
                await asyncio.sleep(0.05)

    asyncio.run(wait())


ROWS: tuple[Row[Any], ...] = (
    Row("shop-term", "SIGTERM to the shop, then opened", ShopOnRedis, closed, tested=()),
    Row("shop-kill", "SIGKILL to the shop, then opened", ShopOnRedis, killed, tested=()),
    Row("deploy", "SIGTERM and opened while Redis hangs", ShopOnRedis, deployed_meanwhile, 2, tested=(SHOPS,)),
    Row(
        "worker-kill", "SIGKILL of a process while Redis hangs", ShopOnRedis, worker_killed_meanwhile, 2, tested=(TWO,)
    ),
)
