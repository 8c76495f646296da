"""A crowd of shoppers who keep clicking in a running shop, and all that was answered to them."""

from __future__ import annotations

import asyncio
import re
import time
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from enum import Enum

import msgspec

from tests.chaos.browser import Answer, NoAnswer
from tests.chaos.shopper import PRODUCTS, Shopper, Visit

__all__ = ["PAUSE_SECONDS", "PRODUCTS", "SHOPPERS", "Crowd", "Outcome", "Request", "Shopper", "Visit"]

SHOPPERS = 8
PAUSE_SECONDS = 0.02
"""Between two requests of a tab, on average, where nothing else is said."""
PAIRS = ("set+add", "remove+add", "empty+add", "save+add", "undo+add", "order+add", "forget+add")
"""Two changes that are wrong in the end if they are made in the other order."""

WORDS = 300
"""Characters of a refusal that are kept."""

_TAG = re.compile(r"<[^>]*>")

Door = tuple[str, int]
"""Host and port of a shop."""


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
    is_order: bool = False
    """An order takes as long as its bank and the disk of the database: it is not timed."""


def _words_on(page: bytes) -> str:
    """The first words of a page's own part, without markup."""
    body = page.decode(errors="replace")
    return " ".join(_TAG.sub(" ", body[max(0, body.find("<main")) :]).split())[:WORDS]


class Crowd:
    """Shoppers who keep clicking until the end of the block, and all that was answered to them.

    `reconnects`: each click opens a connection of its own, so that any process may serve it, and goes to the next of
    the `doors`.
    """

    def __init__(
        self, *doors: Door, shoppers: int = SHOPPERS, pause: float = PAUSE_SECONDS, reconnects: bool = False
    ) -> None:
        self.doors: Sequence[Door] = doors
        self.pause = pause
        """Seconds between two requests of a tab, on average."""
        self.reconnects = reconnects
        self.open = True
        self.going = asyncio.Event()
        """Cleared while nobody clicks."""
        self.going.set()
        self.shop_is_open = True
        """False while the shop itself is stopped on purpose: who then gets no answer asks again."""
        self.may_order = True
        """False while the database is away, without which there is no order."""
        self.pairs: deque[str] = deque()
        """Those of PAIRS that somebody is to make next."""
        self.requests: list[Request] = []
        self.words: list[str] = []
        """What was said instead of an answer that accepts."""
        self._under_way = 0
        self.shoppers = [Shopper(self, number) for number in range(shoppers)]

    async def __aenter__(self) -> Crowd:
        self._clicking = asyncio.gather(*(shopper.shops() for shopper in self.shoppers))
        return self

    async def __aexit__(self, *_: object) -> None:
        self.open = False
        self.going.set()
        await self._clicking
        for shopper in self.shoppers:
            shopper.leaves()

    @property
    def acknowledged(self) -> int:
        """Changes that were answered, all told."""
        return sum(shopper.acknowledged for shopper in self.shoppers)

    @property
    def visits(self) -> list[Visit]:
        """All sessions that anybody has had."""
        return [visit for shopper in self.shoppers for visit in shopper.visits if visit.session]

    @property
    def sessions(self) -> list[str]:
        """The tokens of the sessions that are under way."""
        return [shopper.visit.session for shopper in self.shoppers if shopper.visit.session]

    def makes_every_pair(self) -> None:
        """Have every one of PAIRS made twice, and soon."""
        if not self.pairs:
            self.pairs.extend(PAIRS * 2)

    async def goes_on(self, *, seconds: float, changes: int) -> None:
        """Return when so many seconds have passed, so many changes more are acknowledged, and no pair is left."""
        until, goal = time.monotonic() + seconds, self.acknowledged + changes
        async with asyncio.timeout(seconds + 60):
            while time.monotonic() < until or self.acknowledged < goal or self.pairs:
                if self._clicking.done():
                    self._clicking.result()
                    raise AssertionError(f"A shopper gave up: {self.words[-1:]}")
                await asyncio.sleep(0.01)

    @asynccontextmanager
    async def rests(self) -> AsyncIterator[None]:
        """Nobody clicks in this block, and no request is under way."""
        self.going.clear()
        try:
            async with asyncio.timeout(60):
                while self._under_way:
                    await asyncio.sleep(0.01)
            yield
        finally:
            self.going.set()

    async def timed(self, ask: Callable[[], Awaitable[Answer]], *, is_order: bool = False) -> Answer | None:
        """The answer, if there is one; the request is counted in any case."""
        await self.going.wait()
        begun, was_open = time.monotonic(), self.shop_is_open
        answer, outcome = None, Outcome.ANSWERED
        self._under_way += 1
        try:
            answer = await ask()
        except NoAnswer as error:
            closed = not (was_open and self.shop_is_open)
            outcome = Outcome.CUT if closed else Outcome.FAILED
            self.words += [] if closed else [str(error)]
        finally:
            self._under_way -= 1
        if answer is not None and not answer.accepted:
            self.words.append(f"{answer.asked}: {answer.status}: {_words_on(answer.body)}")
            outcome = Outcome.FAILED
        self.requests.append(Request(begun, time.monotonic() - begun, outcome, is_order))
        return answer
