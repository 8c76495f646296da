"""A cart service that keeps its promises while its store is away, slow, read-only or behind.

    shard up           get, apply -> store; the near copy is updated
    shard away         get, apply -> journal: the newest known state, and the changes acknowledged since
    shard read-only    the same, on top of what the store has
    shard back         a cart with changes in the journal is brought up to date before it is read or changed again

The journal is shared by all processes (journal.py). A change whose outcome in the store is not known is written there
too: its id keeps it from being applied twice. drain.py brings the journal into the store, repair.py restores what the
store has lost, and shown.py knows what an answer must not lack: where it does, the other processes are asked.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Sequence
from functools import partial
from typing import Any

import msgspec
from typing_extensions import override

from shop.cart.around.availability import Availability
from shop.cart.around.drain import Drain
from shop.cart.around.forwarding import ForwardingCartService
from shop.cart.around.near_copies import NearCopies
from shop.cart.around.recent import Recent
from shop.cart.around.repair import Repair, Sending
from shop.cart.around.shown import MAX_REMEMBERED, Shown
from shop.cart.journal import Journal, MemoryJournal, Outage
from shop.cart.memory import MemoryCartService
from shop.cart.model import Cart, Change, apply, reconcile
from shop.cart.service import CartService
from shop.errors import CartLimitExceeded, StoreBusy, StoreTimeout, StoreUnavailable
from shop.retry import jitter

FIRST_PROBE_SECONDS = 0.05
LAST_PROBE_SECONDS = 1.0
"""The interval between probes of a shard that is away doubles from the first to the last."""
WATCH_SECONDS = 1.0
"""How often a store that seems well is asked, so that a restart is noticed without a shopper."""
JOURNAL_SECONDS = 0.25
"""How often the journal is asked whether a process has written to it."""
OUTAGE_SECONDS = 0.1
"""How often it is asked during an outage."""
RECALL_SECONDS = (0.05, 0.05, 0.1, 0.1, 0.2, 0.2, 0.4, 0.4)
"""The pauses in which an answer waits until what its shopper has been shown comes from another process."""
PURGE_SECONDS = 60.0
"""How often carts without changes are removed from the journal."""
PURGE_BATCH = 500
"""Carts that are removed from the journal at a time."""
CLOSE_SECONDS = 3.0
"""How long closing waits until the journal's changes are in the store."""

log = logging.getLogger(__name__)


