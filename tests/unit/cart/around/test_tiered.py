"""The archive behind the live carts, call by call."""

import asyncio
import itertools
from collections import Counter
from collections.abc import AsyncIterator, Callable, Sequence

import msgspec
import pytest
from fakeredis import FakeAsyncRedis, FakeServer

from shop.cart.around.tiered import TieredCartService
from shop.cart.around.write_behind import WriteBehind
from shop.cart.connect import with_standby
from shop.cart.memory import MemoryCartService
from shop.cart.model import Add, Cart, Limits, Undo, apply, new_change_id, replay
from shop.cart.redis.servers import OneServer
from shop.cart.redis.service import RedisCartService
from shop.cart.service import now
from shop.cart.sql.service import SqlCartService
from shop.errors import StoreUnavailable
from shop.money import Money

EUR = Money(1900, "EUR")
HOT_TTL, COLD_TTL = 30 * 24 * 3600, 180 * 24 * 3600
NEVER = 3600.0
"""A delay longer than any test."""


class Archive(RedisCartService):
    """A store that can be down or slow, and counts the calls that reach it."""

    def __init__(self) -> None:
        self.server = FakeServer()
        self.calls = Counter[str]()
        self.answers = asyncio.Event()
        self.answers.set()
        super().__init__(OneServer(FakeAsyncRedis(server=self.server), timeout=30), ttl=COLD_TTL)

    async def get(self, cart_id: str) -> Cart:
        self.calls["get"] += 1
        await self.answers.wait()
        return await super().get(cart_id)

    async def get_many(self, cart_ids: Sequence[str]) -> list[Cart]:
        self.calls["get_many"] += 1
        return [await super(Archive, self).get(cart_id) for cart_id in cart_ids]

    async def put_many(self, carts: Sequence[Cart], *, aged: bool = False) -> list[Cart]:
        self.calls["put_many"] += 1
        return await super().put_many(carts, aged=aged)


@pytest.fixture
def hot() -> MemoryCartService:
    return MemoryCartService(ttl=HOT_TTL)


@pytest.fixture
def cold() -> Archive:
    return Archive()


@pytest.fixture
async def carts(hot: MemoryCartService, cold: Archive) -> AsyncIterator[TieredCartService]:
    carts = TieredCartService(hot, cold, delay=NEVER)
    await carts.start()
    cold.calls.clear()
    yield carts
    await carts.close()


def lose(hot: MemoryCartService, cart_id: str) -> None:
    """Let a store lose a cart, as a Redis does that restarts without its data."""
    del hot._carts[cart_id]


def lines(cart: Cart) -> dict[str, int]:
    return {line.sku: line.quantity for line in cart.lines}


def a_cart(cart_id: str, *skus: str, at: int) -> Cart:
    """A cart whose changes were all made at the time `at`."""
    cart = Cart(cart_id)
    for sku in skus:
        cart = apply(cart, Add(new_change_id(), at, sku, 1, EUR))
    return cart


def archived(cart_id: str, *skus: str) -> Cart:
    """A cart that expired in hot long ago."""
    return a_cart(cart_id, *skus, at=now() - HOT_TTL - 1000)


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(10):
        while not condition():
            await asyncio.sleep(0.001)


async def test_a_change_is_archived_soon(hot: MemoryCartService, cold: Archive) -> None:
    carts = TieredCartService(hot, cold, delay=0.02)
    await carts.add("a", "mug", 1, EUR)
    last = await carts.add("a", "mug", 1, EUR)
    await until(lambda: carts.write_behind.written == 1)
    assert await cold.get("a") == last
    assert (carts.write_behind.backlog, carts.write_behind.lag) == (0, 0)
    await carts.close()


async def test_ten_changes_are_written_once(carts: TieredCartService, cold: Archive) -> None:
    for _ in range(10):
        last = await carts.add("a", "mug", 1, EUR)
    assert carts.write_behind.backlog == 1
    await carts.write_behind.flush()
    assert carts.write_behind.written == 1
    assert await cold.get("a") == last


async def test_a_new_cart_costs_one_query_and_later_changes_none(carts: TieredCartService, cold: Archive) -> None:
    await carts.add("a", "mug", 1, EUR)
    assert cold.calls == {"get": 1}
    await carts.add("a", "mug", 1, EUR)
    await carts.get("a")
    await carts.remove("a", "mug")
    assert cold.calls == {"get": 1}
    await carts.write_behind.flush()
    assert cold.calls == {"get": 1, "put_many": 1}


