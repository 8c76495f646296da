"""Recommendations for a cart: fetched after the cart is shown, and skipped if they would take too long."""

from __future__ import annotations

import asyncio
from itertools import chain, zip_longest

from shop.catalog.model import Listing
from shop.errors import ShopError
from shop.web.cart.views import RecommendedView
from shop.web.catalog.recent import handles_of
from shop.web.http.error_log import log_unexpected
from shop.web.http.reply import REVALIDATE, VARY, Reply
from shop.web.http.request import ShopRequest
from shop.web.render.cards import card
from shop.web.render.page_cache import CachedPage
from shop.web.render.paths import MAX_RECOMMENDING
from shop.web.render.prices import Prices
from shop.web.render.storefront import Storefront

MAX_CARDS = 4
SOURCES = 3
"""Number of products in the cart that recommendations are based on: the newest."""
DEADLINE = 0.5
"""Timeout in seconds. A look-up that takes longer completes in the background, for the next request."""


class RecommendedHandlers:
    """Handles /recommended. It gets product handles and nothing about the shopper."""

    def __init__(self, site: Storefront, deadline: float = DEADLINE) -> None:
        self._site = site
        self._deadline = deadline

    async def show(self, request: ShopRequest) -> Reply:
        """GET /recommended?handles=tide-mug,dusk-lamp: recommendations for these, newest first.

        204 on a timeout or any failure: a shopper who never sees recommendations misses nothing.
        """
        prices = self._site.prices(request)
        handles = handles_of(request.scope["query_string"], MAX_RECOMMENDING)

        try:
            async with asyncio.timeout(self._deadline):
                page = await self._page(handles, prices)
        except (TimeoutError, ShopError):
            return Reply(204, (VARY, REVALIDATE))
        except Exception as error:
            log_unexpected(request, error)
            return Reply(204, (VARY, REVALIDATE))
        return page.reply(request)

    async def _page(self, handles: tuple[str, ...], prices: Prices) -> CachedPage:
        """Cached by the products shown: many carts get the same ones, and the possible requests are endless."""
        related = await asyncio.gather(*map(self._site.catalog.related, handles[:SOURCES]))
        shown = recommendations(related, handles)

        async def render() -> str:
            cards = tuple(card(listing, prices, self._site.pictures) for listing in shown)
            return self._site.templates.fragments("cart/recommended.html", RecommendedView(cards))

        return await self._site.page(("recommended", shown), prices, render)


def recommendations(related: list[tuple[Listing, ...]], in_cart: tuple[str, ...]) -> tuple[Listing, ...]:
    """At most MAX_CARDS products, one from each list in turn: no duplicates, nothing sold out or in the cart."""
    in_turns = chain.from_iterable(zip_longest(*related))
    new = {each.handle: each for each in in_turns if each and each.handle not in in_cart and each.stock != 0}
    return tuple(new.values())[:MAX_CARDS]
