"""The way to the primary that Sentinels name, through promotions and through Sentinels that are silent.

    new connection        every Sentinel is asked at once; the answer of the latest promotion counts, and the server
                          must call itself a primary
    READONLY              the primary was demoted: the command goes to the new one
    another is named      (they are asked every second) a connection to the old one is left, even if that still
                          answers: it may be cut off from the others, and what it takes is lost when it is back
    all Sentinels silent  open connections go on; a new one goes to the last known primary, if it still is one

A primary that is cut off from its Sentinels but not from the shop takes changes until the shop hears of the new one,
a second at most; they are among those that the standby brings again (failover.py). `min-replicas-to-write 1` on the
servers closes that gap.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Mapping
from typing import Any

from redis import exceptions as redis_errors
from redis.asyncio import Redis
from redis.asyncio.connection import SSLConnection
from redis.asyncio.sentinel import SentinelConnectionPool, SentinelManagedConnection
from typing_extensions import override

from shop.cart.redis.discovery import PrimaryDiscovery, dealings
from shop.cart.redis.sentinel_url import SentinelUrl
from shop.cart.redis.servers import OneServer, Send
from shop.cart.redis.service import Timeouts
from shop.cart.redis.topology import Address
from shop.errors import StoreUnavailable

WATCH_SECONDS = 1.0


class SentinelServers(OneServer):
    """The server that is the primary of a service just now."""

    def __init__(self, primary: PrimaryDiscovery, redis: Redis, *, seconds: float) -> None:
        super().__init__(redis, seconds=seconds)
        self._primary = primary
        self._pool: Any = redis.connection_pool
        self._watching: asyncio.Task[None] | None = None

    @classmethod
    def connect(cls, url: str, *, timeouts: Timeouts = Timeouts()) -> SentinelServers:
        """For a URL as SentinelUrl.parse takes it; raises ValueError. It connects when it is first used."""
        named = SentinelUrl.parse(url)
        primary = PrimaryDiscovery(named, timeouts)
        pool: Any = SentinelConnectionPool(  # type: ignore[no-untyped-call]
            named.service,
            primary,
            connection_class=_TlsConnectionToPrimary if named.tls else _ConnectionToPrimary,
            **named.server,
            **dealings(timeouts.connect),
        )
        return cls(primary, Redis(connection_pool=pool), seconds=timeouts.reply)

    @override
    def call(self, key: str, *command: Any) -> Awaitable[Any]:
        if self._watching is None:
            self._watching = asyncio.get_running_loop().create_task(self._watch())
        return super().call(key, *command)

    @property
    def sentinels(self) -> Mapping[str, Send]:
        """A way to ask each Sentinel, whether it answers or not, by its host:port."""
        return self._primary.sentinels

    @property
    def service(self) -> str:
        """What the Sentinels call the servers."""
        return str(self._pool.service_name)

    @override
    async def close(self) -> None:
        if self._watching is not None:
            self._watching.cancel()
            await asyncio.gather(self._watching, return_exceptions=True)
        await super().close()
        await self._primary.close()

    async def _watch(self) -> None:
        """Hear of another primary although no connection breaks, and meet it although nobody calls."""
        while True:
            await asyncio.sleep(WATCH_SECONDS)
            with contextlib.suppress(redis_errors.RedisError, StoreUnavailable):
                before = self._pool.master_address
                if await self._pool.get_master_address() != before:
                    await self._gathered.call("PING")


class _ConnectionToPrimary(SentinelManagedConnection):
    """A connection to the primary, wherever that is when it connects."""

    @override
    async def connect(self) -> None:
        await self._connect_retry()  # type: ignore[no-untyped-call]  # once: a trip as a whole is begun again, with all that belongs to it

    @override
    async def connect_to(self, address: Address) -> None:
        await super().connect_to(address)  # type: ignore[no-untyped-call]
        await self.send_command("INFO", "replication", check_health=False)
        if "role:master" not in str(await self.read_response()):
            await self.disconnect()
            raise redis_errors.ConnectionError(f"{address[0]}:{address[1]} is a replica; a primary is being chosen.")

    @override
    async def send_packed_command(self, command: Any, check_health: bool = True) -> None:
        if self.is_connected and (self.host, self.port) != self.connection_pool.master_address:
            await self.disconnect()
            raise redis_errors.ConnectionError("Another server is the primary now.")
        await super().send_packed_command(command, check_health)

    @override
    async def read_response(self, *args: Any, **kwargs: Any) -> Any:
        try:
            return await super().read_response(*args, **kwargs)
        except redis_errors.ResponseError as error:
            if "READONLY" not in str(error):  # Redis 6.2 wraps it in the error of a script
                raise
            await self.disconnect()
            raise redis_errors.ConnectionError("The primary has become a replica.") from error


class _TlsConnectionToPrimary(_ConnectionToPrimary, SSLConnection):
    pass
