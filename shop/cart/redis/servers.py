"""Clients for the Redis servers that store the carts: which server has a key, and how to reach it.

OneServer       a single server
SentinelServers the primary that Sentinels name (sentinel.py)
Cluster         for each key the node that owns its slot (cluster.py)
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from typing_extensions import override

from shop.cart.redis.errors import translator_for
from shop.cart.redis.pipelining import SharedPipeline
from shop.cart.redis.tls import connections_of

Send = Callable[..., Awaitable[Any]]
"""Sends one command, given as separate arguments, and returns the reply."""


class Servers(ABC):
    """Sends commands to the servers, for RedisCartService. Raises their failures as StoreUnavailable."""

    @abstractmethod
    def call(self, key: str, *command: Any) -> Awaitable[Any]:
        """Send a command to the server that has this key, and return the reply.

        If a connection breaks, the command may be executed twice. Raises StoreUnavailable; for an error in the command
        itself (NOSCRIPT, WRONGTYPE), redis-py's own error.
        """

    @abstractmethod
    async def primaries(self) -> Sequence[Send]:
        """For each primary, a function that sends it a command without a key (SCAN, INFO)."""

    @abstractmethod
    async def measure(self, key: str) -> None:
        """Measure the clock of the server that has this key. Raises StoreUnavailable."""

    @abstractmethod
    def now(self) -> float:
        """The servers' time in seconds since the epoch; the host's until one of them has been asked."""

    @property
    @abstractmethod
    def epoch(self) -> int:
        """How many times a server turned out to be another process than before."""

    def shard(self, key: str) -> int:  # noqa: ARG002 - a single server is one shard
        """The number of the shard that has this key; it does not change when a replica takes over."""
        return 0

    def shards(self) -> Sequence[tuple[int, str]]:
        """Each known shard with a hash tag: the key 'anything:{tag}' belongs to that shard."""
        return ((0, "0"),)

    @abstractmethod
    async def close(self) -> None:
        """Close the connections."""


class OneServer(Servers):
    """A single server. `redis` is a redis-py asyncio client whose replies are bytes; `timeout` is in seconds."""

    def __init__(self, redis: Any, *, timeout: float) -> None:
        self._redis = redis
        pool = redis.connection_pool
        pool.make_connection()  # does not connect, but raises for an option that redis-py does not know
        self._pipeline = SharedPipeline(connections_of(pool), translator_for(pool), timeout=timeout)

    @override
    def call(self, key: str, *command: Any) -> Awaitable[Any]:
        return self._pipeline.call(*command)

    @override
    async def primaries(self) -> Sequence[Send]:
        return (self._pipeline.call,)

    @override
    async def measure(self, key: str) -> None:
        await self._pipeline.measure()

    @override
    def now(self) -> float:
        return self._pipeline.clock.now()

    @property
    @override
    def epoch(self) -> int:
        return self._pipeline.epoch

    @override
    async def close(self) -> None:
        await self._pipeline.close()
        await self._redis.aclose()
