"""A shopper who keeps clicking in a running shop: the only one to change their cart, who knows what it must be."""

from __future__ import annotations

import asyncio
import random
import re
import secrets
import time
from collections.abc import Awaitable, Callable
from itertools import count, cycle
from typing import TYPE_CHECKING

from shop.loadtest.shoppers.history import History, Lines, lines_on, saved
from shop.web.http.session import LATEST, NAME
from tests.chaos.address import address
from tests.chaos.browser import HTMX, Answer, Tab

if TYPE_CHECKING:
    from tests.chaos.load import Crowd

PRODUCTS = {"always-mug": 1900, "always-bowl": 2900, "always-vase": 3900, "always-jug": 4900, "always-cup": 900}
INSISTING_SECONDS = 20.0
"""How long the same change is sent again before a shopper gives up."""
DECIDING_SECONDS = 40.0
"""How long the page of an order may say that it is pending: another process takes it over after 16 seconds."""
REFUSALS = (409, 422)
"""Statuses of an order that is refused for good."""

_STATE = re.compile(rb'id="order"[^>]* data-state="(\w+)"')
_UNDO = re.compile(rb'name="of" value="([0-9a-f]+)"')


class Visit:
    """One session of a shopper: its cookies, and what its cart must be."""

    def __init__(self) -> None:
        self.history = History()
        self.cookies: dict[str, str] = {}
        self.session = ""
        """The session's token, kept when the shop deletes its cookie; '' before the first answer."""


