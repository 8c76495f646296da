"""A journal in the database, for which the memory of this process stands in."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Sequence

from typing_extensions import override

from shop.cart.around.recent import Recent
from shop.cart.journal import MAX_CHANGES, Journal, MemoryJournal, Outage
from shop.errors import StoreBusy, StoreUnavailable

RETRY_SECONDS = 0.5
"""How long the database is left alone after it failed to answer."""
MAX_SEEN = 10_000
"""How many carts' changes in the database are remembered, for when it is away."""

log = logging.getLogger(__name__)


class SharedJournal(Journal):
    """The journal in the database; in the memory of this process while the database is away.

    What memory holds of a cart moves to the database with the next call for that cart, or for the list of carts.
    """

    def __init__(self, shared: Journal, own: MemoryJournal) -> None:
        self.own = own
        self._shared = shared
        self._seen = Recent[Outage](MAX_SEEN)
        """What the database held of each cart with changes when this process last read it."""
        self._retry_at = 0.0

    @property
    def is_shared(self) -> bool:  # type: ignore[override]
        """Whether the database is not known to be away."""
        return time.monotonic() >= self._retry_at

    @override
    async def read(self, cart_id: str) -> Outage:
        try:
            self._raise_if_away()
            await self._move(cart_id)
            seen = self._seen.get(cart_id)
            outage = await self._shared.read(cart_id)
            # A change that was written meanwhile may have been answered first.
            return self._saw(cart_id, outage) if self._seen.get(cart_id) is seen else outage
        except StoreUnavailable as error:
            self._failed(error)
            return self._with_seen(cart_id, await self.own.read(cart_id))

    @override
    async def transform(self, cart_id: str, fold: Callable[[Outage], Outage]) -> Outage:
        try:
            self._raise_if_away()
            await self._move(cart_id)
            return self._saw(cart_id, await self._shared.transform(cart_id, fold))
        except StoreUnavailable as error:
            self._failed(error)
            outage = await self.own.transform(cart_id, lambda own: fold(self._with_seen(cart_id, own)))
            self._seen.pop(cart_id, None)  # is in memory now
            return outage

    def _saw(self, cart_id: str, outage: Outage) -> Outage:
        self._seen.pop(cart_id, None)
        if outage.is_pending:
            self._seen[cart_id] = outage
        return outage

    def _with_seen(self, cart_id: str, own: Outage) -> Outage:
        """What memory holds of a cart, on top of what the database held of it when it was last read."""
        return self._seen[cart_id].then(own) if cart_id in self._seen else own

    @override
    async def carts(self, limit: int, *, after: str = "") -> Sequence[str]:
        try:
            self._raise_if_away()
            for cart_id in await self.own.carts(limit):
                await self._move(cart_id)
            return await self._shared.carts(limit, after=after)
        except StoreUnavailable as error:
            self._failed(error)
            seen = {cart_id for cart_id in self._seen if cart_id > after}
            return sorted({*await self.own.carts(limit, after=after), *seen})[:limit]

    @override
    async def recent(self, seconds: float, limit: int) -> Sequence[str]:
        try:
            self._raise_if_away()
            return await self._shared.recent(seconds, limit)
        except StoreUnavailable as error:
            self._failed(error)
            return ()

    @override
    async def purge(self, limit: int) -> int:
        return await self._shared.purge(limit)

    @property
    @override
    def in_memory(self) -> int:
        return self.own.in_memory

    @override
    async def close(self) -> None:
        self._retry_at = 0.0
        await self.carts(MAX_CHANGES)
        await self.own.close()
        await self._shared.close()

    async def _move(self, cart_id: str) -> None:
        """Move what memory holds of a cart to the database."""
        outage = await self.own.read(cart_id)
        if not outage.changes:
            return

        self._saw(cart_id, await self._shared.transform(cart_id, lambda shared: shared.then(outage)))
        await self.own.transform(cart_id, lambda own: own.without(outage.changes, outage.base))

    def _raise_if_away(self) -> None:
        if time.monotonic() < self._retry_at:
            raise StoreUnavailable("The database did not answer the last call.")

    def _failed(self, error: StoreUnavailable) -> None:
        if isinstance(error, StoreBusy):  # one row is: the database is not away
            return
        if time.monotonic() < self._retry_at:
            return
        self._retry_at = time.monotonic() + RETRY_SECONDS
        log.warning("Journal unavailable in the database; this process keeps it until it is back: %s", error)
