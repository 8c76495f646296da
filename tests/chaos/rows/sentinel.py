"""A primary, two replicas and three Sentinels: a replica is promoted, with and without the latest changes."""

from __future__ import annotations

import asyncio
from typing import Any

from shop.demo.sentinel import SentinelDemo
from shop.demo.valkey import Valkey
from tests.chaos.scene import Row, Scene
from tests.chaos.stage import ONE, SHOPS, Crew, Stage


class SentinelStage(Stage):
    """Sentinel"""

    def __init__(self, crew: Crew = ONE) -> None:
        super().__init__(crew)
        self.demo = SentinelDemo()

    @property
    def url(self) -> str:
        return self.demo.url

    def open_servers(self) -> None:
        self.demo.start()

    def close_servers(self) -> None:
        self.demo.stop()

    def well(self) -> bool:
        """Whether all is as it was at the start, whoever is the primary."""
        return self.demo.ready() and self.demo.replicated()


async def primary_killed(scene: Scene[SentinelStage]) -> None:
    victim = scene.stage.demo.primary()
    await scene.strikes(victim.kill)
    await is_replaced(scene, victim)


async def promoted_behind(scene: Scene[SentinelStage]) -> None:
    """The replica that is promoted never got the latest changes, which the primary had acknowledged."""
    victim = scene.stage.demo.primary()
    with scene.stage.demo.replication_cut():
        await scene.crowd.goes_on(seconds=0.3, changes=30)
        await scene.strikes(victim.kill)
    await is_replaced(scene, victim)


async def is_replaced(scene: Scene[SentinelStage], victim: Valkey) -> None:
    """Wait until another server is the primary; then start the victim."""
    demo = scene.stage.demo
    await scene.until(lambda: demo.primary() is not victim)
    await scene.lasts()
    await asyncio.to_thread(victim.start)
    await scene.until(scene.stage.well)


async def failed_over(scene: Scene[SentinelStage]) -> None:
    """The primary is told to step down while it is well, as for maintenance."""
    demo = scene.stage.demo
    before = demo.primary()
    await scene.strikes(demo.failover)
    await scene.until(lambda: demo.primary() is not before)
    await scene.lasts()
    await scene.until(scene.stage.well)


async def sentinels_gone(scene: Scene[SentinelStage]) -> None:
    """Nobody can say which server is the primary; connections to it, and new ones, are what the shop knows."""
    demo = scene.stage.demo

    def kill_all() -> None:
        for sentinel in demo.sentinels:
            sentinel.kill()

    await scene.strikes(kill_all)
    assert not any(sentinel.answers() for sentinel in demo.sentinels), "they really were gone"
    await scene.lasts()
    for sentinel in demo.sentinels:
        await asyncio.to_thread(sentinel.start)
    await scene.until(scene.stage.well)


ROWS: tuple[Row[Any], ...] = (
    Row("sentinel-kill", "kill -9 of the primary", SentinelStage, primary_killed, tested=(SHOPS,)),
    Row("sentinel-behind", "a replica promoted that was behind", SentinelStage, promoted_behind, tested=(SHOPS,)),
    Row("sentinel-failover", "failover ordered under load", SentinelStage, failed_over, tested=(SHOPS,)),
    Row("sentinel-gone", "kill -9 of all Sentinels", SentinelStage, sentinels_gone, tested=()),
)
