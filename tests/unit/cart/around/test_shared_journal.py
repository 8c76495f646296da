"""The journal in the database while the database is away at times; tests/simulation has more of it."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence

import pytest

from shop.cart.around.failover import FailoverCartService
from shop.cart.around.shared_journal import SharedJournal
from shop.cart.journal import MemoryJournal, Outage
from shop.cart.memory import MemoryCartService
from shop.cart.model import Add, Cart, Change, Limits, Remove, new_change_id
from shop.errors import StoreUnavailable
from shop.money import Money

EUR = Money(1900, "EUR")


class Table(MemoryJournal):
    """Stands for the journal in the database: keeps changes as they were made, and can be away."""

    def __init__(self) -> None:
        super().__init__()
        self.down = False
        self.outages: dict[str, Outage] = {}

    async def read(self, cart_id: str) -> Outage:
        self._raise_if_down()
        return self.outages.get(cart_id, Outage())

    async def transform(self, cart_id: str, fold: Callable[[Outage], Outage]) -> Outage:
        self._raise_if_down()
        self.outages[cart_id] = fold(self.outages.get(cart_id, Outage()))
        return self.outages[cart_id]

    async def carts(self, limit: int, *, after: str = "") -> Sequence[str]:
        self._raise_if_down()
        return [cart_id for cart_id, outage in self.outages.items() if outage.changes and cart_id > after][:limit]

    def _raise_if_down(self) -> None:
        if self.down:
            raise StoreUnavailable("The database is away.")


class Store(MemoryCartService):
    """A store that can be away."""

    down = False

    async def ping(self, shard: int | None = None) -> None:
        if self.down:
            raise StoreUnavailable("The store is away.")

    async def get(self, cart_id: str) -> Cart:
        await self.ping()
        return await super().get(cart_id)

    async def apply(self, cart_id: str, change: Change) -> Cart:
        await self.ping()
        return await super().apply(cart_id, change)

    async def transform(self, cart_id: str, fold: Callable[[Cart], Cart], *, aged: bool = False) -> Cart:
        await self.ping()
        return await super().transform(cart_id, fold, aged=aged)


@pytest.fixture
def table() -> Table:
    return Table()


@pytest.fixture
def journal(table: Table) -> SharedJournal:
    return SharedJournal(table, MemoryJournal())


@pytest.fixture
def store() -> Store:
    return Store()


@pytest.fixture
async def carts(store: Store, journal: SharedJournal) -> AsyncIterator[FailoverCartService]:
    carts = FailoverCartService(store, MemoryCartService(), journal)
    yield carts
    store.down = False
    await carts.close()


def add(sku: str) -> Add:
    return Add(new_change_id(), 1, sku, 1, EUR)


def then(change: Change) -> Callable[[Outage], Outage]:
    return lambda outage: Outage(outage.base, (*outage.changes, change))


def database_returns(journal: SharedJournal) -> None:
    """Let it be asked again at once."""
    journal._retry_at = 0.0


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(10):
        while not condition():
            await asyncio.sleep(0.01)


async def test_what_moved_to_the_database_is_known_while_the_database_is_away(
    table: Table, journal: SharedJournal
) -> None:
    table.down = True
    await journal.transform("a", then(add("mug")))
    table.down = False
    database_returns(journal)
    assert await journal.carts(9) == ["a"]
    assert journal.in_memory == 0
    table.down = True
    assert (await journal.read("a")).cart("a", Limits()).quantity == 1


async def test_a_cart_that_has_changes_in_the_database_is_listed_while_the_database_is_away(
    table: Table, journal: SharedJournal
) -> None:
    await journal.transform("a", then(add("mug")))
    table.down = True
    assert await journal.carts(9) == ["a"]
    await journal.transform("a", lambda outage: outage.without(outage.changes, Cart("a")))
    assert await journal.carts(9) == []


async def test_what_memory_takes_while_it_moves_to_the_database_says_no_more_of_the_store_than_is_known(
    table: Table, journal: SharedJournal, monkeypatch: pytest.MonkeyPatch
) -> None:
    mug, remove, bowl = add("mug"), Remove(new_change_id(), 1, "mug"), add("bowl")
    await journal.own.transform("a", then(mug))
    await journal.own.transform("a", then(remove))
    plain = table.transform

    async def late(cart_id: str, fold: Callable[[Outage], Outage]) -> Outage:
        await journal.own.transform(cart_id, then(bowl))
        return await plain(cart_id, fold)

    with monkeypatch.context() as meanwhile:
        meanwhile.setattr(table, "transform", late)
        await journal._move("a")
    assert await journal.own.read("a") == Outage(None, (bowl,))
    assert await journal.read("a") == Outage(None, (mug, remove, bowl))


async def test_a_change_in_the_database_is_in_the_store_although_the_database_is_away_when_the_store_is_back(
    table: Table, store: Store, carts: FailoverCartService
) -> None:
    store.down = True
    await carts.add("a", "mug", 1, EUR)
    table.down = True
    store.down = False
    await until(lambda: not carts.standby_active)
    assert (await carts.add("a", "bowl", 1, EUR)).quantity == 2


async def test_an_answer_has_its_change_although_it_was_stored_and_the_database_went_away_meanwhile(
    table: Table, store: Store, carts: FailoverCartService
) -> None:
    store.down = True
    answer = asyncio.create_task(carts.add("a", "mug", 1, EUR))
    await until(lambda: bool(table.outages))
    store.down = False
    await until(lambda: not table.outages["a"].changes)
    table.down = True
    assert (await answer).quantity == 1


async def test_a_change_that_did_nothing_to_an_unknown_cart_does_nothing_when_it_is_replayed_twice(
    table: Table, store: Store, carts: FailoverCartService
) -> None:
    outage = Outage(None, (Remove(new_change_id(), 1, "mug"), add("mug")))
    for _ in range(2):
        table.outages["a"] = outage
        assert await carts._drain.one("a")
    assert (await store.get("a")).quantity == 1


async def test_the_effect_of_each_change_is_known_after_an_outage(
    table: Table, store: Store, carts: FailoverCartService
) -> None:
    mug, bowl, vase = add("mug"), add("bowl"), add("vase")
    table.outages["a"] = Outage(None, (mug, bowl))
    assert await carts._drain.one("a")
    store._carts.clear()
    await store.apply("a", mug)
    await store.apply("a", vase)
    assert (await carts.get("a")).quantity == 3


async def test_the_effect_of_a_change_is_kept_apart_from_those_of_others_before_it(
    store: Store, carts: FailoverCartService
) -> None:
    mug, bowl, vase, lamp = add("mug"), add("bowl"), add("vase"), add("lamp")
    await carts.apply("a", mug)
    await store.apply("a", bowl)
    await carts.apply("a", vase)
    store._carts.clear()
    for change in (mug, bowl, lamp):
        await store.apply("a", change)
    assert (await carts.get("a")).quantity == 4


async def test_an_answer_that_was_overtaken_by_a_change_is_not_what_is_known(
    table: Table, journal: SharedJournal, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It was read before the change was written, and it arrives after it; then the database is away."""
    await journal.transform("a", then(add("mug")))
    read, arrives, plain = asyncio.Event(), asyncio.Event(), table.read

    async def late(cart_id: str) -> Outage:
        outage = await plain(cart_id)
        read.set()
        await arrives.wait()
        return outage

    with monkeypatch.context() as slow:
        slow.setattr(table, "read", late)
        looking = asyncio.create_task(journal.read("a"))
        await read.wait()
        await journal.transform("a", then(Remove(new_change_id(), 1, "mug")))
        arrives.set()
        await looking
    table.down = True
    assert (await journal.read("a")).cart("a", Limits()).quantity == 0
