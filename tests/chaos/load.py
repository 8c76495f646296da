"""Shoppers who keep clicking in a running shop. Each is the only one to change its cart, and knows what it must be."""

from __future__ import annotations

import asyncio
import random
import re
import secrets
import time
from collections.abc import Awaitable, Callable
from enum import Enum

import msgspec

from shop.loadtest.shoppers.history import History, Lines, lines_on
from tests.chaos.browser import HTMX, Answer, NoAnswer, Tab

SHOPPERS = 8
PAUSE_SECONDS = 0.02
"""Between two requests of a tab, on average, where nothing else is said."""
INSISTING_SECONDS = 20.0
"""How long the same change is sent again before a shopper gives up."""
PRODUCTS = {"always-mug": 1900, "always-bowl": 2900, "always-vase": 3900, "always-jug": 4900, "always-cup": 900}

_UNDO = re.compile(rb'name="of" value="([0-9a-f]+)"')


class Outcome(Enum):
    """How a request ended."""

    ANSWERED = "answered"
    FAILED = "failed"
    """An error, a refusal, or no answer from a shop that was open."""
    CUT = "cut"
    """No answer from a shop that was being closed or killed."""


class Request(msgspec.Struct, frozen=True):
    """A request as a shopper saw it; times are time.monotonic()'s."""

    begun: float
    seconds: float
    outcome: Outcome


class Shopper:
    """One person with two tabs: one changes the cart, the other looks at it."""

    def __init__(self, crowd: Crowd, number: int) -> None:
        self.history = History()
        self.cookies: dict[str, str] = {}
        self._crowd = crowd
        self._random = random.Random(number)
        self._tab, self._other_tab = Tab(crowd.port, self.cookies), Tab(crowd.port, self.cookies)
        self._undo: tuple[str, Lines] | None = None
        """The id of the latest removal, and what it took out."""

    async def shops(self) -> None:
        """Click until the crowd goes home."""
        await self._add()
        await asyncio.gather(self._keeps_changing(), self._keeps_looking())

    async def looks(self, tab: Tab) -> None:
        """Read the cart, as a page or as what htmx swaps, and check it."""
        since = self.history.begins_to_read()
        headers = self._random.choice(({}, HTMX))
        answer = await self._insists(lambda: tab.get("/cart", headers))
        if answer is not None:
            self.history.shows(lines_on(answer.body), since, "GET /cart")

    async def looks_again(self) -> None:
        """Read the cart once more, over a connection of its own."""
        tab = Tab(self._crowd.port, self.cookies)
        await self.looks(tab)
        tab.close()

    def leaves(self) -> None:
        """Close the tabs."""
        self._tab.close()
        self._other_tab.close()

    async def _keeps_looking(self) -> None:
        while self._crowd.open:
            await self.looks(self._other_tab)
            await self._pauses(2)

    async def _keeps_changing(self) -> None:
        acts = (self._add, self._set_quantity, self._remove, self._empty, self._put_back)
        while self._crowd.open:
            (act,) = self._random.choices(acts, weights=(60, 15, 10, 3, 12))
            await act()
            await self._pauses(1)

    async def _pauses(self, times: float) -> None:
        await asyncio.sleep(times * self._crowd.pause * self._random.uniform(0.5, 1.5))

    async def _add(self) -> None:
        sku, quantity = self._random.choice(list(PRODUCTS)), self._random.randint(1, 3)
        lines = {**self.history.lines, sku: self.history.lines.get(sku, 0) + quantity}
        await self._changes("/cart", {"product_id": sku, "quantity": quantity}, lines)

    async def _set_quantity(self) -> None:
        if lines := self.history.lines:
            sku, quantity = self._random.choice(list(lines)), self._random.randint(1, 20)
            await self._changes(f"/cart/lines/{sku}", {"quantity": quantity}, {**lines, sku: quantity})

    async def _remove(self) -> None:
        if lines := self.history.lines:
            sku = self._random.choice(list(lines))
            stays = {other: quantity for other, quantity in lines.items() if other != sku}
            await self._takes_out(f"/cart/lines/{sku}/remove", {sku: lines[sku]}, stays)

    async def _empty(self) -> None:
        if lines := self.history.lines:
            await self._takes_out("/cart/empty", lines, {})

    async def _takes_out(self, path: str, gone: Lines, stays: Lines) -> None:
        self._undo = None
        answer = await self._changes(path, {}, stays, htmx=True)
        if answer is not None and (found := _UNDO.search(answer.body)):
            self._undo = found[1].decode(), gone

    async def _put_back(self) -> None:
        if self._undo is None:
            return
        (removal, gone), self._undo = self._undo, None
        lines = dict(self.history.lines)
        for sku, quantity in gone.items():
            lines[sku] = lines.get(sku, 0) + quantity
        await self._changes("/cart/undo", {"of": removal}, lines)

    async def _changes(
        self, path: str, form: dict[str, str | int], lines: Lines, *, htmx: bool | None = None
    ) -> Answer | None:
        """Send a change that makes the cart `lines`, again and again under one key until it is acknowledged."""
        self.history.sends(lines)
        htmx = self._random.random() < 0.7 if htmx is None else htmx
        headers = {"Idempotency-Key": secrets.token_hex(8), **(HTMX if htmx else {})}
        answer = await self._insists(lambda: self._tab.post(path, form, headers))
        if answer is None:
            self._crowd.open = False
            return None
        self.history.is_answered()
        since = self.history.begins_to_read()
        if htmx and path != "/cart":
            self.history.shows(lines_on(answer.body), since, f"POST {path}")
        else:
            self.history.counts(int(answer.cookies["cart_count"]), since, f"POST {path}")
        return answer

    async def _insists(self, ask: Callable[[], Awaitable[Answer]]) -> Answer | None:
        """The answer that accepts; None if there is none for much too long."""
        deadline = time.monotonic() + INSISTING_SECONDS
        while time.monotonic() < deadline:
            answer = await self._crowd.timed(ask)
            if answer is not None:
                return answer
            await self._pauses(2)
        return None


