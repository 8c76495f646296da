"""Gives a store back what it had acknowledged and then lost.

Redis acknowledges before its replicas and its disk have a change: a promoted replica, or a server that starts again,
can lack the latest ones. Two things are kept against that: the changes that were acknowledged in the last seconds,
which are applied again by their ids, exactly; and the near copies of carts, which are joined in where those do not
reach far enough back (the store came back empty).
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
"""How long an acknowledged change is kept: longer than a replica that counts as in touch may lag behind."""
SAMPLE = 64
"""Near copies that are compared after a restart; if one of them is missing, all are compared."""
PASSES = 3
"""How often all near copies are compared until nothing is missing; a store that keeps losing carts is left alone."""
TOGETHER = 50

log = logging.getLogger(__name__)


class RecentChanges:
    """The changes sent to the store within `seconds` before the latest one, by cart. All calls O(1), amortised."""

    def __init__(self, seconds: float = RECENT_SECONDS, clock: Callable[[], float] = time.monotonic) -> None:
        self._seconds = seconds
        self._clock = clock
        self._changes: OrderedDict[str, list[tuple[float, Change]]] = OrderedDict()

    def remember(self, cart_id: str, change: Change) -> None:
        """Note a change that is sent to the store. While none is, nothing is forgotten."""
        now = self._clock()
        changes = self._changes.setdefault(cart_id, [])
        changes.append((now, change))
        self._changes.move_to_end(cart_id)
        if len(changes) >= REMEMBERED_CHANGES:
            del changes[: REMEMBERED_CHANGES // 2]
        oldest = next(iter(self._changes))
        if self._changes[oldest][-1][0] < now - self._seconds:
            del self._changes[oldest]

    def of(self, cart_id: str) -> list[Change]:
        """The changes of a cart, oldest first."""
        return [change for _, change in self._changes.get(cart_id, ())]

    def carts(self) -> list[str]:
        """The carts that were changed, the latest last."""
        return list(self._changes)

    def forget(self, cart_id: str) -> None:
        """The cart is no more."""
        self._changes.pop(cart_id, None)


class _Repairing:
    """A cart that is being given something back."""

    def __init__(self) -> None:
        self.task: asyncio.Task[Cart]
        self.alone = asyncio.Event()
        """Set when no change of the cart is on its way any more: what the store took is then known."""
        self.changes: list[Change] = []
        """Those that were answered by the poorer cart, in the order of the answers."""


class Repair:
    """Compares what `store` answers with the near copies in `near`, and gives it back what it lacks.

    Left alone are the carts in `replaying`: their near copies are ahead of the store, and it is on its way there.
    """

    def __init__(self, store: CartService, near: MemoryCartService, replaying: Container[str] = ()) -> None:
        self.recent = RecentChanges()
        self.restored = 0
        """Carts that were given something back."""
        self._store = store
        self._near = near
        self._replaying = replaying
        self._flying: dict[str, int] = {}
        """How many changes of a cart are on their way to the store."""
        self._mending: dict[str, _Repairing] = {}
        self._epoch = store.epoch
        self._lost = False
        self._task: asyncio.Task[None] | None = None

    def sends(self, cart_id: str, change: Change) -> None:
        """A change is on its way to the store; `landed` follows in any case."""
        self.recent.remember(cart_id, change)
        self._flying[cart_id] = self._flying.get(cart_id, 0) + 1

    def landed(self, cart_id: str) -> None:
        """A change has been answered, or never will be."""
        left = self._flying[cart_id] = self._flying[cart_id] - 1
        if not left:
            del self._flying[cart_id]
            if (mending := self._mending.get(cart_id)) is not None:
                mending.alone.set()

    def mending(self, cart_id: str) -> asyncio.Task[Cart] | None:
        """The work on a cart that is just being given something back: whoever asks for the cart waits for it."""
        mending = self._mending.get(cart_id)
        return mending.task if mending else None

    async def check(self, near: Cart | None, stored: Cart, change: Change | None = None) -> Cart:
        """The stored cart, after it was given what it lacks of a state that the store had acknowledged before.

        `change` is the one that the store has just answered.
        """
        if self._store.epoch != self._epoch:
            self.look_around()
        if near is None or stored.grew_from(near) or not self._should_live(near):
            return stored
        self._lost = True
        self.look_around()
        return await self._mended(near.id, change)

    def _mended(self, cart_id: str, change: Change | None = None) -> asyncio.Future[Cart]:
        """The cart after it was given back what it lacks: once for all who meet it meanwhile, with their changes."""
        mending = self._mending.get(cart_id)
        if mending is None:
            log.warning("The store lost changes that it had acknowledged; they are given back.")
            self.restored += 1
            mending = self._mending[cart_id] = _Repairing()
            mending.task = asyncio.create_task(self._mend(cart_id, mending))
            mending.task.add_done_callback(lambda _: self._mending.pop(cart_id))
        if change is not None:
            mending.changes.append(change)
        return asyncio.shield(mending.task)

    async def _mend(self, cart_id: str, mending: _Repairing) -> Cart:
        if cart_id in self._flying:
            await mending.alone.wait()
        stored = await self._store.get(cart_id)
        near = self._near.glance(cart_id) or stored
        cart = await self.give_back(near, stored, mending.changes)
        if cart_id not in self._replaying:
            self._near.keep(cart)
        return cart

    async def give_back(self, near: Cart, stored: Cart, changes: Sequence[Change] = ()) -> Cart:
        """Make the stored cart the near copy, and on top of it what the store has taken since, in that order.

        What came to nothing in the poorer cart is among `changes`. Where others have changed the stored cart, it is
        applied to it what it lacks if that is known, else the two are joined.
        """
        if stored.grew_from(near) and all(stored.knows(change.id) for change in changes):
            return stored
        whole = self._rebuilt(near, stored, changes)
        return await (self._given_late(near, stored, changes) if whole is None else self._store.put(whole))

    def _rebuilt(self, near: Cart, stored: Cart, changes: Sequence[Change]) -> Cart | None:
        """The near copy after all changes that only the store has; None if one of these is not known here."""
        known = {change.id: change for change in self.recent.of(near.id)}
        since = _since(stored, near)
        if not known.keys() >= set(since):
            return None
        return replay(near, [*(known[change_id] for change_id in since), *changes], self._store.limits)

    async def _given_late(self, near: Cart, stored: Cart, changes: Sequence[Change]) -> Cart:
        recent = self.recent.of(near.id)
        missing = {change for change in near.change_ids if not stored.knows(change)}
        late = [change for change in recent if change.id in missing]
        if len(late) < len(missing):
            newer = [change for change in recent if stored.knows(change.id)]
            stored = await self._store.put(near)
            late = [change for change in newer if not stored.knows(change.id)]
        return await self._store.replay(near.id, [*late, *changes])

    def look_around(self) -> None:
        """In the background, compare the carts changed lately with the store, and all if one has lost something."""
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
            lately = dict.fromkeys([*reversed(self.recent.carts()), *self._near.latest(SAMPLE)])
            await self._compare_all(lately)
            for _ in range(PASSES):
                if not self._lost:
                    return
                self._lost = False
                await self._compare_all(self._near.latest())
        except StoreUnavailable:
            self._lost = True  # the next look around, at the latest after the outage, compares them all

    async def _compare_all(self, cart_ids: Iterable[str]) -> None:
        ids = list(cart_ids)
        for first in range(0, len(ids), TOGETHER):
            await self._compare_some(ids[first : first + TOGETHER])

    async def _compare_some(self, cart_ids: Sequence[str]) -> None:
        settled = [cart_id for cart_id in cart_ids if cart_id not in self._replaying]
        near = [cart for cart_id in settled if (cart := self._near.glance(cart_id)) and self._should_live(cart)]
        for copy, stored in zip(near, await self._store.get_many([cart.id for cart in near]), strict=True):
            if not stored.grew_from(copy):
                self._lost = True
                await self._mended(copy.id)

    def _should_live(self, cart: Cart) -> bool:
        """Whether the store cannot have let the cart expire; the margin is for clocks that differ."""
        ttl = self._store.ttl
        return cart.changed_at + ttl - min(ttl // 2, 5) > now()


def _since(stored: Cart, near: Cart) -> list[bytes]:
    """The ids of the changes that a stored cart has and the near copy has not, oldest first."""
    ids = stored.change_ids
    if len(near.change_ids) == REMEMBERED_CHANGES and (common := [near.knows(change) for change in ids]).count(True):
        ids = ids[common.index(True) :]  # those before are older than what the near copy remembers
    return [change for change in ids if not near.knows(change)]
