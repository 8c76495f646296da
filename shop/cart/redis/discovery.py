"""Where the primary of a service is, as its Sentinels say."""

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

from shop.cart.redis.errors import message_of
from shop.cart.redis.pipelining import SharedPipeline
from shop.cart.redis.sentinel_url import SentinelUrl
from shop.cart.redis.servers import Send
from shop.cart.redis.service import Timeouts
from shop.cart.redis.tls import connections_of
from shop.cart.redis.topology import Address
from shop.errors import StoreRefused, StoreUnavailable

ASKING = 0.4
"""The part of a call's patience that Sentinels have to answer; the rest is for the server they name."""
CONNECTING = 0.8
"""The part of that in which they must take the connection, so that one that does not can be told from a slow one."""
_LET_IN = re.compile(r"NOAUTH|WRONGPASS|invalid username|invalid password|AUTH <password> called without", re.I)

_SENTINELS_OWN = (
    ("Redis at ", "Sentinel at "),
    ("write redis:// in its URL", "add sentinel_ssl=off to the URL"),
    ("write rediss:// in its URL", "add sentinel_ssl=on to the URL"),
)
"""What is said of a server, and what must be said of a Sentinel instead."""

log = logging.getLogger(__name__)


class PrimaryDiscovery:
    """Where the primary of a service is, as its Sentinels say; what redis-py's pool calls a Sentinel manager."""

    def __init__(self, named: SentinelUrl, timeouts: Timeouts) -> None:
        kind = SSLConnection if named.sentinel_tls else Connection
        seconds = timeouts.reply * ASKING
        options = {"connection_class": kind, **named.sentinel, **dealings(seconds * CONNECTING)}
        self._sentinels = [_Sentinel(address, options, seconds=seconds) for address in named.sentinels]
        self._last: Address | None = None
        self._silent = False

    @property
    def sentinels(self) -> Mapping[str, Send]:
        """A way to ask each, by its host:port."""
        return {sentinel.address: sentinel.ask for sentinel in self._sentinels}

    async def discover_master(self, service: str) -> Address:
        """Its address; the last known one where no Sentinel answers. Raises StoreRefused, and redis-py's errors."""
        answers = await asyncio.gather(*(s.primary_of(service) for s in self._sentinels), return_exceptions=True)
        found = [answer for answer in answers if isinstance(answer, _Answer)]
        if found:
            self._last, self._silent = max(found, key=lambda answer: answer.epoch).address, False
        elif self._last is None:
            raise _refusal(answers)
        elif not self._silent:
            self._silent = True
            log.warning("No Sentinel answers; the last known primary, %s:%d, is used. %s", *self._last, answers[0])
        return self._last

    async def close(self) -> None:
        """Let go of the connections."""
        await asyncio.gather(*(sentinel.close() for sentinel in self._sentinels))


class _Answer(msgspec.Struct, frozen=True):
    epoch: int
    """Counts promotions; the higher one is the later."""
    address: Address


class _Sentinel:
    """One Sentinel, and a connection to it that is kept."""

    def __init__(self, address: Address, options: dict[str, Any], *, seconds: float) -> None:
        self.address = f"{address[0]}:{address[1]}"
        self._where = f"Sentinel at {self.address}"
        self._pool: Any = ConnectionPool(host=address[0], port=address[1], protocol=2, **options)
        self._gathered = SharedPipeline(connections_of(self._pool), self._words, seconds=seconds, lanes=1)
        self.ask: Send = self._gathered.call

    async def primary_of(self, service: str) -> _Answer:
        """Its address. Raises StoreUnavailable."""
        try:
            # The address is the new one as soon as a replica was promoted; what MASTER says follows at the end.
            address, state = await asyncio.gather(
                self._gathered.call("SENTINEL", "GET-MASTER-ADDR-BY-NAME", service),
                self._gathered.call("SENTINEL", "MASTER", service),
            )
        except redis_errors.ResponseError as error:
            raise StoreRefused(await self._unknown(service, error)) from error
        words = dict(zip(state[::2], state[1::2], strict=True))
        return _Answer(int(words[b"config-epoch"]), (address[0].decode(), int(address[1])))

    async def close(self) -> None:
        await self._gathered.close()

    async def _unknown(self, service: str, error: Exception) -> str:
        if "No such master" not in str(error):
            return f"{self._where} refuses to name the primary: {error}"
        states = await self._gathered.call("SENTINEL", "MASTERS")
        known = ", ".join(sorted(state[state.index(b"name") + 1].decode() for state in states)) or "none"
        return f'{self._where} does not know the service "{service}" that the URL ends with; it knows: {known}.'

    def _words(self, error: Exception) -> Exception:
        if isinstance(error, redis_errors.AuthenticationError) or _LET_IN.search(str(error)):
            return StoreRefused(
                f"{self._where} does not let the shop in: give its own user and password in the URL, as "
                "?sentinel_username=…&sentinel_password=…, or none where it has none."
            )
        if "No such master" in str(error):
            return error
        meant = message_of(self._pool)(error)
        if not isinstance(meant, StoreUnavailable):
            return meant
        words = str(meant)
        for of_a_server, of_a_sentinel in _SENTINELS_OWN:
            words = words.replace(of_a_server, of_a_sentinel)
        return type(meant)(words)


def _refusal(answers: Sequence[Any]) -> Exception:
    """Why no Sentinel has named a primary: what can be mended, before what may pass."""
    refused = next((answer for answer in answers if isinstance(answer, StoreRefused)), None)
    if refused is not None:
        return refused
    unexpected = next((answer for answer in answers if not isinstance(answer, StoreUnavailable)), None)
    return unexpected or redis_errors.ConnectionError("No Sentinel answers. " + " ".join(map(str, answers)))


def dealings(connecting: float) -> dict[str, Any]:
    """What is the same for every connection: it is made within so many seconds."""
    return {
        "socket_connect_timeout": connecting,
        "socket_timeout": None,  # a trip is timed as a whole
        "retry": Retry(NoBackoff(), 1, supported_errors=(redis_errors.ConnectionError,)),
        "maint_notifications_config": MaintNotificationsConfig(enabled=False),
    }
