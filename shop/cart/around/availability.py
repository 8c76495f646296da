"""Which shards of a store are away."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from typing import TypeVar

from shop.cart.service import CartService
from shop.errors import StoreBusy, StoreReadOnly, StoreTimeout, StoreUnavailable

log = logging.getLogger(__name__)

_T = TypeVar("_T")
_UP = StoreReadOnly("")
"""Stands for a shard that is up where one that can be read is asked for."""


class Availability:
    """Which shards of `store` are away, each with the reason. `wake_up` is called when one fails."""

    def __init__(self, store: CartService, wake_up: Callable[[], None]) -> None:
        self.store = store
        self.failovers = 0
        """How many times the store went away."""
        self.away: dict[int, StoreUnavailable] = {}
        self._wake_up = wake_up

    def is_away(self, cart_id: str) -> bool:
        """Whether the shard of a cart is away."""
        return bool(self.away) and self.store.shard(cart_id) in self.away

    def can_be_read(self, cart_id: str) -> bool:
        """Whether the shard of a cart is up, or only refuses changes."""
        return isinstance(self.away.get(self.store.shard(cart_id), _UP), StoreReadOnly)

    async def call(self, cart_id: str, call: Callable[[], Awaitable[_T]]) -> _T:
        """A call of the store. If it times out, but the store answers a ping, the call is repeated once.

        One slow trip is no outage; the id of a change keeps it from being applied twice.
        """
        try:
            return await call()
        except StoreTimeout:
            await self.store.ping(self.store.shard(cart_id))
            return await call()

    def lost(self, cart_id: str | None, error: StoreUnavailable) -> None:
        """The store failed: the shard of the cart is away until a probe succeeds."""
        shard = 0 if cart_id is None else self.store.shard(cart_id)
        if shard in self.away or isinstance(error, StoreBusy):
            return
        if not self.away:
            self.failovers += 1
        self.away[shard] = error
        self._wake_up()
        log.error("Cart store unavailable; changes are kept in the journal until it is back: %s", error)

    async def probe(self, shard: int) -> bool:
        """Whether a shard that was away answers again."""
        try:
            await self.store.ping(shard)
        except StoreUnavailable as error:
            self.away[shard] = error
            return False
        self.away.pop(shard, None)
        log.warning("Cart store is back; the journal's changes are written to it.")
        return True