async def test_an_archived_cart_is_restored_with_one_query(
    carts: TieredCartService, hot: MemoryCartService, cold: Archive
) -> None:
    before = await cold.put(archived("a", "mug", "bowl"))
    restored = await carts.get("a")
    assert restored == msgspec.structs.replace(before, idle_since=before.changed_at)
    assert cold.calls == {"get": 1}
    assert await carts.get("a") == await hot.get("a") == before
    assert (cold.calls["get"], carts.restored) == (1, 1)


async def test_a_change_restores_its_cart(carts: TieredCartService, cold: Archive) -> None:
    before = await cold.put(archived("a", "mug", "bowl"))
    added = await carts.add("a", "mug", 2, EUR)
    assert lines(added) == {"mug": 3, "bowl": 1}
    assert added.idle_since == before.changed_at
    assert (await carts.add("a", "mug", 1, EUR)).idle_since == 0
    await carts.write_behind.flush()
    assert lines(await cold.get("a")) == {"mug": 4, "bowl": 1}


async def test_a_change_is_applied_to_the_archived_lines(carts: TieredCartService, cold: Archive) -> None:
    for cart_id in ("set", "removed", "cleared"):
        await cold.put(archived(cart_id, "mug", "bowl"))
    assert lines(await carts.set_quantity("set", "mug", 5)) == {"mug": 5, "bowl": 1}
    assert lines(await carts.remove("removed", "mug")) == {"bowl": 1}
    cleared = await carts.clear("cleared")
    assert (lines(cleared), cleared.idle_since > 0) == ({}, True)
    undone = await carts.apply("cleared", Undo(new_change_id(), now(), cleared.changes[-8:]))
    assert lines(undone) == {"mug": 1, "bowl": 1}


async def test_a_retry_of_the_latest_change_restores_the_cart(carts: TieredCartService, hot: MemoryCartService) -> None:
    latest = new_change_id()
    await carts.add("a", "mug", 1, EUR)
    before = await carts.add("a", "bowl", 1, EUR, change_id=latest)
    await carts.write_behind.flush()
    lose(hot, "a")
    assert await carts.add("a", "bowl", 1, EUR, change_id=latest) == before


async def test_a_removal_can_be_undone_after_an_add_restored_the_cart(
    carts: TieredCartService, hot: MemoryCartService
) -> None:
    await carts.add("a", "mug", 3, EUR)
    removed = await carts.remove("a", "mug")
    await carts.write_behind.flush()
    lose(hot, "a")
    await carts.add("a", "bowl", 1, EUR)
    undone = await carts.apply("a", Undo(new_change_id(), now(), removed.changes[-8:]))
    assert lines(undone) == {"mug": 3, "bowl": 1}


async def test_concurrent_calls_restore_a_cart_once(carts: TieredCartService, cold: Archive) -> None:
    await cold.put(archived("a", "mug", "bowl"))
    await asyncio.gather(*(carts.add("a", "mug", 1, EUR) for _ in range(20)), *(carts.get("a") for _ in range(20)))
    assert lines(await carts.get("a")) == {"mug": 21, "bowl": 1}
    assert cold.calls["get"] == 1
    await carts.write_behind.flush()
    assert lines(await cold.get("a")) == {"mug": 21, "bowl": 1}


async def test_a_cancelled_call_still_restores_the_cart_for_the_others(carts: TieredCartService, cold: Archive) -> None:
    before = await cold.put(archived("a", "mug"))
    cold.answers.clear()
    impatient, patient = (asyncio.create_task(carts.get("a")) for _ in range(2))
    await until(lambda: cold.calls["get"] == 1)
    impatient.cancel()
    cold.answers.set()
    assert lines(await patient) == lines(before)
    assert impatient.cancelled()


async def test_a_cart_that_hot_lost_early_is_not_reported_as_idle(
    carts: TieredCartService, hot: MemoryCartService, cold: Archive
) -> None:
    before = await carts.add("a", "mug", 2, EUR)
    await carts.write_behind.flush()
    lose(hot, "a")
    assert await carts.get("a") == before


async def test_unwritten_changes_are_restored_too(carts: TieredCartService, hot: MemoryCartService) -> None:
    before = await carts.add("a", "mug", 2, EUR)
    lose(hot, "a")
    assert await carts.get("a") == before
    lose(hot, "a")
    assert lines(await carts.add("a", "mug", 1, EUR)) == {"mug": 3}


