"""Brings what was acknowledged without a store into the store, and what this process knows to those that lack it."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Callable, Coroutine, Sequence
from functools import partial
from itertools import accumulate
from typing import Any

import msgspec

from shop.cart.around.availability import Availability
from shop.cart.around.near_copies import NearCopies
from shop.cart.around.recent import Recent
from shop.cart.around.shown import MAX_REMEMBERED
from shop.cart.journal import Journal, Outage
from shop.cart.model import Cart, Change, join, reconcile_exactly, replay
from shop.errors import StoreUnavailable

HOLD_SECONDS = 5.0
"""How long a change stays in the journal, although the store is back, for those that come before it: every process
notices in this time."""
RECENT_SECONDS = 3.0
"""How long after a cart was written to the journal the processes add what they know of it."""
RECENT_BATCH = 128
"""How many carts in the journal are looked at, unless more were written last."""
REPLAY_BATCH = 100
"""Changes of one cart that are replayed together: far fewer than the ids that a cart remembers."""
IDLE_PAGES = 16
"""So many pages of carts whose shards are away are read one after the other, to find some whose shards are up."""
BATCH_SIZE = 64
"""Carts that are brought up to date at a time."""
PATIENCE_SECONDS = 0.1
"""How long draining is waited for: a store that hangs must not delay what is written to the journal."""

log = logging.getLogger(__name__)


class Drain:
    """Brings the changes in `journal` into a store, as far as its shards are up, and tells `stored` of each cart."""

    def __init__(
        self,
        availability: Availability,
        near: NearCopies,
        journal: Journal,
        start: Callable[[Coroutine[Any, Any, None]], asyncio.Task[None]],
    ) -> None:
        self.has_changes = False
        """Whether the journal may have changes of any cart."""
        self.writes = 0
        """How many times this process wrote to the journal."""
        self.replayed = 0
        """Number of changes that came from the journal into the store."""
        self.backlog = 0
        """The number of carts with changes in the journal, as far as it has been looked at: at most BATCH_SIZE."""
        self.answered = Recent[bool](MAX_REMEMBERED)
        """The carts whose latest answer came from the journal."""
        self.stored: Callable[[Cart], None] = lambda _: None
        self._availability = availability
        self._store = availability.store
        self._near = near
        self._journal = journal
        self._start = start
        self._held = Recent[float](MAX_REMEMBERED)
        """Until when each cart stays in the journal for what it waits for."""
        self._contributed = Recent[int](MAX_REMEMBERED)
        """The revision of the copy of each cart that this process has written to the journal in this outage."""
        self._failed: set[str] = set()
        """The carts whose changes in the journal the store cannot take."""
        self._draining: asyncio.Task[None] | None = None

    async def look(self) -> None:
        """Add what this process knows of the carts in the journal, and bring them into the store in the background."""
        if not self._availability.away and not self.has_changes:
            self.has_changes = bool(await self._journal.carts(1))
        if not self._availability.away and not self.has_changes:
            await self._refresh()
            return
        recent = await self._journal.recent(RECENT_SECONDS, RECENT_BATCH)
        await asyncio.gather(*map(self._contribute, recent))
        if self._draining is None or self._draining.done():
            self._draining = self._start(self.all())
        await asyncio.wait([self._draining], timeout=PATIENCE_SECONDS)
        if self._draining.done():
            self._draining.result()

    async def all(self) -> None:
        """Bring the journal into the store."""
        writes = self.writes
        carts = await self._journal.carts(BATCH_SIZE)
        self.backlog = len(carts)
        if not carts and writes == self.writes:
            self.has_changes = False
            for memory in (self._contributed, self._held, self._failed):
                memory.clear()
            return
        self.has_changes = True
        idle_pages = 0
        while carts and idle_pages < IDLE_PAGES:
            ready = [cart_id for cart_id in carts if not self._availability.is_away(cart_id)]
            idle_pages = 0 if ready else idle_pages + 1
            await asyncio.gather(*map(self.one, ready))
            carts = await self._journal.carts(BATCH_SIZE, after=carts[-1])

    async def one(self, cart_id: str) -> bool:
        """Bring the changes of a cart into the store. Returns whether none is left in the journal."""
        try:
            await self._drain(cart_id)
        except StoreUnavailable as error:
            self._availability.lost(cart_id, error)
        except _Held:
            return False
        except Exception:
            if cart_id not in self._failed:
                log.exception("The journal's changes of a cart cannot be stored, will retry.")
            self._failed.add(cart_id)
        else:
            self._failed.discard(cart_id)
            return True
        return False

    async def offer(self, near: Cart, stored: Cart) -> bool:
        """Write a near copy to the journal, for a process that knows the effects by which it can be merged exactly."""
        missing = b"".join(each for each in near.change_ids if not stored.knows(each))

        def fold(outage: Outage) -> Outage:
            merged = reconcile_exactly(outage.base, near, (), self._store.limits) if outage.base else near
            return msgspec.structs.replace(outage.wanting(missing), base=merged or near)

        if not self._journal.is_shared:
            return False
        with contextlib.suppress(StoreUnavailable):
            await self._journal.transform(near.id, fold)
            self.has_changes = True
        return self._journal.is_shared

    async def _drain(self, cart_id: str) -> None:
        outage = await self._journal.read(cart_id)
        while outage.is_pending:
            cart, changes, wanted = await self._into_store(cart_id, outage)
            outage = await self._journal.transform(
                cart_id, partial(Outage.without, changes=changes, cart=cart, wanted=wanted)
            )
            self.replayed += len(changes)
            self._held.pop(cart_id, None)
            self.stored(cart)
        self._held.pop(cart_id, None)
        if outage.base is not None:
            self._near.learn(outage.base)

    async def _into_store(self, cart_id: str, outage: Outage) -> tuple[Cart, Sequence[Change], bytes]:
        """Bring what was acknowledged into the store, as far as it need not wait for what comes before it.

        Returns the cart, the changes that it has now, and what is wanted still. The near copy follows change by change,
        so that their effects are known. Raises _Held.
        """
        states = [state for state in (outage.base, self._near.find(cart_id)) if state is not None]
        effects, limits = self._near.effects(cart_id), self._store.limits
        changes: list[Change] = []
        steps: list[Cart] = []
        wanted = b""

        def fold(stored: Cart) -> Cart:
            nonlocal changes, steps, wanted
            for state in states:
                exact = reconcile_exactly(stored, state, effects, limits)
                if exact is None and self._holds(cart_id):
                    raise _Held
                stored = exact or join(stored, state, limits)
            changes, waiting = outage.in_order(stored)
            wanted = b"" if stored.knows_all(outage.wanted) else outage.wanted
            if waiting or wanted:
                if not self._holds(cart_id):
                    changes, wanted = [*changes, *waiting], b""
                elif not changes:
                    raise _Held
            changes = changes[:REPLAY_BATCH]
            steps = list(accumulate(changes, lambda cart, change: replay(cart, (change,), limits), initial=stored))
            return steps[-1]

        cart = await self._availability.call(cart_id, partial(self._store.transform, cart_id, fold))
        self.answered.pop(cart_id, None)
        for step in steps:
            self._near.update(step)
        return cart, changes, wanted

    def _holds(self, cart_id: str) -> bool:
        """Whether what a cart in the journal waits for may still come from another process."""
        now = asyncio.get_running_loop().time()
        if cart_id not in self._held:
            self._held[cart_id] = now + HOLD_SECONDS
        return now < self._held[cart_id]

    async def _refresh(self) -> None:
        """Learn what the store has, now, of the carts that this process answered from the journal."""
        while ids := [cart_id for cart_id in self.answered if not self._availability.is_away(cart_id)][:BATCH_SIZE]:
            with contextlib.suppress(StoreUnavailable):
                for cart in await self._store.get_many(ids):
                    self._near.learn(cart)
            for cart_id in ids:
                self.answered.pop(cart_id, None)

    async def _contribute(self, cart_id: str) -> None:
        """Write to the journal what this process knows of a cart, for one that answers without the store."""
        near = self._near.carts.peek(cart_id)
        if near is None or self._contributed.get(cart_id) == near.revision:
            return
        try:
            outage = await self._journal.transform(cart_id, partial(self._with_copy, near))
        except StoreUnavailable:
            return
        except Exception:
            if cart_id not in self._failed:
                log.exception("A cart in the journal cannot be read.")
            self._failed.add(cart_id)
            return
        if outage.is_pending and self._journal.is_shared:
            self._contributed[cart_id] = near.revision

    def _with_copy(self, near: Cart, outage: Outage) -> Outage:
        """An outage with what this process knows, for others.

        If the two cannot be merged exactly, what is wanted counts: whoever wants it has the rest.
        """
        if not outage.is_pending:
            return outage
        if outage.base is None:
            return msgspec.structs.replace(outage, base=near)
        merged = reconcile_exactly(outage.base, near, self._near.effects(near.id), self._store.limits)
        if merged is None and outage.wanted and near.knows_all(outage.wanted):
            merged = near
        return outage if merged in (None, outage.base) else msgspec.structs.replace(outage, base=merged)


class _Held(Exception):
    """What the changes of a cart come after, or what its shopper has been shown, has not come yet."""
