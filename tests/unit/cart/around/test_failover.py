"""The failover, call by call; tests/simulation does it with every fault, and tests/chaos with real servers."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any

import pytest
from fakeredis import FakeAsyncRedis, FakeServer

from shop.cart.around import drain, failover
from shop.cart.around.failover import FailoverCartService
from shop.cart.connect import with_standby
from shop.cart.model import (
    Add,
    Cart,
    Change,
    Clear,
    Limits,
    Purchase,
    Remove,
    SaveForLater,
    SetQuantity,
    Undo,
    apply,
    new_change_id,
)
from shop.cart.redis.servers import OneServer
from shop.cart.redis.service import RedisCartService
from shop.cart.sql.journal import SqlJournal
from shop.errors import QuantityLimitExceeded, StoreReadOnly
from shop.money import Money

EUR = Money(1900, "EUR")
Begin = Callable[..., FailoverCartService]


@pytest.fixture
def server() -> FakeServer:
    return FakeServer()


@pytest.fixture
async def begun(server: FakeServer) -> AsyncIterator[list[FailoverCartService]]:
    """The processes that have begun and have not ended."""
    begun: list[FailoverCartService] = []
    yield begun
    server.connected = True
    for carts in begun:
        await carts.close()


@pytest.fixture
def begin(server: FakeServer, sqlite_url: str, begun: list[FailoverCartService]) -> Begin:
    """Begins a process: a service of its own on the one Redis, and on the journal in the one database."""

    def process(*, database: bool = True) -> FailoverCartService:
        store = RedisCartService(OneServer(FakeAsyncRedis(server=server), timeout=30), limits=Limits(quantity=9))
        begun.append(with_standby(store, max_carts=10, database_url=sqlite_url if database else ""))
        return begun[-1]

    return process


@pytest.fixture
async def carts(begin: Begin) -> FailoverCartService:
    return begin()


async def recovered(*services: FailoverCartService) -> None:
    async with asyncio.timeout(10):
        while any(carts.standby_active or carts.backlog for carts in services):
            await asyncio.sleep(0.01)


def quantities(cart: Cart) -> dict[str, int]:
    return {("S:" if line.saved else "") + line.sku: line.quantity for line in cart.lines}


async def test_changes_of_an_outage_are_replayed_in_order(server: FakeServer, carts: FailoverCartService) -> None:
    await carts.add("a", "mug", 2, EUR)
    server.connected = False
    await carts.set_quantity("a", "mug", 5)
    await carts.add("a", "bowl", 1, EUR)
    during = await carts.remove("a", "mug")
    assert (carts.standby_active, carts.backlog, carts.failovers) == (True, 1, 1)
    server.connected = True
    await recovered(carts)
    assert await carts.primary.get("a") == during
    assert carts.replayed == 3


REMOVAL = new_change_id()
MIXED: tuple[tuple[Change, dict[str, int]], ...] = (
    (Clear(new_change_id(), 1), {"mug": 1}),
    (SetQuantity(new_change_id(), 1, "mug", 5), {"mug": 6, "bowl": 1}),
    (Remove(REMOVAL, 1, "mug"), {"mug": 1, "bowl": 1}),
    (SaveForLater(new_change_id(), 1, "mug"), {"S:mug": 2, "mug": 1, "bowl": 1}),
    (Purchase(new_change_id(), 1, (("mug", 2),)), {"mug": 1, "bowl": 1}),
)


@pytest.mark.parametrize("database", [True, False], ids=["shared", "in memory"])
@pytest.mark.parametrize(("first", "expected"), MIXED, ids=[type(change).__name__ for change, _ in MIXED])
async def test_the_order_in_which_processes_recover_does_not_matter(
    server: FakeServer, begin: Begin, first: Change, expected: dict[str, int], database: bool
) -> None:
    """One process acknowledges `first`, the other an add after it; the other one is the first to recover."""
    one, other = begin(database=database), begin(database=database)
    await one.add("a", "mug", 2, EUR)
    await one.add("a", "bowl", 1, EUR)
    await other.get("a")
    server.connected = False
    shown = await one.apply("a", first)
    other.shown("a", shown.changes[-32:], shown.changed_at)
    await other.add("a", "mug", 1, EUR)
    assert quantities(await other.get("a")) == expected or not database
    server.connected = True
    await other._drain.all()
    await recovered(one, other)
    assert quantities(await one.primary.get("a")) == expected
    assert await one.get("a") == await other.get("a") == await one.primary.get("a")


async def test_processes_see_each_others_changes_during_an_outage(server: FakeServer, begin: Begin) -> None:
    one, other = begin(), begin()
    await one.add("a", "mug", 1, EUR)
    server.connected = False
    await one.add("a", "bowl", 1, EUR)
    assert quantities(await other.get("a")) == {"mug": 1, "bowl": 1}, "the base too, which only one process knew"
    assert not (await other.get("a")).partial
    await other.remove("a", "mug")
    assert quantities(await one.get("a")) == {"bowl": 1}
    assert quantities(await begin().get("a")) == {"bowl": 1}, "a process that starts during the outage"


async def test_a_process_that_ends_during_an_outage_loses_nothing(
    server: FakeServer, begin: Begin, begun: list[FailoverCartService]
) -> None:
    await begin().primary.add("a", "mug", 1, EUR)
    server.connected = False
    first = begin()
    await first.add("a", "bowl", 1, EUR)
    await first.remove("a", "mug")
    await first.close()
    begun.remove(first)
    server.connected = True
    next_one = begin()
    await next_one.start()
    await recovered(next_one)
    assert quantities(await next_one.get("a")) == quantities(await next_one.primary.get("a")) == {"bowl": 1}


async def test_a_process_that_noticed_no_outage_consults_the_journal_when_told(
    server: FakeServer, begin: Begin
) -> None:
    one, other = begin(), begin()
    await one.add("a", "mug", 1, EUR)
    await other.get("a")
    server.connected = False
    shown = await one.set_quantity("a", "mug", 2)
    assert one.uses_standby("a")
    assert not other.uses_standby("a")
    server.connected = True
    other.shown("a", shown.changes, shown.changed_at, journalled=True)
    assert (await other.add("a", "mug", 1, EUR)).quantity == 3
    await recovered(one, other)
    assert (await other.primary.get("a")).quantity == 3


# What the shopper has been shown


async def test_what_the_shopper_was_shown_is_asked_of_the_processes_that_know_it(
    server: FakeServer, begin: Begin
) -> None:
    one, other = begin(), begin()
    await one.start()
    await one.add("a", "mug", 1, EUR)
    await other.get("a")
    shown = await one.add("a", "bowl", 1, EUR)
    server.connected = False
    assert await other.get("a") != shown, "it knows an older state, and nobody has told it that there is more"
    other.shown("a", shown.changes, shown.changed_at)
    assert await other.get("a") == shown
    assert quantities(await other.remove("a", "mug")) == {"bowl": 1}


async def test_a_cart_can_be_changed_very_often_during_an_outage(server: FakeServer, begin: Begin) -> None:
    one, other = begin(), begin()
    await one.add("a", "mug", 1, EUR)
    server.connected = False
    changes = [one.set_quantity("a", "mug", 1 + number % 5) for number in range(150)]
    changes += [other.add("a", "bowl", 1, EUR), other.add("b", "bowl", 1, EUR)]
    changes += [other.set_quantity("a", "mug", 1 + number % 5) for number in range(150)]
    await asyncio.gather(*changes)
    assert quantities(await other.set_quantity("a", "mug", 9)) == {"mug": 9, "bowl": 1}
    server.connected = True
    await recovered(one, other)
    for carts in (one, other):
        assert quantities(await carts.get("a")) == {"mug": 9, "bowl": 1}
    assert (await one.get("a")).revision == 303


@pytest.mark.parametrize("change", [Clear, lambda i, at: SetQuantity(i, at, "mug", 5)], ids=["Clear", "SetQuantity"])
async def test_a_change_is_made_to_what_the_shopper_was_shown_although_the_store_lost_it(
    server: FakeServer, begin: Begin, change: Callable[[bytes, int], Change]
) -> None:
    """Another process knows it, and the store answers as if nothing had happened."""
    one, other = begin(), begin()
    await one.start()
    shown = await one.add("a", "mug", 1, EUR)
    await FakeAsyncRedis(server=server).flushall()
    other.shown("a", shown.changes, shown.changed_at)
    made = change(new_change_id(), shown.changed_at)
    expected = apply(shown, made).lines
    assert (await other.apply("a", made)).lines == expected
    await recovered(one, other)
    assert (await one.get("a")).lines == (await other.primary.get("a")).lines == expected


async def test_the_store_never_has_a_change_without_those_that_its_shopper_had_been_shown_before(
    server: FakeServer, begin: Begin, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another tab would be shown a cart that has never been."""
    one, other = begin(), begin()
    await one.start()
    await one.add("a", "mug", 4, EUR)
    await other.get("a")
    shown = await one.add("a", "mug", 2, EUR)
    removal = Remove(new_change_id(), shown.changed_at, "mug")
    states: list[Cart] = []
    evaluate = RedisCartService._evaluate

    async def noted(self: RedisCartService, key: str, *arguments: Any) -> Any:
        reply = await evaluate(self, key, *arguments)
        if key == "cart:a":
            states.append(await self.get("a"))
        return reply

    monkeypatch.setattr(RedisCartService, "_evaluate", noted)
    await FakeAsyncRedis(server=server).flushall()
    other.shown("a", shown.changes, shown.changed_at)
    assert (await other.apply("a", removal)).lines == ()
    await recovered(one, other)
    assert any(cart.knows(removal.id) for cart in states)
    assert all(cart.knows_all(shown.changes) for cart in states if cart.knows(removal.id))


