"""A fault that happens to servers while a crowd shops on them, and what came of it."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Callable, Sequence
from typing import Any, Generic

import msgspec
from redis.exceptions import RedisError

from shop.loadtest.shoppers.history import Verdict
from tests.chaos.browser import NoAnswer
from tests.chaos.load import PAUSE_SECONDS, Crowd, Outcome, Request
from tests.chaos.stage import CREWS, ONE, TWO, Crew, S
from tests.chaos.verdict import SETTLING_SECONDS, metric, recovered, verdict

WATCHING_SECONDS = 0.2
FALLS_BACK = "cannot be reached"
"""What the shop says of a store that it believes to be away."""


class Pace(msgspec.Struct, frozen=True):
    """How long each part of a scene lasts: seconds, and acknowledged changes at least."""

    warm: float = 1.0
    """The first requests of all, which are slow for reasons of their own; no figure is taken of them."""
    quiet: float = 4.0
    fault: float = 5.0
    after: float = 4.0
    changes: int = 50
    pause: float = PAUSE_SECONDS
    """Between two requests of a tab."""


class Scene(Generic[S]):
    """A fault in the making: what it may break, and when it did."""

    def __init__(self, stage: S, crowd: Crowd, pace: Pace) -> None:
        self.stage = stage
        self.crowd = crowd
        self.struck: list[float] = []
        """When faults began, time.monotonic()'s."""
        self.standby_seconds = 0.0
        """How long the shop's standby was in charge."""
        self._pace = pace
        self._said = [len(shop.log.read_text()) for shop in stage.shops]

    @property
    def seconds(self) -> float:
        """How long the fault is to last."""
        return self._pace.fault

    async def strikes(self, fault: Callable[[], Any]) -> None:
        """Do the harm now, in a thread: killing and starting takes its time, and the crowd goes on."""
        self.strikes_now()
        await asyncio.to_thread(fault)

    def strikes_now(self) -> None:
        """The harm is done now, by the caller."""
        self.struck.append(time.monotonic())
        self.crowd.makes_every_pair()

    async def lasts(self) -> None:
        """Let the crowd go on while the fault lasts."""
        await self.crowd.goes_on(seconds=self.seconds, changes=self._pace.changes)

    @contextlib.asynccontextmanager
    async def without_orders(self) -> AsyncIterator[None]:
        """Nobody orders in this block: there is no database, without which there are carts and no orders."""
        self.crowd.may_order = False
        async with self.crowd.rests():
            """No order is under way."""
        try:
            yield
        finally:
            self.crowd.may_order = True

    async def until(self, condition: Callable[[], bool]) -> None:
        """Wait, in a thread, until something is so; a server that cannot be asked just now is asked again."""

        def holds() -> bool:
            try:
                return condition()
            except RedisError:
                return False

        async with asyncio.timeout(SETTLING_SECONDS):
            while not await asyncio.to_thread(holds):
                await asyncio.sleep(0.01)

    async def until_standby(self) -> None:
        """Wait until the shop's standby is in charge: the shop itself says that the store is away."""
        async with asyncio.timeout(SETTLING_SECONDS):
            for host, port in self.crowd.doors:
                while not await metric(port, "shop_cart_standby_in_charge", host):
                    await asyncio.sleep(0.02)

    async def until_said(self, words: str) -> None:
        """Wait until a shop has said something in its log that it had not said before this scene."""
        await self.until(lambda: self.said(words))

    def said(self, words: str) -> bool:
        """Whether a shop has said so in this scene."""
        return any(words in log for log in self.logs())

    def logs(self) -> list[str]:
        """What each shop has said in this scene."""
        logs = [shop.log.read_text() for shop in self.stage.shops]
        return [log[said:] for log, said in zip(logs, self._said, strict=True)]


class Physics(msgspec.Struct, frozen=True):
    """Why a promise cannot be kept in a row, whatever the shop did."""

    why: str
    stored: bool = False
    """Whether what is stored in the end is concerned; else only what answers show meanwhile."""
    alone: bool = False
    """Whether one process cannot keep it either."""


class Row(msgspec.Struct, Generic[S], frozen=True):
    """One fault: on which stage, what is done, and who serves meanwhile."""

    name: str
    fault: str
    stage: type[S]
    act: Callable[[Scene[S]], Any]
    seconds: float | None = None
    """How long the fault lasts in the table, where it is not as long as the others."""
    crews: Sequence[Crew] = CREWS
    """Who serves, one after the other, in `make chaos`."""
    tested: Sequence[Crew] = (TWO,)
    """And in `make test`."""
    well: bool = False
    """Whether the store is well all the time, so that no shop may fall back from it."""
    physics: Physics | None = None


