"""Caches the catalogue in memory, so that a warm page needs no database query.

The cache is cleared when the catalogue's version changes. The version is polled in the background, at most every
POLL_SECONDS and only while there are reads. Only the first reads after a quiet time wait for it, so that nobody sees
what was true a day ago. While the database is slow or unavailable, cached values are still served, and only uncached
ones raise StoreUnavailable.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Hashable, Iterable, Sequence
from typing import Any, TypeVar, cast

from shop.catalog.model import Category, Listing, Offer, Page, Product, Published, Query, Reviews
from shop.catalog.reading.repository import CatalogRepository
from shop.errors import ShopError, StoreUnavailable
from shop.lru import Lru

POLL_SECONDS = 2.0
STALE_SECONDS = 10.0
"""When nobody has known the version for so long, a read waits until it is checked, or for PATIENCE_SECONDS."""
PATIENCE_SECONDS = 0.5
T = TypeVar("T")

CACHE_SIZES = {"product": 2048, "categories": 1, "related": 2048, "reviews": 2048, "page": 512, "search": 256}
"""Entries of each cache. Searches have a cache of their own, so that they do not evict popular pages."""


class CachedCatalog:
    """The read interface of CatalogRepository, served from memory if possible. shop.parts makes one per process."""

    def __init__(self, repository: CatalogRepository, clock: Callable[[], float] = time.monotonic) -> None:
        self.repository = repository
        self.clock = clock
        self._version = 0
        self._poll_due = 0.0
        self._checked_at = 0.0
        self._poll: asyncio.Task[None] | None = None
        self._loading: dict[Hashable, asyncio.Task[Any]] = {}
        self._offers = Lru[tuple[Offer | None]](16_384)
        """(offer,) by sku, (None,) for an unknown sku: a cart may contain one and ask for it on every page."""
        self._caches = {name: Lru[Any](size) for name, size in CACHE_SIZES.items()}

    @property
    def version(self) -> int:
        """The version of the cached catalogue; 0 until it is known. Never waits."""
        self._poll_if_due()
        return self._version

    async def check(self) -> None:
        """Poll the version if that is due; wait for the answer only after a quiet time, and not for long."""
        self._poll_if_due()
        if self._poll and not self._poll.done() and self.clock() - self._checked_at > STALE_SECONDS:
            await asyncio.wait([self._poll], timeout=PATIENCE_SECONDS)
            self._checked_at = self.clock()

    def revalidate(self) -> None:
        """Check the version with the next read: the caller has found that a cached value is out of date."""
        self._poll_due = self.clock()

    async def start(self) -> None:
        """Check the version. An unavailable database is not an error."""
        await self._refresh()

    async def close(self) -> None:
        """Cancel running queries."""
        tasks = [*self._loading.values(), *([self._poll] if self._poll else [])]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def product(self, handle: str) -> Product | None:
        """See CatalogRepository."""
        return await self._get("product", handle, lambda: self.repository.product(handle))

    async def categories(self) -> tuple[Category, ...]:
        """See CatalogRepository."""
        return await self._get("categories", "", self.repository.categories)

    async def related(self, handle: str, limit: int = 4) -> tuple[Listing, ...]:
        """See CatalogRepository."""
        return await self._get("related", (handle, limit), lambda: self.repository.related(handle, limit))

    async def reviews(self, handle: str) -> Reviews:
        """See CatalogRepository."""
        return await self._get("reviews", handle, lambda: self.repository.reviews(handle))

    async def page(self, query: Query, language: str = "", currency: str = "") -> Page:
        """See CatalogRepository."""
        if not query.q:
            return await self._get("page", (query, currency), lambda: self.repository.page(query, "", currency))
        key = (query, language, currency)
        return await self._get("search", key, lambda: self.repository.page(query, language, currency))

    async def offers(self, skus: Iterable[str], holder: str = "") -> dict[str, Offer]:
        """See CatalogRepository. Uncached offers are read in one query.

        For a `holder` (a cart's id), units reserved for them count as on sale. Reservations are read only if an offer
        has any; while the database is unavailable, none counts as the holder's.
        """
        offers = await self._cached_offers(skus)
        if not holder or not any(offer.reserved for offer in offers.values()):
            return offers
        try:
            own = await self.repository.reserved_by(holder)
        except StoreUnavailable:
            return offers
        return {sku: offer.for_holder(own.get(sku, 0)) for sku, offer in offers.items()}

    async def _cached_offers(self, skus: Iterable[str]) -> dict[str, Offer]:
        await self.check()
        known = {sku: self._offers.get(sku) for sku in skus}
        if missing := tuple(sorted(sku for sku, offer in known.items() if offer is None)):
            known |= await self._shared(("offers", missing), lambda: self._load_offers(missing))
        return {sku: offer[0] for sku, offer in known.items() if offer and offer[0]}

    async def _load_offers(self, skus: Sequence[str]) -> dict[str, tuple[Offer | None]]:
        version = self._version
        found = await self.repository.offers(skus)
        offers: dict[str, tuple[Offer | None]] = {sku: (found.get(sku),) for sku in skus}
        if version == self._version:
            for sku, offer in offers.items():
                self._offers.put(sku, offer)
        return offers

    def published(self) -> AsyncIterator[Published]:
        """See CatalogRepository. Not cached."""
        return self.repository.published()

    async def _get(self, cache: str, key: Hashable, load: Callable[[], Awaitable[T]]) -> T:
        await self.check()
        known: T | None = self._caches[cache].get(key)
        if known is not None:
            return known
        return await self._shared((cache, key), lambda: self._load(cache, key, load))

    async def _shared(self, key: Hashable, load: Callable[[], Coroutine[Any, Any, T]]) -> T:
        """The result of a read, which concurrent requests for the same key share."""
        task = self._loading.get(key)
        if task is None:
            task = self._loading[key] = asyncio.ensure_future(load())
            task.add_done_callback(lambda done: self._loaded(key, done))
        return cast("T", await asyncio.shield(task))

    async def _load(self, cache: str, key: Hashable, load: Callable[[], Awaitable[T]]) -> T:
        version = self._version
        value = await load()
        if value is not None and version == self._version:
            self._caches[cache].put(key, value)
        return value

    def _loaded(self, key: Hashable, task: asyncio.Task[Any]) -> None:
        if self._loading.get(key) is task:
            del self._loading[key]
        if not task.cancelled():
            task.exception()  # retrieved, so that asyncio does not log it; waiting callers have it too

    def _poll_if_due(self) -> None:
        if self.clock() >= self._poll_due and (self._poll is None or self._poll.done()):
            self._poll = asyncio.ensure_future(self._refresh())

    async def _refresh(self) -> None:
        self._poll_due = self.clock() + POLL_SECONDS
        try:
            version = await self.repository.version()
        except ShopError:
            return
        self._checked_at = self.clock()
        if version != self._version:
            self._version = version
            self._loading.clear()
            for cache in (self._offers, *self._caches.values()):
                cache.values.clear()
