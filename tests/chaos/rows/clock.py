"""The clock of one host is wrong by months: it must harm no cart."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any, ClassVar

from tests.chaos.rows.redis import OneRedis, killed_empty
from tests.chaos.rows.shop import deployed
from tests.chaos.scene import Row, Scene
from tests.chaos.stage import ONE, SHOPS
from tests.fixtures import faketime
from tests.fixtures.shop_process import ShopProcess


class WrongClock(OneRedis):
    """Wrong clock"""

    offset: ClassVar[str] = "+200d"

    @classmethod
    def missing(cls) -> str:
        return "" if faketime.library() else "libfaketime is not installed"

    def a_shop(self, folder: Path) -> ShopProcess:
        """The last shop has the wrong clock."""
        shop = super().a_shop(folder)
        if len(self.shops) == self.crew.shops - 1:
            shop.environ |= faketime.environ(self.offset)
        return shop


class WrongClockAndArchive(WrongClock):
    """Wrong clock, hybrid"""

    settings: ClassVar[dict[str, str]] = {"CART_ARCHIVE": "on"}

    @property
    def store_urls(self) -> tuple[str, ...]:
        return (self.valkey.url, self.database_url)


class SlowClock(WrongClock):
    """Clock behind"""

    offset: ClassVar[str] = "-200d"


async def redis_lost(scene: Scene[WrongClock]) -> None:
    """Redis loses everything, and the shops are restarted: they know only what is stored elsewhere."""
    await killed_empty(scene)
    async with scene.crowd.rests():  # what is to be written behind is written
        await asyncio.sleep(2)
    await asyncio.to_thread(scene.stage.valkey.restart_empty)
    await deployed(scene)
    await scene.lasts()


ROWS: tuple[Row[Any], ...] = (
    Row("clock", "ahead by 200 days; Redis lost", WrongClock, killed_empty, tested=(SHOPS,)),
    Row("clock-behind", "behind by 200 days; Redis lost", SlowClock, killed_empty, tested=()),
    Row(
        "clock-archive",
        "ahead by 200 days; all lost but the archive",
        WrongClockAndArchive,
        redis_lost,
        3,
        (ONE, SHOPS),
        tested=(),
    ),
)
