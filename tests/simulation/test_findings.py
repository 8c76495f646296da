"""What has gone wrong once, as scenes on the simulated servers: two workers, one fault, a few clicks.

Each scene is played with several seeds, because much depends on who comes first.
"""

from __future__ import annotations

import asyncio
import contextlib
import re
from collections.abc import Awaitable, Callable, Iterator
from typing import Any

import pytest

from shop.cart.model import Add, MoveToCart, Undo, new_change_id
from tests.simulation.history import Answer
from tests.simulation.process import Gone
from tests.simulation.redis_server import REFUSALS
from tests.simulation.shopper import PRICE, Shopper, Unanswered
from tests.simulation.world import World, simulated

SEEDS = 12
SETTLED = 8.0
"""Seconds after the last fault in which everybody must have found out everything."""
DAY = 24 * 3600

Scene = Callable[[World], Awaitable[None]]


pytestmark = pytest.mark.filterwarnings("ignore::ResourceWarning")  # a killed process leaves connections open

SHOWN = r"answered|at once"
STORED = r"^in the end"
"""Kinds of violations, as regular expressions."""


@pytest.fixture(autouse=True)
def _simulated() -> Iterator[None]:
    with simulated():
        yield


def play(scene: Scene, *, seeds: int = SEEDS, but: str = "$^", **settings: Any) -> None:
    """Play a scene with each seed; fails with the first trace that has a violation, `but` for one kind."""
    bad = 0
    trace = ""
    for seed in range(seeds):
        world = World(seed, trace=True, **settings)

        async def whole(world: World = world) -> None:
            with contextlib.suppress(Unanswered):  # is a violation already
                await scene(world)

        world.run(whole())
        violations = [text for text in world.violations if not re.search(but, text)]
        bad += bool(violations)
        if violations and not trace:
            trace = "\n".join([*(world.traced or ()), *violations])
    if bad:
        pytest.fail(f"{bad} of {seeds} seeds\n{trace}", pytrace=False)


async def settle(world: World, *shoppers: Shopper) -> None:
    """Let everybody find out everything, and hold what is there then to the histories."""
    await asyncio.sleep(SETTLED)
    for shopper in shoppers:
        for process in world.living:
            await shopper.ends(process)
        shopper.is_stored()


async def two_workers(world: World) -> tuple[Any, Any]:
    return await world.start("A"), await world.start("B")


class Program(Shopper):
    """One that keeps no cookies."""

    def _takes_cookies(self, answer: Answer) -> None:
        pass


# 1. Two workers and an outage

Clicks = Callable[[Shopper, Any, Any], Awaitable[None]]


async def clear_then_add(shopper: Shopper, a: Any, b: Any) -> None:
    await shopper.clear(a)
    await shopper.add(b, "plate")


async def set_then_add(shopper: Shopper, a: Any, b: Any) -> None:
    await shopper.set(a, "mug", 5)
    await shopper.add(b, "mug")


async def remove_then_add(shopper: Shopper, a: Any, b: Any) -> None:
    await shopper.remove(a, "mug")
    await shopper.add(b, "mug")


async def save_then_add(shopper: Shopper, a: Any, b: Any) -> None:
    await shopper.save(a, "mug")
    await shopper.add(b, "mug")


async def order_then_add(shopper: Shopper, a: Any, b: Any) -> None:
    await shopper.order(a)
    await shopper.add(b, "mug")


async def remove_then_undo(shopper: Shopper, a: Any, b: Any) -> None:
    await shopper.remove(a, "mug")
    await shopper.undo(b)


async def forget_then_add(shopper: Shopper, a: Any, b: Any) -> None:
    await shopper.forget(a)
    await shopper.add(b, "plate")


PAIRS = pytest.mark.parametrize(
    "clicks",
    [
        clear_then_add,
        set_then_add,
        remove_then_add,
        save_then_add,
        order_then_add,
        remove_then_undo,
        forget_then_add,
    ],
    ids=lambda clicks: clicks.__name__,
)
ARCHIVE = pytest.mark.parametrize("archive", [False, True], ids=["redis", "archive"])


