"""A cart service that passes every call to another one: the base of those that stand around a store."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence

from typing_extensions import override

from shop.cart.model import Cart, Change
from shop.cart.service import CartService


class ForwardingCartService(CartService):
    """Passes every call to `inner`; a subclass overrides what it does itself."""

    def __init__(self, inner: CartService) -> None:
        self.limits = inner.limits
        self.ttl = inner.ttl
        self.inner = inner

    @override
    async def get(self, cart_id: str) -> Cart:
        return await self.inner.get(cart_id)

    @override
    async def apply(self, cart_id: str, change: Change) -> Cart:
        return await self.inner.apply(cart_id, change)

    @override
    async def transform(self, cart_id: str, fold: Callable[[Cart], Cart], *, aged: bool = False) -> Cart:
        return await self.inner.transform(cart_id, fold, aged=aged)

    @override
    async def put(self, cart: Cart, *, aged: bool = False) -> Cart:
        return await self.inner.put(cart, aged=aged)

    @override
    async def replay(self, cart_id: str, changes: Sequence[Change]) -> Cart:
        return await self.inner.replay(cart_id, changes)

    @override
    async def delete(self, cart_id: str) -> None:
        await self.inner.delete(cart_id)

    @override
    def scan(self) -> AsyncIterator[Cart]:
        return self.inner.scan()

    @override
    async def ping(self, shard: int | None = None) -> None:
        await self.inner.ping(shard)

    @override
    async def count(self) -> int | None:
        return await self.inner.count()

    @override
    async def time_left(self, cart_id: str) -> int:
        return await self.inner.time_left(cart_id)

    @override
    async def purge(self, limit: int) -> int:
        return await self.inner.purge(limit)

    @override
    def shard(self, cart_id: str) -> int:
        return self.inner.shard(cart_id)

    @override
    def uses_standby(self, cart_id: str) -> bool:
        return self.inner.uses_standby(cart_id)

    @override
    def shown(self, cart_id: str, latest: bytes, at: int, *, journalled: bool = False) -> None:
        self.inner.shown(cart_id, latest, at, journalled=journalled)

    @override
    def in_journal(self, cart_id: str) -> bool:
        return self.inner.in_journal(cart_id)

    @override
    def on_replayed(self, tell: Callable[[Cart], None]) -> None:
        self.inner.on_replayed(tell)

    @override
    def on_lacking(self, recall: Callable[[Cart], Awaitable[Cart | None]]) -> None:
        self.inner.on_lacking(recall)

    @property
    @override
    def epoch(self) -> int:
        return self.inner.epoch

    @override
    def parts(self) -> Iterator[CartService]:
        yield self
        yield from self.inner.parts()

    @override
    def now(self) -> int:
        return self.inner.now()

    @override
    async def start(self) -> None:
        await self.inner.start()

    @override
    async def close(self) -> None:
        await self.inner.close()
