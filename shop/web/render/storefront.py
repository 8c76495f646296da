"""The dependencies that all storefront pages share."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Hashable
from datetime import UTC, tzinfo

import msgspec
from typing_extensions import Unpack

from shop.catalog.model import Page, Query
from shop.i18n import ENGLISH, spoken
from shop.web.http.limits import ClientLimits
from shop.web.http.request import ShopRequest
from shop.web.http.session import Sessions
from shop.web.render.assets import Assets
from shop.web.render.catalog import Catalog
from shop.web.render.dictionaries import Dictionaries
from shop.web.render.language import Languages
from shop.web.render.page_cache import CachedPage, PageCache
from shop.web.render.pictures import Pictures
from shop.web.render.prices import Currencies, Prices, with_bounds_in
from shop.web.render.shell import ShellBuilder, ShellOptions
from shop.web.render.templating.templates import Templates
from shop.web.render.views import Shell


class Storefront(msgspec.Struct, frozen=True, kw_only=True):
    """The shared parts of all pages. `open_storefront` makes it once, for the handlers in every package of shop.web."""

    catalog: Catalog
    currencies: Currencies
    languages: Languages
    sessions: Sessions
    shells: ShellBuilder
    templates: Templates
    pictures: Pictures
    assets: Assets
    pages: PageCache
    dictionaries: Dictionaries
    clock: Callable[[], float]
    limits: ClientLimits
    public_url: str = ""
    """The shop's https:// address; '' to take it from each request."""
    zone: tzinfo = UTC
    """The shop's time zone."""
    sends_email: bool = False
    """Whether a mail server is set, so that e-mails leave the outbox."""

    def prices(self, request: ShopRequest) -> Prices:
        """Prices in the shopper's currency and language."""
        return self.currencies.prices(request.cookies.get("currency"))

    def currency(self, request: ShopRequest) -> str:
        """The shopper's currency, ISO 4217."""
        return self.prices(request).currency

    async def shell(self, request: ShopRequest, title: str, *, path: str, **options: Unpack[ShellOptions]) -> Shell:
        """The shell of a page for one shopper, which is never cached."""
        return await self.shells.personal(title, path=path, currency=self.currency(request), **options)

    async def listed(self, query: Query, prices: Prices) -> Page:
        """A page of the catalogue, filtered by the prices that are shown.

        A search also matches translations into the current language.
        """
        language, currency = spoken(), "" if prices.currency == self.currencies.default else prices.currency
        return await self.catalog.page(
            with_bounds_in(query, currency, prices, self.currencies.default),
            "" if language is ENGLISH else language.code,
            currency,
        )

    async def page(self, key: tuple[Hashable, ...], prices: Prices, render: Callable[[], Awaitable[str]]) -> CachedPage:
        """The cached page for the key and these prices; rendered and cached on a miss."""
        await self.catalog.check()
        return await self.pages.page(self.catalog.version, (prices.currency, *key), render)
