"""The journal of an outage: what was acknowledged while the store of a cart was away.

For each cart it holds the newest state that the store had acknowledged, as far as any process knows it, and the changes
acknowledged since, in order. It is kept in the database, where the processes of all hosts share it: each sees what the
others acknowledged, and a process that ends loses nothing. If the database is away too, the memory of this process
holds the journal until the database or the store is back.
"""

from __future__ import annotations

import logging
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from heapq import nsmallest

import msgspec
from typing_extensions import override

from shop.cart.model import Cart, Change, Limits, ids_in, replay
from shop.errors import StoreBusy

MAX_CHANGES = 50_000
"""Maximum changes in the memory of a process; a further one raises StoreBusy."""
MAX_CHANGES_OF_CART = 128
"""With more changes of a cart than these, the oldest are made to its base: each change writes the whole row again."""
KEPT_CHANGES = 64
"""How many are left then."""
MAX_CHANGES_WITHOUT_BASE = 1_000
"""Maximum changes of a cart of which no process knows what the store has; a further one raises StoreBusy."""

log = logging.getLogger(__name__)


class Outage(msgspec.Struct, frozen=True):
    """What a journal holds of a cart. `base` is None if no process knows what the store has."""

    base: Cart | None = None
    changes: tuple[Change, ...] = ()
    after: dict[bytes, bytes] = {}
    """Id of a change -> the ids of those that come first: the latest in the journal that it was written to, and those
    that its shopper had been shown and its process did not know."""
    wanted: bytes = b""
    """The ids of changes that the shopper has been shown, of which whoever wrote this does not know all."""

    @property
    def is_pending(self) -> bool:
        """Whether the store, or a process, is waiting for what is known of the cart."""
        return bool(self.changes or self.wanted)

    def cart(self, cart_id: str, limits: Limits) -> Cart:
        """The cart with all its changes.

        `partial` if it is not known what the store has of it; also `behind` if changes wait for others, which a process
        has acknowledged and not told yet.
        """
        base = self.base or Cart(cart_id, revision=int(bool(self.changes)))
        ready, waiting = self.in_order(base)
        cart = replay(base, (*ready, *waiting), limits)
        if self.base and not waiting:
            return cart
        return msgspec.structs.replace(cart, partial=True, behind=bool(waiting))

    def in_order(self, cart: Cart) -> tuple[list[Change], list[Change]]:
        """The changes that can be made to a cart, and those that wait for others; each after those before it."""
        ids = {change.id for change in self.changes}
        ready: list[Change] = []
        waiting: dict[bytes, Change] = {}
        for change in self._sorted(ids):
            if any(each in waiting or not (each in ids or cart.knows(each)) for each in self._before(change)):
                waiting[change.id] = change
            else:
                ready.append(change)
        return ready, [*waiting.values()]

    def _sorted(self, ids: set[bytes]) -> list[Change]:
        """The changes, which have these ids, each after those before it; as they are here where that leaves it open."""
        done: dict[bytes, Change] = {}
        rest = self.changes
        while rest:
            count = len(done)
            for change in rest:
                if all(each in done or each not in ids for each in self._before(change)):
                    done[change.id] = change
            rest = tuple(change for change in rest if change.id not in done)
            if len(done) == count:  # they go round in a circle
                break
        return [*done.values(), *rest]

    def _before(self, change: Change) -> list[bytes]:
        return ids_in(self.after.get(change.id, b""))

    def with_change(self, change: Change, shown: bytes, cart: Cart) -> Outage:
        """With a change to what was `cart`, by a shopper who had been shown the changes with the ids `shown`."""
        ready, waiting = self.in_order(self.base or Cart(cart.id))
        changes = (*ready, *waiting)
        before = [each for each in ids_in(shown) if not cart.knows(each)] + [each.id for each in changes[-1:]]
        after = {**self.after, change.id: b"".join(before)} if before else self.after
        return msgspec.structs.replace(self, changes=(*changes, change), after=after)

    def bounded(self, limits: Limits) -> Outage:
        """The same cart, with its oldest changes in the base if there are many."""
        if len(self.changes) <= MAX_CHANGES_OF_CART:
            return self
        if self.base is None:
            if len(self.changes) > MAX_CHANGES_WITHOUT_BASE:
                raise StoreBusy("The carts' store is away, and this cart has been changed too often since.")
            return self
        ready, waiting = self.in_order(self.base)
        base = replay(self.base, ready[:-KEPT_CHANGES], limits)
        return self._with_only((*ready[-KEPT_CHANGES:], *waiting), base)

    def wanting(self, changes: bytes) -> Outage:
        """With more ids of changes that are wanted."""
        wanted = dict.fromkeys((*ids_in(self.wanted), *ids_in(changes)))
        return msgspec.structs.replace(self, wanted=b"".join(wanted))

    def without(self, changes: Sequence[Change], cart: Cart | None, *, wanted: bytes = b"") -> Outage:
        """The rest after these changes have come into the store, which is then known to have `cart`.

        The cart stays, for processes that cannot reach the store yet.
        """
        done = {change.id for change in changes}
        rest = tuple(change for change in self.changes if change.id not in done)
        return msgspec.structs.replace(self._with_only(rest, cart), wanted=wanted)

    def _with_only(self, changes: tuple[Change, ...], base: Cart | None) -> Outage:
        """With these of its changes, on another base."""
        after = {change.id: self.after[change.id] for change in changes if change.id in self.after}
        return msgspec.structs.replace(self, base=base, changes=changes, after=after)

    def then(self, later: Outage) -> Outage:
        """This, and what another journal holds of the same cart: each change once, after all that either puts first.

        Of two known states that of the other counts only if it is the newer one.
        """
        newer = later.base is not None and (self.base is None or later.base.grew_from(self.base))
        here = {change.id for change in self.changes}
        after = dict(self.after)
        for change_id, before in later.after.items():
            known = ids_in(after.get(change_id, b""))
            after[change_id] = b"".join(dict.fromkeys((*known, *ids_in(before))))
        return Outage(
            later.base if newer else self.base,
            (*self.changes, *(change for change in later.changes if change.id not in here)),
            after,
            self.wanted or later.wanted,
        )


