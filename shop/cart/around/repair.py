"""Restores changes that a store acknowledged and then lost.

Redis acknowledges a change before its replicas and its disk have it, so a promoted replica, or a server that restarts,
can lack the latest changes. Two things protect against that. The changes acknowledged in the last seconds are kept
here and replayed exactly, by their ids. If those do not reach back far enough (the store came back empty), the near
copies of the carts are joined with the stored ones.

This module and failover.py depend on each other's state: see there.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections import OrderedDict
from collections.abc import Callable, Container, Iterable, Sequence

from shop.cart.memory import MemoryCartService
from shop.cart.model import REMEMBERED_CHANGES, Cart, Change, replay
from shop.cart.service import CartService, now
from shop.errors import StoreUnavailable

RECENT_SECONDS = 10.0
"""How long an acknowledged change is kept: longer than a replica that is in sync may lag."""
SAMPLE = 64
"""Near copies that are compared after a restart; if the store lacks one of them, all are compared."""
MAX_PASSES = 3
"""Maximum comparisons of all near copies; after that, a store that keeps losing carts is left alone."""
BATCH_SIZE = 50
"""Near copies that are compared at a time."""

log = logging.getLogger(__name__)


class RecentChanges:
    """The changes sent within `window` seconds of the latest one, by cart. All calls are O(1), amortized."""

    def __init__(self, window: float = RECENT_SECONDS, clock: Callable[[], float] = time.monotonic) -> None:
        self._window = window
        self._clock = clock
        self._changes: OrderedDict[str, list[tuple[float, Change]]] = OrderedDict()

    def remember(self, cart_id: str, change: Change) -> None:
        """Record a change sent to the store. Drops old changes only then, so none are lost during an outage."""
        now = self._clock()
        changes = self._changes.setdefault(cart_id, [])
        changes.append((now, change))
        self._changes.move_to_end(cart_id)
        if len(changes) >= REMEMBERED_CHANGES:
            del changes[: REMEMBERED_CHANGES // 2]
        oldest = next(iter(self._changes))
        if self._changes[oldest][-1][0] < now - self._window:
            del self._changes[oldest]

    def of(self, cart_id: str) -> list[Change]:
        """The changes of a cart, oldest first."""
        return [change for _, change in self._changes.get(cart_id, ())]

    def carts(self) -> list[str]:
        """The ids of the changed carts, the latest last."""
        return list(self._changes)

    def forget(self, cart_id: str) -> None:
        """Drop the changes of a cart, which has been deleted."""
        self._changes.pop(cart_id, None)


class _CartRepair:
    """A running repair of one cart."""

    def __init__(self) -> None:
        self.task: asyncio.Task[Cart]
        self.settled = asyncio.Event()
        """Set when no change of the cart is in flight any more, so that what the store has is known."""
        self.changes: list[Change] = []
        """Changes that the store applied to its incomplete cart, in the order of its replies."""


class Repair:
    """Compares the replies of `store` with the near copies in `near`, and restores what the store lacks.

    Made and called by FailoverCartService. It skips the carts in `replaying`, which the caller updates: their near
    copies are ahead of the store until their changes are replayed.
    """

    def __init__(self, store: CartService, near: MemoryCartService, replaying: Container[str] = ()) -> None:
        self.recent = RecentChanges()
        self.repaired = 0
        """Number of carts repaired."""
        self._store = store
        self._near = near
        self._replaying = replaying
        self._in_flight: dict[str, int] = {}
        """How many changes of each cart are in flight to the store."""
        self._under_repair: dict[str, _CartRepair] = {}
        self._epoch = store.epoch
        self._lost = False
        self._task: asyncio.Task[None] | None = None

    def change_sent(self, cart_id: str, change: Change) -> None:
        """Call before a change is sent to the store; `change_answered` must follow, even if the call fails."""
        self.recent.remember(cart_id, change)
        self._in_flight[cart_id] = self._in_flight.get(cart_id, 0) + 1

    def change_answered(self, cart_id: str) -> None:
        """Call when the store has answered a change, or the call has failed."""
        left = self._in_flight[cart_id] = self._in_flight[cart_id] - 1
        if not left:
            del self._in_flight[cart_id]
            if (repair := self._under_repair.get(cart_id)) is not None:
                repair.settled.set()

    def repairing(self, cart_id: str) -> asyncio.Task[Cart] | None:
        """The running repair of a cart, which callers wait for; None if there is none."""
        repair = self._under_repair.get(cart_id)
        return repair.task if repair else None

    async def check(self, near: Cart | None, stored: Cart, change: Change | None = None) -> Cart:
        """The stored cart, after restoring what it lacks of `near`, a state that the store had acknowledged.

        `change` is the change that the store has just applied.
        """
        if self._store.epoch != self._epoch:
            self.start_comparing()
        if near is None or stored.grew_from(near) or not self._should_live(near):
            return stored
        self._lost = True
        self.start_comparing()
        return await self._repair_once(near.id, change)

    def _repair_once(self, cart_id: str, change: Change | None = None) -> asyncio.Future[Cart]:
        """The cart after its repair. Concurrent callers share one repair, which includes their changes."""
        repair = self._under_repair.get(cart_id)
        if repair is None:
            log.warning("Cart store lost acknowledged changes of a cart; restoring them.")
            self.repaired += 1
            repair = self._under_repair[cart_id] = _CartRepair()
            repair.task = asyncio.create_task(self._repair(cart_id, repair))
            repair.task.add_done_callback(lambda _: self._under_repair.pop(cart_id))
        if change is not None:
            repair.changes.append(change)
        return asyncio.shield(repair.task)

    async def _repair(self, cart_id: str, repair: _CartRepair) -> Cart:
        if cart_id in self._in_flight:
            await repair.settled.wait()
        stored = await self._store.get(cart_id)
        near = self._near.peek(cart_id) or stored
        cart = await self.restore(near, stored, repair.changes)
        if cart_id not in self._replaying:
            self._near.store(cart)
        return cart

    async def restore(self, near: Cart, stored: Cart, changes: Sequence[Change] = ()) -> Cart:
        """Replace the stored cart with the near copy plus the changes that the store has accepted since, in order.

        `changes` includes those that had no effect on the incomplete cart. If other processes have changed the stored
        cart, the changes that it lacks are applied to it if they are known here; otherwise the two states are joined.
        """
        if stored.grew_from(near) and all(stored.knows(change.id) for change in changes):
            return stored
        whole = self._rebuild(near, stored, changes)
        return await (self._apply_missing(near, stored, changes) if whole is None else self._store.put(whole))

    def _rebuild(self, near: Cart, stored: Cart, changes: Sequence[Change]) -> Cart | None:
        """The near copy plus all changes that only the store has; None if one of these is not known here."""
        known = {change.id: change for change in self.recent.of(near.id)}
        since = _since(stored, near)
        if not known.keys() >= set(since):
            return None
        return replay(near, [*(known[change_id] for change_id in since), *changes], self._store.limits)

    async def _apply_missing(self, near: Cart, stored: Cart, changes: Sequence[Change]) -> Cart:
        recent = self.recent.of(near.id)
        missing = {change for change in near.change_ids if not stored.knows(change)}
        late = [change for change in recent if change.id in missing]
        if len(late) < len(missing):
            newer = [change for change in recent if stored.knows(change.id)]
            stored = await self._store.put(near)
            late = [change for change in newer if not stored.knows(change.id)]
        return await self._store.replay(near.id, [*late, *changes])

    def start_comparing(self) -> None:
        """Compare recently changed carts with the store, in the background; if it lost changes of one, compare all."""
        if self._task is None or self._task.done():
            self._epoch = self._store.epoch
            self._task = asyncio.create_task(self._compare())

    async def close(self) -> None:
        """Stop comparing."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait([self._task])

    async def _compare(self) -> None:
        try:
            recent = dict.fromkeys([*reversed(self.recent.carts()), *self._near.most_recent(SAMPLE)])
            await self._compare_all(recent)
            for _ in range(MAX_PASSES):
                if not self._lost:
                    return
                self._lost = False
                await self._compare_all(self._near.most_recent())
        except StoreUnavailable:
            self._lost = True  # the next comparison, at the latest after the outage, includes all carts

    async def _compare_all(self, cart_ids: Iterable[str]) -> None:
        ids = list(cart_ids)
        for first in range(0, len(ids), BATCH_SIZE):
            await self._compare_some(ids[first : first + BATCH_SIZE])

    async def _compare_some(self, cart_ids: Sequence[str]) -> None:
        settled = [cart_id for cart_id in cart_ids if cart_id not in self._replaying]
        near = [cart for cart_id in settled if (cart := self._near.peek(cart_id)) and self._should_live(cart)]
        for copy, stored in zip(near, await self._store.get_many([cart.id for cart in near]), strict=True):
            if not stored.grew_from(copy):
                self._lost = True
                await self._repair_once(copy.id)

    def _should_live(self, cart: Cart) -> bool:
        """Whether the cart cannot have expired in the store yet; the margin allows for clocks that differ."""
        ttl = self._store.ttl
        return cart.changed_at + ttl - min(ttl // 2, 5) > now()


def _since(stored: Cart, near: Cart) -> list[bytes]:
    """The ids of the changes that the stored cart has and the near copy lacks, oldest first."""
    ids = stored.change_ids
    if len(near.change_ids) == REMEMBERED_CHANGES and (common := [near.knows(change) for change in ids]).count(True):
        ids = ids[common.index(True) :]  # earlier ones are older than the changes that the near copy remembers
    return [change for change in ids if not near.knows(change)]
