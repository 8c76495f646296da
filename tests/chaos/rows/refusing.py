"""One Redis that answers reads and takes no change; the shops may be restarted meanwhile."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any, ClassVar

from redis import Redis
from redis import exceptions as redis_errors

from tests.chaos.rows.redis import OneRedis, refuses
from tests.chaos.rows.shop import deployed
from tests.chaos.scene import Row, Scene


class RefusingRedis(OneRedis):
    """Redis, refusing"""

    config: ClassVar[dict[str, str]] = {"maxmemory-policy": "noeviction"}


def becomes_full(client: Redis) -> None:
    client.config_set("maxmemory", "1mb")


def has_room_again(client: Redis) -> None:
    client.config_set("maxmemory", "0")


def becomes_a_replica(client: Redis) -> None:
    """Of a primary that cannot be reached, as after a failover that was somebody else's."""
    client.replicaof("127.0.0.1", "1")


def is_a_primary_again(client: Redis) -> None:
    client.replicaof("NO", "ONE")


def misses_replicas(client: Redis) -> None:
    client.config_set("min-replicas-to-write", "1")


def needs_none(client: Redis) -> None:
    client.config_set("min-replicas-to-write", "0")


def refusing(
    begins: Callable[[Redis], None],
    ends: Callable[[Redis], None],
    error: type[Exception],
    words: str = "",
    *,
    restarts: bool = False,
) -> Callable[[Scene[RefusingRedis]], Awaitable[None]]:
    """A scene in which the server refuses for a while; with restarts, every shop is restarted in the middle."""

    async def scene_of(scene: Scene[RefusingRedis]) -> None:
        client = scene.stage.valkey.client()
        await scene.strikes(partial(begins, client))
        try:
            assert refuses(scene.stage.valkey, error, words), "the server really refused to write"
            assert client.dbsize(), "and had something to read"
            if restarts:
                await scene.crowd.goes_on(seconds=scene.seconds / 2, changes=30)
                await deployed(scene)
            await scene.lasts()
        finally:
            ends(client)

    return scene_of


FULL = becomes_full, has_room_again, redis_errors.OutOfMemoryError
READ_ONLY = becomes_a_replica, is_a_primary_again, redis_errors.ReadOnlyError
NO_REPLICAS = misses_replicas, needs_none, redis_errors.ResponseError, "NOREPLICAS"

ROWS: tuple[Row[Any], ...] = (
    Row("full", "maxmemory, noeviction", RefusingRedis, refusing(*FULL), tested=()),
    Row("full-restart", "the same, and the shop restarted", RefusingRedis, refusing(*FULL, restarts=True)),
    Row("readonly", "a read-only replica", RefusingRedis, refusing(*READ_ONLY), tested=()),
    Row(
        "readonly-restart",
        "the same, and the shop restarted",
        RefusingRedis,
        refusing(*READ_ONLY, restarts=True),
        tested=(),
    ),
    Row("noreplicas", "min-replicas-to-write", RefusingRedis, refusing(*NO_REPLICAS), tested=()),
    Row(
        "noreplicas-restart",
        "the same, and the shop restarted",
        RefusingRedis,
        refusing(*NO_REPLICAS, restarts=True),
        tested=(),
    ),
)
