"""Carts in Redis (6.2 or newer) or Valkey: one key per cart, one round trip per call, atomic on the server."""

from __future__ import annotations

import re
import socket
from collections.abc import AsyncIterator
from hashlib import sha1
from pathlib import Path
from struct import Struct
from typing import Any

import msgspec
from redis import exceptions as redis_errors
from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.maint_notifications import MaintNotificationsConfig
from typing_extensions import override

from shop.cart import codec
from shop.cart.gather import Gathered
from shop.cart.memory import DEFAULT_TTL
from shop.cart.model import (
    Add,
    Cart,
    Change,
    Clear,
    Limits,
    MoveToCart,
    Remove,
    RemoveSaved,
    SaveForLater,
    SetQuantity,
    Undo,
    allowed,
    check,
)
from shop.cart.service import CartService
from shop.errors import LineLimitExceeded, QuantityLimitExceeded, StoreRefused, StoreUnavailable

KEY_PREFIX = "cart:"

_SCRIPT = (Path(__file__).parent / "cart.lua").read_text(encoding="utf-8")
_SHA = sha1(_SCRIPT.encode(), usedforsecurity=False).hexdigest()


class Patience(msgspec.Struct, frozen=True):
    """Seconds that a call waits at most: to connect, and for a reply.

    Short, because somebody waits for the page and a standby can answer.
    """

    connect: float = 0.25
    reply: float = 0.4


class RedisCartService(CartService):
    """Carts under `cart:{id}`, each a string in the layout of codec.py, changed by cart.lua.

    `redis` is a redis-py asyncio client that returns bytes; `connect(url)` makes one with time-outs fit for
    a shop. A command that meets a dropped connection is sent once more on a new one: a change carries its
    id, so the server knows it if it was there already. Concurrent calls share round trips (gather.py).
    """

    def __init__(
        self,
        redis: Redis,
        *,
        limits: Limits = Limits(),
        ttl: int = DEFAULT_TTL,
        patience: Patience = Patience(),
    ) -> None:
        self.limits = limits
        self.ttl = ttl
        self._redis: Any = redis
        self._gathered = Gathered(redis, _in_our_words, seconds=patience.reply)
        self._call = self._gathered.call

    @classmethod
    def connect(
        cls,
        url: str,
        *,
        limits: Limits = Limits(),
        ttl: int = DEFAULT_TTL,
        patience: Patience = Patience(),
    ) -> RedisCartService:
        """A service for a redis://, rediss:// or unix:// URL. It connects when it is first used."""
        redis = Redis.from_url(
            url,
            socket_connect_timeout=patience.connect,
            socket_timeout=None,  # a trip is timed as a whole
            retry=Retry(NoBackoff(), 1, supported_errors=(redis_errors.ConnectionError,)),
            maint_notifications_config=MaintNotificationsConfig(enabled=False),
        )
        return cls(redis, limits=limits, ttl=ttl, patience=patience)

    @override
    async def get(self, cart_id: str) -> Cart:
        data = await self._call("GET", KEY_PREFIX + cart_id)
        return codec.decode(cart_id, data) if data else Cart(cart_id)

    @override
    async def apply(self, cart_id: str, change: Change) -> Cart:
        check(change)
        return await self._run(cart_id, self._arguments(change))

    @override
    async def put(self, cart: Cart) -> Cart:
        limits = self.limits
        numbers = _NUMBERS.pack(b"", 0, b"", 0, 0, limits.quantity, limits.lines)
        return await self._run(cart.id, ("put", codec.encode(cart), numbers, self.ttl))

    @override
    async def delete(self, cart_id: str) -> None:
        await self._call("DEL", KEY_PREFIX + cart_id)

    @override
    async def scan(self) -> AsyncIterator[Cart]:
        cursor = 0
        while True:
            cursor, keys = await self._call("SCAN", cursor, "MATCH", KEY_PREFIX + "*", "COUNT", 500)
            blobs = await self._call("MGET", *keys) if keys else ()
            for key, data in zip(keys, blobs, strict=True):
                if data:
                    yield codec.decode(key.decode().removeprefix(KEY_PREFIX), data)
            if not int(cursor):
                return

    @override
    async def ping(self) -> None:
        await self._call("SET", "probe:cart", "1", "PX", 1000)

    @override
    async def close(self) -> None:
        await self._gathered.close()
        await self._redis.aclose()

    def _arguments(self, change: Change) -> tuple[str, str | bytes, bytes, int]:
        """ARGV of cart.lua."""
        op, limits, quantity, price = _OPS[type(change)], self.limits, 0, b""
        most = limits.quantity
        subject: str | bytes = ""
        match change:
            case Add():
                subject, quantity, most = change.sku, change.quantity, allowed(change, limits)
                price = codec.encode_price(change.price)
            case SetQuantity():
                op = "set" if change.quantity else "remove"
                subject, quantity, most = change.sku, change.quantity, allowed(change, limits)
            case Undo():
                subject = change.of
            case Remove() | RemoveSaved() | SaveForLater() | MoveToCart():
                subject = change.sku
            case Clear():
                pass
        quantity = min(quantity, codec.MAX_QUANTITY)
        numbers = _NUMBERS.pack(change.id, change.at, price, quantity, most, limits.quantity, limits.lines)
        return op, subject, numbers, self.ttl

    async def _run(self, cart_id: str, arguments: tuple[str, str | bytes, bytes, int]) -> Cart:
        key = KEY_PREFIX + cart_id
        try:
            reply = await self._call("EVALSHA", _SHA, 1, key, *arguments)
        except redis_errors.NoScriptError:
            reply = await self._call("EVAL", _SCRIPT, 1, key, *arguments)
        if isinstance(reply, int):
            raise QuantityLimitExceeded(reply) if reply > 0 else LineLimitExceeded(-reply)
        return codec.decode(cart_id, reply) if reply else Cart(cart_id)


