"""A shopper: sends changes to processes, one after the other, and holds each answer to the history of the cart."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Coroutine
from typing import Any

from shop.cart.model import (
    Add,
    Cart,
    Clear,
    MoveToCart,
    Purchase,
    Remove,
    SaveForLater,
    SetQuantity,
    Undo,
    UseCoupon,
    ids_in,
    ids_shown,
)
from shop.cart.service import CartService
from shop.errors import CartLimitExceeded
from shop.money import Money
from tests.simulation.history import Answer, Deed, Forgotten, History, content
from tests.simulation.process import Gone, Process, moment
from tests.simulation.world import World

PATIENCE = 12.0
"""Seconds after which no answer counts as a refusal; a process that does not run may take longer."""
RETRY_SECONDS = 0.1
PRICE = Money(500, "EUR")

Click = Callable[[bytes, int], Deed]
"""Makes a deed of its id and time."""
Call = Callable[[CartService], Coroutine[Any, Any, Cart]]
"""A call of a service."""


class Unanswered(Exception):
    """There was no answer."""


class Shopper:
    """The only one who changes a cart."""

    def __init__(self, world: World, cart_id: str) -> None:
        self.world = world
        self.cart_id = cart_id
        self.history = History(cart_id)
        self.last_removal = b""
        """The id of the latest deed that took lines out of the cart."""
        self.seen = b""
        """What another cookie says: the latest changes of the cart that a page has shown since."""
        self.latest = b"", 0
        """What a cookie says: the latest changes of the cart that was shown, and when the last was made."""
        self.hint = False
        """What the cookie says: whether the latest answer came from other than the store."""

    def new_id(self) -> bytes:
        return self.world.chance.randbytes(8)

    # Single clicks, for scenes that are written by hand

    async def add(self, process: Process, sku: str, quantity: int = 1) -> Cart:
        return await self.click(process, lambda i, at: Add(i, at, sku, quantity, PRICE))

    async def set(self, process: Process, sku: str, quantity: int) -> Cart:
        return await self.click(process, lambda i, at: SetQuantity(i, at, sku, quantity))

    async def remove(self, process: Process, sku: str) -> Cart:
        return await self.click(process, lambda i, at: Remove(i, at, sku))

    async def clear(self, process: Process) -> Cart:
        return await self.click(process, Clear)

    async def save(self, process: Process, sku: str) -> Cart:
        return await self.click(process, lambda i, at: SaveForLater(i, at, sku))

    async def move(self, process: Process, sku: str) -> Cart:
        return await self.click(process, lambda i, at: MoveToCart(i, at, sku))

    async def undo(self, process: Process) -> Cart:
        of = self.last_removal
        return await self.click(process, lambda i, at: Undo(i, at, of))

    async def use_coupon(self, process: Process, code: str) -> Cart:
        return await self.click(process, lambda i, at: UseCoupon(i, at, code))

    async def order(self, process: Process) -> Cart:
        """Buy what the possible states agree on, as a checkout that has just shown the cart."""
        state = self.history.states[0]
        lines = tuple((line.sku, line.quantity) for line in state.active)
        return await self.click(process, lambda i, at: Purchase(i, at, lines, state.coupon))

    async def forget(self, process: Process) -> Cart:
        return await self.click(process, Forgotten)

    async def look(self, process: Process) -> Cart:
        """Read the cart."""
        since = self.world.loop.time()
        answer = await self._ask(process, None, lambda carts: carts.get(self.cart_id))
        self._takes_cookies(answer)
        self._judge(answer, since)
        return answer.cart

    async def watches(self, process: Process, change: Coroutine[Any, Any, Cart]) -> None:
        """Read the cart in another tab while it is changed: what it was before is right, and what it is then."""
        before, since = self.history.contents, self.world.loop.time()
        looking = asyncio.create_task(self._glances(process))
        try:
            await change
        finally:
            answer = await looking
        if answer is None or answer.cart.partial or self.world.doubt(process.name, since):
            return
        if content(answer.cart) not in before | self.history.contents:
            self.world.violates(
                f"{self.cart_id}: {process.name} answered a look with {content(answer.cart)} while it was changed; "
                f"before was {self.history.expected}"
            )

    async def click(self, process: Process, make: Click, *, others: Callable[[], Process] | None = None) -> Cart:
        """Send a deed until it is answered: after a process that has ended, again to one of the `others`."""
        deed_id, since = self.new_id(), self.world.loop.time()
        while True:
            try:
                answer = await self._send(process, make, deed_id)
            except Gone:
                if others is None:
                    self.history.unanswered(make(deed_id, moment(process)))
                    raise
                await asyncio.sleep(RETRY_SECONDS)
                process = others()
                continue
            if answer is None:
                return self.history.states[0]
            self._judge(answer, since)
            return answer.cart

    async def click_twice(self, one: tuple[Process, Click], other: tuple[Process, Click], *, same: bool) -> None:
        """Send two deeds at once, as from two tabs; with `same` they have one id, as after a double click."""
        since, ids = self.world.loop.time(), (self.new_id(), self.new_id())
        sent = [
            self._send(process, make, deed_id)
            for (process, make), deed_id in zip((one, other), (ids[0], ids[0 if same else 1]), strict=True)
        ]
        found = await asyncio.gather(*sent, return_exceptions=True)
        for (process, make), deed_id, result in zip((one, other), ids, found, strict=True):
            if isinstance(result, Gone):
                self.history.unanswered(make(ids[0] if same else deed_id, moment(process)))
        for result in found:
            if isinstance(result, BaseException) and not isinstance(result, Gone):
                raise result
        answers = [result for result in found if isinstance(result, Answer)]
        self.hint = any(answer.standby for answer in answers)
        if len(answers) == 2:
            self._judge_both(answers[0], answers[1], since)
        for answer in answers if len(answers) == 1 else ():
            self._judge(answer, since)

    async def _glances(self, process: Process) -> Answer | None:
        """The answer to a look of another tab, if there is one."""
        with contextlib.suppress(Gone, Unanswered):
            answer = await self._ask(process, None, lambda carts: carts.get(self.cart_id))
            self._takes_cookies(answer)
            return answer
        return None

    def _takes_cookies(self, answer: Answer) -> None:
        self.hint = answer.standby
        changes = answer.sent
        if answer.deed is None and answer.cart.latest_change not in ids_in(changes) and answer.cart.knows_all(changes):
            self.seen = answer.cart.changes[-32:]
        if answer.deed is not None and answer.cart.changes:
            self.seen = b""
            self.latest = ids_shown(answer.cart, changes), answer.cart.changed_at

    def is_stored(self) -> None:
        """Hold what Redis has in the end to the history."""
        cart = self.world.stored(self.cart_id)
        if not self.history.ends(cart):
            self.world.violates(
                f"in the end Redis has of {self.cart_id} {content(cart)} instead of {self.history.expected}"
            )

    async def agrees(self, process: Process) -> bool:
        """Whether what a process shows is legal in the end."""
        cart = (await self._ask(process, None, lambda carts: carts.get(self.cart_id))).cart
        return not cart.partial and self.history.ends(cart)

    async def ends(self, process: Process) -> None:
        """Hold what a process shows in the end to the history."""
        with contextlib.suppress(Gone):
            cart = (await self._ask(process, None, lambda carts: carts.get(self.cart_id))).cart
            if cart.partial or not self.history.ends(cart):
                self.world.violates(
                    f"in the end {process.name} shows of {self.cart_id} {content(cart)}"
                    f"{' (partial)' if cart.partial else ''} instead of {self.history.expected}"
                )

    async def _send(self, process: Process, make: Click, deed_id: bytes) -> Answer | None:
        """Send a deed and return its answer; None if a limit refuses it."""
        deed = make(deed_id, moment(process))
        self.world.note(f"{self.cart_id} -> {process.name}: {_words(deed)}")
        try:
            answer = await self._ask(process, deed, lambda carts: _do(carts, self.cart_id, deed))
        except CartLimitExceeded as error:
            self.world.note(f"{self.cart_id} <- {process.name}: {error}")
            if not self.history.refused(deed):
                self.world.violates(f"{self.cart_id}: {_words(deed)} was refused: {error}")
            return None
        self._takes_cookies(answer)
        removed = answer.cart.removed
        if removed is not None and removed.change == deed.id:
            self.last_removal = deed.id
        return answer

    async def _ask(self, process: Process, deed: Deed | None, call: Call) -> Answer:
        """Have a process answer a request. A failure that is not Gone or a limit is a violation."""

        sent, at, hint = self.latest[0] + self.seen, self.latest[1], self.hint

        async def request() -> tuple[Cart, bool]:
            carts = process.carts
            if sent:
                carts.shown(self.cart_id, sent, at, journalled=hint)
            return await call(carts), carts.uses_standby(self.cart_id)

        try:
            async with asyncio.timeout(PATIENCE):
                cart, standby = await process.run(request)
        except (Gone, CartLimitExceeded):
            raise
        except TimeoutError as error:
            self.world.violates(f"{self.cart_id}: {process.name} gave no answer in {PATIENCE:g} s")
            raise Unanswered from error
        except Exception as error:
            self.world.violates(f"{self.cart_id}: {process.name} refused: {error!r}")
            raise Unanswered from error
        self.world.note(
            f"{self.cart_id} <- {process.name}: {content(cart)}{' partial' if cart.partial else ''}"
            f"{' standby' if standby else ''}"
        )
        journalled = deed is not None and standby and not self.world.has(self.cart_id, deed.id)
        outage = self.world.outage
        return Answer(process.name, deed, cart, standby, outage if journalled else 0, outage, sent)

    def _judge(self, answer: Answer, since: float) -> None:
        if not self.history.answered(answer, self.world.doubt(answer.process, since)):
            self.world.violates(
                f"{self.cart_id}: {answer.process} answered {_words(answer.deed)} with {content(answer.cart)}"
                f"{' (partial)' if answer.cart.partial else ''}; before was {self.history.expected}"
            )

    def _judge_both(self, one: Answer, other: Answer, since: float) -> None:
        doubt = max(self.world.doubt(one.process, since), self.world.doubt(other.process, since))
        if not self.history.answered_both(one, other, doubt):
            self.world.violates(
                f"{self.cart_id}: {_words(one.deed)} showed {content(one.cart)} and, at once, "
                f"{_words(other.deed)} {content(other.cart)}; before was {self.history.expected}"
            )


async def _do(carts: CartService, cart_id: str, deed: Deed) -> Cart:
    """Have a service do it."""
    if not isinstance(deed, Forgotten):
        return await carts.apply(cart_id, deed)
    await carts.delete(cart_id)
    return Cart(cart_id)


def _words(deed: Deed | None) -> str:
    match deed:
        case None:
            return "a look"
        case Purchase():
            return f"Purchase {' '.join(f'{sku}: {quantity}' for sku, quantity in deed.lines)}"
        case Undo():
            return "Undo"
        case _:
            name = type(deed).__name__
            facts = (str(getattr(deed, field, "")) for field in ("sku", "quantity", "code"))
            return " ".join(filter(None, [name, *facts]))
