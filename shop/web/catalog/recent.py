"""Handles recently viewed products. Only the browser stores which they are; it requests them by handle."""

from __future__ import annotations

import asyncio
from functools import lru_cache
from urllib.parse import parse_qs

from shop.catalog.model import Product
from shop.errors import NotFound
from shop.web.catalog.views import RecentView
from shop.web.http.reply import Reply
from shop.web.http.request import ShopRequest
from shop.web.render.cards import card
from shop.web.render.catalog import is_handle, product_of
from shop.web.render.storefront import Storefront

MAX_HANDLES = 8
"""Maximum products per request; static/js/shop/recent.js stores as many."""
MAX_QUERY_BYTES = 2000
"""Maximum bytes of a query string; longer ones are ignored."""


class RecentHandlers:
    """Handles GET /recent, from the page cache. Keyed by the shown products: requests are unbounded."""

    def __init__(self, site: Storefront) -> None:
        self._site = site

    async def show(self, request: ShopRequest) -> Reply:
        """GET /recent?handles=tide-mug,dusk-lamp: their cards in this order, without products no longer sold."""
        prices = self._site.prices(request)
        handles = handles_of(request.scope["query_string"])

        products = await asyncio.gather(*map(self._product, handles))
        shown = tuple(product.listing for product in products if product)

        async def render() -> str:
            cards = tuple(card(listing, prices, self._site.pictures) for listing in shown)
            return self._site.templates.fragments("catalog/recent.html", RecentView(cards))

        page = await self._site.page(("recent", shown), prices, render)
        return page.reply(request)

    async def _product(self, handle: str) -> Product | None:
        try:
            return await product_of(self._site.catalog, handle)
        except NotFound:
            return None


def handles_of(query_string: bytes, limit: int = MAX_HANDLES) -> tuple[str, ...]:
    """The first `limit` distinct handles in a query string; none if it is too long."""
    return _handles(query_string if len(query_string) <= MAX_QUERY_BYTES else b"", limit)


@lru_cache(maxsize=1024)
def _handles(query_string: bytes, limit: int) -> tuple[str, ...]:
    given = parse_qs(query_string.decode("utf-8", "replace")).get("handles", [""])[0]
    return tuple(dict.fromkeys(filter(is_handle, given.split(","))))[:limit]