class Case(msgspec.Struct, Generic[S], frozen=True):
    """A row, and who serves."""

    row: Row[S]
    crew: Crew = ONE

    @property
    def name(self) -> str:
        """The row's name, and the crew's."""
        return f"{self.row.name} ({self.crew.name})" if self.crew.name else self.row.name

    @property
    def rung(self) -> str:
        """The rung of the ladder that it happens on."""
        return self.row.stage.__doc__ or ""

    @property
    def physics(self) -> Physics | None:
        """Why not all can be kept, by this crew."""
        physics = self.row.physics
        return physics if physics and (physics.alone or self.crew.several) else None


def cases(rows: Sequence[Row[Any]], crews: Callable[[Row[Any]], Sequence[Crew]]) -> list[Case[Any]]:
    """Rows with their crews, in such an order that those on one stage stand together."""
    stages = list(dict.fromkeys(row.stage for row in rows))
    found = [Case(row, crew) for row in rows for crew in crews(row)]
    return sorted(found, key=lambda case: (stages.index(case.row.stage), CREWS.index(case.crew)))


class Result(msgspec.Struct, frozen=True):
    """What a crowd met in one scene; times in seconds."""

    requests: Sequence[Request]
    warm: float
    """When the figures begin, time.monotonic()'s."""
    struck: Sequence[float]
    acknowledged: int
    verdict: Verdict
    standby_seconds: float
    refusals: Sequence[str]
    """What was said instead of an answer that accepts."""
    fallen_back: Sequence[str] = ()
    """What shops said of a store that they held to be away."""

    def complaints(self, case: Case[Any]) -> list[str]:
        """All that is against the promises of this row."""
        physics = case.physics
        answers = [] if physics else [*self.verdict.vanished, *self.verdict.resurrected]
        stored = [] if physics and physics.stored else self.verdict.amiss
        return [*self.refusals, *stored, *answers, *(self.fallen_back if case.row.well else ())]

    def count(self, outcome: Outcome) -> int:
        """Requests that ended so."""
        return sum(request.outcome is outcome for request in self.requests)

    @property
    def slowest(self) -> float:
        """The longest that anybody waited."""
        return max(request.seconds for request in self.requests if not request.is_order)

    @property
    def p99_quiet(self) -> float:
        """The 99th percentile before the first fault."""
        first = min(self.struck)
        return p99([r for r in self.requests if self.warm < r.begun and r.begun + r.seconds < first])

    @property
    def p99_outside(self) -> float:
        """The 99th percentile from one second after a fault began, while it lasts and after it."""
        first = min(self.struck)
        return p99([r for r in self.requests if r.begun > first and all(r.begun - at > 1 for at in self._before(r))])

    def _before(self, request: Request) -> list[float]:
        """The faults that struck before a request was sent."""
        return [at for at in self.struck if at <= request.begun]


def p99(requests: Sequence[Request]) -> float:
    """The 99th percentile of how long they took, without orders; 0 of none."""
    seconds = sorted(request.seconds for request in requests if not request.is_order)
    return seconds[min(len(seconds) - 1, len(seconds) * 99 // 100)] if seconds else 0.0


async def play(case: Case[S], stage: S, pace: Pace) -> Result:
    """Let a crowd shop on an open stage while the row's fault happens, and check what came of it."""
    crowd = Crowd(*stage.doors, pause=pace.pause, reconnects=stage.crew.several)
    scene = Scene(stage, crowd, pace)
    async with crowd:
        await crowd.goes_on(seconds=pace.warm, changes=pace.changes)
        warm = time.monotonic()
        await crowd.goes_on(seconds=pace.quiet, changes=pace.changes)
        async with watched(scene):
            await case.row.act(scene)
            await crowd.goes_on(seconds=pace.after, changes=pace.changes)
            assert scene.struck, "the fault really happened"
    await recovered(*stage.doors, processes=stage.crew.workers)
    return Result(
        crowd.requests,
        warm,
        scene.struck,
        crowd.acknowledged,
        await verdict(stage, crowd),
        scene.standby_seconds,
        crowd.words,
        [line for log in scene.logs() for line in log.splitlines() if FALLS_BACK in line],
    )


@contextlib.asynccontextmanager
async def watched(scene: Scene[Any]) -> AsyncIterator[None]:
    """Count the seconds for which a standby is in charge, those of all shops together."""

    async def watch() -> None:
        while True:
            for host, port in scene.crowd.doors:
                with contextlib.suppress(NoAnswer):
                    away = await metric(port, "shop_cart_standby_in_charge", host)
                    scene.standby_seconds += WATCHING_SECONDS if away else 0
            await asyncio.sleep(WATCHING_SECONDS)

    watching = asyncio.create_task(watch())
    try:
        yield
    finally:
        watching.cancel()
        await asyncio.gather(watching, return_exceptions=True)
