"""A store that lost what it had acknowledged is given it back; tests/chaos does it to real servers."""

import asyncio
from collections.abc import Callable

import pytest

from shop.cart.around.failover import FailoverCartService
from shop.cart.around.repair import RecentChanges
from shop.cart.memory import MemoryCartService
from shop.cart.model import REMEMBERED_CHANGES, Add, Cart, Limits, Remove, new_change_id
from shop.cart.service import now
from shop.errors import StoreUnavailable
from shop.money import Money

EUR = Money(1900, "EUR")


class Forgetful(MemoryCartService):
    """A store of two shards, away one by one, that can fall back to an earlier state, as a promoted replica does."""

    def __init__(self) -> None:
        super().__init__(limits=Limits(quantity=9))
        self.lives = 0
        self.gone: set[int] = set()
        self.dies_after = -1
        """Changes that it takes before it dies once, and comes back empty."""
        self.is_gone_for_a_moment = True
        """Whether the one who asks it next finds it dead."""

    @property
    def epoch(self) -> int:
        return self.lives

    def shard(self, cart_id: str) -> int:
        return ord(cart_id[0]) % 2

    async def ping(self, shard: int | None = None) -> None:
        if self.gone & ({0, 1} if shard is None else {shard}):
            raise StoreUnavailable("away")

    async def get(self, cart_id: str) -> Cart:
        await self.ping(self.shard(cart_id))
        return await super().get(cart_id)

    async def apply(self, cart_id: str, change: object) -> Cart:
        await self.ping(self.shard(cart_id))
        await asyncio.sleep(0)
        self.dies_after -= 1
        if self.dies_after == -1:
            self.fall_back()
            self.lives += 1
            if self.is_gone_for_a_moment:
                raise StoreUnavailable("killed")
        return await super().apply(cart_id, change)  # type: ignore[arg-type]

    def fall_back(self, *carts: Cart) -> None:
        """Hold these carts and no others."""
        self._carts.clear()
        for cart in carts:
            self.store(cart)


@pytest.fixture
def store() -> Forgetful:
    return Forgetful()


@pytest.fixture
def carts(store: Forgetful) -> FailoverCartService:
    return FailoverCartService(store, MemoryCartService(limits=store.limits))


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(5):
        while not condition():
            await asyncio.sleep(0.01)


def has(store: Forgetful, cart_id: str, quantity: int) -> Callable[[], bool]:
    return lambda: (store.peek(cart_id) or Cart(cart_id)).quantity == quantity


async def test_a_promotion_that_lost_changes_gets_them_back_though_nobody_asks_for_the_cart(
    store: Forgetful, carts: FailoverCartService
) -> None:
    old = await carts.add("a", "mug", 1, EUR)
    await carts.add("a", "mug", 1, EUR)
    await carts.add("a", "bowl", 1, EUR)
    store.fall_back(old)
    store.lives += 1
    await carts.get("another")
    await until(has(store, "a", 3))
    assert await store.get("a") == await carts.get("a")
    assert carts.repaired == 1


async def test_changes_are_replayed_exactly_beside_those_of_others(
    store: Forgetful, carts: FailoverCartService
) -> None:
    old = await carts.add("a", "mug", 1, EUR)
    await carts.add("a", "mug", 2, EUR)
    store.fall_back(old)
    await store.add("a", "mug", 4, EUR)
    assert (await carts.get("a")).quantity == 7, "1 + 2 + 4; a join of the two states would say 5"


async def test_a_cart_that_came_back_without_older_changes_is_joined(
    store: Forgetful, carts: FailoverCartService
) -> None:
    before = await carts.add("a", "mug", 2, EUR)
    carts._repair.recent.forget("a")
    store.fall_back()
    assert await carts.add("a", "bowl", 1, EUR) == await store.get("a")
    assert (await store.get("a")).quantity == 3
    assert before.changes in (await store.get("a")).changes


async def test_an_emptied_store_gets_back_every_near_copy(store: Forgetful, carts: FailoverCartService) -> None:
    for n in range(200):
        await carts.add(f"cart-{n}", "mug", 1, EUR)
    carts._repair.recent = RecentChanges()
    store.fall_back()
    assert (await carts.get("cart-7")).quantity == 1
    await until(lambda: len(store) == 200)
    assert carts.repaired == 200


async def test_a_store_that_lost_nothing_is_left_alone(store: Forgetful, carts: FailoverCartService) -> None:
    cart = await carts.add("a", "mug", 1, EUR)
    store.lives += 1
    await carts.get("b")
    await carts._repair._task  # type: ignore[misc]
    assert await store.get("a") == cart
    assert carts.repaired == 0


async def test_what_does_not_fit_any_more_is_cut_off_at_the_limit(store: Forgetful, carts: FailoverCartService) -> None:
    old = await carts.add("a", "mug", 1, EUR)
    await carts.add("a", "mug", 5, EUR)
    store.fall_back(old)
    await store.add("a", "mug", 7, EUR)
    assert (await carts.get("a")).quantity == 9


