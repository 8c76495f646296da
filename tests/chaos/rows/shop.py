"""The shop itself is closed or killed under load, and opened again; or there are two of it on one Redis."""

from __future__ import annotations

import asyncio
import signal
from typing import Any, ClassVar

from tests.chaos.rows.redis import OneRedis, hung, killed_empty
from tests.chaos.scene import Row, Scene, Stage


class ShopOnRedis(OneRedis):
    """Shop"""


class TwoWorkers(OneRedis):
    """Two workers"""

    settings: ClassVar[dict[str, str]] = {"WORKERS": "2"}


async def closed(scene: Scene[Stage]) -> None:
    """SIGTERM, in the middle of requests: they are answered, and what waits is written."""
    shop = scene.stage.shop
    scene.crowd.shop_is_open = False
    codes: list[int] = []
    await scene.strikes(lambda: codes.append(shop.stop()))
    assert codes[0] in (0, -signal.SIGTERM), "it ended in good order"
    assert "Traceback" not in shop.log.read_text()
    await asyncio.to_thread(shop.start)
    scene.crowd.shop_is_open = True
    await scene.lasts()


async def killed(scene: Scene[Stage]) -> None:
    """SIGKILL: what it had acknowledged is in the store."""
    shop = scene.stage.shop
    scene.crowd.shop_is_open = False
    await scene.strikes(shop.process.kill)
    assert shop.process.wait(10) == -signal.SIGKILL, "it really was killed"
    await asyncio.to_thread(shop.start)
    scene.crowd.shop_is_open = True
    await scene.lasts()


ROWS: tuple[Row[Any], ...] = (
    Row("shop-term", "SIGTERM to the shop, then opened", ShopOnRedis, closed),
    Row("shop-kill", "SIGKILL to the shop, then opened", ShopOnRedis, killed),
    Row("two-kill", "kill -9, then started empty", TwoWorkers, killed_empty, alone=False),
    Row("two-hung", "SIGSTOP", TwoWorkers, hung, alone=False),
)
