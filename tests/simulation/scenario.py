"""What a seed decides: processes, what shoppers click, and what goes wrong when.

A family says which faults may meet, and so what must hold:

    calm    Redis is there all the time: processes stall, end and begin, connections break, the database fails
    outage  all processes lose Redis at once, and it loses nothing; the database is there: they know of each other
    loss    Redis loses changes that it had acknowledged; no process ends, so some process has them near
    split   some processes reach Redis and others do not, or all do slowly
    dark    the database fails together with Redis; no process ends, and nobody has a cart deleted if there are several
    clock   as outage, and every clock is wrong
"""

from __future__ import annotations

import random
from collections.abc import Callable

import msgspec

from tests.simulation.redis_server import REFUSALS

SKUS = ("mug", "bowl", "vase")
DAY = 24 * 3600.0
FAMILIES = {"calm": 10, "outage": 35, "loss": 20, "split": 12, "dark": 10, "clock": 8}
"""Each with its weight."""
DEEDS = {
    "add": 36,
    "set": 12,
    "remove": 10,
    "clear": 6,
    "save": 6,
    "move": 5,
    "undo": 8,
    "coupon": 4,
    "order": 8,
    "forget": 3,
    "look": 14,
}


class Click(msgspec.Struct, frozen=True):
    """A click, `pause` seconds after the answer to the one before."""

    pause: float
    deed: str
    """A key of DEEDS."""
    process: int
    """Counted among those that are there then."""
    sku: str = ""
    quantity: int = 1
    twice: str = ""
    """'same': a double click; 'other': another tab adds at the same time."""
    other: int = 0
    """The process that gets the second one."""
    gives_up: bool = False
    """Whether the shopper does not send it again if the process ends before it answers."""
    watched: bool = False
    """Whether another tab looks at the cart at the same time; `other` serves it."""


class Fault(msgspec.Struct, frozen=True):
    """Something that goes wrong `pause` seconds after the one before is over."""

    pause: float
    kind: str
    """A key of play.FAULTS."""
    seconds: float = 0.0
    process: int = 0
    amount: float = 0.0
    """Of the kind: seconds that are lost, a share of keys, a delay, a jump of the clock."""
    reason: str = ""
    database: float = 0.0
    """Seconds for which the database is away too."""


class Scenario(msgspec.Struct, frozen=True):
    """All that a seed decides, except for the delay of each message."""

    seed: int
    family: str
    archive: bool
    timers_first: tuple[bool, ...]
    """For each process that is there from the beginning, whether it has uvloop's order."""
    skews: tuple[float, ...]
    clicks: tuple[tuple[Click, ...], ...]
    """Of each shopper."""
    faults: tuple[Fault, ...]


def scenario_of(seed: int) -> Scenario:
    """The scenario of a seed."""
    chance = random.Random(seed)
    family = chance.choices(list(FAMILIES), list(FAMILIES.values()))[0]
    processes = chance.choice((1, 2, 2, 2, 3))
    return Scenario(
        seed=seed,
        family=family,
        archive=chance.random() < 0.3,
        timers_first=tuple(chance.random() < 0.6 for _ in range(processes)),
        skews=tuple(_skew(chance) if family == "clock" else 0.0 for _ in range(processes)),
        clicks=tuple(_clicks(chance, family, processes) for _ in range(chance.randint(2, 4))),
        faults=tuple(_KINDS[family](chance) for _ in range(chance.randint(1, 3))),
    )


def _skew(chance: random.Random) -> float:
    return chance.choice((0.0, 200 * DAY, -200 * DAY, chance.uniform(-3600, 3600)))


def _clicks(chance: random.Random, family: str, processes: int) -> tuple[Click, ...]:
    clicks: list[Click] = []
    for _ in range(chance.randint(4, 10)):
        deed = chance.choices(list(DEEDS), list(DEEDS.values()))[0] if clicks else "add"
        if deed == "forget" and family == "dark" and processes > 1:
            deed = "look"
        if deed == "undo" and clicks[-1].deed not in ("remove", "clear"):
            clicks.append(_click(chance, chance.choice(("remove", "clear"))))
        clicks.append(_click(chance, deed))
    return tuple(clicks)


def _click(chance: random.Random, deed: str) -> Click:
    twice = chance.choices(("", "same", "other"), (84, 8, 8))[0] if deed != "look" else ""
    return Click(
        pause=round(chance.choice((0.001, 0.02, 0.3, 0.7)) * chance.uniform(0.5, 1.5), 4),
        deed=deed,
        process=chance.randrange(6),
        sku=chance.choice(SKUS),
        quantity=chance.randint(1, 3),
        twice=twice,
        other=chance.randrange(6),
        gives_up=deed == "add" and chance.random() < 0.2,
        watched=deed != "look" and not twice and chance.random() < 0.4,
    )


def _fault(chance: random.Random, kind: str, **facts: float | str) -> Fault:
    facts = {"seconds": round(chance.choice((0.2, 0.6, 1.5, 3.0)) * chance.uniform(0.7, 1.3), 3), **facts}
    pause = round(chance.uniform(0.05, 1.2), 3)
    return msgspec.convert({"pause": pause, "kind": kind, "process": chance.randrange(6), **facts}, Fault)


def _calm(chance: random.Random) -> Fault:
    kind = chance.choice(("stall", "kill", "close", "begin", "reset", "forget", "database"))
    return _fault(chance, kind, reason=chance.choice(("down", "hangs")))


def _outage(chance: random.Random) -> Fault:
    kind = chance.choice(
        ("hang", "hang", "restart", "restart", "refuse", "cut", "stall", "kill", "close", "begin", "reset")
    )
    return _fault(
        chance, kind, reason=chance.choice([*REFUSALS]) if kind == "refuse" else chance.choice(("", "silent"))
    )


def _loss(chance: random.Random) -> Fault:
    kind = chance.choice(("restart", "restart", "promote", "lose", "hang", "reset"))
    amount = chance.uniform(0.3, 1.0) if kind == "lose" else chance.choice((0.02, 0.3, 1.0, 4.0, 1e9))
    return _fault(chance, kind, amount=round(amount, 3))


def _split(chance: random.Random) -> Fault:
    kind = chance.choice(("cut one", "cut one", "slow", "slow one", "stall", "reset"))
    return _fault(chance, kind, amount=round(chance.uniform(0.05, 0.6), 3))


def _dark(chance: random.Random) -> Fault:
    kind = chance.choice(("hang", "restart", "refuse", "cut"))
    reason = chance.choice([*REFUSALS] if kind == "refuse" else ("", "hangs"))
    fault = _fault(chance, f"dark {kind}", reason=reason, amount=chance.choice((-0.3, 0.0, 0.3, 1.0)))
    return msgspec.structs.replace(fault, database=round(fault.seconds * chance.choice((0.5, 1.0)), 3))


def _clock(chance: random.Random) -> Fault:
    if chance.random() < 0.3:
        return _fault(
            chance, chance.choice(("jump", "redis jumps")), amount=chance.choice((-7200.0, -5.0, 5.0, 7200.0))
        )
    return _outage(chance)


_KINDS: dict[str, Callable[[random.Random], Fault]] = {
    "calm": _calm,
    "outage": _outage,
    "loss": _loss,
    "split": _split,
    "dark": _dark,
    "clock": _clock,
}
