"""The way to the Redis servers that keep the carts: which of them has a key, and how to get there.

OneServer       one server
SentinelServers the primary that Sentinels name (sentinel.py)
Cluster         each key at the node that has its slot (cluster.py)
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from typing_extensions import override

from shop.cart.redis.errors import message_of
from shop.cart.redis.pipelining import SharedPipeline
from shop.cart.redis.tls import connections_of

Send = Callable[..., Awaitable[Any]]
"""Sends one command, its arguments one by one, and returns the reply."""


class Servers(ABC):
    """Sends commands to the servers. Whatever is wrong with them is raised as StoreUnavailable."""

    @abstractmethod
    def call(self, key: str, *command: Any) -> Awaitable[Any]:
        """Send a command about this key to the server that has it, and return the reply.

        It may be carried out twice where a connection breaks. Raises StoreUnavailable; an error that is a fault of
        the command (NOSCRIPT, WRONGTYPE) as redis-py's own.
        """

    @abstractmethod
    async def primaries(self) -> Sequence[Send]:
        """For each server that takes changes, a way to send it a command that is about no key (SCAN, INFO)."""

    @property
    @abstractmethod
    def epoch(self) -> int:
        """How often a server turned out to be another process than before at the same place."""

    def shard(self, key: str) -> int:  # noqa: ARG002 - one server is one shard
        """The part of the servers that this key belongs to: it stays the same while a part is away."""
        return 0

    def shards(self) -> Sequence[tuple[int, str]]:
        """Every shard that is known, and a tag such that the key 'anything:{tag}' belongs to it."""
        return ((0, "0"),)

    @abstractmethod
    async def close(self) -> None:
        """Let go of the connections."""


class OneServer(Servers):
    """One server, reached by a redis-py asyncio client whose replies are bytes."""

    def __init__(self, redis: Any, *, seconds: float) -> None:
        self._redis = redis
        pool = redis.connection_pool
        pool.make_connection()  # connects to nothing: an option that redis-py does not know is an error here
        self._gathered = SharedPipeline(connections_of(pool), message_of(pool), seconds=seconds)

    @override
    def call(self, key: str, *command: Any) -> Awaitable[Any]:
        return self._gathered.call(*command)

    @override
    async def primaries(self) -> Sequence[Send]:
        return (self._gathered.call,)

    @property
    @override
    def epoch(self) -> int:
        return self._gathered.epoch

    @override
    async def close(self) -> None:
        await self._gathered.close()
        await self._redis.aclose()