class FailoverCartService(ForwardingCartService):
    """Answers from `primary`, or from `journal` and `near` if that raises StoreUnavailable.

    Raises StoreUnavailable only if neither the store nor the journal can take a change. Made by `shop.cart.connect`.
    """

    def __init__(self, primary: CartService, near: MemoryCartService, journal: Journal | None = None) -> None:
        super().__init__(primary)
        self.primary = primary
        self.journal = journal or MemoryJournal()
        self._near = NearCopies(near, primary.remaining)
        self._availability = Availability(primary, self._wake_up)
        self._shown = Shown(primary)
        self._drain = Drain(self._availability, self._near, self.journal, self._start)
        self._repair = Repair(primary, self._near, self._drain.offer, self._start)
        self._recall: Callable[[Cart], Awaitable[Cart | None]] | None = None
        self._consulted = Recent[bool](MAX_REMEMBERED)
        """The carts whose changes in the journal come first: their browsers say that there may be some."""
        self._store_failed = asyncio.Event()
        self._journal_written = asyncio.Event()
        self._watching: list[asyncio.Task[None]] = []
        self._background: set[asyncio.Task[None]] = set()

    @property
    def standby_active(self) -> bool:
        """Whether any shard is away."""
        return bool(self._availability.away)

    @property
    def failovers(self) -> int:
        """How many times the store went away."""
        return self._availability.failovers

    @property
    def replayed(self) -> int:
        """Number of changes that came from the journal into the store."""
        return self._drain.replayed

    @property
    def repaired(self) -> int:
        """Number of carts restored in a store that had lost some of their changes."""
        return self._repair.repaired

    @property
    def backlog(self) -> int:
        """The number of carts with changes in the journal, as far as it has been looked at."""
        return self._drain.backlog

    @override
    async def get(self, cart_id: str) -> Cart:
        if await self._ready(cart_id):
            near = self._near.find(cart_id)
            try:
                cart = await self._availability.call(cart_id, partial(self.primary.get, cart_id))
                return await self._with_shown(await self._checked(near, cart))
            except StoreUnavailable as error:
                self._availability.lost(cart_id, error)
        return await self._with_shown(await self._from_journal(cart_id, Outage()))

    @override
    async def apply(self, cart_id: str, change: Change) -> Cart:
        sent = False
        if await self._ready(cart_id):
            near, first = self._near.find(cart_id), self._shown.required(cart_id)
            try:
                sent = True
                with self._repair.sending(cart_id, change) as sending:
                    cart = await self._availability.call(cart_id, partial(self._send, cart_id, change, first))
                    made = not first or cart.knows(change.id)
                    cart = await self._checked(near, cart, sending if made else None)
                return await (self._with_shown(cart) if made else self._made_after(cart, change))
            except StoreUnavailable as error:
                self._availability.lost(cart_id, error)
        return await self._write(cart_id, partial(self._acknowledge, cart_id, change, sent=sent))

    @override
    async def transform(self, cart_id: str, fold: Callable[[Cart], Cart], *, aged: bool = False) -> Cart:
        if await self._ready(cart_id):
            try:
                near = self._near.find(cart_id)
                cart = await self._availability.call(cart_id, partial(self.primary.transform, cart_id, fold, aged=aged))
                return await self._checked(near, cart)
            except StoreUnavailable as error:
                self._availability.lost(cart_id, error)
        return await self._write(cart_id, partial(self._transformed, cart_id, fold))

    @override
    async def replay(self, cart_id: str, changes: Sequence[Change]) -> Cart:
        if await self._ready(cart_id):
            try:
                near = self._near.find(cart_id)
                cart = await self._availability.call(cart_id, partial(self.primary.replay, cart_id, changes))
                return await self._checked(near, cart)
            except StoreUnavailable as error:
                self._availability.lost(cart_id, error)
        cart = Cart(cart_id)
        for change in changes:
            cart = await self._write(cart_id, partial(self._acknowledge, cart_id, change, sent=True))
        return cart

    @override
    async def put(self, cart: Cart, *, aged: bool = False) -> Cart:
        effects = self._near.effects(cart.id)
        return await self.transform(cart.id, lambda stored: reconcile(stored, cart, effects, self.limits), aged=aged)

    @override
    async def delete(self, cart_id: str) -> None:
        await CartService.delete(self, cart_id)  # by way of apply(), not of the store

    @override
    async def scan(self) -> AsyncIterator[Cart]:
        source = self._near.carts if self.standby_active else self.primary
        async for cart in source.scan():
            yield cart

    @override
    async def time_left(self, cart_id: str) -> int:
        try:
            return await self.primary.time_left(cart_id)
        except StoreUnavailable:
            return self.remaining(cart) if (cart := self._near.find(cart_id)) else 0

    @override
    def uses_standby(self, cart_id: str) -> bool:
        return self._availability.is_away(cart_id) or self._drain.has_changes

    @override
    def shown(self, cart_id: str, latest: bytes, at: int, *, journalled: bool = False) -> None:
        self._shown.note(cart_id, latest, at)
        if journalled:
            self._consulted[cart_id] = True

    @override
    def in_journal(self, cart_id: str) -> bool:
        return cart_id in self._drain.answered

    @override
    def on_replayed(self, tell: Callable[[Cart], None]) -> None:
        self._drain.stored = tell

    @override
    def on_lacking(self, recall: Callable[[Cart], Awaitable[Cart | None]]) -> None:
        self._recall = recall

    @override
    async def start(self) -> None:
        self._drain.has_changes = True
        try:
            await self.primary.start()
            await self.primary.ping()
        except StoreUnavailable as error:
            self._availability.lost(None, error)
        self._wake_up()

    @override
    async def close(self) -> None:
        for task in self._watching:
            task.cancel()
        if self._drain.has_changes:
            with contextlib.suppress(TimeoutError, StoreUnavailable):
                async with asyncio.timeout(CLOSE_SECONDS):
                    await asyncio.gather(*map(self._probe, tuple(self._availability.away)))
                    await self._drain.all()
        for task in self._background:
            task.cancel()
        if self._background:
            await asyncio.wait(self._background)
        await self.journal.close()
        await self.primary.close()

    # From the store

    async def _ready(self, cart_id: str) -> bool:
        """Whether the store can answer for a cart now; its changes in the journal, if there are any, come first."""
        if self._availability.is_away(cart_id):
            return False
        if not self._drain.has_changes and cart_id not in self._consulted:
            return True
        if not await self._drain.one(cart_id):
            return False
        self._consulted.pop(cart_id, None)
        return True

    async def _send(self, cart_id: str, change: Change, first: bytes) -> Cart:
        """The cart after a change, or without it if the store lacks changes with the ids `first`."""
        if first:
            return await self.primary.apply_after(cart_id, change, first)
        return await self.primary.apply(cart_id, change)

    async def _checked(self, near: Cart | None, stored: Cart, sending: Sending | None = None) -> Cart:
        cart = await self._repair.checked(near, stored, sending)
        self._drain.answered.pop(cart.id, None)
        return cart

    # From the journal

    async def _write(self, cart_id: str, fold: Callable[[Outage], Outage]) -> Cart:
        base = await self._known(cart_id)
        self._drain.answered[cart_id] = self._drain.has_changes = True
        self._drain.writes += 1
        outage = await self.journal.transform(
            cart_id, lambda outage: self._with_wanted(cart_id, fold(self._with_base(outage, base)))
        )
        self._drain.has_changes = True  # again: the journal may have been looked at before it had this
        self._drain.writes += 1
        self._drain.backlog = max(self._drain.backlog, 1)
        self._wake_up()
        cart = self._answer(cart_id, outage)
        if not self._shown.lacks(cart):
            return cart
        return await self._recalled(cart_id, outage) if self.journal.is_shared else _behind(cart)

    async def _from_journal(self, cart_id: str, outage: Outage) -> Cart:
        """What is known of a cart without its store, with what this process has written to the journal before."""
        self._drain.answered[cart_id] = True
        outage = (await self.journal.read(cart_id)).then(outage)
        return self._answer(cart_id, self._with_base(outage, await self._known(cart_id)))

    def _answer(self, cart_id: str, outage: Outage) -> Cart:
        """The cart after an outage; its newest known state becomes the near copy.

        What no process knows may be in the store: while that cannot be read, the cart is behind.
        """
        if outage.base is not None:
            self._near.learn(outage.base)
        cart = outage.cart(cart_id, self.limits)
        is_behind = self._shown.misses(cart) and not self._availability.can_be_read(cart_id)
        return _behind(cart) if is_behind else cart

    async def _known(self, cart_id: str) -> Cart | None:
        """What a store that can be read has of a cart, if it takes no changes, or not yet; else the near copy."""
        near = self._near.find(cart_id)
        if self._availability.can_be_read(cart_id):
            with contextlib.suppress(StoreUnavailable):
                cart = await self.primary.get(cart_id)
                return reconcile(cart, near, self._near.effects(cart_id), self.limits) if near else cart
        return near

    def _with_base(self, outage: Outage, base: Cart | None) -> Outage:
        """An outage on the newest known state of the cart."""
        if base is None or (outage.base is not None and outage.base.grew_from(base)):
            return outage
        if outage.base is not None:
            base = reconcile(outage.base, base, self._near.effects(base.id), self.limits)
        return msgspec.structs.replace(outage, base=base)

    def _acknowledge(self, cart_id: str, change: Change, outage: Outage, *, sent: bool) -> Outage:
        """The outage after a change. Raises the errors of `model.apply`.

        If the store may have applied the change already, it is not refused: the copy here may be fuller than the cart.
        """
        before = outage.cart(cart_id, self.limits)
        if before.knows(change.id) or any(change.id == each.id for each in outage.changes):
            return outage
        try:
            apply(before, change, self.limits)
        except CartLimitExceeded:
            if not sent:
                raise
        return outage.with_change(change, self._shown.of(cart_id), before).bounded(self.limits)

    def _transformed(self, cart_id: str, fold: Callable[[Cart], Cart], outage: Outage) -> Outage:
        """The outage after a whole cart was put or transformed: the result is what is known of the cart.

        If nothing was known, or the store had nothing, the changes were made to what is put now.
        """
        if outage.base is None or not outage.base.revision:
            return msgspec.structs.replace(outage, base=_whole(fold(Cart(cart_id))))
        before = outage.cart(cart_id, self.limits)
        after = fold(before)
        return outage if after is before else msgspec.structs.replace(outage, base=_whole(after))

    # What other processes know

    def _with_wanted(self, cart_id: str, outage: Outage) -> Outage:
        """An outage that says what the shopper has been shown, if it is not there."""
        lacks = self._shown.lacks(outage.cart(cart_id, self.limits))
        return outage.wanting(self._shown.of(cart_id)) if lacks else outage

    async def _with_shown(self, cart: Cart) -> Cart:
        """The cart with what its shopper has been shown: if it lacks that, archive and other processes are asked."""
        if self._shown.lacks(cart) and self._recall and (archived := await self._recall(cart)):
            cart = await self.put(archived)
        if not self._shown.lacks(cart):
            return cart
        return await self._write(cart.id, lambda outage: outage) if self.journal.is_shared else _behind(cart)

    async def _recalled(self, cart_id: str, outage: Outage) -> Cart:
        """The cart when other processes have written what they know of it to the journal, where this outage is."""
        for seconds in RECALL_SECONDS:
            await asyncio.sleep(seconds)
            cart = await self._from_journal(cart_id, outage)
            if not self._shown.lacks(cart):
                return cart
        self._shown.is_unknown(cart)
        return cart

    async def _made_after(self, cart: Cart, change: Change) -> Cart:
        """The cart after a change that the store did not make, because it lacks what the shopper has been shown."""
        cart = await self._with_shown(cart)
        if self._shown.misses(cart):
            return await self._write(cart.id, partial(self._acknowledge, cart.id, change, sent=False))
        return await self.apply(cart.id, change)

    # Watching the store and the journal

    def _start(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = asyncio.create_task(work)
        self._background.add(task)
        task.add_done_callback(self._background.discard)
        return task

    def _wake_up(self) -> None:
        """Have the store and the journal looked at now, and from now on."""
        self._store_failed.set()
        self._journal_written.set()
        if not self._watching:
            self._watching = [self._start(self._watch_store()), self._start(self._watch_journal())]

    async def _watch_store(self) -> None:
        """Probe what is away, and notice a restart of the store."""
        loop = asyncio.get_running_loop()
        probe, purge_at = FIRST_PROBE_SECONDS, loop.time()
        while True:
            self._store_failed.clear()
            try:
                if self._availability.away:
                    await asyncio.gather(*map(self._probe, tuple(self._availability.away)))
                else:
                    await self._look()
                if loop.time() >= purge_at and not self._drain.has_changes:
                    purge_at = loop.time() + jitter(PURGE_SECONDS)
                    await self.journal.purge(PURGE_BATCH)
            except StoreUnavailable as error:
                log.debug("Purging the journal failed, will retry: %s", error)
            except Exception:
                log.exception("Watching the cart store failed, will retry.")
            if self._availability.away:
                await asyncio.sleep(jitter(probe))
                probe = min(probe * 2, LAST_PROBE_SECONDS)
            else:
                probe = FIRST_PROBE_SECONDS
                await _pause(jitter(WATCH_SECONDS), self._store_failed)

    async def _probe(self, shard: int) -> None:
        if await self._availability.probe(shard):
            self._shown.may_be_known()
            self._journal_written.set()
            self._repair.compare(everything=False)  # it may have lost something

    async def _look(self) -> None:
        try:
            await self.primary.ping()
        except StoreUnavailable as error:
            if not isinstance(error, StoreTimeout | StoreBusy):
                self._availability.lost(None, error)
            return
        await self._repair.look()

    async def _watch_journal(self) -> None:
        while True:
            self._journal_written.clear()
            try:
                await self._drain.look()
            except Exception:
                log.exception("Watching the cart journal failed, will retry.")
            if self._availability.away or self._drain.has_changes:
                await asyncio.sleep(jitter(OUTAGE_SECONDS))
            else:
                await _pause(jitter(JOURNAL_SECONDS), self._journal_written)


async def _pause(seconds: float, unless: asyncio.Event) -> None:
    """Wait for the event, which is set after so many seconds at the latest."""
    timer = asyncio.get_running_loop().call_later(seconds, unless.set)
    try:
        await unless.wait()
    finally:
        timer.cancel()


def _behind(cart: Cart) -> Cart:
    return msgspec.structs.replace(cart, partial=True, behind=True)


def _whole(cart: Cart) -> Cart:
    return msgspec.structs.replace(cart, partial=False, behind=False)
