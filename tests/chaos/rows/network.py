"""One Redis behind a network that is slow, loses answers, or is not there."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from tests.chaos.rows.redis import OneRedis
from tests.chaos.scene import Row, Scene
from tests.fixtures.proxy import Mode, Proxy


class FarRedis(OneRedis):
    """Network"""

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.proxy.port}"

    @property
    def store_urls(self) -> tuple[str, ...]:
        return (self.valkey.url,)

    def open_servers(self) -> None:
        super().open_servers()
        self.proxy = Proxy(self.valkey.port)
        self.proxy.start()

    def close_servers(self) -> None:
        if hasattr(self, "proxy"):
            self.proxy.stop()
        super().close_servers()


def becomes(mode: Mode) -> Callable[[Scene[FarRedis]], Awaitable[None]]:
    """A scene in which the network is like this for a while."""

    async def bad_network(scene: Scene[FarRedis]) -> None:
        proxy = scene.stage.proxy
        before = proxy.spoiled[mode]
        await scene.strikes(lambda: proxy.become(mode))
        try:
            await scene.lasts()
        finally:
            proxy.become(Mode.PASS)
        assert proxy.spoiled[mode] > before, "the network really was bad"

    return bad_network


async def forgotten(scene: Scene[FarRedis]) -> None:
    """Nobody clicks for a while, and a firewall forgets the connections, without a word to either end."""
    proxy = scene.stage.proxy
    async with scene.crowd.rests():
        await scene.strikes(lambda: proxy.become(Mode.FORGET))
    await scene.lasts()
    proxy.become(Mode.PASS)
    assert proxy.spoiled[Mode.FORGET], "somebody used a connection that was forgotten"


ROWS: tuple[Row[Any], ...] = (
    Row("delay", "replies 50-500 ms late", FarRedis, becomes(Mode.DELAY), tested=()),
    Row("reset", "connections reset in mid-reply", FarRedis, becomes(Mode.RESET)),
    Row("lost-cut", "half of the replies lost, cut", FarRedis, becomes(Mode.LOSE_AND_CUT), tested=()),
    Row("lost-silent", "half of the replies lost, silence", FarRedis, becomes(Mode.LOSE_IN_SILENCE)),
    Row("refused", "connection refused", FarRedis, becomes(Mode.REFUSE)),
    Row("black-hole", "nothing passes", FarRedis, becomes(Mode.BLACK_HOLE)),
    Row("idle", "idle connections dropped silently", FarRedis, forgotten, tested=(), well=True),
)
