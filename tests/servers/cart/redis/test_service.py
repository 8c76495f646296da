"""What carts in Redis promise beyond the contract: late commands, values that are no carts, servers that only read."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from typing import Any

import msgspec
import pytest

from shop.cart import codec
from shop.cart.model import Cart
from shop.cart.redis.service import RedisCartService, Timeouts
from shop.cart.service import now
from shop.cart.stored import UNREADABLE_SECONDS
from shop.demo.valkey import Valkey
from shop.errors import CartUnreadable, StoreReadOnly, StoreRefused, StoreUnavailable
from shop.money import Money

EUR = Money(1900, "EUR")
PATIENT = Timeouts(30, 30)
WITHOUT_ASIDE = "on nopass ~cart:* ~probe:* +@connection +get +set +ttl +eval +evalsha +info +time"
"""The rights that earlier releases asked for."""


@pytest.fixture
async def carts(valkey: Valkey) -> AsyncIterator[RedisCartService]:
    service = RedisCartService.connect(valkey.url, timeouts=PATIENT)
    yield service
    await service.close()


def clock_of(carts: RedisCartService) -> Any:
    return carts.servers._pipeline.clock  # type: ignore[attr-defined]


def add_user(valkey: Valkey, rules: str) -> None:
    client: Any = valkey.client()
    client.execute_command("ACL", "SETUSER", "shop", *rules.split())


def errors_of(valkey: Valkey, code: str) -> int:
    """How many replies were errors with this code."""
    return int(valkey.client().info("errorstats").get(f"errorstat_{code}", {"count": 0})["count"])


class TestLateCommands:
    async def test_a_change_that_timed_out_is_never_applied_later(self, valkey: Valkey) -> None:
        carts = RedisCartService.connect(valkey.url, timeouts=Timeouts(5, 1))
        before = await carts.add("a", "mug", 1, EUR)
        valkey.hang()
        with pytest.raises(StoreUnavailable):
            await carts.add("a", "mug", 1, EUR)
        valkey.resume()
        async with asyncio.timeout(10):
            while not errors_of(valkey, "LATE"):
                await asyncio.sleep(0.02)
        assert codec.decode("a", valkey.client().get("cart:a")) == before  # type: ignore[arg-type]
        await carts.close()

    async def test_a_change_is_late_once_only_if_the_clock_was_known_wrong(
        self, valkey: Valkey, carts: RedisCartService
    ) -> None:
        await carts.add("a", "mug", 1, EUR)
        clock = clock_of(carts)
        clock.measured(now() - 3600, clock.monotonic(), clock.monotonic())
        assert (await carts.add("a", "mug", 1, EUR)).quantity == 2
        assert errors_of(valkey, "LATE") == 1
        assert abs(carts.now() - now()) <= 100
        assert (await carts.add("a", "mug", 1, EUR)).quantity == 3
        assert errors_of(valkey, "LATE") == 1

    async def test_a_server_that_never_accepts_a_deadline_is_unavailable(
        self, carts: RedisCartService, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        await carts.get("a")
        monkeypatch.setattr(clock_of(carts), "not_after", lambda moment: 1.0)
        with pytest.raises(StoreUnavailable, match="too late"):
            await carts.add("a", "mug", 1, EUR)

    async def test_dates_are_by_the_servers_clock(self, carts: RedisCartService) -> None:
        await carts.ping()
        assert abs(carts.now() - now()) <= 100
        clock = clock_of(carts)
        clock.measured(now() + 5000, clock.monotonic(), clock.monotonic())
        assert carts.now() > now() + 4000


def text(valkey: Valkey, key: str) -> None:
    valkey.client().set(key, b'{"items": [{"sku": "mug"}]}', ex=5000)


def empty(valkey: Valkey, key: str) -> None:
    valkey.client().set(key, b"", ex=5000)


def truncated(valkey: Valkey, key: str) -> None:
    cart = Cart("x", 1, (), None, b"1" * 8, 7)
    data = codec.encode(msgspec.structs.replace(cart, changes=b"1" * 80))
    valkey.client().set(key, data[:-20], ex=5000)


def coupon_of_another_world(valkey: Valkey, key: str) -> None:
    valkey.client().set(key, codec.encode(Cart("x", 1, (), None, b"1" * 8, 7, "SPRING")) + b"\xff\xfe", ex=5000)


def undo_of_nothing(valkey: Valkey, key: str) -> None:
    valkey.client().set(key, codec.encode(Cart("x", 1, (), None, b"1" * 8, 7)) + b"\xff", ex=5000)


def hash_type(valkey: Valkey, key: str) -> None:
    valkey.client().hset(key, mapping={"mug": 1})


def another_version(valkey: Valkey, key: str) -> None:
    valkey.client().set(key, b"\x63" + codec.encode(Cart("x", 1, (), None, b"1" * 8, 7))[1:], ex=5000)


def content(valkey: Valkey, key: str) -> bytes:
    client: Any = valkey.client()
    value: bytes = client.get(key) if client.type(key) == b"string" else repr(client.hgetall(key)).encode()
    return value


NO_CARTS = [text, empty, truncated, coupon_of_another_world, undo_of_nothing, hash_type, another_version]


class TestUnreadableValues:
    @pytest.mark.parametrize("spoil", NO_CARTS)
    @pytest.mark.parametrize("first", ["get", "add", "put", "clear", "get_many", "put_many"])
    async def test_a_value_that_is_no_cart_is_put_aside_and_the_cart_begins_anew(
        self,
        valkey: Valkey,
        carts: RedisCartService,
        caplog: pytest.LogCaptureFixture,
        spoil: Callable[[Valkey, str], None],
        first: str,
    ) -> None:
        good = await carts.add("good", "mug", 1, EUR)
        spoil(valkey, "cart:a")
        kept = content(valkey, "cart:a")
        cart = msgspec.structs.replace(good, id="a")
        if first == "get":
            assert await carts.get("a") == Cart("a")
        elif first == "add":
            assert (await carts.add("a", "mug", 1, EUR)).quantity == 1
        elif first == "put":
            assert await carts.put(cart) == cart
        elif first == "clear":
            assert (await carts.clear("a")).lines == ()
        elif first == "get_many":
            assert await carts.get_many(["a", "good"]) == [Cart("a"), good]
        else:
            assert await carts.put_many([cart, good]) == [cart, good]
        assert carts.unreadable == 1
        aside = "cart-unreadable:{cart:a}"
        assert content(valkey, aside)[-1:] == kept[-1:], "the script keeps the bytes after the lines as they are"
        assert content(valkey, aside) == kept or spoil in (coupon_of_another_world, undo_of_nothing)
        assert UNREADABLE_SECONDS - 100 < int(valkey.client().ttl(aside)) <= UNREADABLE_SECONDS
        (said,) = [record.getMessage() for record in caplog.records if record.levelno >= logging.ERROR]
        assert "begins with cart-unreadable:" in said
        assert "cart:a" not in said
        assert (await carts.add("a", "bowl", 1, EUR)).line("bowl") is not None
        assert carts.unreadable == 1

    async def test_calls_at_once_put_a_value_aside_once_and_lose_nothing(
        self, valkey: Valkey, carts: RedisCartService
    ) -> None:
        text(valkey, "cart:a")
        other = RedisCartService.connect(valkey.url, timeouts=PATIENT)
        await asyncio.gather(*(service.add("a", "mug", 1, EUR) for service in (carts, other) for _ in range(40)))
        assert (await carts.get("a")).quantity == 80
        assert carts.unreadable + other.unreadable == 1
        await other.close()

    async def test_a_scan_goes_past_it_and_leaves_it(self, valkey: Valkey, carts: RedisCartService) -> None:
        good = await carts.add("good", "mug", 1, EUR)
        for n, spoil in enumerate(NO_CARTS):
            spoil(valkey, f"cart:{n}")
        valkey.client().set("cart:newer", b"\x03" + codec.encode(good)[1:])
        assert [cart async for cart in carts.scan()] == [good]
        assert carts.unreadable == len(NO_CARTS) + 1
        assert valkey.client().keys("cart-unreadable:*") == []

    @pytest.mark.parametrize("version", [3, 15])
    async def test_a_cart_of_a_newer_release_is_never_overwritten(
        self, valkey: Valkey, carts: RedisCartService, version: int
    ) -> None:
        good = await carts.add("good", "mug", 1, EUR)
        newer = bytes((version,)) + codec.encode(good)[1:]
        valkey.client().set("cart:a", newer, ex=5000)
        for call in (
            carts.get("a"),
            carts.add("a", "mug", 1, EUR),
            carts.clear("a"),
            carts.put(msgspec.structs.replace(good, id="a")),
        ):
            with pytest.raises(CartUnreadable, match="newer release"):
                await call
        assert await carts.get_many(["a", "good"]) == [Cart("a", partial=True), good]
        assert valkey.client().get("cart:a") == newer
        assert valkey.client().keys("cart-unreadable:*") == []

    async def test_a_user_who_may_not_rename_gets_no_wrong_cart(self, valkey: Valkey) -> None:
        text(valkey, "cart:a")
        add_user(valkey, WITHOUT_ASIDE)
        carts = RedisCartService.connect(valkey.url.replace("://", "://shop:any@"), timeouts=PATIENT)
        await carts.ping()
        with pytest.raises(CartUnreadable, match="not be put aside"):
            await carts.add("a", "mug", 1, EUR)
        assert (await carts.add("b", "mug", 1, EUR)).quantity == 1
        await carts.close()


class TestServersThatRefuseChanges:
    async def test_a_full_server_only_reads(self, valkey: Valkey, carts: RedisCartService) -> None:
        stored = await carts.add("a", "mug", 1, EUR)
        valkey.client().config_set("maxmemory", "1")
        for call in (carts.ping(), carts.add("a", "mug", 1, EUR), carts.put(msgspec.structs.replace(stored, id="b"))):
            with pytest.raises(StoreReadOnly, match="is full"):
                await call
        assert await carts.get("a") == stored

    async def test_a_server_without_replicas_and_a_replica_only_read(
        self, valkey: Valkey, carts: RedisCartService
    ) -> None:
        stored = await carts.add("a", "mug", 1, EUR)
        valkey.client().config_set("min-replicas-to-write", "1")
        with pytest.raises(StoreReadOnly, match="too few replicas"):
            await carts.ping()
        valkey.client().config_set("min-replicas-to-write", "0")
        valkey.client().config_set("replica-serve-stale-data", "yes")
        valkey.client().replicaof("127.0.0.1", 1)
        with pytest.raises(StoreReadOnly, match="read-only replica"):
            await carts.ping()
        assert await carts.get("a") == stored

    @pytest.mark.parametrize("missing", ["evalsha", "get", "set"])
    async def test_a_missing_right_is_named_by_the_probe(self, valkey: Valkey, missing: str) -> None:
        add_user(valkey, f"{WITHOUT_ASIDE} -{missing}")
        carts = RedisCartService.connect(valkey.url.replace("://", "://shop:any@"), timeouts=PATIENT)
        with pytest.raises(StoreRefused, match=missing):
            await carts.ping()
        await carts.close()


async def test_a_server_that_has_evicted_keys_says_so() -> None:
    server = Valkey(maxmemory="4mb", maxmemory_policy="allkeys-lru")
    server.start()
    carts = RedisCartService.connect(server.url, timeouts=PATIENT)
    try:
        assert not await carts.evicts()
        client: Any = server.client()
        for number in range(800):
            client.set(f"large-{number}", bytes(10_000))
        assert await carts.evicts()
    finally:
        await carts.close()
        server.stop()
