"""One Redis, harmed in every way that a server can be."""

from __future__ import annotations

import asyncio
from typing import Any, ClassVar, TypeVar

from redis import exceptions as redis_errors

from shop.demo.valkey import Valkey
from tests.chaos.scene import Row, Scene
from tests.chaos.stage import ONE, SHOPS, Crew, Stage

MOST_LOADING_SECONDS = 5.0
"""Whoever starts the server waits no longer than twice that."""
SINCE_SNAPSHOT = 3.0
"""The age of a snapshot, in faults: long enough that what changed since then is no longer recent."""


class OneRedis(Stage):
    """Redis"""

    config: ClassVar[dict[str, str]] = {}

    def __init__(self, crew: Crew = ONE) -> None:
        super().__init__(crew)
        self.valkey = Valkey(**self.config)

    @property
    def url(self) -> str:
        return self.valkey.url

    def open_servers(self) -> None:
        self.valkey.start()

    def close_servers(self) -> None:
        self.valkey.stop()


R = TypeVar("R", bound=OneRedis)


class SavingRedis(OneRedis):
    """Redis, saving"""

    config: ClassVar[dict[str, str]] = {"appendonly": "yes"}


class SnapshotRedis(OneRedis):
    """Redis, snapshots only"""


async def calm(scene: Scene[OneRedis]) -> None:
    """Nothing happens: what is wrong here is wrong without any fault."""
    scene.strikes_now()
    await scene.lasts()


async def killed(scene: Scene[SavingRedis]) -> None:
    valkey = scene.stage.valkey
    await scene.strikes(valkey.kill)
    assert not valkey.answers(), "the server really was gone"
    await scene.lasts()
    await asyncio.to_thread(valkey.start)


async def terminated(scene: Scene[SavingRedis]) -> None:
    valkey = scene.stage.valkey
    await scene.strikes(valkey.terminate)
    assert not valkey.answers(), "the server really was gone"
    await scene.lasts()
    await asyncio.to_thread(valkey.start)
    assert any(valkey.client().scan_iter("cart:*")), "it came back with what it had saved"


async def loading(scene: Scene[SavingRedis]) -> None:
    """A tenth of a millisecond for each key at least, and after a thousand an answer: that it is loading."""
    valkey, ordinary = scene.stage.valkey, scene.stage.valkey.config
    with valkey.client() as client, client.pipeline(transaction=False) as pipeline:
        for n in range(int(min(scene.seconds + 1, MOST_LOADING_SECONDS) * 6000)):
            pipeline.set(f"filler:{n}", "x")
        pipeline.execute()
    valkey.config = {**ordinary, "key_load_delay": "100"}
    await scene.strikes(valkey.kill)
    starting = asyncio.create_task(asyncio.to_thread(valkey.start))
    try:
        await scene.until(lambda: refuses(valkey, redis_errors.BusyLoadingError))
        await scene.crowd.goes_on(seconds=0, changes=20)
    finally:
        await starting
        valkey.config = ordinary


async def emptied_by_restart(scene: Scene[OneRedis]) -> None:
    valkey = scene.stage.valkey
    assert valkey.client().dbsize(), "there was something in it"
    await scene.strikes(valkey.restart_empty)
    await scene.lasts()


async def killed_empty(scene: Scene[R]) -> None:
    valkey = scene.stage.valkey
    await scene.strikes(valkey.kill)
    await scene.until_standby()
    assert not valkey.answers(), "the server really was gone"
    await scene.lasts()
    await asyncio.to_thread(valkey.start)


async def back_to_a_snapshot(scene: Scene[SnapshotRedis]) -> None:
    """It is killed, and comes back at once with what it had a while ago: taken out since then, ordered, forgotten."""
    valkey = scene.stage.valkey
    await asyncio.to_thread(valkey.client().save)
    scene.crowd.makes_every_pair()
    await scene.crowd.goes_on(seconds=scene.seconds * SINCE_SNAPSHOT, changes=60)
    await scene.strikes(valkey.restart_empty)
    assert any(valkey.client().scan_iter("cart:*")), "it came back with its snapshot"
    await scene.lasts()


async def hung(scene: Scene[R]) -> None:
    valkey = scene.stage.valkey
    await scene.strikes(valkey.hang)
    try:
        await scene.until_standby()
        assert not await asyncio.to_thread(valkey.answers), "the server really hung"
        await scene.lasts()
    finally:
        await asyncio.to_thread(valkey.resume)


async def flushed(scene: Scene[OneRedis]) -> None:
    client = scene.stage.valkey.client()
    for _ in range(3):
        assert client.dbsize(), "there was something in it"
        await scene.strikes(client.flushall)
        await scene.crowd.goes_on(seconds=0.2, changes=20)
    await scene.lasts()


async def paused(scene: Scene[OneRedis]) -> None:
    """Nobody is heard meanwhile, not even who would end it: it ends by itself."""
    valkey = scene.stage.valkey
    await scene.strikes(lambda: valkey.client().client_pause(int(scene.seconds * 1000) + 1500, all=True))
    assert not await asyncio.to_thread(valkey.answers), "the server really held its clients"
    await scene.lasts()
    await scene.until(valkey.answers)


async def connections_killed(scene: Scene[OneRedis]) -> None:
    client = scene.stage.valkey.client()
    killed: list[int] = []
    for _ in range(5):
        await scene.strikes(lambda: killed.append(client.client_kill_filter(_type="normal", skipme=True)))
        await scene.crowd.goes_on(seconds=0.1, changes=20)
    assert sum(killed) >= 5, "there were connections to kill, each time"
    await scene.lasts()


def refuses(valkey: Valkey, error: type[Exception], words: str = "") -> bool:
    """Whether the server refuses a write with this error, which has these words."""
    with valkey.client() as client:
        try:
            client.set("probe:chaos", "1", px=1000)
        except error as refusal:
            return words in str(refusal)
        except redis_errors.RedisError:
            return False
    return False


ROWS: tuple[Row[Any], ...] = (
    Row("kill", "kill -9, then started", SavingRedis, killed, tested=(SHOPS,)),
    Row("term", "SIGTERM, then started", SavingRedis, terminated, tested=()),
    Row("loading", "loads for a while", SavingRedis, loading, 2, tested=()),
    Row("snapshot", "kill -9, back to an old snapshot", SnapshotRedis, back_to_a_snapshot, tested=(SHOPS,)),
    Row("calm", "none", OneRedis, calm, tested=(), well=True),
    Row("empty", "restarted empty", OneRedis, emptied_by_restart, tested=()),
    Row("empty-kill", "kill -9, then started empty", OneRedis, killed_empty, tested=()),
    Row("hung", "SIGSTOP", OneRedis, hung, 10),
    Row("flush", "FLUSHALL, three times", OneRedis, flushed),
    Row("pause", "CLIENT PAUSE", OneRedis, paused),
    Row("cut", "CLIENT KILL of all, five times", OneRedis, connections_killed),
)
