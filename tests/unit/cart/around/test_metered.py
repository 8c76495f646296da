from collections.abc import AsyncIterator

import pytest
from fakeredis import FakeAsyncRedis, FakeServer
from prometheus_client import CollectorRegistry, generate_latest

from shop.cart.around.metered import MeteredCartService
from shop.cart.around.moving import MovingCartService
from shop.cart.around.tiered import TieredCartService
from shop.cart.connect import with_standby
from shop.cart.memory import MemoryCartService
from shop.cart.model import Limits
from shop.cart.redis.servers import OneServer
from shop.cart.redis.service import RedisCartService
from shop.cart.service import CartService
from shop.errors import QuantityLimitExceeded
from shop.money import Money

EUR = Money(1900, "EUR")


def sample(registry: CollectorRegistry, name: str, **labels: str) -> float:
    value = registry.get_sample_value(name, labels)
    assert value is not None, f"{name} {labels} is not in {generate_latest(registry).decode()}"
    return value


async def test_operations_reads_and_lines_are_counted() -> None:
    registry = CollectorRegistry()
    carts = MeteredCartService(MemoryCartService(limits=Limits(quantity=3)), registry)
    await carts.get("a")
    await carts.add("a", "mug", 1, EUR)
    await carts.add("a", "bowl", 1, EUR)
    await carts.get("a")
    with pytest.raises(QuantityLimitExceeded):
        await carts.add("a", "mug", 9, EUR)
    assert sample(registry, "shop_cart_operations_total", operation="Add", result="ok") == 2
    assert sample(registry, "shop_cart_operations_total", operation="Add", result="refused") == 1
    assert sample(registry, "shop_cart_reads_total", result="hit") == 1
    assert sample(registry, "shop_cart_reads_total", result="miss") == 1
    assert sample(registry, "shop_carts_begun_total") == 1
    assert sample(registry, "shop_cart_operation_seconds_count", operation="Add") == 3
    assert sample(registry, "shop_carts_in_memory") == 1


@pytest.fixture
async def server() -> FakeServer:
    return FakeServer()


@pytest.fixture
async def failover(server: FakeServer) -> AsyncIterator[CartService]:
    service = with_standby(RedisCartService(OneServer(FakeAsyncRedis(server=server), timeout=30)), max_carts=10)
    await service.start()
    yield service
    await service.close()


async def test_an_outage_shows_in_the_metrics(server: FakeServer, failover: CartService) -> None:
    registry = CollectorRegistry()
    carts = MeteredCartService(failover, registry)
    await carts.add("a", "mug", 1, EUR)
    assert sample(registry, "shop_cart_standby_in_charge") == 0
    server.connected = False
    await carts.add("a", "mug", 1, EUR)
    assert sample(registry, "shop_cart_standby_in_charge") == 1
    assert sample(registry, "shop_cart_changes_waiting") == 1
    assert sample(registry, "shop_cart_standby_takeovers_total") == 1
    server.connected = True


async def test_values_that_are_no_carts_are_counted(server: FakeServer) -> None:
    registry = CollectorRegistry()
    redis = FakeAsyncRedis(server=server)
    carts = MeteredCartService(RedisCartService(OneServer(redis, timeout=30)), registry)
    assert sample(registry, "shop_carts_unreadable_total") == 0
    await redis.set("cart:a", "no cart")
    assert (await carts.add("a", "mug", 1, EUR)).quantity == 1
    assert sample(registry, "shop_carts_unreadable_total") == 1
    await carts.close()


async def test_the_archive_and_a_migration_show_in_the_metrics() -> None:
    registry = CollectorRegistry()
    old, archive = MemoryCartService(), MemoryCartService()
    tiered = TieredCartService(MemoryCartService(), archive, delay=3600)
    carts = MeteredCartService(MovingCartService(tiered, old), registry)
    await old.add("moves", "mug", 1, EUR)
    await archive.add("sleeps", "mug", 1, EUR)
    await carts.get("sleeps")
    await carts.add("moves", "mug", 1, EUR)
    assert sample(registry, "shop_carts_moved_total") == 1
    assert sample(registry, "shop_carts_woken_total") == 1
    assert sample(registry, "shop_carts_to_archive") == 1
    assert sample(registry, "shop_cart_archive_lag_seconds") > 0
    await tiered.write_behind.flush()
    assert sample(registry, "shop_carts_archived_total") == 1
    assert sample(registry, "shop_carts_to_archive") == sample(registry, "shop_cart_archive_lag_seconds") == 0
    assert sample(registry, "shop_carts_purged_total") == sample(registry, "shop_carts_not_archived_total") == 0
    await carts.close()
