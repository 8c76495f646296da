"""An attack: many requests at once on one shop, what the shop answered, and what its books say afterwards."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import Any

import msgspec

from shop.checkout.model import Order
from shop.database import create_engine
from tests.chaos.attacks.audit import Audit
from tests.chaos.attacks.buyer import Buyer, Form, Reply, Said
from tests.chaos.stage import SECRET, Stage

MOST_LETTERS = 300
RUSH_SECONDS = 60.0
"""How long an answer is waited for: all come at once, and the last waits for everybody before."""
MOMENT_SECONDS = 0.5


class Raid:
    """One attack under way. `many` is how many requests it sends at once, about."""

    def __init__(self, stage: Stage, name: str, many: int, audit: Audit) -> None:
        self.stage = stage
        self.many = many
        self.audit = audit
        self.replies: list[Reply] = []
        self.wrong: list[str] = []
        """What is against the promises of this attack, beyond what every audit looks for."""
        self._name = name
        self._buyers: list[Buyer] = []

    async def __aenter__(self) -> Raid:
        return self

    async def __aexit__(self, *_: object) -> None:
        for buyer in self._buyers:
            buyer.leaves()

    def buyer(self, who: object) -> Buyer:
        """Somebody new, in a browser of their own."""
        return self._came(Buyer(self.stage.shop.port, f"{self._name}-{who}@example.com", patience=RUSH_SECONDS))

    def buyers(self, count: int) -> list[Buyer]:
        """So many people."""
        return [self.buyer(number) for number in range(count)]

    def tabs(self, buyer: Buyer, count: int) -> list[Buyer]:
        """So many connections of one person's browser."""
        return [self._came(buyer.another_tab()) for _ in range(count)]

    async def at_once(self, orders: Iterable[Awaitable[Reply]]) -> list[Reply]:
        """Send orders all at once; their answers, which are noted."""
        replies = await asyncio.gather(*orders)
        self.replies += replies
        return replies

    async def until_decided(self, buyers: Iterable[Buyer], form: Form | None = None, key: str = "") -> None:
        """Let buyers order all at once, and again a moment later where they are asked to; every answer is noted."""
        async with asyncio.timeout(RUSH_SECONDS):
            await asyncio.gather(*(self.decided(buyer, form, key) for buyer in buyers))

    async def decided(self, buyer: Buyer, form: Form | None = None, key: str = "") -> Reply:
        """Let a buyer order, and again a moment later where they are asked to; the last of the answers noted."""
        while True:
            (reply,) = await self.at_once([buyer.orders(form, key=key)])
            if reply.said is not Said.AWAY:
                return reply
            await asyncio.sleep(MOMENT_SECONDS)

    def expects(self, condition: bool, words: str) -> None:
        """Note these words unless the condition holds."""
        if not condition:
            self.wrong.append(words[:MOST_LETTERS])

    def count(self, said: Said) -> int:
        """Orders that were answered so."""
        return sum(reply.said is said for reply in self.replies)

    async def live(self) -> list[Order]:
        """The orders that were made, and did not fail."""
        return [order for order in await self.audit.orders() if order.state != "failed"]

    def _came(self, buyer: Buyer) -> Buyer:
        self._buyers.append(buyer)
        return buyer


class Attack(msgspec.Struct, frozen=True):
    """What is tried; `many` orders at once in the table, and how many in the test."""

    name: str
    words: str
    act: Callable[[Raid], Awaitable[Any]]
    many: int = 200
    few: int = 40


class Result(msgspec.Struct, frozen=True):
    """What came of an attack."""

    attempts: int
    said: Counter[Said]
    orders: int
    """That were made and did not fail."""
    violations: Sequence[str]


async def raid(attack: Attack, stage: Stage, many: int) -> Result:
    """Make an attack on an open stage, and audit the shop's books."""
    engine = create_engine(stage.database_url)
    try:
        async with Audit(engine, SECRET) as audit, Raid(stage, attack.name, many, audit) as one:
            await attack.act(one)
            violations = [*one.wrong, *await audit.violations(), *_broken(one.replies)]
            made = await one.live()
    finally:
        await engine.dispose()
    return Result(len(one.replies), Counter(reply.said for reply in one.replies), len(made), violations)


def _broken(replies: Iterable[Reply]) -> list[str]:
    return [reply.words[:MOST_LETTERS] for reply in replies if reply.said is Said.BROKEN]
