"""The service that moves carts from one store to another while they are in use, call by call."""

import pytest
from fakeredis import FakeAsyncRedis, FakeServer

from shop.cart.around.moving import MovingCartService
from shop.cart.memory import MemoryCartService
from shop.cart.model import Add, Cart, apply, new_change_id
from shop.cart.redis.servers import OneServer
from shop.cart.redis.service import RedisCartService
from shop.cart.service import now
from shop.errors import StoreUnavailable
from shop.money import Money

EUR = Money(1900, "EUR")


@pytest.fixture
def server() -> FakeServer:
    return FakeServer()


@pytest.fixture
def old(server: FakeServer) -> RedisCartService:
    return RedisCartService(OneServer(FakeAsyncRedis(server=server), timeout=30))


@pytest.fixture
def new() -> MemoryCartService:
    return MemoryCartService()


@pytest.fixture
def carts(new: MemoryCartService, old: RedisCartService) -> MovingCartService:
    return MovingCartService(new, old)


def lines(cart: Cart) -> dict[str, int]:
    return {line.sku: line.quantity for line in cart.lines}


def end_old_retry_pause(carts: MovingCartService) -> None:
    carts._old_retry_at = 0


async def test_a_read_moves_a_cart(carts: MovingCartService, new: MemoryCartService, old: RedisCartService) -> None:
    there = await old.add("a", "mug", 2, EUR)
    assert await carts.get("a") == there
    assert await new.get("a") == await old.get("a") == there
    assert carts.moved == 1
    assert await carts.get("a") == there
    assert carts.moved == 1


async def test_a_moved_cart_keeps_its_remaining_ttl(new: MemoryCartService, old: RedisCartService) -> None:
    clock = [0.0]
    new = MemoryCartService(ttl=100, clock=lambda: clock[0])
    carts = MovingCartService(new, old)
    await old.put(apply(Cart("a"), Add(new_change_id(), now() - 60, "mug", 1, EUR)))
    await carts.get("a")
    clock[0] = 45
    assert (await new.get("a")).revision == 0


async def test_a_change_moves_the_cart_and_is_written_only_to_the_new_store(
    carts: MovingCartService, new: MemoryCartService, old: RedisCartService
) -> None:
    there = await old.add("a", "mug", 2, EUR)
    assert lines(await carts.add("a", "mug", 1, EUR)) == {"mug": 3}
    assert lines(await carts.set_quantity("a", "mug", 5)) == {"mug": 5}
    assert await new.get("a") == await carts.get("a")
    assert await old.get("a") == there


async def test_changes_that_old_processes_still_write_are_joined(
    carts: MovingCartService, old: RedisCartService
) -> None:
    await old.add("a", "mug", 2, EUR)
    await carts.add("a", "bowl", 1, EUR)
    await old.add("a", "vase", 1, EUR)
    await old.add("a", "mug", 1, EUR)
    assert lines(await carts.get("a")) == {"mug": 3, "bowl": 1, "vase": 1}
    assert lines(await carts.remove("a", "bowl")) == {"mug": 3, "vase": 1}
    assert lines(await carts.get("a")) == {"mug": 3, "vase": 1}


async def test_calls_succeed_while_the_old_store_is_down(
    server: FakeServer, carts: MovingCartService, old: RedisCartService
) -> None:
    await old.add("a", "mug", 2, EUR)
    server.connected = False
    assert await carts.get("a") == Cart("a", partial=True)
    during = await carts.add("a", "mug", 1, EUR)
    assert (lines(during), during.partial) == ({"mug": 1}, True)
    server.connected = True
    end_old_retry_pause(carts)
    assert lines(await carts.get("a")) == {"mug": 3}


async def test_calls_fail_while_the_new_store_is_down(server: FakeServer, new: MemoryCartService) -> None:
    carts = MovingCartService(RedisCartService(OneServer(FakeAsyncRedis(server=server), timeout=30)), new)
    server.connected = False
    with pytest.raises(StoreUnavailable):
        await carts.get("a")
    with pytest.raises(StoreUnavailable):
        await carts.add("a", "mug", 1, EUR)


async def test_a_deleted_cart_is_deleted_from_both_stores(
    server: FakeServer, carts: MovingCartService, old: RedisCartService
) -> None:
    for cart_id in ("a", "b"):
        await old.add(cart_id, "mug", 2, EUR)
        await carts.get(cart_id)
    await carts.delete("a")
    assert (await carts.get("a")).lines == (await old.get("a")).lines == ()
    server.connected = False
    await carts.delete("b")
    assert (await carts.get("b")).lines == ()
    server.connected = True
    end_old_retry_pause(carts)
    assert (await carts.get("b")).lines == (await old.get("b")).lines == ()


async def test_every_cart_is_scanned_once(carts: MovingCartService, old: RedisCartService) -> None:
    there = await old.add("there", "mug", 1, EUR)
    await old.add("both", "mug", 1, EUR)
    both = await carts.add("both", "bowl", 1, EUR)
    here = await carts.add("here", "mug", 1, EUR)
    assert [cart async for cart in carts.scan()] == [both, here, there]


async def test_put_joins_the_cart_with_both_stores(carts: MovingCartService, old: RedisCartService) -> None:
    await old.add("a", "mug", 1, EUR)
    other = apply(Cart("a"), Add(new_change_id(), now(), "mug", 2, EUR))
    assert lines(await carts.put(other)) == {"mug": 3}


async def test_a_moved_cart_older_than_the_ttl_gets_a_whole_ttl(
    carts: MovingCartService, new: MemoryCartService, old: RedisCartService
) -> None:
    await old.apply("a", Add(new_change_id(), now() - 2 * new.ttl, "mug", 2, EUR))
    assert (await carts.get("a")).quantity == 2
    assert await new.time_left("a") > new.ttl / 2
