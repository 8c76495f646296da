"""The interface of cart services. `shop.cart.model` defines what changes do; tests/contract checks every service."""

from __future__ import annotations

import asyncio
import time
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence

from shop.cart.model import (
    Add,
    Cart,
    Change,
    Clear,
    Forget,
    Limits,
    Remove,
    SetQuantity,
    apply,
    join,
    new_change_id,
    replay,
)
from shop.money import Money


class CartService(ABC):
    """Stores carts by id. Safe for concurrent calls; changes to one cart are applied one after the other.

    A cart expires `ttl` seconds after its last change. Every method may raise StoreUnavailable when the store
    cannot take the call now. The outcome of a change is then unknown; it is safe to retry it with the same id.

    `shop.cart.connect` makes the service that the settings name; pages and commands call it.
    """

    limits: Limits
    ttl: int

    @abstractmethod
    async def get(self, cart_id: str) -> Cart:
        """The cart; the empty cart of revision 0 if there is none or it has expired. Never writes."""

    @abstractmethod
    async def apply(self, cart_id: str, change: Change) -> Cart:
        """Apply a change atomically, restart the TTL, and return the whole cart.

        A change that the cart already contains has no effect. Raises the errors of `model.apply`; the cart is then
        unchanged.
        """

    async def apply_after(self, cart_id: str, change: Change, first: bytes) -> Cart:
        """`apply` a change to a cart that has those with the ids `first`, 8 bytes each; else return it as it is."""

        def fold(cart: Cart) -> Cart:
            return apply(cart, change, self.limits) if cart.knows_all(first) else cart

        return await self.transform(cart_id, fold)

    @abstractmethod
    async def transform(self, cart_id: str, fold: Callable[[Cart], Cart], *, aged: bool = False) -> Cart:
        """Replace the cart by `fold(cart)` atomically, and return it; `fold` may be called several times.

        Nothing is written if `fold` returns the same object. If something was written, the TTL restarts. With `aged`
        it counts from the cart's latest change instead (`remaining`), and is never shortened.
        """

    async def put(self, cart: Cart, *, aged: bool = False) -> Cart:
        """Join this cart with the stored one (`model.join`) atomically, and return the result.

        For restoring and moving carts: an older state changes nothing, a newer one replaces the stored state. `aged`
        is explained at `transform`.
        """
        return await self.transform(cart.id, lambda stored: join(stored, cart, self.limits), aged=aged)

    async def replay(self, cart_id: str, changes: Sequence[Change]) -> Cart:
        """Apply `model.replay` to the cart atomically, and return it: none of these changes is refused."""
        return await self.transform(cart_id, lambda cart: replay(cart, changes, self.limits))

    async def delete(self, cart_id: str) -> None:
        """Empty the cart for good, with a Forget. Does nothing if there is no such cart."""
        await self.apply(cart_id, Forget(new_change_id(), self.now()))

    @abstractmethod
    def scan(self) -> AsyncIterator[Cart]:
        """All carts that have not expired, in no order. A cart that changes during the scan may be in either state."""

    @abstractmethod
    async def ping(self, shard: int | None = None) -> None:
        """Return if the store (or this shard of it) can take a change now; raise StoreUnavailable if it cannot."""

    async def get_many(self, cart_ids: Sequence[str]) -> list[Cart]:
        """`get` each cart, in the given order."""
        return list(await asyncio.gather(*map(self.get, cart_ids)))

    async def put_many(self, carts: Sequence[Cart], *, aged: bool = False) -> list[Cart]:
        """`put` each cart, in the given order. If it raises, any of them may have been stored."""
        return list(await asyncio.gather(*(self.put(cart, aged=aged) for cart in carts)))

    async def count(self) -> int | None:
        """The approximate number of carts; None if the store would have to read them all."""
        return None

    async def count_expired(self) -> int:
        """The number of carts that have expired since the store started, if it counts them itself; else 0."""
        return 0

    async def time_left(self, cart_id: str) -> int:
        """Seconds until the stored cart expires; 0 if there is none."""
        cart = await self.get(cart_id)
        return self.remaining(cart) if cart.revision else 0

    async def purge(self, limit: int) -> int:  # noqa: ARG002 - most stores expire carts themselves
        """Delete at most `limit` expired carts and return their number; 0 if the store expires carts itself."""
        return 0

    def shard(self, cart_id: str) -> int:  # noqa: ARG002 - most stores have one shard
        """The number of the shard that has this cart. Each shard can fail alone. 0 if there is only one."""
        return 0

    def uses_standby(self, cart_id: str) -> bool:  # noqa: ARG002 - most services have no standby
        """Whether changes of this cart are acknowledged without its store now, so that others have to look for them."""
        return False

    def shown(self, cart_id: str, latest: bytes, at: int, *, journalled: bool = False) -> None:
        """The shopper has been shown the cart with these latest changes: the next calls look for them.

        `latest`: their ids, as in `Cart.changes`; `at`: when the last was made, seconds since the epoch.

        Another process may have shown it. `journalled`: it acknowledged changes without the store.
        """

    def in_journal(self, cart_id: str) -> bool:  # noqa: ARG002 - most services have no journal
        """Whether the latest answer for a cart came from a journal, so that its store may not have all of it yet."""
        return False

    def on_replayed(self, tell: Callable[[Cart], None]) -> None:
        """Call `tell` with each cart that has got, in its store, changes that were acknowledged without the store."""

    def on_lacking(self, recall: Callable[[Cart], Awaitable[Cart | None]]) -> None:
        """Ask `recall` for what else is known of a cart whose store lacks what its shopper has been shown."""

    @property
    def epoch(self) -> int:
        """Grows whenever the store may have lost its latest changes: it restarted, or a replica was promoted."""
        return 0

    async def evicts(self) -> bool:
        """Whether the store removes carts before they expire, to make room for others."""
        return False

    def parts(self) -> Iterator[CartService]:
        """This service and the services that it wraps, outermost first."""
        yield self

    def remaining(self, cart: Cart) -> int:
        """Seconds until a cart expires if its TTL counts from its latest change; at least 1."""
        return min(max(cart.changed_at + self.ttl - self.now(), 1), self.ttl)

    def now(self) -> int:
        """The store's time in whole seconds since the epoch, by which changes are dated and carts expire."""
        return now()

    async def start(self) -> None:
        """Start background work, if there is any. Does not raise when a store is unavailable."""

    async def close(self) -> None:
        """Close connections and stop background work. Do not call the service afterwards."""

    async def add(self, cart_id: str, sku: str, quantity: int, price: Money, *, change_id: bytes | None = None) -> Cart:
        """Apply an Add made now."""
        return await self.apply(cart_id, Add(change_id or new_change_id(), self.now(), sku, quantity, price))

    async def set_quantity(self, cart_id: str, sku: str, quantity: int, *, change_id: bytes | None = None) -> Cart:
        """Apply a SetQuantity made now."""
        return await self.apply(cart_id, SetQuantity(change_id or new_change_id(), self.now(), sku, quantity))

    async def remove(self, cart_id: str, sku: str, *, change_id: bytes | None = None) -> Cart:
        """Apply a Remove made now."""
        return await self.apply(cart_id, Remove(change_id or new_change_id(), self.now(), sku))

    async def clear(self, cart_id: str, *, change_id: bytes | None = None) -> Cart:
        """Apply a Clear made now."""
        return await self.apply(cart_id, Clear(change_id or new_change_id(), self.now()))


def now() -> int:
    """This host's time in whole seconds since the epoch."""
    return int(time.time())
