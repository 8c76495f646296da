"""A rush of shoppers who each order once while a test breaks the servers, and what must have become of each of them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from itertools import count

import msgspec

from shop.checkout.model import Order
from tests.chaos.attacks.audit import Audit
from tests.chaos.attacks.buyer import Buyer, Form, Reply, Said
from tests.chaos.browser import NoAnswer

AT_ONCE = 6
PATIENCE_SECONDS = 20.0
NOTHING = "Nothing was ordered or charged"
PAGES = {
    "Thank you": ("placed", "paid", "shipped"),
    "This order was not placed": ("failed",),
    "We are waiting for your bank": ("pending",),
}
"""What the page of an order says, and of which states that is the truth."""


class Attempt(msgspec.Struct, frozen=True):
    """Somebody sent a form once, and this is what was said."""

    buyer: Buyer
    reply: Reply


class Rush:
    """Shoppers who keep coming until the end of the block: each puts a cup into a cart and orders it."""

    def __init__(self, port: int, name: str) -> None:
        self.attempts: list[Attempt] = []
        self._port = port
        self._name = name
        self._numbers = count()
        self._open = True

    async def __aenter__(self) -> Rush:
        self._tasks = [asyncio.create_task(self._keep_coming()) for _ in range(AT_ONCE)]
        return self

    async def __aexit__(self, *_: object) -> None:
        self._open = False
        await asyncio.gather(*self._tasks)

    def count(self, said: Said) -> int:
        """Attempts that were answered so."""
        return sum(attempt.reply.said is said for attempt in self.attempts)

    async def until_more(self, said: Said, more: int) -> None:
        """Wait for so many more answers of a kind."""
        goal = self.count(said) + more
        await until(lambda: self.count(said) >= goal)

    async def amiss(self, audit: Audit) -> list[str]:
        """All that is against the promises, once every server is back."""
        await audit.settled()
        wrong: list[str] = []
        made: dict[str, list[Order]] = {}
        for order in await audit.orders():
            made.setdefault(order.buyer.email, []).append(order)
        for attempt in self.attempts:
            attempt.buyer.leaves()  # the shop may be about to close a connection that has been idle for so long
            wrong += await _amiss(attempt, made.get(attempt.buyer.email, []))
            attempt.buyer.leaves()
        return wrong

    async def _keep_coming(self) -> None:
        while self._open:
            buyer = Buyer(self._port, f"{self._name}-{next(self._numbers)}@example.com")
            form = await _at_the_till(buyer)
            if form is None:
                buyer.leaves()
            else:
                self.attempts.append(Attempt(buyer, await buyer.orders(form)))
            await asyncio.sleep(0.01)


async def until(condition: Callable[[], bool]) -> None:
    """Wait for it."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        while not condition():
            await asyncio.sleep(0.01)


async def _at_the_till(buyer: Buyer) -> Form | None:
    """The form, if somebody gets so far."""
    try:
        return await buyer.opens_the_checkout() if await buyer.adds("cup") else None
    except NoAnswer:
        return None


async def _amiss(attempt: Attempt, made: Sequence[Order]) -> list[str]:
    """One order or none; what was said is true; what was ordered has left the cart, once."""
    buyer, reply = attempt.buyer, attempt.reply
    live = [order for order in made if order.state != "failed"]
    left = (await buyer.looks_into_the_cart()).get("cup", 0)
    wrong = []
    if len(made) > 1 or left + len(live) != 1:
        wrong.append(f"there are {len(live)} orders, {len(made) - len(live)} that failed, and {left} left in the cart")
    if reply.said is Said.ORDERED:
        page = await buyer.looks_at(reply.page)
        true = any(words in page and made and made[0].state in states for words, states in PAGES.items())
        if not true or made[0].number != reply.number:
            wrong.append(f"sent to {reply.number}, where it says {page[:200]}; there is {made}")
    elif live or NOTHING not in reply.words:
        wrong.append(f"told {reply.words[:200]}, and there are {len(live)} orders")
    return [f"{buyer.email}, {reply.said.value}: {words}" for words in wrong]