def during_a_hang(clicks: Clicks) -> Scene:
    """Both workers know the cart; Redis hangs and loses nothing; both have noticed; then one click at each."""

    async def scene(world: World) -> None:
        a, b = await two_workers(world)
        shopper, *others = (Shopper(world, f"c{number}") for number in range(1, 4))
        await shopper.add(a, "mug", 2)
        await shopper.look(b)
        hang = asyncio.create_task(world.redis_hangs(1.5))
        await asyncio.sleep(0)
        await asyncio.gather(others[0].add(a, "lamp"), others[1].add(b, "lamp"))
        await clicks(shopper, a, b)
        await hang
        await settle(world, shopper, *others)

    return scene


@PAIRS
@ARCHIVE
def test_changes_at_two_workers_in_an_outage_are_stored_in_their_order(clicks: Clicks, archive: bool) -> None:
    play(during_a_hang(clicks), but=SHOWN, cart_archive=archive)


@PAIRS
@ARCHIVE
def test_workers_show_each_others_changes_in_an_outage(clicks: Clicks, archive: bool) -> None:
    play(during_a_hang(clicks), but=STORED, cart_archive=archive)


@pytest.mark.parametrize("lost", [0.05, 1.0])
@ARCHIVE
def test_a_crash_that_loses_the_last_moments_does_not_turn_changes_round(lost: float, archive: bool) -> None:
    async def scene(world: World) -> None:
        a, b = await two_workers(world)
        shoppers = [Shopper(world, f"c{number}") for number in range(4)]
        for shopper in shoppers:
            await shopper.add(a, "mug", 2)
            await shopper.look(b)
        await asyncio.sleep(1.5)
        for shopper in shoppers:
            await shopper.clear(a)
        crash = asyncio.create_task(world.redis_restarts(0.3, lost=lost))
        await asyncio.sleep(0.01)
        for shopper in shoppers:
            await shopper.add(b, "vase")
            await shopper.add(b, "lamp")
        await crash
        await settle(world, *shoppers)

    play(scene, but=SHOWN, cart_archive=archive)


# 2. Redis comes back with an older state


def with_an_older_state(clicks: Clicks, lost: float) -> Scene:
    """Only A has seen the latest changes when Redis comes back as it was before them; others go on at A."""

    async def scene(world: World) -> None:
        a, b = await two_workers(world)
        shopper, other = Shopper(world, "c1"), Shopper(world, "other")
        await shopper.add(a, "mug", 2)
        await shopper.look(b)
        await asyncio.sleep(5)
        await clicks(shopper, a, a)
        for _ in range(23):
            await asyncio.sleep(0.5)
            await other.add(a, "bowl")
        await world.redis_restarts(0.2, lost=lost)
        await asyncio.sleep(0.3)
        await other.add(b, "bowl")
        await asyncio.sleep(3)
        await shopper.look(b)
        await shopper.add(b, "clay")
        await settle(world, shopper, other)

    return scene


@pytest.mark.parametrize("lost", [12.0, 1e9], ids=["snapshot", "empty"])
@PAIRS
def test_what_was_taken_out_does_not_come_back_with_an_older_redis(clicks: Clicks, lost: float) -> None:
    play(with_an_older_state(clicks, lost), seeds=4)


def test_adds_of_two_workers_are_both_in_a_redis_that_lost_them() -> None:
    async def scene(world: World) -> None:
        a, b = await two_workers(world)
        shopper = Shopper(world, "c1")
        await shopper.add(a, "mug", 2)
        await shopper.look(b)
        await asyncio.sleep(2)
        await shopper.add(a, "mug")
        await shopper.add(b, "mug")
        await asyncio.sleep(11.5)
        await world.redis_restarts(0.2, lost=12.5)
        await settle(world, shopper)

    play(scene)


def test_a_process_knows_after_an_outage_what_it_has_answered_in_it() -> None:
    async def scene(world: World) -> None:
        a, b = await two_workers(world)
        shopper = Shopper(world, "c1")
        await shopper.add(b, "bowl")
        crash = asyncio.create_task(world.redis_restarts(0.6))
        await asyncio.sleep(0.1)
        await shopper.add(a, "vase")
        await shopper.add(b, "mug")
        await crash
        await asyncio.sleep(1.5)
        world.kill(a)
        world.redis_loses(1.0)
        await shopper.add(b, "vase")
        await settle(world, shopper)

    play(scene)