async def test_unwritten_changes_are_restored_while_the_archive_is_down(
    carts: TieredCartService, hot: MemoryCartService, cold: Archive
) -> None:
    await carts.add("a", "mug", 2, EUR)
    cold.server.connected = False
    lose(hot, "a")
    assert lines(await carts.get("a")) == {"mug": 2}
    lose(hot, "a")
    assert lines(await carts.add("a", "mug", 1, EUR)) == {"mug": 3}
    cold.server.connected = True  # otherwise closing would wait for it


async def test_calls_succeed_while_the_archive_is_down(carts: TieredCartService, cold: Archive) -> None:
    await carts.add("known", "mug", 1, EUR)
    cold.server.connected = False
    last = await carts.add("known", "mug", 1, EUR)
    assert not last.partial
    new = await carts.add("new", "mug", 1, EUR)
    assert (lines(new), new.partial) == ({"mug": 1}, True)
    assert carts.write_behind.backlog == 2
    cold.server.connected = True
    await carts.write_behind.flush()
    assert await cold.get("known") == last
    assert (await cold.get("new")).quantity == 1


async def test_writes_are_retried_until_the_archive_is_back(hot: MemoryCartService, cold: Archive) -> None:
    carts = TieredCartService(hot, cold, delay=0.01)
    await carts.add("a", "mug", 1, EUR)
    cold.server.connected = False
    last = await carts.add("a", "mug", 1, EUR)
    await until(lambda: cold.calls["put_many"] > 1)
    assert carts.write_behind.lag > 0
    cold.server.connected = True
    await until(lambda: not carts.write_behind.backlog)
    assert await cold.get("a") == last
    await carts.close()


async def test_an_archived_cart_changed_while_the_archive_was_down_is_joined_exactly(
    carts: TieredCartService, cold: Archive
) -> None:
    await cold.put(archived("clicked", "mug", "bowl"))
    await cold.put(archived("left", "mug", "bowl"))
    cold.server.connected = False
    for cart_id in ("clicked", "left"):
        await carts.add(cart_id, "mug", 1, EUR)
        assert (await carts.add(cart_id, "mug", 1, EUR)).partial
    cold.server.connected = True
    await until(lambda: not carts.cold_down)
    assert lines(await carts.add("clicked", "mug", 1, EUR)) == {"mug": 4, "bowl": 1}
    await carts.write_behind.flush()
    assert lines(await carts.get("left")) == lines(await cold.get("left")) == {"mug": 3, "bowl": 1}
    assert lines(await carts.get("clicked")) == lines(await cold.get("clicked")) == {"mug": 4, "bowl": 1}


async def test_changes_from_an_old_page_while_the_archive_was_down_are_applied_later(
    carts: TieredCartService, cold: Archive
) -> None:
    await cold.put(archived("a", "mug", "bowl", "vase"))
    cold.server.connected = False
    assert (await carts.remove("a", "mug")).partial
    assert (await carts.set_quantity("a", "bowl", 5)).partial
    cold.server.connected = True
    await until(lambda: not carts.cold_down)
    assert lines(await carts.get("a")) == {"bowl": 5, "vase": 1}
    await carts.write_behind.flush()
    assert lines(await cold.get("a")) == {"bowl": 5, "vase": 1}


async def test_the_service_starts_while_the_archive_is_down(hot: MemoryCartService, cold: Archive) -> None:
    carts = TieredCartService(hot, cold, delay=NEVER)
    cold.server.connected = False
    await carts.start()
    assert carts.cold_down
    await carts.add("a", "mug", 1, EUR)
    cold.server.connected = True
    await carts.close()
    assert (await cold.get("a")).quantity == 1


async def test_calls_do_not_query_an_archive_that_is_down(carts: TieredCartService, cold: Archive) -> None:
    cold.server.connected = False
    for n in range(20):
        assert (await carts.get(str(n))).partial
    assert cold.calls["get"] == 1
    cold.server.connected = True
    await until(lambda: not carts.cold_down)
    assert await carts.get("1") == Cart("1")


async def test_an_archive_that_hangs_delays_only_one_call(carts: TieredCartService, cold: Archive) -> None:
    before = await cold.put(archived("a", "mug"))
    cold.answers.clear()
    assert await carts.get("a") == Cart("a", partial=True)
    assert (lines(await carts.add("a", "mug", 1, EUR)), carts.cold_down) == ({"mug": 1}, True)
    await asyncio.gather(*(carts.add(str(n), "mug", 1, EUR) for n in range(20)))
    assert cold.calls["get"] <= 2, "one call, and perhaps a probe"
    cold.answers.set()
    await until(lambda: not carts.cold_down)
    assert lines(await carts.get("a")) == {"mug": 2}
    assert (await carts.get("a")).grew_from(before)


