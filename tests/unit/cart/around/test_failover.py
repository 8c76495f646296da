"""The failover, call by call; tests/chaos does it with real servers."""

import asyncio

import pytest
from fakeredis import FakeAsyncRedis, FakeServer

from shop.cart.around.failover import FailoverCartService
from shop.cart.connect import with_standby
from shop.cart.model import Cart, Limits
from shop.cart.redis.servers import OneServer
from shop.cart.redis.service import RedisCartService
from shop.errors import QuantityLimitExceeded
from shop.money import Money

EUR = Money(1900, "EUR")


@pytest.fixture
def server() -> FakeServer:
    return FakeServer()


@pytest.fixture
async def carts(server: FakeServer) -> FailoverCartService:
    return with_standby(
        RedisCartService(OneServer(FakeAsyncRedis(server=server), timeout=5), limits=Limits(quantity=9)), max_carts=10
    )


async def recovered(carts: FailoverCartService) -> None:
    async with asyncio.timeout(5):
        while carts.standby_active or carts.backlog:
            await asyncio.sleep(0.01)


async def test_changes_of_an_outage_are_replayed_in_order(server: FakeServer, carts: FailoverCartService) -> None:
    await carts.add("a", "mug", 2, EUR)
    server.connected = False
    await carts.set_quantity("a", "mug", 5)
    await carts.add("a", "bowl", 1, EUR)
    during = await carts.remove("a", "mug")
    assert (carts.standby_active, carts.backlog, carts.failovers) == (True, 3, 1)
    server.connected = True
    await recovered(carts)
    assert await carts.primary.get("a") == during
    assert carts.replayed == 3


async def test_the_standby_refuses_changes_too_and_does_not_replay_them(
    server: FakeServer, carts: FailoverCartService
) -> None:
    await carts.add("a", "mug", 9, EUR)
    server.connected = False
    with pytest.raises(QuantityLimitExceeded):
        await carts.add("a", "mug", 1, EUR)
    assert carts.backlog == 0
    server.connected = True


async def test_a_change_to_a_cart_without_a_near_copy_is_replayed(
    server: FakeServer, carts: FailoverCartService
) -> None:
    await carts.primary.add("a", "mug", 2, EUR)
    server.connected = False
    assert await carts.remove("a", "mug") == Cart("a", partial=True)
    server.connected = True
    await recovered(carts)
    assert (await carts.get("a")).lines == ()


async def test_put_and_delete_work_during_an_outage(server: FakeServer, carts: FailoverCartService) -> None:
    cart = await carts.add("a", "mug", 2, EUR)
    await carts.delete("a")
    server.connected = False
    assert await carts.put(cart) == cart
    assert await carts.get("a") == cart
    await carts.add("b", "mug", 1, EUR)
    await carts.delete("b")
    assert {cart.id async for cart in carts.scan()} == {"a"}
    server.connected = True
    await recovered(carts)
    assert await carts.primary.get("a") == cart
    assert await carts.primary.get("b") == Cart("b")


async def test_the_standby_keeps_a_late_reply_of_the_store(server: FakeServer, carts: FailoverCartService) -> None:
    """A change that the store accepts just before another call finds it down stays visible during the outage."""
    before = await carts.add("a", "mug", 1, EUR)
    server.connected = False
    await carts.add("a", "mug", 1, EUR)
    await carts.add("a", "bowl", 1, EUR)
    server.connected = True
    late = await carts.primary.add("a", "vase", 1, EUR)
    shown = await carts._accept(before, late)
    assert {line.sku: line.quantity for line in shown.lines} == {"mug": 2, "bowl": 1, "vase": 1}
    assert await carts._standby.get("a") == shown
