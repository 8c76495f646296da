"""Carts in the memory of this process: for development, for tests, and as the standby of a store."""

from __future__ import annotations

import random
import time
from collections import OrderedDict
from collections.abc import AsyncIterator, Callable
from itertools import islice

from typing_extensions import override

from shop.cart.model import Cart, Change, Limits, apply
from shop.cart.service import CartService

DEFAULT_TTL = 30 * 24 * 3600


class MemoryCartService(CartService):
    """A dict of at most `max_carts` carts. Evicts the least recently used cart. All calls are O(1)."""

    def __init__(
        self,
        *,
        limits: Limits = Limits(),
        ttl: int = DEFAULT_TTL,
        max_carts: int = 100_000,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.limits = limits
        self.ttl = ttl
        self.expired = 0
        """Number of carts dropped because they had expired."""
        self.evicted = 0
        """Number of carts evicted to make room."""
        self._max_carts = max_carts
        self._clock = clock
        self._carts: OrderedDict[str, tuple[Cart, float]] = OrderedDict()

    def __len__(self) -> int:
        return len(self._carts)

    def find(self, cart_id: str) -> Cart | None:
        """The cart, marked as the most recently used; None if it is not here or has expired."""
        entry = self._carts.get(cart_id)
        if entry is None:
            return None
        if entry[1] <= self._clock():
            del self._carts[cart_id]
            self.expired += 1
            return None
        self._carts.move_to_end(cart_id)
        return entry[0]

    def peek(self, cart_id: str) -> Cart | None:
        """The cart, without marking it as used; None if it is not here or has expired."""
        entry = self._carts.get(cart_id)
        return entry[0] if entry is not None and entry[1] > self._clock() else None

    def most_recent(self, limit: int | None = None) -> list[str]:
        """The ids of the most recently used carts, the latest first; by default of all carts."""
        return list(islice(reversed(self._carts), limit))

    def some(self, number: int) -> list[str]:
        """The ids of at most `number` carts at random."""
        first = random.randrange(max(len(self._carts) - number, 0) + 1)  # noqa: S311 - no secret
        return list(islice(self._carts, first, first + number))

    def store(self, cart: Cart, seconds: int | None = None) -> None:
        """Store a cart unchanged, replacing what is here, for `seconds` (by default the whole TTL)."""
        now = self._clock()
        self._carts[cart.id] = (cart, now + (self.ttl if seconds is None else seconds))
        self._carts.move_to_end(cart.id)
        self._evict(now)

    def drop_expired(self) -> None:
        """Drop every cart that has expired, so that those that nobody asks for are counted too."""
        now = self._clock()
        for cart_id in [cart_id for cart_id, (_, expires) in self._carts.items() if expires <= now]:
            del self._carts[cart_id]
            self.expired += 1

    def _evict(self, now: float) -> None:
        oldest, (_, expires) = next(iter(self._carts.items()))
        if expires <= now:
            del self._carts[oldest]
            self.expired += 1
        elif len(self._carts) > self._max_carts:
            del self._carts[oldest]
            self.evicted += 1

    @override
    async def get(self, cart_id: str) -> Cart:
        return self.find(cart_id) or Cart(cart_id)

    @override
    async def apply(self, cart_id: str, change: Change) -> Cart:
        before = self.find(cart_id) or Cart(cart_id)
        cart = apply(before, change, self.limits)
        if cart is not before:
            self.store(cart)
        return cart

    @override
    async def transform(self, cart_id: str, fold: Callable[[Cart], Cart], *, aged: bool = False) -> Cart:
        before = self.find(cart_id) or Cart(cart_id)
        after = fold(before)
        if after is not before:
            self.store(after, self._aged_ttl(after) if aged else None)
        return after

    def _aged_ttl(self, cart: Cart) -> int:
        """Seconds until a cart that is put `aged` expires; never fewer than it already has here."""
        return max(self.remaining(cart), self._seconds_left(cart.id))

    def _seconds_left(self, cart_id: str) -> int:
        _, expires = self._carts.get(cart_id, (None, 0.0))
        return max(round(expires - self._clock()), 0)

    @override
    async def time_left(self, cart_id: str) -> int:
        return self._seconds_left(cart_id)

    @override
    async def scan(self) -> AsyncIterator[Cart]:
        for cart_id in list(self._carts):
            if (cart := self.peek(cart_id)) is not None:
                yield cart

    @override
    async def count(self) -> int:
        return len(self._carts)

    @override
    async def count_expired(self) -> int:
        return self.expired

    @override
    async def ping(self, shard: int | None = None) -> None:
        pass
