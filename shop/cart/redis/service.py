"""Carts in Redis (6.2 or later) or Valkey: one key per cart, one atomic round trip per call."""

from __future__ import annotations

import asyncio
import re
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
from shop.cart.redis.pipelining import DEADLINE
from shop.cart.redis.servers import OneServer, Send, Servers
from shop.cart.stored import UNREADABLE_SECONDS, StoredCarts
from shop.errors import (
    CartUnreadable,
    LineLimitExceeded,
    QuantityLimitExceeded,
    StoreBusy,
    StoreReadOnly,
    StoreRefused,
    StoreUnavailable,
)
from shop.retry import with_retries

KEY_PREFIX = "cart:"
UNREADABLE_PREFIX = "cart-unreadable:"
"""A value that cannot be read is renamed to `cart-unreadable:{cart:ID}`: in a cluster, the braces keep its slot."""

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


class RedisCartService(StoredCarts):
    """Carts under `cart:{id}`, each a string in the layout of codec.py, changed by cart.lua.

    `connect(url)` makes one with timeouts fit for a shop; `RedisCartService(OneServer(redis, timeout=0.4))` uses a
    redis-py asyncio client that returns bytes. If a connection is dropped, the command is repeated once on a new one:
    the server recognizes a change that it has already applied by its id. A change that times out is applied before
    its caller gives up, or never: the server refuses one that arrives later. Concurrent calls share round trips
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
        _, cart = await self._load(cart_id)
        return cart

    @override
    async def apply(self, cart_id: str, change: Change) -> Cart:
        return await self.apply_after(cart_id, change, b"")

    @override
    async def apply_after(self, cart_id: str, change: Change, first: bytes) -> Cart:
        if isinstance(change, Effect):
            return await super().apply_after(cart_id, change, first)
        check(change)
        key, arguments = KEY_PREFIX + cart_id, self._arguments(change, first)
        try:
            return _answer(cart_id, await self._evaluate(key, arguments))
        except _UNREADABLE as error:
            await self._make_readable(key, error)
        return _answer(cart_id, await self._evaluate(key, arguments))

    @override
    async def transform(self, cart_id: str, fold: Callable[[Cart], Cart], *, aged: bool = False) -> Cart:
        before, cart = await self._load(cart_id)
        for _ in range(MAX_SWAPS):
            if (after := fold(cart)) is cart:
                return cart
            data, ttl = codec.encode(after), self.remaining(after) if aged else self.ttl
            if await self._evaluate(KEY_PREFIX + cart_id, ("swap", data, _NO_CHANGE, ttl, before)) == data:
                return after
            before, cart = await self._load(cart_id)
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
        carts = await asyncio.gather(*(self._scanned(key.decode(errors="replace")) for key in keys))
        return int(next_cursor), [cart for cart in carts if cart is not None]

    async def _scanned(self, key: str) -> Cart | None:
        """The cart under a key; None if it has expired by now, or cannot be read: a scan changes nothing."""
        try:
            data = await self._call(key, "GET", key)
            return codec.decode(key.removeprefix(KEY_PREFIX), data) if data is not None else None
        except _UNREADABLE as error:
            if isinstance(error, redis_errors.ResponseError) and not _IS_NO_CART.search(str(error)):
                raise
            self._skipped()
            return None

    @override
    async def count(self) -> int:
        return sum(await asyncio.gather(*(send("DBSIZE") for send in await self.servers.primaries())))

    @override
    async def count_expired(self) -> int:
        """Every key has a TTL, and nearly all of them are carts."""
        infos = [await send("INFO", "stats") for send in await self.servers.primaries()]
        return sum(int(found[1]) for info in infos if (found := _EXPIRED.search(_as_bytes(info))))

    @override
    async def time_left(self, cart_id: str) -> int:
        key = KEY_PREFIX + cart_id
        return max(0, int(await self._call(key, "TTL", key)))

    @override
    async def ping(self, shard: int | None = None) -> None:
        tags = [tag for number, tag in self.servers.shards() if shard in (None, number)]
        await asyncio.gather(*(self._probe(f"probe:{{{tag}}}") for tag in tags))

    @override
    async def evicts(self) -> bool:
        stats = await asyncio.gather(*(send("INFO", "stats") for send in await self.servers.primaries()))
        return any(b"evicted_keys:0\r\n" not in reply for reply in map(_as_bytes, stats))

    async def _probe(self, key: str) -> None:
        """Let the script make a change, as every call will, and measure the clock."""
        try:
            await self._evaluate(key, ("probe", "", _NO_CHANGE, 0))
        except StoreRefused:
            await self._call(key, "GET", key)  # Redis 7.0 does not say which command of a script is denied
            await self._call(key, "SET", key, "1", "EX", 1)
            raise
        await self.servers.measure(key)

    @override
    def now(self) -> int:
        return int(self.servers.now())

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

    def _arguments(self, change: Change, first: bytes) -> tuple[str | bytes | int, ...]:
        """The ARGV of cart.lua for a change that is made after those with the ids `first`."""
        op, limits, quantity, price = _OPS[type(change)], self.limits, 0, b""
        limit = limits.quantity
        subject: str | bytes = ""
        match change:
            case Add():
                subject, quantity, limit = change.sku, change.quantity, max_quantity(change, limits)
                price, op = codec.encode_price(change.price), "add_saved" if change.saved else op
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
        bought = codec.encode_purchase(change.lines) if isinstance(change, Purchase) else b""
        return op, subject, numbers, self.ttl, bought, first, DEADLINE

    async def _evaluate(self, key: str, arguments: tuple[str | bytes | int, ...], *more_keys: str) -> Any:
        """Run the script; once more if it came too late, because only then is the server's clock known well."""
        command = ("EVALSHA", SCRIPT_SHA, 1 + len(more_keys), key, *more_keys, *arguments)
        late = False
        while True:
            try:
                return await self._call(key, *command)
            except redis_errors.NoScriptError:
                command = ("EVAL", _SCRIPT, *command[2:])
            except redis_errors.ResponseError as error:
                if not str(error).startswith("LATE"):
                    raise
                if late:
                    raise StoreUnavailable("Redis got the change too late, and did not make it.") from error
                late = True

    async def _load(self, cart_id: str) -> tuple[bytes, Cart]:
        """The stored bytes of a cart, empty if there are none, and the cart."""
        key = KEY_PREFIX + cart_id
        try:
            return _loaded(cart_id, await self._call(key, "GET", key))
        except _UNREADABLE as error:
            await self._make_readable(key, error)
        return _loaded(cart_id, await self._call(key, "GET", key))

    async def _make_readable(self, key: str, error: Exception) -> None:
        """Put aside the value that caused an error. Raises the error if the value is not the cause.

        Raises CartUnreadable if the value has to stay where it is.
        """
        if isinstance(error, codec.NewerCart) or str(error).startswith("NEWER"):
            raise CartUnreadable("A newer release of the shop has written this cart.") from error
        if (value := await self._unreadable_value(key)) is None:
            if isinstance(error, redis_errors.ResponseError) and not _IS_NO_CART.search(str(error)):
                raise error
            return  # another process has put it aside
        aside = ("aside", "", _NO_CHANGE, UNREADABLE_SECONDS, value)
        try:
            moved = await self._evaluate(key, aside, f"{UNREADABLE_PREFIX}{{{key}}}")
        except (StoreRefused, StoreReadOnly) as refusal:
            raise CartUnreadable(f"A stored cart cannot be read, and not be put aside: {refusal}") from refusal
        if moved:
            self._was_put_aside(f"in Redis under a key that begins with {UNREADABLE_PREFIX}")

    async def _unreadable_value(self, key: str) -> bytes | None:
        """The value of a key if it is not a cart, b"" if it is not even a string; None if it is one, or missing."""
        data = b""
        try:
            data = await self._call(key, "GET", key)
            _loaded("", data)
        except codec.UnreadableCart:
            return data
        except redis_errors.ResponseError as error:
            if "WRONGTYPE" not in str(error):
                raise
            return b""
        return None


_EXPIRED = re.compile(rb"^expired_keys:(\d+)", re.MULTILINE)


def _as_bytes(reply: bytes | str) -> bytes:
    return reply.encode() if isinstance(reply, str) else reply


def _loaded(cart_id: str, data: bytes | None) -> tuple[bytes, Cart]:
    return (b"", Cart(cart_id)) if data is None else (data, codec.decode(cart_id, data))


def _answer(cart_id: str, reply: bytes | int) -> Cart:
    """The cart in a reply of the script. Raises CartLimitExceeded."""
    if isinstance(reply, int):
        raise QuantityLimitExceeded(reply) if reply > 0 else LineLimitExceeded(-reply)
    return codec.decode(cart_id, reply) if reply else Cart(cart_id)


_UNREADABLE = (codec.UnreadableCart, codec.NewerCart, redis_errors.ResponseError)
"""The errors by which a value that is no cart is noticed: the script may stumble over it anywhere."""
_IS_NO_CART = re.compile("UNREADABLE|WRONGTYPE")

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