def test_a_process_that_knows_less_asks_the_others_when_redis_has_lost_a_cart() -> None:
    async def scene(world: World) -> None:
        a, b = await two_workers(world)
        shopper = Shopper(world, "c1")
        await shopper.add(a, "mug")
        await shopper.clear(b)
        await shopper.undo(a)
        await asyncio.sleep(0.3)
        world.differ(0)
        world.redis_loses(1.0)
        cart = await shopper.set(b, "vase", 3)
        if cart.quantity != 1:
            world.violates(f"c1: B shows {cart.quantity} mugs after Redis has lost the cart")
        await settle(world, shopper)

    play(scene)


def test_the_others_are_asked_after_a_restart_that_lost_the_latest_changes() -> None:
    """The Redis has all that A has seen, but not the order that B has made."""

    async def scene(world: World) -> None:
        a, b = await two_workers(world)
        shopper = Shopper(world, "c1")
        await shopper.add(a, "vase", 3)
        await asyncio.sleep(0.5)
        await shopper.order(b)
        world.redis_promotes(0.3)
        await asyncio.sleep(0.05)
        cart = await shopper.add(a, "vase", 2)
        if cart.quantity != 2:
            world.violates(f"c1: A shows {cart.quantity} vases, of which 3 were ordered")
        await settle(world, shopper)

    play(scene)


def test_undo_does_not_bring_back_what_was_ordered() -> None:
    """Redis has lost the order, so the cart that B empties still has what was ordered."""

    async def scene(world: World) -> None:
        a, b = await two_workers(world)
        shopper = Shopper(world, "c1")
        await shopper.add(a, "bowl")
        await shopper.set(a, "mug", 3)
        await shopper.look(b)
        await shopper.order(a)
        await asyncio.sleep(0.2)
        world.redis_loses(1.0)
        await asyncio.sleep(0.1)
        await shopper.clear(b)
        await asyncio.sleep(0.4)
        await shopper.undo(a)
        await settle(world, shopper)

    play(scene)


@pytest.mark.parametrize("lost", [0.4, 1e9], ids=["the latest", "all"])
def test_an_order_takes_out_what_redis_had_lost(lost: float) -> None:
    async def scene(world: World) -> None:
        a, b = await two_workers(world)
        shopper = Shopper(world, "c1")
        await shopper.add(a, "mug", 2)
        await shopper.look(b)
        await asyncio.sleep(0.5)
        await shopper.add(a, "mug")
        await shopper.add(a, "bowl", 2)
        world.redis_promotes(lost)
        await asyncio.sleep(0.05)
        await shopper.order(b)
        await shopper.add(a, "mug")
        await settle(world, shopper)

    play(scene)


def test_two_changes_at_once_lose_nothing_of_a_cart_that_another_process_restored() -> None:
    """Without cookies, so that Redis makes both to the older cart; A does not know what the change of quantity did."""

    async def scene(world: World) -> None:
        a, b = await two_workers(world)
        program, *others = (Program(world, f"c{number}") for number in range(1, 4))
        await asyncio.gather(*(other.add(a, "bowl") for other in others))  # opens two connections
        await program.add(b, "mug")
        await program.set(a, "mug", 3)
        await asyncio.sleep(0.3)
        world.redis_loses(1.0)
        await program.look(b)
        (link,) = world.links([a])
        link.delay = (0.01, 0.015)  # Redis has both before A has an answer
        move, add = (lambda i, at: MoveToCart(i, at, "vase")), (lambda i, at: Add(i, at, "vase", 1, PRICE))
        await program.click_twice((a, move), (a, add), same=False)
        await settle(world, program)

    play(scene)


# 3. A busy process, and a network that forgets


