"""What the pages ask of a catalogue."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Hashable, Iterable, Mapping
from typing import Protocol

from shop.catalog.model import Category, Listing, Offer, Page, Product, Published, Query
from shop.errors import NotFound

_HANDLE = re.compile(r"[^\x00-\x1f\x7f]{1,255}")


class Catalog(Protocol):
    """A catalogue that answers from memory when it can. Each call may raise StoreUnavailable."""

    @property
    def version(self) -> Hashable:
        """Changes whenever the catalogue does; what was rendered from another version is out of date."""

    async def product(self, handle: str) -> Product | None:
        """The published product of a handle, or None."""

    def outdated(self) -> None:
        """Something that it answered was out of date: it looks again as soon as it is asked."""

    async def offers(self, skus: Iterable[str], holder: str = "") -> Mapping[str, Offer]:
        """Those of the skus that are sold, by sku. To a holder (a cart's id) what is set aside for them is on sale."""

    async def page(self, query: Query, language: str = "") -> Page:
        """A page of a listing; the text of a search may be of a translation as well, into the language of a code."""

    async def categories(self) -> tuple[Category, ...]:
        """All categories that have published products."""

    async def related(self, handle: str) -> tuple[Listing, ...]:
        """A few products that go with one."""

    def published(self) -> AsyncIterator[Published]:
        """Every published product."""


def is_handle(text: str) -> bool:
    """Whether a product may be called so; a database is not asked for anything else."""
    return _HANDLE.fullmatch(text) is not None


async def product_of(catalog: Catalog, handle: str) -> Product:
    """The published product of a handle; raises NotFound."""
    product = await catalog.product(handle) if is_handle(handle) else None
    if product is None:
        raise NotFound("We have no such product. It may have been taken out of the shop.")
    return product
