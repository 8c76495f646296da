"""Where a fault happens: servers, a shop on them, a crowd in it; and what came of it.

A stage is a set of servers with a running shop. Faults that leave it whole share it, one after the other.
"""

from __future__ import annotations

import asyncio
import contextlib
import shutil
import tempfile
import time
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Callable, Sequence
from pathlib import Path
from typing import Any, ClassVar, Generic, TypeVar

import msgspec
from redis.exceptions import RedisError

from shop.cart.model import Cart
from shop.loadtest.shoppers.history import Verdict
from shop.web.http.session import cart_id
from tests.chaos.browser import NoAnswer, Tab
from tests.chaos.load import PAUSE_SECONDS, PRODUCTS, Crowd, Outcome, Request, Shopper
from tests.fixtures.cart_services import past_the_shop
from tests.fixtures.shop_process import ShopProcess

SETTLING_SECONDS = 20.0
"""How long after a fault the store may take until it has everything."""
WATCHING_SECONDS = 0.2

S = TypeVar("S", bound="Stage")


class Stage(ABC):
    """Servers and a shop on them. `open` and `close` block: they start and end processes."""

    settings: ClassVar[dict[str, str]] = {}
    """The shop's, besides its URLs."""

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="shop-chaos-"))
        self.shop: ShopProcess

    @property
    @abstractmethod
    def url(self) -> str:
        """The shop's REDIS_URL."""

    @property
    def database_url(self) -> str:
        """The shop's DATABASE_URL."""
        return f"sqlite+aiosqlite:///{self.folder / 'shop.db'}"

    @property
    def store_urls(self) -> tuple[str, ...]:
        """The stores that must have every cart in the end, read past the shop."""
        return (self.url,)

    @abstractmethod
    def open_servers(self) -> None:
        """Start what the shop needs."""

    @abstractmethod
    def close_servers(self) -> None:
        """End it, whatever state it is in."""

    def open(self) -> None:
        """Start the servers and the shop."""
        self.open_servers()
        urls = {"REDIS_URL": self.url, "DATABASE_URL": self.database_url}
        self.shop = ShopProcess(self.folder, **urls, CART_MAX_QUANTITY="5000", **self.settings)
        self.stock()
        self.shop.start()

    def stock(self) -> None:
        """Fill the shop's database before it opens."""
        self.shop.sells(PRODUCTS)

    def close(self) -> None:
        """End the shop and the servers, and remove what they saved."""
        try:
            if hasattr(self, "shop") and self.shop.process.poll() is None:
                self.shop.stop()
        finally:
            self.close_servers()
            shutil.rmtree(self.folder, ignore_errors=True)

    async def read(self, url: str, cart_ids: Sequence[str]) -> list[Cart]:
        """The carts as a store has them, read past the shop."""
        async with past_the_shop(url) as store:
            return await store.get_many(cart_ids)


class Stages:
    """The one stage that is open: rows that stand together share it."""

    def __init__(self) -> None:
        self._open: Stage | None = None

    def on(self, kind: type[S]) -> S:
        """The open stage of this kind, or one that is opened now, in place of another."""
        if type(self._open) is not kind:
            self.close()
            self._open = kind()
            self._open.open()
        assert isinstance(self._open, kind)
        return self._open

    def close(self) -> None:
        """Close it, as after a scene that may have left it broken."""
        if self._open is not None:
            stage, self._open = self._open, None
            stage.close()


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
        self._said = len(stage.shop.log.read_text())

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

    async def lasts(self) -> None:
        """Let the crowd go on while the fault lasts."""
        await self.crowd.goes_on(seconds=self.seconds, changes=self._pace.changes)

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
            while not await metric(self.crowd.port, "shop_cart_standby_in_charge"):
                await asyncio.sleep(0.02)

    async def until_said(self, words: str) -> None:
        """Wait until the shop has said something in its log that it had not said before this scene."""
        log = self.stage.shop.log
        await self.until(lambda: words in log.read_text()[self._said :])


