"""The contract of every cart service. Its behaviour is `shop.cart.model.apply`; tests/contract holds each to it."""

from __future__ import annotations

import asyncio
import time
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Iterator, Sequence

from shop.cart.model import Add, Cart, Change, Clear, Limits, Remove, SetQuantity, cut_off, new_change_id
from shop.errors import LineLimitExceeded, QuantityLimitExceeded
from shop.money import Money


class CartService(ABC):
    """Keeps carts by id. Safe to call concurrently; changes of one cart are applied one after the other.

    A cart lives for `ttl` seconds after its last change. Every method may raise StoreUnavailable when the
    store cannot take the call now; a change whose outcome is then unknown may be sent again, with its id.
    """

    limits: Limits
    ttl: int

    @abstractmethod
    async def get(self, cart_id: str) -> Cart:
        """The cart; where there is none (or it has expired) the empty cart of revision 0. Never writes."""

    @abstractmethod
    async def apply(self, cart_id: str, change: Change) -> Cart:
        """Apply a change atomically and return the whole cart after it; its TTL starts again.

        A change already known is answered with the cart as it is. Raises what `model.apply` raises; the
        cart is then unchanged.
        """

    @abstractmethod
    async def put(self, cart: Cart, *, aged: bool = False) -> Cart:
        """Store what `model.join` makes of the stored cart and this one, atomically, and return it.

        For restoring and moving carts: an older state changes nothing, a newer one replaces what is stored.
        Where something was stored its TTL starts again; `aged`: it counts from the cart's latest change
        (`remaining`), and never ends earlier than it would have without this call.
        """

    async def replay(self, cart_id: str, changes: Sequence[Change]) -> Cart:
        """Do to the cart what `model.replay` does, and return it; a store may do it in fewer trips than changes.

        At most REMEMBERED_CHANGES changes, or one that is sent again might not be recognised.
        """
        cart = await self.get(cart_id)
        for change in changes:
            try:
                cart = await self.apply(cart_id, change)
            except QuantityLimitExceeded as error:
                cart = await self.apply(cart_id, cut_off(change, error))
            except LineLimitExceeded:
                continue
        return cart

    @abstractmethod
    async def delete(self, cart_id: str) -> None:
        """Forget the cart. No such cart: a no-op."""

    @abstractmethod
    def scan(self) -> AsyncIterator[Cart]:
        """All carts that live, in no order; one that changes meanwhile is returned in some state of it."""

    @abstractmethod
    async def ping(self, shard: int | None = None) -> None:
        """Return if the store (or this shard of it) would take a change now; raise StoreUnavailable if not."""

    async def get_many(self, cart_ids: Sequence[str]) -> list[Cart]:
        """`get` of each, in their order."""
        return list(await asyncio.gather(*map(self.get, cart_ids)))

    async def put_many(self, carts: Sequence[Cart], *, aged: bool = False) -> list[Cart]:
        """`put` of each, in their order; if it raises, any of them may have been stored."""
        return list(await asyncio.gather(*(self.put(cart, aged=aged) for cart in carts)))

    async def count(self) -> int | None:
        """About how many carts there are, where the store can tell without reading them all; else None."""
        return None

    async def time_left(self, cart_id: str) -> int:
        """Seconds that the stored cart has still to live; 0 where there is none."""
        cart = await self.get(cart_id)
        return self.remaining(cart) if cart.revision else 0

    async def purge(self, limit: int) -> int:  # noqa: ARG002 - most stores forget by themselves
        """Take out at most `limit` carts whose time is over; how many there were. 0 where the store does it itself."""
        return 0

    def shard(self, cart_id: str) -> int:  # noqa: ARG002 - a store of one part has nothing to tell apart
        """The part of the store that keeps this cart; each part can be away alone. 0 where there is one part."""
        return 0

    def stands_in(self, cart_id: str) -> bool:  # noqa: ARG002 - only a service with a standby has something to tell
        """Whether a standby in this process answers for this cart now: other processes do not see what it does."""
        return False

    @property
    def epoch(self) -> int:
        """Counts up whenever the store may have lost its latest changes: it restarted, or a replica was promoted."""
        return 0

    def parts(self) -> Iterator[CartService]:
        """This service and those it holds, outermost first."""
        yield self

    def remaining(self, cart: Cart) -> int:
        """Seconds that a cart changed last at `changed_at` has still to live; at least 1."""
        return min(max(cart.changed_at + self.ttl - now(), 1), self.ttl)

    async def start(self) -> None:
        """Begin background work, if there is any. Never raises because a store is away."""

    async def close(self) -> None:
        """Let go of connections and background work; calls after it are errors."""

    async def add(self, cart_id: str, sku: str, quantity: int, price: Money, *, change_id: bytes | None = None) -> Cart:
        """Apply an Add born now."""
        return await self.apply(cart_id, Add(change_id or new_change_id(), now(), sku, quantity, price))

    async def set_quantity(self, cart_id: str, sku: str, quantity: int, *, change_id: bytes | None = None) -> Cart:
        """Apply a SetQuantity born now."""
        return await self.apply(cart_id, SetQuantity(change_id or new_change_id(), now(), sku, quantity))

    async def remove(self, cart_id: str, sku: str, *, change_id: bytes | None = None) -> Cart:
        """Apply a Remove born now."""
        return await self.apply(cart_id, Remove(change_id or new_change_id(), now(), sku))

    async def clear(self, cart_id: str, *, change_id: bytes | None = None) -> Cart:
        """Apply a Clear born now."""
        return await self.apply(cart_id, Clear(change_id or new_change_id(), now()))


def now() -> int:
    """The time that changes carry: whole seconds since the epoch."""
    return int(time.time())
