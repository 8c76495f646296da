"""Keeps what was read of the catalogue in memory, so that a warm page asks the database nothing.

All of it is forgotten when the catalogue's version changes. The version is looked up in the background, at
most every POLL_SECONDS and only while somebody reads: a request never waits for it. While the database is slow
or away, what is known goes on being answered, and only what is not known raises StoreUnavailable.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Hashable, Iterable
from typing import Any, TypeVar, cast

from shop.catalog.model import Category, Listing, Offer, Page, Product, Published, Query
from shop.catalog.reading.repository import CatalogRepository
from shop.errors import ShopError, StoreUnavailable
from shop.lru import Lru

POLL_SECONDS = 2.0
T = TypeVar("T")

ROOMS = {"product": 2048, "categories": 1, "related": 2048, "page": 512, "search": 256}
"""How many of each are kept. Searches have their own room: what people type must not push out what all read."""


class CachedCatalog:
    """The read interface of CatalogRepository, answered from memory where it can be."""

    def __init__(self, repository: CatalogRepository, clock: Callable[[], float] = time.monotonic) -> None:
        self.repository = repository
        self.clock = clock
        self._version = 0
        self._due = 0.0
        self._poll: asyncio.Task[None] | None = None
        self._loading: dict[Hashable, asyncio.Task[Any]] = {}
        self._offers = Lru[tuple[Offer | None]](16_384)
        """(offer,) of a sku, (None,) of one that there is not: a cart may hold it and ask at each view."""
        self._rooms = {name: Lru[Any](size) for name, size in ROOMS.items()}

    @property
    def version(self) -> int:
        """The version of the catalogue that is being answered from; 0 until one is known. Never waits."""
        self._keep_up()
        return self._version

    def outdated(self) -> None:
        """Look the version up with the next read: somebody has found that what was answered is out of date."""
        self._due = self.clock()

    async def start(self) -> None:
        """Look the version up. Never raises because the database is away."""
        await self._refresh()

    async def close(self) -> None:
        """Stop what is under way."""
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

    async def page(self, query: Query, language: str = "") -> Page:
        """See CatalogRepository."""
        if not query.q:
            return await self._get("page", query, lambda: self.repository.page(query))
        return await self._get("search", (query, language), lambda: self.repository.page(query, language))

    async def offers(self, skus: Iterable[str], holder: str = "") -> dict[str, Offer]:
        """See CatalogRepository. Those that are not known yet are read together.

        To a holder (a cart's id) what is set aside for them is on sale. That is looked up where pieces are set aside at
        all; while the database is away, they are nobody's.
        """
        offers = await self._known_offers(skus)
        if not holder or not any(offer.held for offer in offers.values()):
            return offers
        try:
            own = await self.repository.held_by(holder)
        except StoreUnavailable:
            return offers
        return {sku: offer.to_holder(own.get(sku, 0)) for sku, offer in offers.items()}

    async def _known_offers(self, skus: Iterable[str]) -> dict[str, Offer]:
        self._keep_up()
        known = {sku: self._offers.get(sku) for sku in skus}
        if missing := [sku for sku, offer in known.items() if offer is None]:
            version = self._version
            found = await self.repository.offers(missing)
            for sku in missing:
                known[sku] = (found.get(sku),)
                if version == self._version:
                    self._offers.put(sku, (found.get(sku),))
        return {sku: offer[0] for sku, offer in known.items() if offer and offer[0]}

    def published(self) -> AsyncIterator[Published]:
        """See CatalogRepository; read anew each time."""
        return self.repository.published()

    async def _get(self, room: str, key: Hashable, load: Callable[[], Awaitable[T]]) -> T:
        self._keep_up()
        known: T | None = self._rooms[room].get(key)
        if known is not None:
            return known
        task = self._loading.get((room, key))
        if task is None:
            # Everyone who asks for the same meanwhile waits for this one read.
            task = self._loading[room, key] = asyncio.ensure_future(self._load(room, key, load))
            task.add_done_callback(lambda done: self._loaded((room, key), done))
        return cast("T", await asyncio.shield(task))

    async def _load(self, room: str, key: Hashable, load: Callable[[], Awaitable[T]]) -> T:
        version = self._version
        value = await load()
        if value is not None and version == self._version:
            self._rooms[room].put(key, value)
        return value

    def _loaded(self, key: Hashable, task: asyncio.Task[Any]) -> None:
        if self._loading.get(key) is task:
            del self._loading[key]
        if not task.cancelled():
            task.exception()  # those who waited have it; if nobody did, nobody needs it

    def _keep_up(self) -> None:
        if self.clock() >= self._due and (self._poll is None or self._poll.done()):
            self._poll = asyncio.ensure_future(self._refresh())

    async def _refresh(self) -> None:
        self._due = self.clock() + POLL_SECONDS
        try:
            version = await self.repository.version()
        except ShopError:
            return
        if version != self._version:
            self._version = version
            self._loading.clear()
            for room in (self._offers, *self._rooms.values()):
                room.values.clear()
