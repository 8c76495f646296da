"""Carts in Redis (6.2 or later) or Valkey: one key per cart, one atomic round trip per call."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from functools import partial
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
from shop.cart.memory import DEFAULT_TTL
from shop.cart.model import (
    Add,
    Cart,
    Change,
    Clear,
    Effect,
    Forget,
    Limits,
    MoveToCart,
    Purchase,
    Remove,
    RemoveSaved,
    SaveForLater,
    SetQuantity,
    Undo,
    UseCoupon,
    check,
    max_quantity,
)
from shop.cart.redis.servers import OneServer, Send, Servers
from shop.cart.service import CartService
from shop.errors import LineLimitExceeded, QuantityLimitExceeded, StoreBusy, StoreUnavailable
from shop.retry import with_retries

KEY_PREFIX = "cart:"

_SCRIPT = (Path(__file__).parent / "cart.lua").read_text(encoding="utf-8")
SCRIPT_SHA = sha1(_SCRIPT.encode(), usedforsecurity=False).hexdigest()


MAX_SWAPS = 100
"""How many times a cart that other processes keep changing is transformed again."""


class Timeouts(msgspec.Struct, frozen=True):
    """The timeouts of a call in seconds: to connect, and to get the reply.

    They are short, because a shopper waits for the page and a standby can answer.
    """

    connect: float = 0.25
    reply: float = 0.4


class RedisCartService(CartService):
    """Carts under `cart:{id}`, each a string in the layout of codec.py, changed by cart.lua.

    `connect(url)` makes one with timeouts fit for a shop; `RedisCartService(OneServer(redis, timeout=0.4))` uses a
    redis-py asyncio client that returns bytes. If a connection is dropped, the command is repeated once on a new one:
    the server recognizes a change that it has already applied by its id. Concurrent calls share round trips
    (pipelining.py).
    """

    def __init__(self, servers: Servers, *, limits: Limits = Limits(), ttl: int = DEFAULT_TTL) -> None:
        self.limits = limits
        self.ttl = ttl
        self.servers = servers
        self._call = servers.call

    @classmethod
    def connect(
        cls,
        url: str,
        *,
        limits: Limits = Limits(),
        ttl: int = DEFAULT_TTL,
        timeouts: Timeouts = Timeouts(),
    ) -> RedisCartService:
        """A service for a redis://, rediss:// or unix:// URL. Connects when first used."""
        redis = Redis.from_url(
            url,
            socket_connect_timeout=timeouts.connect,
            socket_timeout=None,  # SharedPipeline times the round trip as a whole
            retry=Retry(NoBackoff(), 1, supported_errors=(redis_errors.ConnectionError,)),
            maint_notifications_config=MaintNotificationsConfig(enabled=False),
        )
        return cls(OneServer(redis, timeout=timeouts.reply), limits=limits, ttl=ttl)

    @override
    async def get(self, cart_id: str) -> Cart:
        key = KEY_PREFIX + cart_id
        data = await self._call(key, "GET", key)
        return codec.decode(cart_id, data) if data else Cart(cart_id)

    @override
    async def apply(self, cart_id: str, change: Change) -> Cart:
        if isinstance(change, Effect):
            return await self.replay(cart_id, [change])
        check(change)
        reply = await self._evaluate(KEY_PREFIX + cart_id, self._arguments(change))
        if isinstance(reply, int):
            raise QuantityLimitExceeded(reply) if reply > 0 else LineLimitExceeded(-reply)
        return codec.decode(cart_id, reply) if reply else Cart(cart_id)

    @override
    async def transform(self, cart_id: str, fold: Callable[[Cart], Cart], *, aged: bool = False) -> Cart:
        key = KEY_PREFIX + cart_id
        before = await self._call(key, "GET", key) or b""
        for _ in range(MAX_SWAPS):
            cart = codec.decode(cart_id, before) if before else Cart(cart_id)
            if (after := fold(cart)) is cart:
                return cart
            data, ttl = codec.encode(after), self.remaining(after) if aged else self.ttl
            stored = await self._evaluate(key, ("swap", data, _NO_CHANGE, ttl, before))
            if stored == data:
                return after
            before = stored
        raise StoreBusy("Other processes keep changing this cart. Try again in a moment.")

    @override
    async def scan(self) -> AsyncIterator[Cart]:
        epoch = self.epoch
        for send in await self.servers.primaries():
            cursor = 0
            while True:
                cursor, carts = await with_retries(partial(self._page, send, cursor))
                if self.epoch != epoch:  # a cursor is invalid in another process: carts would be skipped
                    raise StoreUnavailable("Redis restarted during the scan. Start again.")
                for cart in carts:
                    yield cart
                if not cursor:
                    break

    async def _page(self, send: Send, cursor: int) -> tuple[int, list[Cart]]:
        """A page of carts, and the cursor of the next one, 0 after the last. A cursor may be used again."""
        next_cursor, keys = await send("SCAN", cursor, "MATCH", KEY_PREFIX + "*", "COUNT", 500)
        carts = await self.get_many([key.decode().removeprefix(KEY_PREFIX) for key in keys])
        return int(next_cursor), [cart for cart in carts if cart.revision]

    @override
    async def count(self) -> int:
        return sum(await asyncio.gather(*(send("DBSIZE") for send in await self.servers.primaries())))

    @override
    async def time_left(self, cart_id: str) -> int:
        key = KEY_PREFIX + cart_id
        return max(0, int(await self._call(key, "TTL", key)))

    @override
    async def ping(self, shard: int | None = None) -> None:
        tags = [tag for number, tag in self.servers.shards() if shard in (None, number)]
        keys = [f"probe:{{{tag}}}" for tag in tags]
        await asyncio.gather(*(self._call(key, "SET", key, "1", "PX", 1000) for key in keys))

    @override
    def shard(self, cart_id: str) -> int:
        return self.servers.shard(KEY_PREFIX + cart_id)

    @property
    @override
    def epoch(self) -> int:
        return self.servers.epoch

    @override
    async def close(self) -> None:
        await self.servers.close()

    def _arguments(self, change: Change) -> tuple[str | bytes | int, ...]:
        """The ARGV of cart.lua for a change."""
        op, limits, quantity, price = _OPS[type(change)], self.limits, 0, b""
        limit = limits.quantity
        subject: str | bytes = ""
        match change:
            case Add():
                subject, quantity, limit = change.sku, change.quantity, max_quantity(change, limits)
                price = codec.encode_price(change.price)
            case SetQuantity():
                op = "set" if change.quantity else "remove"
                subject, quantity, limit = change.sku, change.quantity, max_quantity(change, limits)
            case Undo():
                subject = change.of
            case Remove() | RemoveSaved() | SaveForLater() | MoveToCart():
                subject = change.sku
            case UseCoupon():
                subject = change.code
            case Purchase():
                subject = change.coupon
            case Clear() | Forget():
                pass
            case Effect():
                raise TypeError("an effect is merged by replay()")
        quantity = min(quantity, codec.MAX_QUANTITY)
        numbers = _NUMBERS.pack(change.id, change.at, price, quantity, limit, limits.quantity, limits.lines)
        if isinstance(change, Purchase):
            return op, subject, numbers, self.ttl, codec.encode_purchase(change.lines)
        return op, subject, numbers, self.ttl

    async def _evaluate(self, key: str, arguments: tuple[str | bytes | int, ...]) -> Any:
        try:
            return await self._call(key, "EVALSHA", SCRIPT_SHA, 1, key, *arguments)
        except redis_errors.NoScriptError:
            return await self._call(key, "EVAL", _SCRIPT, 1, key, *arguments)


_OPS: dict[type[Change], str] = {
    Add: "add",
    SetQuantity: "set",
    Remove: "remove",
    RemoveSaved: "remove_saved",
    Clear: "clear",
    SaveForLater: "save",
    MoveToCart: "move",
    Undo: "undo",
    UseCoupon: "coupon",
    Purchase: "buy",
    Forget: "forget",
}
_NUMBERS = Struct(">8sI8sHHHH")
_NO_CHANGE = _NUMBERS.pack(b"", 0, b"", 0, 0, 0, 0)