@pytest.mark.parametrize("timers_first", [True, False], ids=["uvloop", "asyncio"])
def test_a_process_that_did_not_run_does_not_leave_a_healthy_redis(timers_first: bool) -> None:
    async def scene(world: World) -> None:
        a, b = await two_workers(world)
        a.timers_first = timers_first
        shoppers = [Shopper(world, f"c{number}") for number in range(20)]
        clicks = [asyncio.create_task(shopper.add(a, "mug")) for shopper in shoppers]
        await asyncio.sleep(0.0002)
        await world.stall(a, 0.6)
        await asyncio.gather(*clicks)
        if any(shopper.hint for shopper in shoppers):
            world.violates("a healthy Redis was left")
        for shopper in shoppers:
            await shopper.look(b)
        await settle(world, *shoppers)

    play(scene)


def test_one_slow_answer_is_not_an_outage() -> None:
    async def scene(world: World) -> None:
        a, b = await two_workers(world)
        shopper = Shopper(world, "c1")
        await shopper.add(a, "mug")
        (link,) = world.links([a])
        usual, link.delay = link.delay, (0.45, 0.5)
        click = asyncio.create_task(shopper.add(a, "mug"))
        await asyncio.sleep(0.01)
        link.delay = usual
        await click
        await shopper.look(b)
        await settle(world, shopper)

    play(scene)


def test_a_connection_that_a_firewall_has_forgotten_is_not_an_outage() -> None:
    async def scene(world: World) -> None:
        a, b = await two_workers(world)
        shopper = Shopper(world, "c1")
        await shopper.add(a, "mug")
        await asyncio.sleep(70)
        world.forget_connections(a)
        await shopper.add(a, "mug")
        await shopper.look(b)
        await settle(world, shopper)

    play(scene)


# 4. A Redis that takes no changes


@pytest.mark.parametrize("reason", REFUSALS)
def test_a_redis_that_takes_no_changes_is_read(reason: str) -> None:
    async def scene(world: World) -> None:
        a, b = await two_workers(world)
        shopper = Shopper(world, "c1")
        await shopper.add(a, "mug", 3)
        refusal = asyncio.create_task(world.redis_refuses(reason, 3))
        await asyncio.sleep(0.1)
        new = await world.start("new")
        if (await shopper.look(new)).partial:
            world.violates("c1: the cart was shown as unknown, though Redis can be read")
        if (await shopper.add(new, "bowl")).partial:
            world.violates("c1: the cart was shown as unknown, though Redis can be read")
        await shopper.look(b)
        await refusal
        await settle(world, shopper)

    play(scene)


# 5. What was forgotten stays forgotten


def test_a_cart_that_was_forgotten_in_an_outage_stays_forgotten() -> None:
    async def scene(world: World) -> None:
        a, b = await two_workers(world)
        shopper = Shopper(world, "c1")
        await shopper.add(a, "mug")
        await shopper.look(b)
        outage = asyncio.create_task(world.redis_restarts(1.0))
        await asyncio.sleep(0.1)
        await shopper.forget(a)
        await outage
        await settle(world, shopper)

    play(scene)


def test_a_forgotten_cart_does_not_come_back_when_redis_restarts() -> None:
    async def scene(world: World) -> None:
        a, b = await two_workers(world)
        shopper, other = Shopper(world, "c1"), Shopper(world, "c2")
        await shopper.add(a, "mug")
        await shopper.look(b)
        await shopper.forget(a)
        await asyncio.sleep(1)
        await world.redis_restarts(0.5)
        await other.add(b, "bowl")
        await settle(world, shopper, other)

    play(scene)


def test_a_forgotten_cart_does_not_come_back_when_redis_loses_another() -> None:
    async def scene(world: World) -> None:
        a, b = await two_workers(world)
        shopper, other = Shopper(world, "c1"), Shopper(world, "c2")
        for someone in (shopper, other):
            await someone.add(a, "mug")
            await someone.look(b)
        await shopper.forget(a)
        world.differ(0)
        del world.redis.data[b"cart:c2"]
        await other.look(b)
        await settle(world, shopper, other)

    play(scene)


# 6. Processes that end in an outage