class Crowd:
    """Shoppers who keep clicking until the end of the block, and all that was answered to them."""

    def __init__(self, port: int, shoppers: int = SHOPPERS, pause: float = PAUSE_SECONDS) -> None:
        self.port = port
        self.pause = pause
        """Seconds between two requests of a tab, on average."""
        self.open = True
        self.shop_is_open = True
        """False while the shop itself is stopped on purpose: who then gets no answer asks again."""
        self.requests: list[Request] = []
        self.words: list[str] = []
        """What was said instead of an answer that accepts."""
        self.shoppers = [Shopper(self, number) for number in range(shoppers)]

    async def __aenter__(self) -> Crowd:
        self._clicking = asyncio.gather(*(shopper.shops() for shopper in self.shoppers))
        return self

    async def __aexit__(self, *_: object) -> None:
        self.open = False
        await self._clicking
        for shopper in self.shoppers:
            shopper.leaves()

    @property
    def acknowledged(self) -> int:
        """Changes that were answered, all told."""
        return sum(shopper.history.acknowledged for shopper in self.shoppers)

    async def goes_on(self, *, seconds: float, changes: int) -> None:
        """Return when so many seconds have passed and so many changes more are acknowledged."""
        until, goal = time.monotonic() + seconds, self.acknowledged + changes
        async with asyncio.timeout(seconds + 60):
            while time.monotonic() < until or self.acknowledged < goal:
                assert not self._clicking.done(), "a shopper gave up"
                await asyncio.sleep(0.01)

    async def timed(self, ask: Callable[[], Awaitable[Answer]]) -> Answer | None:
        """The answer, if it accepts; the request is counted in any case."""
        begun, was_open = time.monotonic(), self.shop_is_open
        answer, outcome = None, Outcome.ANSWERED
        try:
            answer = await ask()
        except NoAnswer as error:
            closed = not (was_open and self.shop_is_open)
            outcome = Outcome.CUT if closed else Outcome.FAILED
            self.words += [] if closed else [str(error)]
        if answer is not None and not answer.accepted:
            self.words.append(f"{answer.status}: {answer.body[-600:].decode(errors='replace')}")
            answer, outcome = None, Outcome.FAILED
        self.requests.append(Request(begun, time.monotonic() - begun, outcome))
        return answer