_OPS: dict[type[Change], str] = {
    Add: "add",
    SetQuantity: "set",
    Remove: "remove",
    RemoveSaved: "remove_saved",
    Clear: "clear",
    SaveForLater: "save",
    MoveToCart: "move",
    Undo: "undo",
}
_NUMBERS = Struct(">8sI8sHHHH")
_REFUSED = re.compile(r"\b(NOAUTH|WRONGPASS|NOPERM|invalid password|invalid username|DB index is out of range)\b", re.I)
_CANNOT_NOW = re.compile(r"\b(OOM|MISCONF|NOREPLICAS|READONLY|LOADING|BUSY|MASTERDOWN|CLUSTERDOWN|TRYAGAIN)\b")


def _in_our_words(error: Exception) -> Exception:
    """The StoreUnavailable that stands for an error of redis-py; the error itself if it is a fault of ours."""
    text = str(error)
    if isinstance(error, redis_errors.AuthenticationError) or _REFUSED.search(text):
        return StoreRefused(f"Redis does not let the shop in; check REDIS_URL: {text}")
    if isinstance(error.__context__, socket.gaierror):
        return StoreRefused(f"The host name in REDIS_URL is not known: {text}")
    if isinstance(error, redis_errors.ResponseError) and not isinstance(error, _UNAVAILABLE):
        return StoreUnavailable(f"Redis cannot take this now: {text}") if _CANNOT_NOW.search(text) else error
    if isinstance(error, (redis_errors.RedisError, OSError)):
        return StoreUnavailable(f"Redis cannot be reached: {text or 'no answer in time.'}")
    return error


_UNAVAILABLE = (
    redis_errors.ReadOnlyError,
    redis_errors.OutOfMemoryError,
    redis_errors.ClusterDownError,
    redis_errors.MasterDownError,
    redis_errors.TryAgainError,
)
