"""The shop window: what pages are made of that look the same to everyone, and where they are kept."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Hashable

import msgspec

from shop.catalog.model import Page, Query
from shop.i18n import ENGLISH, spoken
from shop.web.http.request import Visit
from shop.web.render.catalog import Catalog
from shop.web.render.page_cache import CachedPage, PageCache
from shop.web.render.pictures import Pictures
from shop.web.render.prices import Currencies, Prices
from shop.web.render.shell import ShellBuilder
from shop.web.render.templating import Templates


class Storefront(msgspec.Struct, frozen=True):
    """The parts of it."""

    catalog: Catalog
    shells: ShellBuilder
    currencies: Currencies
    pictures: Pictures
    templates: Templates
    kept: PageCache

    def prices(self, visit: Visit) -> Prices:
        """Prices in the visitor's currency and language."""
        return self.currencies.prices(visit.cookies.get("currency"))

    async def listed(self, query: Query) -> Page:
        """A page of the catalogue; what is searched may be in the language that is spoken as well."""
        language = spoken()
        return await self.catalog.page(query, "" if language is ENGLISH else language.code)

    async def page(self, key: tuple[Hashable, ...], prices: Prices, render: Callable[[], Awaitable[str]]) -> CachedPage:
        """The page kept under the key for these prices; where there is none, it is rendered and kept."""
        return await self.kept.page(self.catalog.version, (prices.currency, *key), render)