async def test_a_cart_is_behind_as_long_as_its_store_is_away(
    server: FakeServer, begin: Begin, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody answers what it lacks, and its store may know it: it must not be ordered."""
    carts = begin()
    await carts.add("a", "mug", 1, EUR)
    monkeypatch.setattr(failover, "RECALL_SECONDS", (0.0,))
    monkeypatch.setattr(drain, "HOLD_SECONDS", 0.1)
    server.connected = False
    carts.shown("a", new_change_id(), int(carts.primary.now()))
    assert [(await carts.get("a")).behind for _ in range(3)] == [True] * 3
    assert (await carts.add("a", "bowl", 1, EUR)).behind
    server.connected = True
    await recovered(carts)
    assert not (await carts.get("a")).behind, "the store does not know it either: it is lost"


async def test_what_no_process_knows_is_waited_for_once(
    server: FakeServer, begin: Begin, monkeypatch: pytest.MonkeyPatch
) -> None:
    carts = begin()
    await carts.add("a", "mug", 1, EUR)
    waits: list[float] = []
    monkeypatch.setattr(failover, "RECALL_SECONDS", Waits(waits))
    monkeypatch.setattr(drain, "HOLD_SECONDS", 0.1)
    for _ in range(3):
        carts.shown("a", new_change_id(), 1)
        await carts.get("a")
    assert not waits, "the change is so old that its cart has expired"
    lost, at = new_change_id(), int(carts.primary.now())
    for _ in range(3):
        carts.shown("a", lost, at)
        assert (await carts.get("a")).quantity == 1
    assert len(waits) == 2
    await recovered(carts)


async def test_a_cart_is_behind_while_only_the_store_may_know_what_was_shown(
    server: FakeServer, begin: Begin, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The process that made the last change has ended, and the store is away: nothing may be ordered."""
    one, other = begin(), begin()
    monkeypatch.setattr(failover, "RECALL_SECONDS", (0.01,))
    monkeypatch.setattr(drain, "HOLD_SECONDS", 0.1)
    await one.add("a", "mug", 1, EUR)
    await other.get("a")
    shown = await one.add("a", "bowl", 1, EUR)
    server.connected = False
    for _ in range(2):
        other.shown("a", shown.changes, shown.changed_at)
        cart = await other.get("a")
        assert (quantities(cart), cart.behind) == ({"mug": 1}, True)
    assert (await other.add("a", "vase", 1, EUR)).behind
    server.connected = True
    await recovered(other)
    cart = await other.get("a")
    assert (quantities(cart), cart.behind) == ({"mug": 1, "bowl": 1, "vase": 1}, False)


class Waits(tuple[float, ...]):
    """The pauses (0, 0), which notes each one that is made."""

    def __new__(cls, _: list[float]) -> "Waits":
        return super().__new__(cls, (0.0, 0.0))

    def __init__(self, made: list[float]) -> None:
        self.made = made

    def __iter__(self) -> Iterator[float]:
        for seconds in super().__iter__():
            self.made.append(seconds)
            yield seconds


async def test_without_a_database_the_memory_of_the_process_keeps_the_journal(
    server: FakeServer, carts: FailoverCartService, monkeypatch: pytest.MonkeyPatch
) -> None:
    await carts.add("a", "mug", 1, EUR)
    server.connected = False
    await carts.add("a", "mug", 1, EUR)

    async def away(*_: object) -> None:
        raise StoreReadOnly("The disk is full.")

    shared = carts.journal._shared  # type: ignore[attr-defined]
    with monkeypatch.context() as patch:
        for name in ("read", "transform", "carts"):
            patch.setattr(shared, name, away)
        assert (await carts.add("a", "mug", 1, EUR)).quantity == 3, "with what the database had when it was last read"
        assert (await carts.remove("a", "mug")).lines == ()
    server.connected = True
    await recovered(carts)
    async with asyncio.timeout(10):
        while (await carts.primary.get("a")).lines:
            await asyncio.sleep(0.01)


async def test_the_memories_of_two_processes_come_together_in_the_order_of_the_clicks(
    server: FakeServer, begin: Begin, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Redis and the database are away: no process sees what the other has answered."""

    async def away(*_: object, **__: object) -> None:
        raise StoreReadOnly("The disk is full.")

    one, other = begin(), begin()
    for process in (one, other):
        await process.start()
    await one.add("a", "mug", 3, EUR)
    await other.get("a")
    server.connected = False
    with monkeypatch.context() as patch:
        for name in ("read", "transform", "carts", "recent"):
            patch.setattr(SqlJournal, name, away)
        clicks: list[tuple[FailoverCartService, Change]] = [
            (one, SetQuantity(new_change_id(), 1, "mug", 5)),
            (other, SetQuantity(new_change_id(), 1, "mug", 7)),
            (one, Add(new_change_id(), 1, "bowl", 2, EUR)),
            (other, Clear(new_change_id(), 1)),
            (one, Add(new_change_id(), 1, "vase", 1, EUR)),
        ]
        for process, click in clicks:
            cart = await process.apply("a", click)
            for each in (one, other):
                each.shown("a", cart.changes[-32:], cart.changed_at)
    server.connected = True
    async with asyncio.timeout(10):
        while quantities(await one.primary.get("a")) != {"vase": 1}:
            await asyncio.sleep(0.05)
    await recovered(one, other)
    assert quantities(await one.get("a")) == quantities(await other.get("a")) == {"vase": 1}


async def test_the_standby_refuses_changes_too_and_does_not_replay_them(
    server: FakeServer, carts: FailoverCartService
) -> None:
    await carts.add("a", "mug", 9, EUR)
    server.connected = False
    await carts.get("a")
    with pytest.raises(QuantityLimitExceeded):
        await carts.add("a", "mug", 1, EUR)
    server.connected = True
    await recovered(carts)
    assert (await carts.get("a")).quantity == 9


async def test_a_change_that_the_store_may_have_applied_is_not_refused(
    server: FakeServer, carts: FailoverCartService
) -> None:
    await carts.add("a", "mug", 9, EUR)
    await carts.primary.set_quantity("a", "mug", 1)
    server.connected = False
    assert (await carts.add("a", "mug", 1, EUR)).quantity == 9
    server.connected = True
    await recovered(carts)
    assert (await carts.get("a")).quantity == 2


async def test_a_change_to_a_cart_without_a_near_copy_is_replayed(
    server: FakeServer, carts: FailoverCartService
) -> None:
    await carts.primary.add("a", "mug", 2, EUR)
    server.connected = False
    for cart in (await carts.remove("a", "mug"), await carts.set_quantity("a", "bowl", 3)):
        assert (cart.lines, cart.partial) == ((), True)
    server.connected = True
    await recovered(carts)
    assert (await carts.get("a")).lines == ()


@pytest.mark.parametrize("near", [True, False])
async def test_a_cart_forgotten_during_an_outage_stays_empty(server: FakeServer, begin: Begin, near: bool) -> None:
    one, other = begin(), begin()
    await one.add("a", "mug", 2, EUR)
    await other.get("a")
    server.connected = False
    third = one if near else begin()
    await third.delete("a")
    assert (await other.get("a")).lines == ()
    server.connected = True
    await recovered(one, other, third)
    assert (await one.primary.get("a")).lines == (await other.get("a")).lines == ()


async def test_what_was_removed_during_an_outage_can_be_put_back(
    server: FakeServer, carts: FailoverCartService
) -> None:
    before = await carts.add("a", "mug", 2, EUR)
    server.connected = False
    removal = Remove(new_change_id(), 1, "mug")
    await carts.apply("a", removal)
    server.connected = True
    await recovered(carts)
    assert (await carts.apply("a", Undo(new_change_id(), 2, removal.id))).lines == before.lines


async def test_a_store_that_takes_no_change_is_read(
    server: FakeServer, begin: Begin, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A full or read-only Redis: a process that starts now shows every cart, and takes changes."""
    await begin().add("a", "mug", 3, EUR)
    carts = begin()

    async def refuse(*_: object, **__: object) -> None:
        raise StoreReadOnly("Redis is full.")

    with monkeypatch.context() as patch:
        for name in ("apply", "transform", "ping"):
            patch.setattr(carts.primary, name, refuse)
        await carts.start()
        assert quantities(await carts.get("a")) == {"mug": 3}
        assert quantities(await carts.add("a", "bowl", 1, EUR)) == {"mug": 3, "bowl": 1}
        assert not (await carts.get("a")).partial
    await recovered(carts)
    assert quantities(await carts.primary.get("a")) == {"mug": 3, "bowl": 1}


async def test_changes_to_an_unknown_cart_were_made_to_what_the_archive_had_of_it(
    server: FakeServer, begin: Begin
) -> None:
    carts = begin()
    archived = apply(Cart("a"), Add(new_change_id(), 1, "mug", 1, EUR))
    server.connected = False
    await carts.apply("a", Clear(new_change_id(), 2))
    assert (await carts.put(archived)).lines == ()
    server.connected = True
    await recovered(carts)
    assert (await carts.primary.get("a")).lines == ()


async def test_changes_to_a_cart_that_the_store_lost_were_made_to_what_the_archive_had_of_it(
    server: FakeServer, begin: Begin, monkeypatch: pytest.MonkeyPatch
) -> None:
    carts = begin()
    archived = apply(Cart("a"), Add(new_change_id(), 1, "mug", 1, EUR))

    async def refuse(*_: object, **__: object) -> None:
        raise StoreReadOnly("Redis is full.")

    with monkeypatch.context() as patch:
        for name in ("apply", "transform", "ping"):
            patch.setattr(carts.primary, name, refuse)
        await carts.start()
        await carts.apply("a", Remove(new_change_id(), 2, "mug"))
        assert (await carts.put(archived)).lines == ()
    await recovered(carts)
    assert (await carts.primary.get("a")).lines == ()