async def test_a_deleted_cart_stays_deleted(carts: TieredCartService, cold: Archive) -> None:
    await carts.add("a", "mug", 1, EUR)
    await carts.delete("a")
    assert (await cold.get("a")).lines == ()
    cart = await carts.add("b", "mug", 1, EUR)
    await carts.write_behind.flush()
    cold.server.connected = False
    await carts.delete("b")
    assert (await carts.get("b")).lines == ()
    cold.server.connected = True
    assert await cold.get("b") == cart
    await carts.write_behind.flush()
    assert (await cold.get("b")).lines == ()


async def test_a_cart_created_again_after_its_deletion_is_written(carts: TieredCartService, cold: Archive) -> None:
    await carts.add("a", "mug", 3, EUR)
    await carts.write_behind.flush()
    cold.server.connected = False
    await carts.delete("a")
    again = await carts.add("a", "bowl", 1, EUR)
    assert lines(again) == {"bowl": 1}
    cold.server.connected = True
    await carts.write_behind.flush()
    assert lines(await cold.get("a")) == {"bowl": 1}


async def test_a_late_write_does_not_revert_the_changes_of_another_process(
    hot: MemoryCartService, cold: Archive
) -> None:
    one, other = (TieredCartService(hot, cold, delay=NEVER) for _ in range(2))
    await one.add("a", "mug", 1, EUR)
    last = await other.add("a", "mug", 1, EUR)
    await other.write_behind.flush()
    await one.write_behind.flush()
    assert await cold.get("a") == await hot.get("a") == last
    for carts in (one, other):
        await carts.close()


async def test_changes_that_the_store_lost_before_the_start_are_restored(hot: MemoryCartService, cold: Archive) -> None:
    """Redis restarted from an old dump while no shop was running: the archive is ahead of it."""
    behind = await hot.add("a", "mug", 1, EUR)
    ahead = await cold.put(apply(behind, Add(new_change_id(), now(), "bowl", 1, EUR)))
    carts = TieredCartService(hot, cold, delay=0.01)
    assert await carts.get("a") == behind
    await until(lambda: not carts.write_behind.backlog)
    assert await carts.get("a") == await hot.get("a") == ahead
    assert cold.calls["put_many"] == 0
    await carts.close()


async def test_closing_writes_queued_carts(hot: MemoryCartService, cold: Archive) -> None:
    carts = TieredCartService(hot, cold, delay=NEVER)
    await carts.start()
    added = [await carts.add(str(n), "mug", 1, EUR) for n in range(3)]
    assert await cold.get("0") == Cart("0")
    await carts.close()
    assert await cold.get_many(["0", "1", "2"]) == added


async def test_the_write_queue_is_bounded(
    hot: MemoryCartService, cold: Archive, caplog: pytest.LogCaptureFixture
) -> None:
    behind = WriteBehind(hot, cold, delay=NEVER, max_backlog=10)
    cold.server.connected = False
    for n in range(15):
        behind.enqueue(a_cart(str(n), "mug", at=now()))
    assert (behind.backlog, behind.dropped) == (10, 5)
    assert [record.message for record in caplog.records if "dropping the oldest" in record.message] != []
    assert behind.unwritten("4") is None
    assert behind.unwritten("5") is not None
    cold.server.connected = True
    await behind.close()
    assert behind.written == 10


async def test_many_carts_are_written_in_batches(hot: MemoryCartService, cold: Archive) -> None:
    behind = WriteBehind(hot, cold, delay=NEVER, batch_size=50)
    for n in range(120):
        behind.enqueue(a_cart(str(n), "mug", at=now()))
    await behind.flush()
    assert (behind.written, cold.calls["put_many"], cold.calls["get_many"]) == (120, 3, 3)
    await behind.close()


async def test_the_archive_gets_the_changes_of_an_outage_once_the_store_has_them(cold: Archive) -> None:
    """Until then the journal keeps them, and may still put them into another order."""
    server = FakeServer()
    redis = RedisCartService(OneServer(FakeAsyncRedis(server=server), timeout=30), ttl=HOT_TTL)
    carts = TieredCartService(with_standby(redis, max_carts=10), cold, delay=NEVER)
    before = await cold.put(a_cart("a", "mug", at=now()))
    server.connected = False
    answered = await carts.add("a", "mug", 1, EUR)
    assert (lines(answered), answered.idle_since) == ({"mug": 2}, 0)
    await carts.write_behind.flush()
    assert lines(await cold.get("a")) == {"mug": 1}
    server.connected = True
    await carts.close()
    assert lines(await redis.get("a")) == lines(await cold.get("a")) == {"mug": 2}
    assert (await cold.get("a")).grew_from(before)


