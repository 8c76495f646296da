"""One Redis, harmed in every way that a server can be."""

from __future__ import annotations

import asyncio
from typing import Any, ClassVar

from redis import exceptions as redis_errors

from shop.demo.valkey import Valkey
from tests.chaos.scene import Row, Scene, Stage

MOST_LOADING_SECONDS = 5.0
"""Whoever starts the server waits no longer than twice that."""


class OneRedis(Stage):
    """Redis"""

    config: ClassVar[dict[str, str]] = {}

    def __init__(self) -> None:
        super().__init__()
        self.valkey = Valkey(**self.config)

    @property
    def url(self) -> str:
        return self.valkey.url

    def open_servers(self) -> None:
        self.valkey.start()

    def close_servers(self) -> None:
        self.valkey.stop()


class SavingRedis(OneRedis):
    """Redis, saving"""

    config: ClassVar[dict[str, str]] = {"appendonly": "yes"}


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
        await scene.until(lambda: _refuses(valkey, redis_errors.BusyLoadingError))
        await scene.crowd.goes_on(seconds=0, changes=20)
    finally:
        await starting
        valkey.config = ordinary


async def emptied_by_restart(scene: Scene[OneRedis]) -> None:
    valkey = scene.stage.valkey
    assert valkey.client().dbsize(), "there was something in it"
    await scene.strikes(valkey.restart_empty)
    await scene.lasts()


async def killed_empty(scene: Scene[OneRedis]) -> None:
    valkey = scene.stage.valkey
    await scene.strikes(valkey.kill)
    await scene.until_standby()
    assert not valkey.answers(), "the server really was gone"
    await scene.lasts()
    await asyncio.to_thread(valkey.start)


async def hung(scene: Scene[OneRedis]) -> None:
    valkey = scene.stage.valkey
    await scene.strikes(valkey.hang)
    await scene.until_standby()
    assert not await asyncio.to_thread(valkey.answers), "the server really hung"
    await scene.lasts()
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


async def full(scene: Scene[OneRedis]) -> None:
    client = scene.stage.valkey.client()
    client.config_set("maxmemory-policy", "noeviction")
    await scene.strikes(lambda: client.config_set("maxmemory", "1mb"))
    assert _refuses(scene.stage.valkey, redis_errors.OutOfMemoryError), "the server really was full"
    await scene.lasts()
    client.config_set("maxmemory", "0")


async def read_only(scene: Scene[OneRedis]) -> None:
    """A replica whose primary cannot be reached, as after a failover that was somebody else's."""
    client = scene.stage.valkey.client()
    await scene.strikes(lambda: client.replicaof("127.0.0.1", "1"))
    assert _refuses(scene.stage.valkey, redis_errors.ReadOnlyError), "the server really refused to write"
    await scene.lasts()
    client.replicaof("NO", "ONE")


def _refuses(valkey: Valkey, error: type[Exception]) -> bool:
    """Whether the server refuses a write with this error."""
    with valkey.client() as client:
        try:
            client.set("probe:chaos", "1", px=1000)
        except error:
            return True
        except redis_errors.RedisError:
            return False
    return False


ROWS: tuple[Row[Any], ...] = (
    Row("kill", "kill -9, then started", SavingRedis, killed),
    Row("term", "SIGTERM, then started", SavingRedis, terminated),
    Row("loading", "loads for a while", SavingRedis, loading, 2),
    Row("empty", "restarted empty", OneRedis, emptied_by_restart),
    Row("hung", "SIGSTOP", OneRedis, hung, 10),
    Row("flush", "FLUSHALL, three times", OneRedis, flushed),
    Row("pause", "CLIENT PAUSE", OneRedis, paused),
    Row("cut", "CLIENT KILL of all, five times", OneRedis, connections_killed),
    Row("full", "maxmemory, noeviction", OneRedis, full),
    Row("readonly", "a read-only replica", OneRedis, read_only),
)
