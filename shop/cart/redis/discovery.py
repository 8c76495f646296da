"""Asks Sentinels for the address of the primary."""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
from redis import exceptions as redis_errors
from redis.asyncio import ConnectionPool
from redis.asyncio.connection import Connection, SSLConnection
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.maint_notifications import MaintNotificationsConfig

from shop.cart.redis.errors import translator_for
from shop.cart.redis.pipelining import SharedPipeline
from shop.cart.redis.sentinel_url import SentinelUrl
from shop.cart.redis.servers import Send
from shop.cart.redis.service import Timeouts
from shop.cart.redis.tls import connections_of
from shop.cart.redis.topology import Address
from shop.errors import StoreRefused, StoreUnavailable

SENTINEL_SHARE = 0.4
"""The share of a call's timeout that Sentinels have to answer; the rest is for the server that they name."""
CONNECT_SHARE = 0.8
"""The share of that in which the connection must be made, so that an unreachable Sentinel differs from a slow one."""
_AUTH_ERROR = re.compile(r"NOAUTH|WRONGPASS|invalid username|invalid password|AUTH <password> called without", re.I)

_SENTINEL_WORDING = (
    ("Redis at ", "Sentinel at "),
    ("write redis:// in its URL", "add sentinel_ssl=off to the URL"),
    ("write rediss:// in its URL", "add sentinel_ssl=on to the URL"),
)
"""Phrases of messages about a server, and what replaces them in a message about a Sentinel."""

log = logging.getLogger(__name__)


class PrimaryDiscovery:
    """Finds the primary of a service through its Sentinels. redis-py's pool uses it as its Sentinel manager."""

    def __init__(self, url: SentinelUrl, timeouts: Timeouts) -> None:
        connection_class = SSLConnection if url.sentinel_tls else Connection
        timeout = timeouts.reply * SENTINEL_SHARE
        options = {"connection_class": connection_class, **url.sentinel, **connection_options(timeout * CONNECT_SHARE)}
        self._sentinels = [_Sentinel(address, options, timeout=timeout) for address in url.sentinels]
        self._last: Address | None = None
        self._warned = False

    @property
    def sentinels(self) -> Mapping[str, Send]:
        """For each Sentinel, by host:port, a function that sends it a command."""
        return {sentinel.address: sentinel.ask for sentinel in self._sentinels}

    async def discover_master(self, service: str) -> Address:
        """The primary's address; the last known one if no Sentinel answers. Raises StoreRefused or a redis-py error."""
        answers = await asyncio.gather(*(s.primary_of(service) for s in self._sentinels), return_exceptions=True)
        found = [answer for answer in answers if isinstance(answer, _Answer)]
        if found:
            self._last, self._warned = max(found, key=lambda answer: answer.epoch).address, False
        elif self._last is None:
            raise _failure(answers)
        elif not self._warned:
            self._warned = True
            log.warning("No Sentinel answered; still using the last known primary, %s:%d: %s", *self._last, answers[0])
        return self._last

    async def close(self) -> None:
        """Close the connections."""
        await asyncio.gather(*(sentinel.close() for sentinel in self._sentinels))


class _Answer(msgspec.Struct, frozen=True):
    epoch: int
    """The number of promotions so far: the answer with the highest number is the latest."""
    address: Address


class _Sentinel:
    """One Sentinel, with a connection that is kept open."""

    def __init__(self, address: Address, options: dict[str, Any], *, timeout: float) -> None:
        self.address = f"{address[0]}:{address[1]}"
        self._name = f"Sentinel at {self.address}"
        self._pool: Any = ConnectionPool(host=address[0], port=address[1], protocol=2, **options)
        self._pipeline = SharedPipeline(connections_of(self._pool), self._translate, timeout=timeout, concurrency=1)
        self.ask: Send = self._pipeline.call

    async def primary_of(self, service: str) -> _Answer:
        """The address of the primary. Raises StoreUnavailable."""
        try:
            # After a promotion, this address changes first; the reply to MASTER changes only when the failover ends.
            address, fields = await asyncio.gather(
                self._pipeline.call("SENTINEL", "GET-MASTER-ADDR-BY-NAME", service),
                self._pipeline.call("SENTINEL", "MASTER", service),
            )
        except redis_errors.ResponseError as error:
            raise StoreRefused(await self._unknown_service(service, error)) from error
        state = dict(zip(fields[::2], fields[1::2], strict=True))
        return _Answer(int(state[b"config-epoch"]), (address[0].decode(), int(address[1])))

    async def close(self) -> None:
        await self._pipeline.close()

    async def _unknown_service(self, service: str, error: Exception) -> str:
        if "No such master" not in str(error):
            return f"{self._name} did not name the primary: {error}"
        states = await self._pipeline.call("SENTINEL", "MASTERS")
        known = ", ".join(sorted(state[state.index(b"name") + 1].decode() for state in states)) or "none"
        return f'{self._name} does not monitor the service "{service}" that the URL ends with; it monitors: {known}.'

    def _translate(self, error: Exception) -> Exception:
        if isinstance(error, redis_errors.AuthenticationError) or _AUTH_ERROR.search(str(error)):
            return StoreRefused(
                f"{self._name} refuses the login. Set its own user and password in the URL with "
                "?sentinel_username=…&sentinel_password=…, or leave them out if it has none."
            )
        if "No such master" in str(error):
            return error
        translated = translator_for(self._pool)(error)
        if not isinstance(translated, StoreUnavailable):
            return translated
        message = str(translated)
        for of_a_server, of_a_sentinel in _SENTINEL_WORDING:
            message = message.replace(of_a_server, of_a_sentinel)
        return type(translated)(message)


def _failure(answers: Sequence[Any]) -> Exception:
    """Why no Sentinel named a primary: an error that an operator can fix, rather than a temporary one."""
    refused = next((answer for answer in answers if isinstance(answer, StoreRefused)), None)
    if refused is not None:
        return refused
    unexpected = next((answer for answer in answers if not isinstance(answer, StoreUnavailable)), None)
    return unexpected or redis_errors.ConnectionError("No Sentinel answered. " + " ".join(map(str, answers)))


def connection_options(connect_timeout: float) -> dict[str, Any]:
    """redis-py options shared by all connections. `connect_timeout` is in seconds."""
    return {
        "socket_connect_timeout": connect_timeout,
        "socket_timeout": None,  # SharedPipeline times the round trip as a whole
        "retry": Retry(NoBackoff(), 1, supported_errors=(redis_errors.ConnectionError,)),
        "maint_notifications_config": MaintNotificationsConfig(enabled=False),
    }
