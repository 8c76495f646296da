"""Plays a scenario and returns what was wrong."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable

import msgspec

from shop.cart.model import (
    Add,
    Clear,
    MoveToCart,
    Purchase,
    Remove,
    SaveForLater,
    SetQuantity,
    Undo,
    UseCoupon,
)
from tests.simulation.history import Deed, Forgotten
from tests.simulation.process import Gone, Process
from tests.simulation.scenario import Click, Fault, Scenario
from tests.simulation.shopper import PRICE, Shopper, Unanswered
from tests.simulation.world import World

SETTLED = 4.0
"""Seconds after the last fault and the last click in which everybody should have found out everything."""
AT_LAST = 16.0
"""Further seconds after which they must have."""


class Report(msgspec.Struct):
    """What became of a scenario."""

    scenario: Scenario
    violations: list[str]
    trace: list[str]

    @property
    def kind(self) -> str:
        """The kind of the first violation, '' if there is none."""
        text = self.violations[0] if self.violations else ""
        return next((kind for pattern, kind in _KINDS.items() if re.search(pattern, text)), "other" if text else "")


_KINDS = {
    r"no answer|refused": "refused",
    r"^in the end .*\(partial\)": "in the end unknown",
    r"^in the end": "in the end wrong",
    r"answered a look|at once": "shown wrong",
    r"answered": "answered wrong",
}


def play(scenario: Scenario, *, trace: bool = False) -> Report:
    """Play a scenario. `world.simulated` must be open."""
    world = World(scenario.seed, trace=trace, cart_archive=scenario.archive)
    try:
        world.run(_Play(world, scenario).whole())
    except Exception as error:
        world.violates(f"the simulation failed: {error!r}")
    return Report(scenario, world.violations, world.traced or [])


class _Play:
    def __init__(self, world: World, scenario: Scenario) -> None:
        self.world = world
        self.scenario = scenario
        self.shoppers = [Shopper(world, f"cart{number}") for number in range(len(scenario.clicks))]
        self.started = 0

    async def whole(self) -> None:
        for timers_first, skew in zip(self.scenario.timers_first, self.scenario.skews, strict=True):
            await self.begin(timers_first=timers_first, skew=skew)
        faults = asyncio.create_task(self._faults())
        await asyncio.gather(*map(self._clicks, self.shoppers, self.scenario.clicks))
        await faults
        await self._ends()

    async def begin(self, *, timers_first: bool = False, skew: float = 0.0) -> Process:
        """Start one more process."""
        self.started += 1
        process = await self.world.start(f"p{self.started}", skew=skew)
        process.timers_first = timers_first
        return process

    async def _clicks(self, shopper: Shopper, clicks: tuple[Click, ...]) -> None:
        try:
            for click in clicks:
                await asyncio.sleep(click.pause)
                await self._click(shopper, click)
                if click.deed == "forget":
                    return  # the browser has forgotten the session too
        except Unanswered:
            pass

    async def _click(self, shopper: Shopper, click: Click) -> None:
        process = self.process(click.process)
        try:
            if click.deed == "look":
                await shopper.look(process)
            elif click.twice and not (click.deed == "order" and self._lost_unnoticed):  # docs/promises.md: two tabs
                await self._click_twice(shopper, click)
            else:
                others = None if click.gives_up else lambda: self.process(click.other)
                change = shopper.click(process, _maker(shopper, click), others=others)
                await (shopper.watches(self.process(click.other), change) if click.watched else change)
        except Gone:
            pass

    async def _click_twice(self, shopper: Shopper, click: Click) -> None:
        make = _maker(shopper, click)
        second = make if click.twice == "same" else lambda i, at: Add(i, at, click.sku, 1, PRICE)
        one, other = self.process(click.process), self.process(click.other)
        await shopper.click_twice((one, make), (other, second), same=click.twice == "same")

    def process(self, number: int) -> Process:
        """One of the processes that are there now."""
        living = self.world.living
        return living[number % len(living)]

    async def _faults(self) -> None:
        for fault in self.scenario.faults:
            await asyncio.sleep(fault.pause)
            await FAULTS[fault.kind](self, fault)

    async def _ends(self) -> None:
        await asyncio.sleep(SETTLED)
        if not await self._agree():
            await asyncio.sleep(AT_LAST)
        for shopper in self.shoppers:
            for process in self.world.living:
                await shopper.ends(process)
            shopper.is_stored()

    async def _agree(self) -> bool:
        """Whether every process shows a legal state of every cart."""
        agree = True
        for shopper in self.shoppers:
            for process in self.world.living:
                agree = await shopper.agrees(process) and agree
                if not agree and not self._lost_unnoticed:
                    return False
        return agree and all(shopper.history.ends(self.world.stored(shopper.cart_id)) for shopper in self.shoppers)

    @property
    def _lost_unnoticed(self) -> bool:
        """Whether Redis lost keys without a restart: a process notices only when it is asked for the cart."""
        return any(fault.kind == "lose" for fault in self.scenario.faults)


def _maker(shopper: Shopper, click: Click) -> Callable[[bytes, int], Deed]:
    sku, quantity, of, cart = click.sku, click.quantity, shopper.last_removal, shopper.history.states[0]
    bought = tuple((line.sku, line.quantity) for line in cart.active)
    makers: dict[str, Callable[[bytes, int], Deed]] = {
        "add": lambda i, at: Add(i, at, sku, quantity, PRICE),
        "set": lambda i, at: SetQuantity(i, at, sku, quantity + 2),
        "remove": lambda i, at: Remove(i, at, sku),
        "clear": Clear,
        "save": lambda i, at: SaveForLater(i, at, sku),
        "move": lambda i, at: MoveToCart(i, at, sku),
        "undo": lambda i, at: Undo(i, at, of or bytes(8)),
        "coupon": lambda i, at: UseCoupon(i, at, "TEN"),
        "order": lambda i, at: Purchase(i, at, bought, cart.coupon),
        "forget": Forgotten,
    }
    return makers["add" if click.deed == "coupon" and not cart.lines else click.deed]


# What can go wrong


async def _hang(play: _Play, fault: Fault) -> None:
    await play.world.redis_hangs(fault.seconds)


async def _restart(play: _Play, fault: Fault) -> None:
    await play.world.redis_restarts(fault.seconds, lost=fault.amount, silent=fault.reason == "silent")


async def _refuse(play: _Play, fault: Fault) -> None:
    await play.world.redis_refuses(fault.reason, fault.seconds)


async def _cut(play: _Play, fault: Fault) -> None:
    await play.world.cut(fault.seconds)


async def _cut_one(play: _Play, fault: Fault) -> None:
    await play.world.cut(fault.seconds, [play.process(fault.process)])


async def _slow(play: _Play, fault: Fault) -> None:
    await play.world.slow(fault.seconds, (fault.amount / 2, fault.amount))


async def _slow_one(play: _Play, fault: Fault) -> None:
    await play.world.slow(fault.seconds, (fault.amount / 2, fault.amount), [play.process(fault.process)])


async def _stall(play: _Play, fault: Fault) -> None:
    await play.world.stall(play.process(fault.process), fault.seconds)


async def _reset(play: _Play, fault: Fault) -> None:
    play.world.reset(play.process(fault.process))


async def _forget(play: _Play, fault: Fault) -> None:
    play.world.forget_connections(play.process(fault.process))


async def _kill(play: _Play, fault: Fault) -> None:
    """Another one is there in time; later, one begins in its place."""
    await _begin(play, fault)
    play.world.kill(play.process(0))


async def _close(play: _Play, fault: Fault) -> None:
    await _begin(play, fault)
    await play.world.close(play.process(0))


async def _begin(play: _Play, fault: Fault) -> None:
    await play.begin(timers_first=fault.reason == "silent")


async def _database(play: _Play, fault: Fault) -> None:
    connecting = play.world.chance.random()
    await play.world.database_fails(fault.seconds, hangs=fault.reason == "hangs", connecting=connecting)


async def _promote(play: _Play, fault: Fault) -> None:
    play.world.redis_promotes(fault.amount)


async def _lose(play: _Play, fault: Fault) -> None:
    play.world.differ(1e9)
    play.world.redis_loses(fault.amount)


async def _jump(play: _Play, fault: Fault) -> None:
    process = play.process(fault.process)
    play.world.note(f"the clock of {process.name} jumps by {fault.amount:g} s")
    process.skew += fault.amount


async def _redis_jumps(play: _Play, fault: Fault) -> None:
    play.world.note(f"the clock of Redis jumps by {fault.amount:g} s")
    play.world.redis.skew += fault.amount


def _dark(fails: Callable[[_Play, Fault], Awaitable[None]]) -> Callable[[_Play, Fault], Awaitable[None]]:
    """The database fails too, `amount` seconds later or, if that is negative, earlier."""

    async def both(play: _Play, fault: Fault) -> None:
        if len(play.world.processes) > 1:  # one alone knows all
            play.world.differ(fault.seconds + abs(fault.amount) + 1)
        alone = msgspec.structs.replace(fault, amount=0.0)
        database = msgspec.structs.replace(alone, seconds=fault.database)
        fails_too = asyncio.create_task(_after(max(fault.amount, 0), lambda: _database(play, database)))
        await _after(max(-fault.amount, 0), lambda: fails(play, alone))
        await fails_too

    return both


async def _after(seconds: float, act: Callable[[], Awaitable[None]]) -> None:
    await asyncio.sleep(seconds)
    await act()


FAULTS: dict[str, Callable[[_Play, Fault], Awaitable[None]]] = {
    "hang": _hang,
    "restart": _restart,
    "refuse": _refuse,
    "cut": _cut,
    "cut one": _cut_one,
    "slow": _slow,
    "slow one": _slow_one,
    "stall": _stall,
    "reset": _reset,
    "forget": _forget,
    "kill": _kill,
    "close": _close,
    "begin": _begin,
    "database": _database,
    "promote": _promote,
    "lose": _lose,
    "jump": _jump,
    "redis jumps": _redis_jumps,
    "dark hang": _dark(_hang),
    "dark restart": _dark(_restart),
    "dark refuse": _dark(_refuse),
    "dark cut": _dark(_cut),
}