@pytest.mark.parametrize("reads_first", [True, False])
async def test_a_change_is_made_to_the_archived_cart_that_was_shown(
    cold: Archive, sqlite_url: str, reads_first: bool
) -> None:
    """Redis is empty, and the cookie says what the shopper saw: the archive is asked before the other processes."""
    redis = RedisCartService(OneServer(FakeAsyncRedis(), timeout=30), ttl=HOT_TTL)
    carts = TieredCartService(with_standby(redis, max_carts=10, database_url=sqlite_url), cold, delay=NEVER)
    shown = await cold.put(a_cart("a", "mug", "bowl", at=now()))
    carts.shown("a", shown.changes, shown.changed_at)
    if reads_first:
        assert (await carts.get("a")).lines == shown.lines
    assert lines(await carts.remove("a", "mug")) == {"bowl": 1}
    assert lines(await redis.get("a")) == {"bowl": 1}
    assert (carts.restored, carts.in_journal("a")) == (1, False)
    await carts.close()


async def test_a_cart_that_is_put_is_joined_with_the_archived_one(carts: TieredCartService, cold: Archive) -> None:
    await cold.put(archived("a", "mug"))
    assert lines(await carts.put(a_cart("a", "mug", "bowl", at=now()))) == {"mug": 2, "bowl": 1}
    await carts.write_behind.flush()
    assert lines(await cold.get("a")) == {"mug": 2, "bowl": 1}


def contest() -> list[Cart]:
    """Diverged states of a cart: each shares a change with the one before it, and wins because it is later."""
    changes = [Add(new_change_id(), at, sku, 1, EUR) for at, sku in enumerate(("mug", "bowl", "vase", "cup"), 1)]
    return [replay(Cart("a"), some) for some in itertools.pairwise(changes)]


@pytest.mark.parametrize("archived", [(), (0,), (0, 1), (1,)], ids=str)
async def test_a_state_that_lost_to_another_does_not_come_back_from_the_archive(
    carts: TieredCartService, cold: Archive, archived: tuple[int, ...]
) -> None:
    states = contest()
    for n, state in enumerate(states):
        assert await carts.put(state) == state
        if n in archived:
            await carts.write_behind.flush()
    assert await carts.put(states[1]) == states[-1]
    await carts.write_behind.flush()
    assert await carts.get("a") == await cold.get("a") == states[-1]


async def test_a_state_that_lost_during_an_outage_of_the_archive_does_not_come_back(
    carts: TieredCartService, cold: Archive
) -> None:
    first, second, third = contest()
    await carts.put(first)
    await carts.write_behind.flush()
    await carts.put(second)
    cold.server.connected = False
    with pytest.raises(StoreUnavailable):
        await carts.write_behind.flush()
    await carts.put(third)
    with pytest.raises(StoreUnavailable):
        await carts.write_behind.flush()
    cold.server.connected = True
    await carts.write_behind.flush()
    assert await carts.get("a") == await cold.get("a") == third


async def test_a_scan_returns_every_cart_of_both_tiers_once(carts: TieredCartService, cold: Archive) -> None:
    sleeping = await cold.put(archived("sleeping", "mug"))
    both = await carts.add("both", "mug", 1, EUR)
    await carts.write_behind.flush()
    fresh = await carts.add("fresh", "mug", 1, EUR)
    found = [cart async for cart in carts.scan()]
    assert {cart.id: cart for cart in found} == {"sleeping": sleeping, "both": both, "fresh": fresh}
    assert len(found) == 3


async def test_quantities_are_capped_at_the_limit_when_a_cart_is_restored(cold: Archive) -> None:
    carts = TieredCartService(MemoryCartService(limits=Limits(quantity=3)), cold, delay=NEVER)
    await cold.put(archived("a", "mug"))
    assert lines(await carts.add("a", "mug", 3, EUR)) == {"mug": 3}
    await carts.close()


async def test_expired_carts_are_purged_from_the_archive(hot: MemoryCartService, sqlite_url: str) -> None:
    cold = SqlCartService.connect(sqlite_url, ttl=1)
    carts = TieredCartService(hot, cold, delay=NEVER, purge_interval=0.05)
    await cold.put_many([archived(str(n), "mug") for n in range(3)], aged=True)
    assert await cold.count() == 3
    await carts.start()
    await until(lambda: carts.purged == 3)
    assert await cold.count() == 0
    await carts.close()