@pytest.mark.parametrize("killed", [False, True], ids=["SIGTERM", "SIGKILL"])
@ARCHIVE
def test_a_process_that_ends_in_an_outage_loses_nothing(killed: bool, archive: bool) -> None:
    async def scene(world: World) -> None:
        a = await world.start("A")
        shopper = Shopper(world, "c1")
        await shopper.add(a, "moss")
        outage = asyncio.create_task(world.redis_restarts(5.0))
        await asyncio.sleep(0.1)
        await shopper.add(a, "chalk")
        await shopper.remove(a, "moss")
        if killed:
            world.kill(a)
        else:
            await world.close(a)
        new = await world.start("new")
        await shopper.look(new)
        await outage
        await settle(world, shopper)

    play(scene, cart_archive=archive)


# 7., 8. Values that cannot be read

FOREIGN = {
    "json": b'{"items": []}',
    "cut": b"\x01\x00\x00\x00\x05\x00\x00",
    "short": b"\xf2\xff",
}


@pytest.mark.parametrize("value", FOREIGN.values(), ids=FOREIGN)
@ARCHIVE
def test_a_value_that_cannot_be_read_harms_one_cart(value: bytes, archive: bool) -> None:
    async def scene(world: World) -> None:
        a, b = await two_workers(world)
        shopper, other = Shopper(world, "c1"), Shopper(world, "c2")
        world.redis.data[b"cart:c1"] = (value, None)
        await shopper.look(a)
        await shopper.add(b, "mug")
        await other.add(a, "bowl")
        await settle(world, shopper, other)

    play(scene, seeds=2, cart_archive=archive)


def test_a_row_that_cannot_be_read_does_not_hold_up_the_archive() -> None:
    async def scene(world: World) -> None:
        a = await world.start("A")
        shoppers = [Shopper(world, f"c{number}") for number in range(10)]
        for shopper in shoppers:
            await shopper.add(a, "mug")
        await asyncio.sleep(3)
        rows = world.database.tables["carts"]
        rows["c0"] = rows["c0"]._replace(state=b"\x03\xff")
        await world.close(a)
        a = await world.start("A2")
        for shopper in shoppers:
            await shopper.add(a, "bowl")
        await asyncio.sleep(5)
        late = [key for key, row in rows.items() if key != "c0" and b"bowl" not in row.state]
        if late:
            world.violates(f"not archived after 5 s: {late}")
        await settle(world, *shoppers)

    play(scene, seeds=2, cart_archive=True)


def test_a_cart_of_a_later_version_is_not_written_over() -> None:
    async def scene(world: World) -> None:
        a = await world.start("A")
        shopper = Shopper(world, "c1")
        await shopper.add(a, "mug")
        value, expires = world.redis.data[b"cart:c1"]
        later = b"\x03" + value[1:]
        world.redis.data[b"cart:c1"] = (later, expires)
        shopper.history.lost_count = True  # what is shown now is not at issue
        await shopper.add(a, "bowl")
        await asyncio.sleep(1)
        if later not in [value for value, _ in world.redis.data.values()]:
            world.violates("the later version is gone")

    play(scene, seeds=2)


# 9., 10. Expiry and clocks


def test_an_expired_cart_does_not_hide_the_living_one() -> None:
    async def scene(world: World) -> None:
        a = await world.start("A")
        old = Shopper(world, "c1")
        for sku in ("old1", "old2", "old3"):
            await old.add(a, sku)
        await asyncio.sleep(10)
        world.kill(a)
        b = await world.start("B")
        await old.look(b)
        await asyncio.sleep(4)
        new = Shopper(world, "c1")
        await new.look(b)
        await new.add(b, "new")
        outage = asyncio.create_task(world.redis_restarts(1.0))
        await asyncio.sleep(0.1)
        await new.look(b)
        await new.add(b, "more")
        await outage
        await asyncio.sleep(4)
        await new.ends(b)
        new.is_stored()

    play(scene, cart_ttl=12)