class Row(msgspec.Struct, Generic[S], frozen=True):
    """One fault: on which stage, what is done, and whether the shop itself is stopped by it."""

    name: str
    fault: str
    stage: type[S]
    act: Callable[[Scene[S]], Any]
    seconds: float | None = None
    """How long the fault lasts in the table, where it is not as long as the others."""
    alone: bool = True
    """Whether one process serves. Of two, each has a standby of its own: while the store is away, what one has
    acknowledged the other cannot show, and only what is stored in the end can be held to the promise."""

    @property
    def rung(self) -> str:
        """The rung of the ladder that it happens on."""
        return self.stage.__doc__ or ""


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

    def complaints(self, row: Row[Any]) -> list[str]:
        """All that is against the promises of this row."""
        return [*self.refusals, *self.verdict.amiss, *(self.verdict.vanished if row.alone else ())]

    def count(self, outcome: Outcome) -> int:
        """Requests that ended so."""
        return sum(request.outcome is outcome for request in self.requests)

    @property
    def slowest(self) -> float:
        """The longest that anybody waited."""
        return max(request.seconds for request in self.requests)

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
    """The 99th percentile of how long they took, 0 of none."""
    seconds = sorted(request.seconds for request in requests)
    return seconds[min(len(seconds) - 1, len(seconds) * 99 // 100)] if seconds else 0.0


async def play(row: Row[S], stage: S, pace: Pace) -> Result:
    """Let a crowd shop on an open stage while the row's fault happens, and check what came of it."""
    crowd = Crowd(stage.shop.port, pause=pace.pause)
    scene = Scene(stage, crowd, pace)
    async with crowd:
        await crowd.goes_on(seconds=pace.warm, changes=pace.changes)
        warm = time.monotonic()
        await crowd.goes_on(seconds=pace.quiet, changes=pace.changes)
        async with watched(scene):
            await row.act(scene)
            await crowd.goes_on(seconds=pace.after, changes=pace.changes)
            assert scene.struck, "the fault really happened"
    await recovered(crowd.port)
    return Result(
        crowd.requests,
        warm,
        scene.struck,
        crowd.acknowledged,
        await verdict(stage, crowd.shoppers),
        scene.standby_seconds,
        crowd.words,
    )


@contextlib.asynccontextmanager
async def watched(scene: Scene[Any]) -> AsyncIterator[None]:
    """Count the seconds for which the standby is in charge."""

    async def watch() -> None:
        while True:
            with contextlib.suppress(NoAnswer):
                away = await metric(scene.crowd.port, "shop_cart_standby_in_charge")
                scene.standby_seconds += WATCHING_SECONDS if away else 0
            await asyncio.sleep(WATCHING_SECONDS)

    watching = asyncio.create_task(watch())
    try:
        yield
    finally:
        watching.cancel()
        await asyncio.gather(watching, return_exceptions=True)


async def verdict(stage: Stage, shoppers: Sequence[Shopper]) -> Verdict:
    """Compare every cart with what its shopper knows: in the store itself, then through the shop."""
    shoppers = [shopper for shopper in shoppers if shopper.cookies]
    found = Verdict()
    for url in stage.store_urls:
        for one in await _stored(stage, url, shoppers):
            found.add(one)
    for shopper in shoppers:
        await shopper.looks_again()
        found.add(shopper.history.verdict)
    return found


async def _stored(stage: Stage, url: str, shoppers: Sequence[Shopper]) -> list[Verdict]:
    """What is wrong in a store, once nothing is, or when it has had time enough to be brought in order."""
    deadline = time.monotonic() + SETTLING_SECONDS
    ids = [cart_id(shopper.cookies["session"]) for shopper in shoppers]
    kind = url.partition(":")[0]
    while True:
        verdicts = [
            shopper.history.ends({line.sku: line.quantity for line in cart.active}, f"{kind}, cart {cart.id}")
            for shopper, cart in zip(shoppers, await stage.read(url, ids), strict=True)
        ]
        if not any(verdict.amiss for verdict in verdicts) or time.monotonic() > deadline:
            return verdicts
        await asyncio.sleep(0.1)


async def recovered(port: int) -> None:
    """Wait until the shop says that no standby is in charge and no change waits for the store."""
    async with asyncio.timeout(SETTLING_SECONDS):
        while await metric(port, "shop_cart_standby_in_charge") or await metric(port, "shop_cart_changes_waiting"):
            await asyncio.sleep(0.05)


async def metric(port: int, name: str) -> float:
    """A number of /metrics. Raises NoAnswer."""
    tab = Tab(port, {})
    try:
        lines = (await tab.get("/metrics")).body.decode().splitlines()
    finally:
        tab.close()
    return float(next(line.split()[-1] for line in lines if line.startswith(name + " ")))
