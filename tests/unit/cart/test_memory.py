from shop.cart.memory import MemoryCartService
from shop.money import Money

EUR = Money(1900, "EUR")


class Clock:
    """A clock that tests set."""

    def __init__(self) -> None:
        self.time = 0.0

    def __call__(self) -> float:
        return self.time


async def test_a_change_renews_the_ttl_and_a_read_does_not() -> None:
    clock = Clock()
    carts = MemoryCartService(ttl=10, clock=clock)
    await carts.add("changed", "mug", 1, EUR)
    await carts.add("read", "mug", 1, EUR)
    clock.time = 9
    await carts.add("changed", "mug", 1, EUR)
    await carts.get("read")
    clock.time = 10
    assert (await carts.get("read")).revision == 0
    assert (await carts.get("changed")).revision == 2
    assert carts.expired == 1


async def test_a_full_store_evicts_the_least_recently_used_cart() -> None:
    carts = MemoryCartService(max_carts=2)
    await carts.add("a", "mug", 1, EUR)
    await carts.add("b", "mug", 1, EUR)
    await carts.get("a")
    await carts.add("c", "mug", 1, EUR)
    assert {cart.id async for cart in carts.scan()} == {"a", "c"}
    assert (len(carts), carts.evicted, carts.expired) == (2, 1, 0)


async def test_each_change_drops_an_expired_cart() -> None:
    clock = Clock()
    carts = MemoryCartService(ttl=10, clock=clock)
    for n in range(50):
        await carts.add(str(n), "mug", 1, EUR)
    clock.time = 11
    for n in range(50, 100):
        await carts.add(str(n), "mug", 1, EUR)
    assert len(carts) == 50
    assert carts.expired == 50
