"""A cart service that keeps its promises while its store is away, slow, read-only or behind.

    shard up           get, apply -> store; the near copy is updated
    shard away         get, apply -> journal: the newest known state, and the changes acknowledged since
    shard read-only    the same, on top of what the store has
    shard back         a cart with changes in the journal is brought up to date before it is read or changed again

The journal is shared by all processes (journal.py). A change whose outcome in the store is not known is written there
too: its id keeps it from being applied twice. A store that came back without its latest data is noticed by its epoch,
or by a cart that lacks what the store had acknowledged to this process; the near copies restore it (near_copies.py).
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Iterable, Iterator, Sequence
from functools import partial
from itertools import accumulate
from typing import Any, TypeVar

import msgspec
from typing_extensions import override

from shop.cart.around.forwarding import ForwardingCartService
from shop.cart.around.near_copies import NearCopies
from shop.cart.around.recent import Recent
from shop.cart.journal import Journal, MemoryJournal, Outage
from shop.cart.memory import MemoryCartService
from shop.cart.model import (
    Add,
    Cart,
    Change,
    Effect,
    Purchase,
    apply,
    change_id,
    join,
    reconcile,
    reconcile_exactly,
    replay,
)
from shop.cart.service import CartService
from shop.errors import CartLimitExceeded, StoreBusy, StoreReadOnly, StoreTimeout, StoreUnavailable
from shop.retry import jitter

FIRST_PROBE_SECONDS = 0.05
LAST_PROBE_SECONDS = 1.0
"""The interval between probes of a shard that is away doubles from the first to the last."""
JOURNAL_SECONDS = 0.25
"""How often the journal is asked whether a process has written to it."""
OUTAGE_SECONDS = 0.1
"""How often it is asked during an outage."""
RECENT_SECONDS = 3.0
"""How long after a cart was written to the journal the processes add what they know of it."""
RECENT_BATCH = 128
"""How many of the carts that were written last are looked at."""
RECALL_SECONDS = (0.05, 0.05, 0.1, 0.1, 0.2, 0.2, 0.4, 0.4)
"""The pauses in which an answer waits until what its shopper has been shown comes from another process."""
HOLD_SECONDS = 5.0
"""How long a change stays in the journal, although the store is back, for those that come before it: every process
notices in this time."""
DOUBT_SECONDS = 5.0
"""How long after a restart of the store it may lack what another process has yet to restore."""
WATCH_SECONDS = 1.0
"""How often a store that seems well is asked, so that a restart is noticed without a shopper."""
REPLAY_BATCH = 100
"""Changes of one cart that are replayed together: far fewer than the ids that a cart remembers."""
PURGE_SECONDS = 60.0
"""How often carts without changes are removed from the journal."""
PURGE_BATCH = 500
"""Carts that are removed from the journal at a time."""
SAMPLE = 8
"""Near copies that are compared with the store every second: the latest, and as many at random."""
BATCH_SIZE = 64
"""Carts that are brought up to date, or compared with the store, at a time."""
COMPARE_SECONDS = 10.0
"""The shortest time between two comparisons of all near copies, unless the store restarted."""
CLOSE_SECONDS = 3.0
"""How long closing waits until the journal's changes are in the store."""
MAX_REMEMBERED = 10_000
"""Of how many carts is remembered what their shoppers have been shown."""

_UP = StoreReadOnly("")
"""Stands for a shard that is up where one that can be read is asked for."""

log = logging.getLogger(__name__)

_T = TypeVar("_T")


