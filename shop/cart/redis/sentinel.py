"""A client for the primary that Sentinels name. It follows promotions, and tolerates Sentinels that do not answer.

    new connection        all Sentinels are asked at once; the answer with the latest promotion wins, and the server
                          must report itself as a primary
    READONLY              the primary was demoted: the command is repeated on the new one
    new primary named     (Sentinels are asked every second) connections to the old primary are closed even if it
                          still answers: it may be partitioned, and would lose its changes when it rejoins
    no Sentinel answers   open connections stay in use; a new one goes to the last known primary, if it still is one

A primary that is cut off from its Sentinels but not from the shop accepts changes until the shop learns of the new one,
which takes at most a second. The standby replays those changes (failover.py). `min-replicas-to-write 1` on the servers
closes the gap.
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

from shop.cart.redis.discovery import PrimaryDiscovery, connection_options
from shop.cart.redis.sentinel_url import SentinelUrl
from shop.cart.redis.servers import OneServer, Send
from shop.cart.redis.service import Timeouts
from shop.cart.redis.topology import Address
from shop.errors import StoreUnavailable

WATCH_SECONDS = 1.0
"""How often the Sentinels are asked for the primary."""


class SentinelServers(OneServer):
    """The current primary of a service."""

    def __init__(self, primary: PrimaryDiscovery, redis: Redis, *, timeout: float) -> None:
        super().__init__(redis, timeout=timeout)
        self._primary = primary
        self._pool: Any = redis.connection_pool
        self._watching: asyncio.Task[None] | None = None

    @classmethod
    def connect(cls, url: str, *, timeouts: Timeouts = Timeouts()) -> SentinelServers:
        """A client for a URL that SentinelUrl.parse accepts; connects when first used. Raises ValueError."""
        parsed = SentinelUrl.parse(url)
        primary = PrimaryDiscovery(parsed, timeouts)
        pool: Any = SentinelConnectionPool(  # type: ignore[no-untyped-call]
            parsed.service,
            primary,
            connection_class=_TlsConnectionToPrimary if parsed.tls else _ConnectionToPrimary,
            **parsed.server,
            **connection_options(timeouts.connect),
        )
        return cls(primary, Redis(connection_pool=pool), timeout=timeouts.reply)

    @override
    def call(self, key: str, *command: Any) -> Awaitable[Any]:
        if self._watching is None:
            self._watching = asyncio.get_running_loop().create_task(self._watch())
        return super().call(key, *command)

    @property
    def sentinels(self) -> Mapping[str, Send]:
        """For each Sentinel, by host:port, a function that sends it a command, whether it is reachable or not."""
        return self._primary.sentinels

    @property
    def service(self) -> str:
        """The name under which the Sentinels monitor the servers."""
        return str(self._pool.service_name)

    @override
    async def close(self) -> None:
        if self._watching is not None:
            self._watching.cancel()
            await asyncio.gather(self._watching, return_exceptions=True)
        await super().close()
        await self._primary.close()

    async def _watch(self) -> None:
        """Notice a new primary although no connection breaks, and connect to it although no call is made."""
        while True:
            await asyncio.sleep(WATCH_SECONDS)
            with contextlib.suppress(redis_errors.RedisError, StoreUnavailable):
                before = self._pool.master_address
                if await self._pool.get_master_address() != before:
                    await self._pipeline.call("PING")


class _ConnectionToPrimary(SentinelManagedConnection):
    """A connection to whichever server is the primary when it connects."""

    @override
    async def connect(self) -> None:
        await self._connect_retry()  # type: ignore[no-untyped-call]  # once: SharedPipeline repeats the whole round trip

    @override
    async def connect_to(self, address: Address) -> None:
        await super().connect_to(address)  # type: ignore[no-untyped-call]
        await self.send_command("INFO", "replication", check_health=False)
        if "role:master" not in str(await self.read_response()):
            await self.disconnect(nowait=True)
            raise redis_errors.ConnectionError(f"{address[0]}:{address[1]} is a replica; a failover is in progress.")

    @override
    async def send_packed_command(self, command: Any, check_health: bool = True) -> None:
        if self.is_connected and (self.host, self.port) != self.connection_pool.master_address:
            await self.disconnect(nowait=True)
            raise redis_errors.ConnectionError("Another server has become the primary.")
        await super().send_packed_command(command, check_health)

    @override
    async def read_response(self, *args: Any, **kwargs: Any) -> Any:
        try:
            return await super().read_response(*args, **kwargs)
        except redis_errors.ResponseError as error:
            if "READONLY" not in str(error):  # a substring: Redis 6.2 wraps it in a script error
                raise
            await self.disconnect(nowait=True)
            raise redis_errors.ConnectionError("The primary has become a replica.") from error


class _TlsConnectionToPrimary(_ConnectionToPrimary, SSLConnection):
    pass