class Shopper:
    """One person with two tabs: one changes the cart, the other looks at it."""

    def __init__(self, crowd: Crowd, number: int) -> None:
        self.visits = [Visit()]
        """One after the other: whoever has the shop forget a cart starts a new one."""
        self.orders: dict[str, tuple[Lines, bool]] = {}
        """E-mail address of an order -> what it must have, and whether it was accepted."""
        self._crowd = crowd
        self._random = random.Random(number)
        self._doors = cycle(crowd.doors), cycle(crowd.doors)
        self._tabs: dict[tuple[int, int], Tab] = {}
        self._emails = (f"{secrets.token_hex(4)}-{number}-{n}@example.com" for n in count(1))
        self._undo: tuple[str, Lines] | None = None
        """The id of the latest removal, and what it took out."""

    @property
    def visit(self) -> Visit:
        """The session that is under way."""
        return self.visits[-1]

    @property
    def lines(self) -> Lines:
        """What the cart must be."""
        return self.visit.history.lines

    @property
    def acknowledged(self) -> int:
        """Changes that were answered."""
        return sum(visit.history.acknowledged for visit in self.visits)

    async def shops(self) -> None:
        """Click until the crowd goes home."""
        await self._add()
        await asyncio.gather(self._keeps_changing(), self._keeps_looking())

    async def looks(self, visit: Visit) -> None:
        """Read a cart, as a page or as what htmx swaps, and check it."""
        since = visit.history.begins_to_read()
        headers = self._random.choice(({}, HTMX))
        answer = await self._insists(visit, 1, lambda tab: tab.get("/cart", headers))
        if answer is not None:
            visit.history.shows(lines_on(answer.body), since, "GET /cart")

    async def looks_again(self) -> None:
        """Read every cart once more at each door, over a connection of its own."""
        for visit in self.visits:
            if visit.session:
                visit.cookies[NAME] = visit.session
                for _ in self._crowd.doors:
                    await self.looks(visit)
        self.leaves()

    def leaves(self) -> None:
        """Close the tabs."""
        for tab in self._tabs.values():
            tab.close()
        self._tabs.clear()

    async def _keeps_looking(self) -> None:
        while self._crowd.open:
            if self.visit.session:
                await self.looks(self.visit)
            await self._pauses(2)

    async def _keeps_changing(self) -> None:
        pairs = {
            "set+add": self._set_and_add, "remove+add": self._remove_and_add, "empty+add": self._empty_and_add,
            "save+add": self._save_and_add, "undo+add": self._undo_and_add, "order+add": self._order_and_add,
            "forget+add": self._forget_and_add,
        }  # fmt: skip
        acts = (self._add, self._set_quantity, self._remove, self._empty, self._put_back, self._move, *pairs.values())
        while self._crowd.open:
            (act,) = self._random.choices(acts, weights=(45, 10, 6, 2, 8, 6, 5, 5, 4, 4, 3, 2, 2))
            if self._crowd.pairs:
                act = pairs[self._crowd.pairs.popleft()]
            await act()
            await self._pauses(1)

    async def _pauses(self, times: float) -> None:
        await asyncio.sleep(times * self._crowd.pause * self._random.uniform(0.5, 1.5))

    async def _add(self, sku: str = "") -> None:
        sku, quantity = sku or self._random.choice(list(PRODUCTS)), self._random.randint(1, 3)
        form: dict[str, str | int] = {"product_id": sku, "quantity": quantity}
        await self._changes("/cart", form, _more(self.lines, {sku: quantity}))

    def _one(self) -> str:
        """The sku of a line that is in the cart; '' for none."""
        return self._random.choice([sku for sku in PRODUCTS if sku in self.lines] or [""])

    async def _set_quantity(self, sku: str = "") -> None:
        if sku := sku or self._one():
            quantity = self._random.randint(1, 20)
            await self._changes(f"/cart/lines/{sku}", {"quantity": quantity}, {**self.lines, sku: quantity})

    async def _remove(self, sku: str = "") -> None:
        if sku := sku or self._one():
            await self._takes_out(f"/cart/lines/{sku}/remove", {sku: self.lines[sku]})

    async def _empty(self) -> None:
        if gone := {sku: self.lines[sku] for sku in PRODUCTS if sku in self.lines}:
            await self._takes_out("/cart/empty", gone)

    async def _save(self, sku: str = "") -> None:
        if sku := sku or self._one():
            kept = _more(self.lines, {saved(sku): self.lines[sku]})
            await self._changes(f"/cart/lines/{sku}/save", {}, _without(kept, sku))

    async def _move(self) -> None:
        """Move what was saved for later back to the cart."""
        if skus := [sku for sku in PRODUCTS if saved(sku) in self.lines]:
            sku = self._random.choice(skus)
            back = _more(self.lines, {sku: self.lines[saved(sku)]})
            await self._changes(f"/cart/saved/{sku}/move", {}, _without(back, saved(sku)))

    async def _takes_out(self, path: str, gone: Lines) -> None:
        self._undo = None
        answer = await self._changes(path, {}, _without(self.lines, *gone), htmx=True)
        if answer is not None and (found := _UNDO.search(answer.body)):
            self._undo = found[1].decode(), gone

    async def _put_back(self) -> None:
        if self._undo is not None:
            (removal, gone), self._undo = self._undo, None
            await self._changes("/cart/undo", {"of": removal}, _more(self.lines, gone))

    # Two changes at once one after the other: where each click is a connection of its own, they meet two processes.

    async def _ready(self) -> str:
        """The sku of a line that is in the cart, which is added if there is none."""
        if not self._one():
            await self._add()
        return self._one()

    async def _set_and_add(self) -> None:
        await self._set_quantity(sku := await self._ready())
        await self._add(sku)

    async def _remove_and_add(self) -> None:
        await self._remove(sku := await self._ready())
        await self._add(sku)

    async def _empty_and_add(self) -> None:
        await self._ready()
        await self._empty()
        await self._add()

    async def _save_and_add(self) -> None:
        await self._save(sku := await self._ready())
        await self._add(sku)

    async def _undo_and_add(self) -> None:
        await self._remove(sku := await self._ready())
        await self._put_back()
        await self._add(sku)

    async def _order_and_add(self) -> None:
        await self._ready()
        if self._crowd.may_order:
            await self._order()
        await self._add()

    async def _order(self) -> None:
        """Order all that is in the cart; whoever is refused begins a new cart."""
        email, lines = next(self._emails), {sku: self.lines[sku] for sku in PRODUCTS if sku in self.lines}
        self.orders[email] = lines, False
        left = _without(self.lines, *lines)
        answer = await self._sends(self.visit, "/cart/checkout", dict(address(email)), left, htmx=False, final=REFUSALS)
        if answer is None:
            return
        if not answer.accepted:
            self._begins_anew()
        elif LATEST in answer.cookies or await self._is_placed(answer.location):
            self.orders[email] = lines, True
            self._is_acknowledged(self.visit)
        else:
            self.visit.history.is_refused()

    async def _is_placed(self, path: str) -> bool:
        """Look at the page of an order until it is decided, and say how.

        A pending order promises nothing; with one that is final, the cart's cookie comes at once.
        """
        deadline = time.monotonic() + DECIDING_SECONDS
        while time.monotonic() < deadline:
            answer = await self._insists(self.visit, 0, lambda tab: tab.get(path))
            state = _STATE.search(answer.body) if answer is not None else None
            if state is None or state[1] != b"pending":
                return state is not None and state[1] in (b"placed", b"paid")
            await self._pauses(10)
        self._crowd.words.append(f"GET {path}: an order is still pending")
        return False

    async def _forget_and_add(self) -> None:
        """Have the shop forget the cart and the session, and begin a new one."""
        if self.visit.session:
            await self._changes("/logout", {}, {}, htmx=False)
            self._begins_anew()
        await self._add()

    def _begins_anew(self) -> None:
        self.visits.append(Visit())
        self._undo = None

    async def _changes(
        self,
        path: str,
        form: dict[str, str | int],
        lines: Lines,
        *,
        htmx: bool | None = None,
    ) -> Answer | None:
        """Send a change that makes the cart `lines`, again and again under one key until it is acknowledged."""
        visit = self.visit
        htmx = self._random.random() < 0.7 if htmx is None else htmx
        answer = await self._sends(visit, path, form, lines, htmx=htmx)
        if answer is not None:
            self._is_acknowledged(visit)
            _check(visit.history, answer, path, shows=htmx and path != "/cart")
        return answer

    async def _sends(
        self,
        visit: Visit,
        path: str,
        form: dict[str, str | int],
        lines: Lines,
        *,
        htmx: bool,
        final: tuple[int, ...] = (),
    ) -> Answer | None:
        """The answer that accepts a change, or refuses it with one of the statuses `final`.

        What became of a change that is refused or has no answer is unknown.
        """
        visit.history.sends(lines)
        headers = {"Idempotency-Key": secrets.token_hex(8), **(HTMX if htmx else {})}
        answer = await self._insists(visit, 0, lambda tab: tab.post(path, form, headers), final)
        if answer is None:
            self._crowd.open = False
        return answer

    def _is_acknowledged(self, visit: Visit) -> None:
        visit.session = visit.cookies.get(NAME, "") or visit.session
        visit.history.is_answered()

    async def _insists(
        self, visit: Visit, tab: int, ask: Callable[[Tab], Awaitable[Answer]], final: tuple[int, ...] = ()
    ) -> Answer | None:
        """The answer that accepts, or a final one; None if there is none for much too long."""
        deadline = time.monotonic() + INSISTING_SECONDS
        while time.monotonic() < deadline:
            answer = await self._asks(visit, tab, ask, is_order=bool(final))
            if answer is not None and (answer.accepted or answer.status in final):
                return answer
            if not self._crowd.shop_is_open:  # who stands before a closed door does not count the time
                deadline = time.monotonic() + INSISTING_SECONDS
            await self._pauses(2)
        return None

    async def _asks(
        self, visit: Visit, tab: int, ask: Callable[[Tab], Awaitable[Answer]], *, is_order: bool
    ) -> Answer | None:
        """Ask in one of the two tabs: over its connection, or over a new one and at the next door."""
        host, port = next(self._doors[tab])
        if not self._crowd.reconnects:
            one = self._tabs.setdefault((id(visit), tab), Tab(port, visit.cookies, host))
            return await self._crowd.timed(lambda: ask(one), is_order=is_order)
        another = Tab(port, visit.cookies, host)
        try:
            return await self._crowd.timed(lambda: ask(another), is_order=is_order)
        finally:
            another.close()


def _check(history: History, answer: Answer, path: str, *, shows: bool) -> None:
    """Hold what the answer to a change shows to the promise: the cart, or the number of its pieces."""
    since = history.begins_to_read()
    if shows:
        history.shows(lines_on(answer.body), since, f"POST {path}")
    elif pieces := answer.cookies.get("cart_count"):
        history.counts(int(pieces), since, f"POST {path}")


def _more(lines: Lines, more: Lines) -> Lines:
    """These lines, and more pieces of some."""
    return {**lines, **{key: lines.get(key, 0) + quantity for key, quantity in more.items()}}


def _without(lines: Lines, *keys: str) -> Lines:
    return {key: quantity for key, quantity in lines.items() if key not in keys}
