"""Restores what a store had acknowledged and does not have any more: it came back with older data, or with none.

A cart that the store returns is compared with the near copy; all of them are, after a restart. The effects of the
latest changes tell how to merge the two (near_copies.py). Where they do not suffice, another process may know more.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable, Coroutine, Iterable, Iterator
from typing import Any

import msgspec

from shop.cart.around.near_copies import NearCopies
from shop.cart.model import Add, Cart, Change, Effect, Limits, Purchase, change_id, join, reconcile_exactly, replay
from shop.cart.service import CartService
from shop.errors import StoreUnavailable

COMPARE_SECONDS = 10.0
"""The shortest time between two comparisons of all near copies, unless the store restarted."""
ROUNDS = 3
"""How often all near copies are compared after a loss, about a second apart: the store may have lost something again
meanwhile, and another process have restored an older state."""
SAMPLE = 8
"""Near copies that are compared with the store every second: the latest, and as many at random."""
BATCH_SIZE = 64
"""Carts that are compared with the store at a time."""

log = logging.getLogger(__name__)

Offer = Callable[[Cart, Cart], Awaitable[bool]]
"""Asks the other processes to merge a near copy with what the store has. False if they cannot be asked."""
Start = Callable[[Coroutine[Any, Any, None]], "asyncio.Task[None]"]


class Sending(msgspec.Struct, eq=False):
    """A change that the store has been sent, until it is answered."""

    change: Change
    is_made: bool = False
    """Whether it has been made to the whole cart, so that it need not be made again."""


class Repair:
    """Compares the near copies with `store`, and restores there what it lacks."""

    def __init__(self, store: CartService, near: NearCopies, offer: Offer, start: Start) -> None:
        self.repaired = 0
        """Number of carts restored in a store that had lost some of their changes."""
        self._store = store
        self._near = near
        self._offer = offer
        self._start = start
        self._epoch = store.epoch
        """The epoch in which the store was last compared whole."""
        self._compare_at = 0.0
        self._rounds = 0
        """How often all near copies are to be compared still."""
        self._comparing: asyncio.Task[None] | None = None
        self._in_flight: dict[str, list[Sending]] = {}

    @property
    def has_restarted(self) -> bool:
        """Whether the store has restarted, and has not been compared whole since."""
        return self._store.epoch != self._epoch

    @contextlib.contextmanager
    def sending(self, cart_id: str, change: Change) -> Iterator[Sending]:
        """While this is open, the change is in flight: the store may have it, and the near copy not yet."""
        sending = Sending(change)
        in_flight = self._in_flight.setdefault(cart_id, [])
        in_flight.append(sending)
        try:
            yield sending
        finally:
            in_flight.remove(sending)
            if not in_flight:
                del self._in_flight[cart_id]

    async def checked(self, near: Cart | None, stored: Cart, sending: Sending | None = None) -> Cart:
        """The cart that the store returned, after restoring what it lacks of `near`, which it had acknowledged.

        `sending` is of the change that the store has just applied, to a cart that may not have been whole.
        """
        if near is not None and not stored.grew_from(near):
            stored = await self._repair(near, sending)
            self.compare(everything=False)
        # the reply to a call at the same time may have changes that the store has lost since
        latest = self._near.find(stored.id)
        if latest is not None and not stored.grew_from(latest) and not latest.grew_from(stored):
            stored = await self._repair(latest)
        self._near.update(stored, sending.change if sending else None)
        return stored

    def compare(self, *, everything: bool) -> None:
        """Compare all near copies with the store in the background; `everything`: even if they just have been."""
        now = asyncio.get_running_loop().time()
        is_due = everything or now >= self._compare_at
        if is_due and (self._comparing is None or self._comparing.done()):
            self._compare_at = now + COMPARE_SECONDS
            self._comparing = self._start(self._compare_all(self._store.epoch))

    async def look(self) -> None:
        """Compare all near copies if the store has restarted, or lacks some of a sample: it was emptied, say."""
        if self.has_restarted or await self._misses_some():
            self._rounds = ROUNDS
        if self._rounds:
            self._rounds -= 1
            self.compare(everything=True)

    async def _misses_some(self) -> bool:
        ids = {*self._near.carts.most_recent(SAMPLE), *self._near.carts.some(SAMPLE)}
        with contextlib.suppress(StoreUnavailable):
            return bool(ids) and await self._compare_some(ids) > 0 and not await self._store.evicts()
        return False

    async def _repair(self, near: Cart, sending: Sending | None = None) -> Cart:
        effects, limits = self._near.effects(near.id), self._store.limits
        lacked = is_exact = True
        made: list[Change] = []
        if sending is not None and near.knows(sending.change.id):
            sending.is_made = True  # it was sent again

        def fold(stored: Cart) -> Cart:
            nonlocal lacked, is_exact, made
            lacked, is_exact = not stored.grew_from(near), True
            newer = self._all_in_flight(stored, near) if lacked else None
            own = _unmade(sending)
            made = newer or []
            if newer is not None:
                return replay(near, [*newer, own] if own else newer, limits)
            whole = reconcile_exactly(stored, near, effects, limits)
            is_exact = whole is not None
            return stored if whole is None else _with_change(whole, stored, own, limits)

        cart = await self._store.transform(near.id, fold, aged=True)
        self._have_been_made(near.id, made)
        if not is_exact and (sending is not None or not await self._offer(near, cart)):
            cart = await self._join(near, sending)
        self.repaired += lacked
        return cart

    def _all_in_flight(self, stored: Cart, near: Cart) -> list[Change] | None:
        """The changes that the store has and the near copy lacks, as stored; None if any of them is not in flight."""
        changes = {sending.change.id: sending.change for sending in self._in_flight.get(near.id, ())}
        newer = [each for each in stored.change_ids if not near.knows(each)]
        return [changes[each] for each in newer] if all(each in changes for each in newer) else None

    def _have_been_made(self, cart_id: str, changes: Iterable[Change]) -> None:
        ids = {change.id for change in changes}
        for sending in self._in_flight.get(cart_id, ()):
            sending.is_made |= sending.change.id in ids

    async def _join(self, near: Cart, sending: Sending | None) -> Cart:
        """Merge the two without knowing what each lacks."""

        def fold(stored: Cart) -> Cart:
            whole = join(stored, near, self._store.limits)
            return _with_change(whole, stored, _unmade(sending), self._store.limits)

        return await self._store.transform(near.id, fold, aged=True)

    async def _compare_all(self, epoch: int) -> None:
        restored = 0
        try:
            ids = [] if await self._store.evicts() else self._near.carts.most_recent()
            for first in range(0, len(ids), BATCH_SIZE):
                restored += await self._compare_some(ids[first : first + BATCH_SIZE])
            self._epoch = epoch
        except StoreUnavailable as error:
            self._compare_at = 0.0
            log.warning("Comparing carts with the store stopped, will be repeated: %s", error)
        if restored:
            log.warning("Cart store lost acknowledged changes; %d carts were restored.", restored)

    async def _compare_some(self, cart_ids: Iterable[str]) -> int:
        near = [cart for cart_id in cart_ids if (cart := self._near.carts.peek(cart_id))]
        stored = await self._store.get_many([cart.id for cart in near])
        lacking = [copy for copy, cart in zip(near, stored, strict=True) if not cart.grew_from(copy)]
        for cart in await asyncio.gather(*map(self._repair, lacking)):
            self._near.update(cart)
        return len(lacking)


def made_again(change: Change, first: Cart, whole: Cart) -> Change | None:
    """What has to be applied to a whole cart because the store applied `change` to one that was not whole.

    `first` is what the store had then.
    The change itself if it had no effect there. One that says what the cart should be like is made again under another
    id, because more is there now; an order only where nothing is left, as there may have been too little to take out.
    None for those that have done all that they should.
    """
    if not whole.knows(change.id):
        return change
    if isinstance(change, Add | Effect):
        return None
    again = change_id("again", change.id.hex())
    if not isinstance(change, Purchase):
        return msgspec.structs.replace(change, id=again)
    lines = tuple((sku, quantity) for sku, quantity in change.lines if first.line(sku) is None)
    return msgspec.structs.replace(change, id=again, lines=lines) if lines or change.coupon else None


def _unmade(sending: Sending | None) -> Change | None:
    """The change in flight, unless it has been made to the whole cart."""
    return None if sending is None or sending.is_made else sending.change


def _with_change(whole: Cart, stored: Cart, change: Change | None, limits: Limits) -> Cart:
    """A whole cart with the change that the store applied to one that was not whole, if there is one."""
    again = made_again(change, stored, whole) if change else None
    return replay(whole, (again,), limits) if again else whole