class Journal(ABC):
    """The outages of all carts. Every method may raise StoreUnavailable."""

    is_shared = False
    """Whether other processes see what is written to it now."""

    @abstractmethod
    async def read(self, cart_id: str) -> Outage:
        """What the journal holds of a cart; an empty Outage if there is nothing."""

    @abstractmethod
    async def transform(self, cart_id: str, fold: Callable[[Outage], Outage]) -> Outage:
        """Replace what it holds of a cart by `fold(outage)` atomically, and return it. Raises what `fold` raises.

        Nothing is written if `fold` returns the same object; `fold` may be called several times.
        """

    @abstractmethod
    async def carts(self, limit: int, *, after: str = "") -> Sequence[str]:
        """The next `limit` ids, in order, of carts of which something is pending in the journal."""

    async def recent(self, seconds: float, limit: int) -> Sequence[str]:  # noqa: ARG002 - no other process has written
        """The ids of `limit` carts in the journal, or of all that any process has written within so many seconds."""
        return ()

    async def purge(self, limit: int) -> int:  # noqa: ARG002 - memory holds nothing else
        """Delete what is held of at most `limit` carts without changes, and return their number."""
        return 0

    @property
    def in_memory(self) -> int:
        """The number of changes that only the memory of this process holds."""
        return 0

    @abstractmethod
    async def close(self) -> None:
        """Close the connections."""


class MemoryJournal(Journal):
    """A journal in the memory of this process, for at most `max_changes` changes.

    Other processes have journals of their own; `Outage.after` tells in which order the changes of a shopper were made.
    """

    def __init__(self, *, max_changes: int = MAX_CHANGES) -> None:
        self._changes = 0
        self._max_changes = max_changes
        self._outages: dict[str, Outage] = {}

    @override
    async def read(self, cart_id: str) -> Outage:
        return self._outages.get(cart_id, Outage())

    @override
    async def transform(self, cart_id: str, fold: Callable[[Outage], Outage]) -> Outage:
        before = self._outages.get(cart_id, Outage())
        after = fold(before)
        if after is before:
            return after
        after = msgspec.structs.replace(after, wanted=b"")  # nobody else could tell
        more = len(after.changes) - len(before.changes)
        if more > 0 and self._changes + more > self._max_changes:
            raise StoreBusy("The carts' store is away, and so is the database; this process can take no more changes.")
        self._changes += more
        if after.changes:
            self._outages[cart_id] = after
        else:
            self._outages.pop(cart_id, None)
        return after

    @override
    async def carts(self, limit: int, *, after: str = "") -> Sequence[str]:
        return nsmallest(limit, (cart_id for cart_id in self._outages if cart_id > after))

    @property
    @override
    def in_memory(self) -> int:
        return self._changes

    @override
    async def close(self) -> None:
        if self._changes:
            log.error(
                "Closing: %d cart changes reached neither the store nor the database and are lost.", self._changes
            )