@pytest.mark.parametrize("days", [200, -200])
def test_a_host_with_a_wrong_clock_does_not_empty_the_archive(days: int) -> None:
    async def scene(world: World) -> None:
        a = await world.start("A")
        shoppers = [Shopper(world, f"c{number}") for number in range(5)]
        for shopper in shoppers:
            await shopper.add(a, "mug")
        await asyncio.sleep(3)
        wrong = await world.start("wrong", skew=days * DAY)
        await asyncio.sleep(100)
        await shoppers[0].add(wrong, "bowl")
        await asyncio.sleep(3)
        world.kill(a)
        world.kill(wrong)
        world.redis_loses(1.0)
        new = await world.start("new")
        for shopper in shoppers:
            await shopper.ends(new)
        await asyncio.sleep(3)

    play(scene, seeds=2, cart_archive=True)


@pytest.mark.parametrize("days", [200, -200])
def test_a_host_with_a_wrong_clock_harms_no_cart_in_an_outage(days: int) -> None:
    async def scene(world: World) -> None:
        a = await world.start("A")
        wrong = await world.start("wrong", skew=days * DAY)
        shopper = Shopper(world, "c1")
        await shopper.add(a, "mug", 2)
        await shopper.add(wrong, "bowl")
        await asyncio.sleep(1)
        await world.redis_restarts(0.3, lost=1e9)
        await settle(world, shopper)

    play(scene)


# 11. Smaller ones


def test_an_undo_of_nothing_does_nothing() -> None:
    async def scene(world: World) -> None:
        a = await world.start("A")
        shopper = Shopper(world, "c1")
        await shopper.add(a, "mug")
        await shopper.click(a, lambda i, at: Undo(i, at, b""))

    play(scene, seeds=1)


def test_a_limit_of_the_stock_takes_nothing_from_a_cart() -> None:
    """The worker that takes one more has not seen the ten that are there, and the stock is eight now."""

    async def scene(world: World) -> None:
        a, b = await two_workers(world)
        shopper = Shopper(world, "c1")
        await shopper.add(a, "mug", 10)
        outage = asyncio.create_task(world.redis_restarts(1.0))
        await asyncio.sleep(0.1)
        await b.run(lambda: b.carts.apply("c1", Add(new_change_id(), 1_700_000_000, "mug", 1, PRICE, at_most=8)))
        await outage
        await asyncio.sleep(SETTLED)
        line = world.stored("c1").line("mug")
        if line is None or line.quantity < 10:
            world.violates(f"of ten mugs {line.quantity if line else 0} are left")

    play(scene)


def test_a_small_memory_does_not_evict_what_was_changed_in_an_outage() -> None:
    async def scene(world: World) -> None:
        a = await world.start("A")
        shoppers = [Shopper(world, f"c{number}") for number in range(4)]
        outage = asyncio.create_task(world.redis_restarts(2.0))
        await asyncio.sleep(0.1)
        for shopper in shoppers:
            await shopper.add(a, "mug")
        for shopper in shoppers:
            await shopper.look(a)
            await shopper.add(a, "bowl")
        await outage
        await settle(world, *shoppers)

    play(scene, memory_carts=2)


def test_a_killed_process_answers_nobody() -> None:
    """The simulation itself: a shopper whose process ends hears so, and nothing of it runs on."""

    async def scene(world: World) -> None:
        a, b = await two_workers(world)
        shopper = Shopper(world, "c1")
        click = asyncio.create_task(shopper.add(a, "mug"))
        await asyncio.sleep(0.0001)
        world.kill(a)
        with pytest.raises(Gone):
            await click
        await shopper.add(b, "bowl")
        await settle(world, shopper)

    play(scene)


def test_what_waits_in_the_journal_is_shown_when_redis_fails_again_at_once() -> None:
    """The only process that had seen the cart is gone, so the others show what has been added since, and say so."""

    async def scene(world: World) -> None:
        a, b = await two_workers(world)
        shopper = Shopper(world, "c1")
        await shopper.add(a, "bowl", 2)
        await asyncio.sleep(0.5)
        world.kill(a)
        c = await world.start("C")
        crash = asyncio.create_task(world.redis_restarts(3.5, silent=True))
        await asyncio.sleep(0.2)
        await shopper.add(c, "vase", 3)
        saving = asyncio.create_task(shopper.save(b, "mug"))
        await crash
        await asyncio.sleep(0.1)
        await world.redis_hangs(1.9)
        await saving
        await settle(world, shopper)

    play(scene)


