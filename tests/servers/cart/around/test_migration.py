"""Migration between stores: every cart arrives unchanged, whatever happens during the migration."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from shop import retry
from shop.cart.around.migration import Migration, Pass, put_moved, scan_all
from shop.cart.around.moving import MovingCartService
from shop.cart.memory import MemoryCartService
from shop.cart.model import Add, Cart, Remove, Undo, apply, new_change_id
from shop.cart.redis.service import RedisCartService, Timeouts
from shop.cart.service import CartService, now
from shop.demo.valkey import Valkey
from shop.errors import StoreUnavailable
from tests.fixtures.many_carts import PRICE, a_cart, fill

SLOW_MACHINE = Timeouts(10, 10)
TTL = 3600


@pytest.fixture
async def old(valkey: Valkey) -> AsyncIterator[RedisCartService]:
    """A store on a server that only this test uses."""
    store = RedisCartService.connect(valkey.url, ttl=TTL, timeouts=SLOW_MACHINE)
    yield store
    await store.close()


@pytest.fixture
async def new(valkey_url: str) -> AsyncIterator[RedisCartService]:
    """An empty store on another server."""
    store = RedisCartService.connect(valkey_url, ttl=TTL, timeouts=SLOW_MACHINE)
    yield store
    await store.close()


async def stored(store: CartService) -> dict[str, Cart]:
    return {cart.id: cart async for cart in store.scan()}


async def migrated(old: CartService, new: CartService, passes: int = 5) -> Migration:
    """Run passes until nothing is left to copy; fail if that takes more than `passes`."""
    migration = Migration(old, new)
    for _ in range(passes):
        if not (await migration.run_pass()).copied:
            return migration
    raise AssertionError(migration.passes)


async def test_every_cart_is_copied_unchanged(old: RedisCartService, new: RedisCartService) -> None:
    carts = {cart.id: cart for cart in await fill(old, 1500, age=600)}
    migration = await migrated(old, new)
    assert await stored(new) == carts == await stored(old)
    first, last = migration.passes
    assert (first.copied, last.copied, last.carts, last.ahead) == (1500, 0, 1500, 0)
    assert last.old_sum == last.new_sum != 0


async def test_a_cart_keeps_its_remaining_ttl(old: RedisCartService, new: RedisCartService) -> None:
    carts = [a_cart(f"aged {age}", age=age) for age in (0, 60, 1800, 3500)]
    await put_moved(old, carts)
    await migrated(old, new)
    for cart in carts:
        assert await new.time_left(cart.id) == pytest.approx(await old.time_left(cart.id), abs=60)
    assert await new.time_left("aged 3500") <= 200, "not a whole TTL"


async def test_a_cart_older_than_the_ttl_of_the_new_store_is_not_dropped(old: RedisCartService) -> None:
    await old.put(a_cart("long ago", age=2 * TTL))
    new = MemoryCartService(ttl=TTL)
    assert (await Migration(old, new).run_pass()).renewed == 1
    assert await stored(new) == await stored(old) != {}


async def test_a_second_migration_changes_nothing(
    old: RedisCartService, new: RedisCartService, valkey: Valkey, shared_valkey: Valkey
) -> None:
    await fill(old, 300, age=600)
    await migrated(old, new)
    with shared_valkey.client() as client:
        before = {key: (client.get(key), client.expiretime(key)) for key in client.scan_iter("cart:*")}
        again = await migrated(old, new)
        after = {key: (client.get(key), client.expiretime(key)) for key in client.scan_iter("cart:*")}
    assert [each.copied for each in again.passes] == [0]
    assert before == after
    assert len(after) == 300


async def test_changes_in_the_old_store_during_the_migration_are_copied_too(
    old: RedisCartService, new: RedisCartService
) -> None:
    carts = await fill(old, 2000)
    migration = Migration(old, new)
    clicks: list[asyncio.Task[Cart]] = []
    migration.on_progress = lambda: clicks.extend(
        asyncio.create_task(old.add(cart.id, "late", 1, PRICE)) for cart in carts[len(clicks) :: 7][:40]
    )
    await migration.run_pass()
    await asyncio.gather(*clicks)
    assert len(clicks) > 100
    migration.on_progress = lambda: None
    behind = await migration.run_pass()
    last = await migration.run_pass()
    assert (last.copied, last.carts) == (0, 2000)
    assert 0 < behind.copied < 2000, "some changed after they were copied, and only those are copied again"
    assert last.old_sum == last.new_sum
    assert await stored(new) == await stored(old)


async def test_changes_through_the_shop_during_the_migration_are_applied_exactly_once(
    old: RedisCartService, new: RedisCartService
) -> None:
    carts = await fill(old, 1200)
    shop, migration = MovingCartService(new, old), Migration(old, new)
    bought = dict.fromkeys((cart.id for cart in carts), 0)
    moved = asyncio.Event()

    async def shopper(number: int) -> None:
        while not moved.is_set():
            for cart in carts[number::8]:
                await shop.add(cart.id, "late", 1, PRICE)
                bought[cart.id] += 1
                if moved.is_set():
                    break

    shoppers = [asyncio.create_task(shopper(number)) for number in range(8)]
    while (await migration.run_pass()).copied:
        pass
    moved.set()
    await asyncio.gather(*shoppers)
    assert 0 < migration.copied < 1200, "shoppers' changes moved some carts, and the migration the others"
    assert sum(bought.values()) > 8
    after = await stored(new)
    for cart in carts:
        assert {line.sku: line.quantity for line in after[cart.id].lines} == {
            **{line.sku: line.quantity for line in cart.lines},
            **({"late": bought[cart.id]} if bought[cart.id] else {}),
        }


async def test_carts_changed_in_the_new_store_are_joined_and_never_overwritten(
    old: RedisCartService, new: RedisCartService
) -> None:
    await fill(old, 3)
    arrived = await new.put(await old.get("cart-1"))
    later = await new.remove("cart-1", arrived.lines[0].sku)
    apart = await new.add("cart-2", "vase", 2, PRICE)
    migration = await migrated(old, new)
    assert await new.get("cart-1") == later
    joined = await new.get("cart-2")
    assert {line.sku for line in joined.lines} == {"mug", "bowl", "jug", "vase"}
    assert joined.grew_from(apart)
    last = migration.passes[-1]
    assert last.ahead == 2
    assert last.old_sum != last.new_sum


async def test_undo_still_works_after_the_migration(old: RedisCartService, new: RedisCartService) -> None:
    before = await old.put(a_cart("ada", "mug", "bowl"))
    removal = Remove(new_change_id(), now(), "mug")
    await old.apply("ada", removal)
    await migrated(old, new)
    assert (await new.apply("ada", Undo(new_change_id(), now(), removal.id))).lines == before.lines


async def test_a_change_retried_after_the_migration_counts_once(old: RedisCartService, new: RedisCartService) -> None:
    change = Add(new_change_id(), now(), "mug", 1, PRICE)
    await old.apply("ada", change)
    await migrated(old, new)
    assert (await new.apply("ada", change)).quantity == 1


async def test_an_empty_store_is_migrated_in_one_pass(old: RedisCartService, new: RedisCartService) -> None:
    migration = await migrated(old, new)
    assert migration.passes == [Pass()]


async def test_a_dry_run_counts_and_puts_nothing(old: RedisCartService, new: RedisCartService) -> None:
    await fill(old, 250)
    found = await Migration(old, new, dry_run=True).run_pass()
    assert (found.carts, found.copied) == (250, 250)
    assert await stored(new) == {}


async def test_a_rate_limits_the_migration(old: RedisCartService) -> None:
    await fill(old, 60)
    loop = asyncio.get_running_loop()
    begun = loop.time()
    found = await Migration(old, MemoryCartService(), rate=100).run_pass()
    assert found.copied == 60
    assert loop.time() - begun > 0.3, "60 carts at 100 per second, without a pause after the last batch"


async def test_the_error_names_an_old_store_that_dies_and_copied_carts_stay(
    old: RedisCartService, new: RedisCartService, valkey: Valkey, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retry, "RETRY_SECONDS", (0.01, 0.01))
    await fill(old, 5000)
    migration = Migration(old, new)
    migration.on_progress = lambda: valkey.kill() if valkey.runs else None
    with pytest.raises(StoreUnavailable, match=r"^The old store failed"):
        await migration.run_pass()
    copied = migration.passes[-1].copied
    assert not valkey.runs
    assert 0 < copied < 5000
    assert len(await stored(new)) >= copied


async def test_the_migration_continues_after_the_old_store_hangs_briefly(valkey: Valkey, new: RedisCartService) -> None:
    source = RedisCartService.connect(valkey.url, ttl=TTL, timeouts=Timeouts(5, 1))
    carts = await fill(source, 3000)
    migration = Migration(source, new)
    resumed = asyncio.Event()

    def resume() -> None:
        valkey.resume()
        resumed.set()

    def hang_once() -> None:
        migration.on_progress = lambda: None
        valkey.hang()
        asyncio.get_running_loop().call_later(1.5, resume)

    migration.on_progress = hang_once
    assert (await migration.run_pass()).carts == 3000
    assert resumed.is_set()
    assert await stored(new) == {cart.id: cart for cart in carts}
    await source.close()


async def test_a_pass_has_to_be_repeated_when_the_old_store_restarts(new: RedisCartService) -> None:
    server = Valkey(appendonly="yes")
    server.start()
    source = RedisCartService.connect(server.url, ttl=TTL, timeouts=SLOW_MACHINE)
    try:
        carts = await fill(source, 3000)
        migration = Migration(source, new)

        def start_again() -> None:
            migration.on_progress = lambda: None
            server.kill()
            asyncio.get_running_loop().call_later(0.2, server.start)

        migration.on_progress = start_again
        with pytest.raises(StoreUnavailable, match=r"^The old store failed\. .* Start again\.$"):
            await migration.run_pass()
        while (await migration.run_pass()).copied:
            pass
        assert await stored(new) == {cart.id: cart for cart in carts}
    finally:
        await source.close()
        server.stop()


async def test_the_migration_continues_after_the_new_store_restarts(
    old: RedisCartService, valkey: Valkey, valkey_url: str
) -> None:
    source = RedisCartService.connect(valkey_url, ttl=TTL, timeouts=SLOW_MACHINE)
    carts = await fill(source, 3000)
    migration = Migration(source, old)  # here the server that only this test uses is the new one
    killed = valkey.pid

    def kill_once() -> None:
        migration.on_progress = lambda: None
        valkey.kill()
        asyncio.get_running_loop().call_later(0.2, valkey.start)

    migration.on_progress = kill_once
    await migration.run_pass()
    assert valkey.pid != killed
    while (await migration.run_pass()).copied:
        pass
    assert migration.copied > 3000, "the carts that it lost were copied again"
    assert await stored(old) == {cart.id: cart for cart in carts}
    await source.close()


async def test_the_error_names_a_new_store_that_stays_down(
    new: RedisCartService, valkey: Valkey, old: RedisCartService, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retry, "RETRY_SECONDS", (0.01, 0.01))
    await fill(new, 10)
    valkey.kill()
    with pytest.raises(StoreUnavailable, match=r"^The new store failed"):
        await Migration(new, old).run_pass()


async def test_a_scan_of_two_stores_returns_every_cart_once(old: RedisCartService) -> None:
    hot, cold = old, MemoryCartService()
    both, asleep = a_cart("both"), a_cart("asleep")
    await cold.put_many([both, asleep])
    awake = await hot.put(apply(both, Add(new_change_id(), now(), "late", 1, PRICE)))
    apart = await hot.put(a_cart("apart"))
    other = await cold.put(a_cart("apart", "vase"))
    told = [cart async for cart in scan_all([hot, cold])]
    assert sorted(told, key=lambda cart: cart.changes) == sorted(
        [awake, asleep, apart, other], key=lambda cart: cart.changes
    )