class FailoverCartService(ForwardingCartService):
    """Answers from `primary`, or from `journal` and `near` if that raises StoreUnavailable.

    Raises StoreUnavailable only if neither the store nor the journal can take a change. Made by `shop.cart.connect`.
    """

    def __init__(self, primary: CartService, near: MemoryCartService, journal: Journal | None = None) -> None:
        super().__init__(primary)
        self.primary = primary
        self.journal = journal or MemoryJournal()
        self.failovers = 0
        """How many times the store went away."""
        self.replayed = 0
        """Number of changes that came from the journal into the store."""
        self.repaired = 0
        """Number of carts restored in a store that had lost some of their changes."""
        self.backlog = 0
        """The number of carts with changes in the journal, as far as it has been looked at: at most BATCH_SIZE."""
        self._near = NearCopies(near, primary.remaining)
        self._away: dict[int, StoreUnavailable] = {}
        """The shards that are away, each with the reason."""
        self._journaled = False
        """Whether the journal may have changes of any cart."""
        self._writes = 0
        """How many times this process wrote to the journal."""
        self._consulted = Recent[bool](MAX_REMEMBERED)
        self._from_journal = Recent[bool](MAX_REMEMBERED)
        """The carts whose latest answer came from the journal."""
        self._replayed: Callable[[Cart], None] = lambda _: None
        self._shown = Recent[tuple[bytes, int]](MAX_REMEMBERED)
        """The latest changes that the shopper of each cart has been shown, and when the last was made."""
        self._unknown = Recent[bytes](MAX_REMEMBERED)
        """Those of them that no process knows."""
        self._held = Recent[float](MAX_REMEMBERED)
        """Until when each cart stays in the journal for what it waits for."""
        self._contributed = Recent[int](MAX_REMEMBERED)
        """The revision of the copy of each cart that this process has written to the journal in this outage."""
        self._undrainable: set[str] = set()
        """The carts whose changes in the journal the store cannot take."""
        self._epoch = primary.epoch
        self._compare_at = 0.0
        self._comparing: asyncio.Task[None] | None = None
        self._doubt_until = 0.0
        self._store_failed = asyncio.Event()
        self._journal_written = asyncio.Event()
        self._draining: asyncio.Task[None] | None = None
        self._watching: list[asyncio.Task[None]] = []
        self._background: set[asyncio.Task[None]] = set()

    @property
    def standby_active(self) -> bool:
        """Whether any shard is away."""
        return bool(self._away)

    @override
    async def get(self, cart_id: str) -> Cart:
        if await self._ready(cart_id):
            near = self._near.find(cart_id)
            try:
                cart = await self._checked(near, await self._call(cart_id, partial(self.primary.get, cart_id)))
                return await self._with_shown(cart)
            except StoreUnavailable as error:
                self._lost(cart_id, error)
        return await self._with_shown(await self._journaled_cart(cart_id))

    @override
    async def apply(self, cart_id: str, change: Change) -> Cart:
        sent = False
        if self._may_lack(cart_id) and self._lacks(await self.get(cart_id)):
            return await self._write(cart_id, partial(self._acknowledge, cart_id, change, sent=False))
        if await self._ready(cart_id):
            near = self._near.find(cart_id)
            try:
                sent = True
                cart = await self._call(cart_id, partial(self.primary.apply, cart_id, change))
                is_new = near is None or not near.knows(change.id)
                cart = await self._checked(near, cart, change)
                if not self._lacks(cart):
                    return cart
                return await (self._made_again(cart, change) if is_new else self._with_shown(cart))
            except StoreUnavailable as error:
                self._lost(cart_id, error)
        return await self._write(cart_id, partial(self._acknowledge, cart_id, change, sent=sent))

    @override
    async def transform(self, cart_id: str, fold: Callable[[Cart], Cart], *, aged: bool = False) -> Cart:
        if await self._ready(cart_id):
            try:
                near = self._near.find(cart_id)
                cart = await self._call(cart_id, partial(self.primary.transform, cart_id, fold, aged=aged))
                return await self._checked(near, cart)
            except StoreUnavailable as error:
                self._lost(cart_id, error)
        return await self._write(cart_id, partial(self._with_changes_of, cart_id, fold))

    @override
    async def replay(self, cart_id: str, changes: Sequence[Change]) -> Cart:
        if await self._ready(cart_id):
            try:
                near = self._near.find(cart_id)
                cart = await self._call(cart_id, partial(self.primary.replay, cart_id, changes))
                return await self._checked(near, cart)
            except StoreUnavailable as error:
                self._lost(cart_id, error)
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
        return self._is_away(cart_id) or self._journaled

    @override
    def shown(self, cart_id: str, latest: bytes, at: int, *, journalled: bool = False) -> None:
        self._shown[cart_id] = latest, at
        if journalled:
            self._consulted[cart_id] = True

    @override
    def in_journal(self, cart_id: str) -> bool:
        return cart_id in self._from_journal

    @override
    def on_replayed(self, tell: Callable[[Cart], None]) -> None:
        self._replayed = tell

    @override
    async def start(self) -> None:
        self._journaled = True
        try:
            await self.primary.start()
            await self.primary.ping()
        except StoreUnavailable as error:
            self._lost(None, error)
        self._wake_up()

    @override
    async def close(self) -> None:
        for task in self._watching:
            task.cancel()
        if self._journaled:
            with contextlib.suppress(TimeoutError, StoreUnavailable):
                async with asyncio.timeout(CLOSE_SECONDS):
                    await asyncio.gather(*map(self._probe, tuple(self._away)))
                    await self._drain_all()
        for task in self._background:
            task.cancel()
        if self._background:
            await asyncio.wait(self._background)
        await self.journal.close()
        await self.primary.close()

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

    # Whether the store can be asked

    async def _ready(self, cart_id: str) -> bool:
        """Whether the store can answer for a cart now; its changes in the journal, if there are any, come first."""
        if self._is_away(cart_id):
            return False
        if not self._journaled and cart_id not in self._consulted:
            return True
        if not await self._drained(cart_id):
            return False
        self._consulted.pop(cart_id, None)
        return True

    async def _call(self, cart_id: str, call: Callable[[], Awaitable[_T]]) -> _T:
        """A call of the store. If it times out, but the store answers a ping, the call is repeated once.

        One slow trip is no outage; the id of a change keeps it from being applied twice.
        """
        try:
            return await call()
        except StoreTimeout:
            await self.primary.ping(self.primary.shard(cart_id))
            return await call()

    def _is_away(self, cart_id: str) -> bool:
        return bool(self._away) and self.primary.shard(cart_id) in self._away

    def _lost(self, cart_id: str | None, error: StoreUnavailable) -> None:
        """The store failed: use the journal for the shard of the cart until a probe succeeds."""
        shard = 0 if cart_id is None else self.primary.shard(cart_id)
        if shard in self._away or isinstance(error, StoreBusy):
            return
        if not self._away:
            self.failovers += 1
        self._away[shard] = error
        self._wake_up()
        log.error("Cart store unavailable; changes are kept in the journal until it is back: %s", error)

    # The journal

    def _with_base(self, outage: Outage, base: Cart | None) -> Outage:
        """An outage on the newest known state of the cart."""
        if base is None or (outage.base is not None and outage.base.grew_from(base)):
            return outage
        if outage.base is not None:
            base = reconcile(outage.base, base, self._near.effects(base.id), self.limits)
        return msgspec.structs.replace(outage, base=base)

    def _learned(self, outage: Outage) -> Outage:
        """An outage that is answered from, after the newest known state of the cart has become the near copy."""
        if outage.base is not None:
            self._near.learn(outage.base)
        return outage

    def _with_wanted(self, cart_id: str, outage: Outage) -> Outage:
        """An outage that says what the shopper has been shown, if it is not there."""
        if not self._lacks(outage.cart(cart_id, self.limits)):
            return outage
        return outage.wanting(self._shown[cart_id][0])

    async def _write(self, cart_id: str, fold: Callable[[Outage], Outage]) -> Cart:
        base = await self._readable(cart_id) or self._near.find(cart_id)
        self._from_journal[cart_id] = True
        self._journaled = True
        self._writes += 1
        outage = self._learned(
            await self.journal.transform(
                cart_id, lambda outage: self._with_wanted(cart_id, fold(self._with_base(outage, base)))
            )
        )
        self._journaled = True  # again: the journal may have been looked at before it had this
        self._writes += 1
        self.backlog = max(self.backlog, 1)
        self._wake_up()
        cart = outage.cart(cart_id, self.limits)
        if not self._lacks(cart):
            return cart
        return await self._recalled(cart_id, outage) if self.journal.is_shared else _behind(cart)

    async def _journaled_cart(self, cart_id: str) -> Cart:
        """What is known of a cart without its store."""
        base = await self._readable(cart_id) or self._near.find(cart_id)
        self._from_journal[cart_id] = True
        return self._learned(self._with_base(await self.journal.read(cart_id), base)).cart(cart_id, self.limits)

    # What other processes know

    def _lacks(self, cart: Cart) -> bool:
        """Whether a cart lacks what its shopper has been shown, although it has not expired."""
        if (
            (shown := self._shown.get(cart.id)) is None
            or cart.knows_all(shown[0])
            or self._unknown.get(cart.id) == shown[0]
        ):
            return False
        return shown[1] + self.ttl > self.primary.now()

    async def _with_shown(self, cart: Cart) -> Cart:
        """The cart with what its shopper has been shown: if it lacks that, the other processes are asked."""
        if not self._lacks(cart):
            return cart
        return await self._write(cart.id, lambda outage: outage) if self.journal.is_shared else _behind(cart)

    async def _made_again(self, cart: Cart, change: Change) -> Cart:
        """The cart after a change that the store applied to a state that lacked what its shopper has been shown."""
        cart = await self._with_shown(cart)
        if cart.knows(change.id) and isinstance(change, Add | Effect):
            return cart
        if cart.knows(change.id):
            again = change_id("again", change.id.hex(), cart.latest_change.hex())
            change = msgspec.structs.replace(change, id=again)
        if self._lacks(cart):
            return await self._write(cart.id, partial(self._acknowledge, cart.id, change, sent=True))
        return await self.apply(cart.id, change)

    async def _recalled(self, cart_id: str, outage: Outage) -> Cart:
        """The cart when other processes have written what they know of it to the journal, where this outage is."""
        for seconds in RECALL_SECONDS:
            await asyncio.sleep(seconds)
            known = (await self.journal.read(cart_id)).then(outage)
            base = await self._readable(cart_id) or self._near.find(cart_id)
            cart = self._learned(self._with_base(known, base)).cart(cart_id, self.limits)
            if not self._lacks(cart):
                return cart
        self._unknown[cart_id] = self._shown[cart_id][0]
        return cart

    def _may_lack(self, cart_id: str) -> bool:
        """Whether another process has yet to write to the store what the shopper has been shown, or to restore it."""
        if cart_id not in self._shown:
            return False
        if cart_id in self._consulted or self.primary.epoch != self._epoch:
            return True
        return asyncio.get_running_loop().time() < self._doubt_until

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
        shown, _ = self._shown.get(cart_id, (b"", 0))
        return outage.with_change(change, shown, before)

    def _with_changes_of(self, cart_id: str, fold: Callable[[Cart], Cart], outage: Outage) -> Outage:
        """The outage after a whole cart was put or transformed: the result is what is known of the cart."""
        before = outage.cart(cart_id, self.limits)
        after = fold(before)
        return outage if after is before else msgspec.structs.replace(outage, base=_whole(after))

    async def _readable(self, cart_id: str) -> Cart | None:
        """What a store has of a cart that takes no changes, or not yet, but answers reads; None if it does not."""
        if not isinstance(self._away.get(self.primary.shard(cart_id), _UP), StoreReadOnly):
            return None
        near = self._near.find(cart_id)
        with contextlib.suppress(StoreUnavailable):
            cart = await self.primary.get(cart_id)
            return reconcile(cart, near, self._near.effects(cart_id), self.limits) if near else cart
        return None

    async def _drain(self, cart_id: str) -> None:
        """Bring what the journal has of a cart into the store. Raises _Wanted if it has to wait."""
        outage = await self.journal.read(cart_id)
        while outage.is_pending:
            cart, changes, wanted = await self._store(cart_id, outage)
            outage = await self.journal.transform(
                cart_id,
                lambda outage: outage.without(changes, cart, wanted=wanted),  # noqa: B023 - called at once
            )
            self.replayed += len(changes)
            self._held.pop(cart_id, None)
            self._replayed(cart)
        self._learned(outage)

    async def _store(self, cart_id: str, outage: Outage) -> tuple[Cart, Sequence[Change], bytes]:
        """Bring what was acknowledged into the store, as far as it need not wait for what comes before it.

        Returns the cart, the changes that it has now, and what is wanted still. The near copy follows change by change,
        so that their effects are known.
        """
        states = [state for state in (outage.base, self._near.find(cart_id)) if state is not None]
        effects = self._near.effects(cart_id)
        changes: list[Change] = []
        steps: list[Cart] = []
        wanted = b""

        def fold(stored: Cart) -> Cart:
            nonlocal changes, steps, wanted
            for state in states:
                exact = reconcile_exactly(stored, state, effects, self.limits)
                if exact is None and self._holds(cart_id):
                    raise _Wanted
                stored = exact or join(stored, state, self.limits)
            changes, waiting = outage.in_order(stored)
            wanted = b"" if stored.knows_all(outage.wanted) else outage.wanted
            if waiting or wanted:
                if not self._holds(cart_id):
                    changes, wanted = [*changes, *waiting], b""
                elif not changes:
                    raise _Wanted
            changes = changes[:REPLAY_BATCH]
            steps = list(accumulate(changes, lambda cart, change: replay(cart, (change,), self.limits), initial=stored))
            return steps[-1]

        cart = await self._call(cart_id, partial(self.primary.transform, cart_id, fold))
        self._from_journal.pop(cart_id, None)
        for step in steps:
            self._near.update(step)
        return cart, changes, wanted

    def _holds(self, cart_id: str) -> bool:
        """Whether what a cart in the journal waits for may still come from another process."""
        now = asyncio.get_running_loop().time()
        if cart_id not in self._held:
            self._held[cart_id] = now + HOLD_SECONDS
        return now < self._held[cart_id]

    async def _drain_all(self) -> None:
        """Bring the journal into the store, as far as its shards are up."""
        writes = self._writes
        carts = await self.journal.carts(BATCH_SIZE)
        self.backlog = len(carts)
        if not carts and writes == self._writes:
            self._journaled = False
            self._contributed.clear()
            await self._refresh()
            return
        self._journaled = True
        while ready := [cart_id for cart_id in carts if not self._is_away(cart_id)]:
            await asyncio.gather(*map(self._drained, ready))
            carts = await self.journal.carts(BATCH_SIZE, after=carts[-1])

    async def _refresh(self) -> None:
        """Learn what the store has, now, of the carts that this process answered from the journal."""
        while cart_ids := [cart_id for cart_id in self._from_journal if not self._is_away(cart_id)][:BATCH_SIZE]:
            try:
                carts = await self.primary.get_many(cart_ids)
            except StoreUnavailable:
                return
            for cart in carts:
                self._near.learn(cart)
                self._from_journal.pop(cart.id, None)

    async def _contribute(self, cart_id: str) -> None:
        """Write to the journal what this process knows of a cart, for one that answers without the store."""
        near = self._near.carts.peek(cart_id)
        if near is None or self._contributed.get(cart_id) == near.revision:
            return
        self._contributed[cart_id] = near.revision
        with contextlib.suppress(StoreUnavailable):
            await self.journal.transform(cart_id, partial(self._with_copy, near))

    def _with_copy(self, near: Cart, outage: Outage) -> Outage:
        """An outage with what this process knows, for others.

        If the two cannot be merged exactly, what is wanted counts: whoever wants it has the rest.
        """
        if not outage.is_pending:
            return outage
        if outage.base is None:
            return msgspec.structs.replace(outage, base=near)
        merged = reconcile_exactly(outage.base, near, self._near.effects(near.id), self.limits)
        if merged is None and outage.wanted and near.knows_all(outage.wanted):
            merged = near
        return outage if merged in (None, outage.base) else msgspec.structs.replace(outage, base=merged)

    async def _drained(self, cart_id: str) -> bool:
        """Whether the changes of a cart in the journal, if there are any, could be brought into the store."""
        try:
            await self._drain(cart_id)
        except StoreUnavailable as error:
            self._lost(cart_id, error)
        except _Wanted:
            return False
        except Exception:
            if cart_id not in self._undrainable:
                log.exception("The journal's changes of a cart cannot be stored, will retry.")
            self._undrainable.add(cart_id)
        else:
            self._undrainable.discard(cart_id)
            return True
        return False

    # Watching the store

    async def _watch_store(self) -> None:
        """Probe what is away, and notice a restart of the store."""
        loop = asyncio.get_running_loop()
        probe, purge_at = FIRST_PROBE_SECONDS, loop.time()
        while True:
            self._store_failed.clear()
            try:
                if self._away:
                    await asyncio.gather(*map(self._probe, tuple(self._away)))
                else:
                    await self._look()
                if loop.time() >= purge_at and not self._journaled:
                    purge_at = loop.time() + jitter(PURGE_SECONDS)
                    await self.journal.purge(PURGE_BATCH)
            except StoreUnavailable as error:
                log.debug("Purging the journal failed, will retry: %s", error)
            except Exception:
                log.exception("Watching the cart store failed, will retry.")
            if self._away:
                await asyncio.sleep(jitter(probe))
                probe = min(probe * 2, LAST_PROBE_SECONDS)
            else:
                probe = FIRST_PROBE_SECONDS
                await _pause(jitter(WATCH_SECONDS), self._store_failed)

    async def _watch_journal(self) -> None:
        """Add to the journal what this process knows of the carts in it, and bring it into the store."""
        while True:
            self._journal_written.clear()
            try:
                if not self._away and not self._journaled:
                    self._journaled = bool(await self.journal.carts(1))
                if self._away or self._journaled:
                    recent = await self.journal.recent(RECENT_SECONDS, RECENT_BATCH)
                    await asyncio.gather(*map(self._contribute, recent))
                    await self._begin_to_drain()
            except Exception:
                log.exception("Watching the cart journal failed, will retry.")
            if self._away or self._journaled:
                await asyncio.sleep(jitter(OUTAGE_SECONDS))
            else:
                await _pause(jitter(JOURNAL_SECONDS), self._journal_written)

    async def _begin_to_drain(self) -> None:
        """Drain the journal in the background: a store that hangs must not delay what is written to the journal."""
        if self._draining is None or self._draining.done():
            self._draining = self._start(self._drain_all())
        await asyncio.wait([self._draining], timeout=OUTAGE_SECONDS)
        if self._draining.done():
            self._draining.result()

    async def _probe(self, shard: int) -> None:
        try:
            await self.primary.ping(shard)
        except StoreUnavailable as error:
            self._away[shard] = error
            return
        self._away.pop(shard, None)
        self._doubt_until = asyncio.get_running_loop().time() + DOUBT_SECONDS
        self._unknown.clear()
        self._journal_written.set()
        log.warning("Cart store is back; the journal's changes are written to it.")
        self._compare(everything=False)

    async def _look(self) -> None:
        try:
            await self.primary.ping()
        except StoreUnavailable as error:
            if not isinstance(error, StoreTimeout | StoreBusy):
                self._lost(None, error)
            return
        if self.primary.epoch != self._epoch or await self._misses_carts():
            self._compare(everything=True)

    async def _misses_carts(self) -> bool:
        """Whether the store lacks some near copies, although it did not restart: it was emptied, say."""
        latest = self._near.carts.most_recent(SAMPLE)
        ids = {*latest, *self._near.carts.some(SAMPLE)}
        with contextlib.suppress(StoreUnavailable):
            return bool(ids) and await self._compare_some(ids) > 0 and not await self.primary.evicts()
        return False

    # Repair

    async def _checked(self, near: Cart | None, stored: Cart, change: Change | None = None) -> Cart:
        """The cart that the store returned, after restoring what it lacks of `near`, which it had acknowledged.

        `change` is the change that the store has just applied, to a cart that was not whole.
        """
        if near is not None and not stored.grew_from(near):
            stored = await self._repair(near, change)
            self._compare(everything=False)
        latest = self._near.find(
            stored.id
        )  # a reply that came meanwhile may have changes that the store has lost since
        if latest is not None and not stored.grew_from(latest) and not latest.grew_from(stored):
            stored = await self._repair(latest)
        self._near.update(stored, change)
        self._from_journal.pop(stored.id, None)
        return stored

    async def _repair(self, near: Cart, change: Change | None = None) -> Cart:
        effects = self._near.effects(near.id)
        lacked = is_exact = True

        def fold(stored: Cart) -> Cart:
            nonlocal lacked, is_exact
            lacked = not stored.grew_from(near)
            own = {change.id} if change else set()
            if lacked and all(each in own or near.knows(each) for each in stored.change_ids):
                whole = near
            else:
                exact = reconcile_exactly(stored, near, effects, self.limits)
                is_exact = exact is not None or change is not None or not self.journal.is_shared
                if not is_exact:
                    return stored
                whole = exact or join(stored, near, self.limits)
            return replay(whole, _again(whole, change), self.limits) if change else whole

        cart = await self.primary.transform(near.id, fold, aged=True)
        if not is_exact:
            await self._offer(near, cart)
        self.repaired += lacked
        return cart

    async def _offer(self, near: Cart, stored: Cart) -> None:
        """Write a near copy to the journal, for a process that knows the effects by which it can be merged exactly."""
        missing = [each for each in near.change_ids if not stored.knows(each)]

        def fold(outage: Outage) -> Outage:
            merged = reconcile_exactly(outage.base, near, (), self.limits) if outage.base else near
            return msgspec.structs.replace(outage.wanting(b"".join(missing)), base=merged or near)

        with contextlib.suppress(StoreUnavailable):
            await self.journal.transform(near.id, fold)
            self._journaled = True
            self._wake_up()

    def _compare(self, *, everything: bool) -> None:
        """Compare the near copies with the store in the background, soon again only if it restarted."""
        now = asyncio.get_running_loop().time()
        if everything or self.primary.epoch != self._epoch:
            self._doubt_until = now + DOUBT_SECONDS
        is_due = everything or now >= self._compare_at
        if is_due and (self._comparing is None or self._comparing.done()):
            self._compare_at = now + COMPARE_SECONDS
            self._comparing = self._start(self._compare_all(self.primary.epoch))

    async def _compare_all(self, epoch: int) -> None:
        restored = 0
        try:
            ids = [] if await self.primary.evicts() else self._near.carts.most_recent()
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
        stored = await self.primary.get_many([cart.id for cart in near])
        lacking = [copy for copy, cart in zip(near, stored, strict=True) if not cart.grew_from(copy)]
        for cart in await asyncio.gather(*map(self._repair, lacking)):
            self._near.update(cart)
        return len(lacking)


async def _pause(seconds: float, unless: asyncio.Event) -> None:
    """Wait so long, or until the event."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await unless.wait()


class _Wanted(Exception):
    """What the changes of a cart come after, or what its shopper has been shown, has not come yet."""


def _behind(cart: Cart) -> Cart:
    return msgspec.structs.replace(cart, partial=True, behind=True)


def _whole(cart: Cart) -> Cart:
    return msgspec.structs.replace(cart, partial=False, behind=False)


def _again(whole: Cart, change: Change) -> Iterator[Change]:
    """What has to be applied to a whole cart because the store applied `change` to one that was not whole.

    The change itself if it had no effect there. One that says what the cart should be like is made again under another
    id, because more is there now; others have done all that they should.
    """
    if not whole.knows(change.id):
        yield change
    elif not isinstance(change, Add | Purchase | Effect):
        yield msgspec.structs.replace(change, id=change_id("again", change.id.hex()))
