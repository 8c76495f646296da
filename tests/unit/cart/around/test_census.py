"""What a store keeps is looked at, and not counted change by change."""

from __future__ import annotations

import pytest
from fakeredis import FakeAsyncRedis
from prometheus_client import CollectorRegistry

from shop.cart.around import census
from shop.cart.around.census import Census, live_store
from shop.cart.around.forwarding import ForwardingCartService
from shop.cart.around.moving import MovingCartService
from shop.cart.around.tiered import TieredCartService
from shop.cart.connect import with_standby
from shop.cart.memory import MemoryCartService
from shop.cart.redis.servers import OneServer
from shop.cart.redis.service import RedisCartService
from shop.cart.service import CartService
from shop.money import Money
from tests.fixtures.shop_app import Clock

EUR = Money(1900, "EUR")


async def looked_at(carts: CartService) -> CollectorRegistry:
    registry, found = CollectorRegistry(), Census(carts)
    registry.register(found)
    await found.look()
    return registry


async def fill(carts: CartService) -> None:
    """A cart of one line, and one of five."""
    await carts.add("a", "mug", 1, EUR)
    for number in range(5):
        await carts.add("b", f"bowl-{number}", 1, EUR)


@pytest.mark.parametrize("kind", ["memory", "redis"])
async def test_the_average_is_over_carts(kind: str) -> None:
    redis = RedisCartService(OneServer(FakeAsyncRedis(), timeout=5))
    carts: CartService = MemoryCartService() if kind == "memory" else with_standby(redis, max_carts=10)
    await fill(carts)
    registry = await looked_at(carts)
    assert registry.get_sample_value("shop_carts_kept") == 2
    assert registry.get_sample_value("shop_kept_cart_lines") == 3
    assert (registry.get_sample_value("shop_kept_cart_bytes") or 0) > 50
    await carts.close()


async def test_carts_that_nobody_asks_for_expire_too() -> None:
    clock = Clock()
    carts = MemoryCartService(ttl=60, clock=clock)
    await fill(carts)
    clock.now += 61
    registry = await looked_at(ForwardingCartService(carts))
    assert registry.get_sample_value("shop_carts_expired_total") == 2
    assert registry.get_sample_value("shop_carts_kept") == 0
    assert registry.get_sample_value("shop_kept_cart_lines") == 0


async def test_a_large_store_is_not_read_as_a_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(census, "MOST", 2)
    carts = MemoryCartService()
    for number in range(9):
        await carts.add(f"cart-{number}", "mug", 1, EUR)
    assert (await looked_at(carts)).get_sample_value("shop_carts_kept") == 9


def test_the_store_of_live_carts_is_found_in_its_wrappers() -> None:
    store = MemoryCartService()
    wrapped = ForwardingCartService(
        MovingCartService(TieredCartService(store, MemoryCartService()), MemoryCartService())
    )
    assert live_store(wrapped) is store