# 12. Redis and the database are away, and each process has a journal of its own


def in_the_dark(clicks: Callable[[Shopper, list[Any]], Awaitable[None]]) -> Scene:
    """Three workers acknowledge changes that the others do not know; then Redis and the database are back."""

    async def scene(world: World) -> None:
        workers = [await world.start(name) for name in "ABC"]
        shopper = Shopper(world, "c1")
        outage = asyncio.create_task(world.redis_refuses("READONLY", 1.8))
        database = asyncio.create_task(world.database_fails(1.8))
        world.differ(1.8 + 1)
        await asyncio.sleep(0.1)
        await clicks(shopper, workers)
        await outage
        await database
        await settle(world, shopper)

    return scene


def test_an_answer_that_lacks_what_another_process_keeps_says_so() -> None:
    async def clicks(shopper: Shopper, workers: list[Any]) -> None:
        a, b, c = workers
        await shopper.add(a, "mug", 3)
        await asyncio.sleep(0.7)
        await shopper.add(b, "bowl", 2)
        await asyncio.sleep(1.4)
        await shopper.add(b, "bowl")
        await shopper.use_coupon(c, "TEN")

    play(in_the_dark(clicks))


def test_what_was_emptied_in_the_dark_stays_empty() -> None:
    async def clicks(shopper: Shopper, workers: list[Any]) -> None:
        a, b, c = workers
        await shopper.add(a, "mug", 3)
        await shopper.add(b, "bowl", 2)
        await shopper.add(b, "vase", 2)
        await shopper.clear(c)
        await asyncio.sleep(0.7)
        await shopper.add(b, "bowl")
        await shopper.add(b, "bowl")
        await asyncio.sleep(1.2)
        await shopper.add(b, "bowl")
        await shopper.set(c, "vase", 3)

    play(in_the_dark(clicks))


def _one_mug(change_id: bytes, at: int) -> Add:
    return Add(change_id, at, "mug", 1, PRICE)


def test_a_process_keeps_the_order_of_its_own_answers_in_the_dark() -> None:
    """Two outages; in the first, two workers take the same double click, one without what was before it."""

    async def scene(world: World) -> None:
        a, b = await two_workers(world)
        shopper = Shopper(world, "c1")
        await shopper.add(a, "mug", 1)
        await shopper.add(b, "mug", 3)
        await shopper.order(a)
        world.differ(6)
        crash = asyncio.create_task(world.redis_restarts(2.0))
        database = asyncio.create_task(world.database_fails(1.6))
        await asyncio.sleep(0.9)
        await shopper.click_twice((a, _one_mug), (b, _one_mug), same=True)
        await asyncio.sleep(0.4)
        await shopper.order(b)
        await database
        await asyncio.sleep(0.05)
        await shopper.set(b, "vase", 4)
        await crash
        await asyncio.sleep(0.35)
        crash = asyncio.create_task(world.redis_restarts(0.2))
        database = asyncio.create_task(world.database_fails(0.2))
        await asyncio.sleep(0.03)
        await shopper.add(b, "vase")
        await crash
        await database
        await settle(world, shopper)

    play(scene, cart_archive=True)


def test_two_tabs_while_the_database_comes_back_keep_the_order_of_the_clicks() -> None:
    """Both have what the memory of the process holds moved to the database."""

    async def scene(world: World) -> None:
        a = await world.start("A")
        shopper = Shopper(world, "c1")
        outage = asyncio.create_task(world.redis_hangs(4.0))
        world.differ(4.0 + 1)
        await asyncio.sleep(0.1)
        await shopper.add(a, "mug", 3)
        await shopper.set(a, "mug", 1)
        database = asyncio.create_task(world.database_fails(1.0, connecting=0.3))
        await asyncio.sleep(0.1)
        await shopper.add(a, "bowl", 2)
        await shopper.clear(a)
        await asyncio.sleep(0.7)
        for _ in range(20):
            await shopper.watches(a, shopper.add(a, "mug"))
            await asyncio.sleep(0.03)
        await outage
        await database
        await settle(world, shopper)

    play(scene)