async def test_one_shard_away_leaves_the_other_to_the_store(store: Forgetful, carts: FailoverCartService) -> None:
    await carts.add("a", "mug", 1, EUR)
    await carts.add("b", "mug", 1, EUR)
    store.gone = {store.shard("a")}
    assert (await carts.add("a", "mug", 1, EUR)).quantity == 2
    assert (await carts.add("b", "mug", 1, EUR)).quantity == 2
    assert carts.standby_active
    assert (carts.backlog, carts.failovers) == (1, 1)
    assert has(store, "b", 2)()
    assert has(store, "a", 1)()
    store.gone = set()
    await until(has(store, "a", 2))
    await until(lambda: not carts.standby_active)


async def test_a_cart_that_was_deleted_stays_deleted(store: Forgetful, carts: FailoverCartService) -> None:
    await carts.add("a", "mug", 1, EUR)
    await carts.delete("a")
    store.lives += 1
    await carts.get("b")
    await carts._repair._task  # type: ignore[misc]
    assert await carts.get("a") == Cart("a")


def test_recent_changes_are_dropped_in_time_but_never_while_the_store_is_silent() -> None:
    time = 100.0
    recent = RecentChanges(window=10, clock=lambda: time)
    first, second = Add(new_change_id(), now(), "mug", 1, EUR), Remove(new_change_id(), now(), "mug")
    recent.remember("a", first)
    time = 10_000.0
    assert recent.of("a") == [first]
    recent.remember("b", second)
    assert recent.carts() == ["b"]


def test_recent_changes_of_one_busy_cart_are_bounded() -> None:
    recent = RecentChanges()
    changes = [Add(new_change_id(), now(), "mug", 1, EUR) for _ in range(1000)]
    for change in changes:
        recent.remember("a", change)
    kept = recent.of("a")
    assert 100 < len(kept) < 256
    assert kept == changes[-len(kept) :]


async def test_an_outage_longer_than_the_memory_for_ids_is_replayed_once(
    store: Forgetful, carts: FailoverCartService
) -> None:
    await carts.add("a", "mug", 9, EUR)
    store.gone = {1}
    for _ in range(REMEMBERED_CHANGES):
        await carts.remove("a", "mug")
        await carts.add("a", "mug", 2, EUR)
    store.gone = set()
    await until(lambda: not carts.standby_active and not carts.backlog)
    cart = await store.get("a")
    assert (cart.quantity, cart.revision) == (2, 1 + 2 * REMEMBERED_CHANGES)


@pytest.mark.parametrize("noticed", [True, False])
async def test_what_a_store_loses_in_the_middle_of_a_replay_is_replayed_too(
    store: Forgetful, carts: FailoverCartService, noticed: bool
) -> None:
    store.is_gone_for_a_moment = noticed
    await carts.add("a", "mug", 1, EUR)
    store.gone = {1}
    for sku in ("bowl", "vase", "jug"):
        await carts.add("a", sku, 1, EUR)
    store.dies_after = 2
    store.gone = set()
    await until(lambda: not carts.standby_active and not carts.backlog)
    assert store.lives == 1, "it died"
    assert {line.sku for line in (await store.get("a")).lines} == {"mug", "bowl", "vase", "jug"}


async def test_the_first_change_after_a_loss_is_kept_though_the_cart_has_a_long_history(
    store: Forgetful, carts: FailoverCartService
) -> None:
    """The two states alone look as if the near copy had grown from the stored one."""
    for _ in range(REMEMBERED_CHANGES):
        await carts.set_quantity("a", "mug", 2)
        await carts.add("a", "mug", 1, EUR)
    store.fall_back()
    await carts.add("a", "bowl", 1, EUR)
    assert {line.sku: line.quantity for line in (await store.get("a")).lines} == {"mug": 3, "bowl": 1}
    assert await carts.get("a") == await store.get("a")


async def test_what_was_lost_comes_before_what_the_poorer_store_took_since(
    store: Forgetful, carts: FailoverCartService
) -> None:
    """Applied late, the lost changes would undo what was done after them."""
    old = await carts.add("a", "mug", 1, EUR)
    await carts.set_quantity("a", "mug", 5)
    await carts.clear("a")
    store.fall_back(old)
    assert (await carts.add("a", "mug", 2, EUR)).quantity == 2
    assert await carts.get("a") == await store.get("a")


async def test_a_change_that_came_to_nothing_in_an_emptied_store_is_made_to_what_it_was_meant_for(
    store: Forgetful, carts: FailoverCartService
) -> None:
    await carts.add("a", "mug", 1, EUR)
    store.fall_back()
    assert (await carts.set_quantity("a", "mug", 7)).quantity == 7
    assert (await store.get("a")).quantity == 7


async def test_changes_on_their_way_when_a_loss_is_noticed_are_neither_lost_nor_doubled(
    store: Forgetful, carts: FailoverCartService
) -> None:
    await carts.add("a", "mug", 1, EUR)
    await carts.add("a", "bowl", 2, EUR)
    store.fall_back()
    answers = await asyncio.gather(
        carts.add("a", "mug", 1, EUR),
        carts.set_quantity("a", "bowl", 5),
        carts.get("a"),
        carts.add("a", "vase", 1, EUR),
    )
    assert {line.sku: line.quantity for line in (await store.get("a")).lines} == {"mug": 2, "bowl": 5, "vase": 1}
    assert carts.repaired == 1, "once for all"
    assert answers[0].quantity >= 3
    assert await carts.get("a") == await store.get("a")
