"""The interface between the pages and a catalogue."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Hashable, Iterable, Mapping
from typing import Protocol

from shop.catalog.model import Category, Listing, Offer, Page, Product, Published, Query, Reviews
from shop.errors import NotFound

_HANDLE = re.compile(r"[^\x00-\x1f\x7f]{1,255}")


class Catalog(Protocol):
    """A catalogue that answers from memory if it can. Each call may raise StoreUnavailable."""

    @property
    def version(self) -> Hashable:
        """Changes with the catalogue: pages rendered from another version are stale."""

    async def product(self, handle: str) -> Product | None:
        """The published product of a handle, or None."""

    async def check(self) -> None:
        """Notice a change, if nobody has asked for a while; never waits for long."""

    def revalidate(self) -> None:
        """Mark the cached catalogue as stale: the next call reads the database."""

    async def offers(self, skus: Iterable[str], holder: str = "") -> Mapping[str, Offer]:
        """Offers by sku, for each sku that is sold. Units reserved for `holder` (a cart's id) count as in stock."""

    async def page(self, query: Query, language: str = "", currency: str = "") -> Page:
        """A page of a listing. With a language code, a search also matches translations into that language.

        `currency` is that of the price bands, '' for the catalogue's own.
        """

    async def categories(self) -> tuple[Category, ...]:
        """All categories that have published products."""

    async def related(self, handle: str) -> tuple[Listing, ...]:
        """A few products that go well with a product."""

    async def reviews(self, handle: str) -> Reviews:
        """The reviews of a product."""

    def published(self) -> AsyncIterator[Published]:
        """Every published product."""


def is_handle(text: str) -> bool:
    """Whether a text can be a product's handle. Anything else is never looked up."""
    return _HANDLE.fullmatch(text) is not None


async def product_of(catalog: Catalog, handle: str) -> Product:
    """The published product of a handle; raises NotFound."""
    product = await catalog.product(handle) if is_handle(handle) else None
    if product is None:
        raise NotFound("We have no such product. It may have been taken out of the shop.")
    return product
