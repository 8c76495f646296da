"""What goes well with a cart: asked for when the cart is there already, and left out where it would take long."""

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
from shop.web.render.paths import MOST_RECOMMENDING
from shop.web.render.prices import Prices
from shop.web.render.storefront import Storefront

CARDS = 4
SOURCES = 3
"""How many things in the cart are looked at: the newest."""
DEADLINE = 0.1
"""Seconds after which nothing is recommended. What is being looked up meanwhile is there for the next one who asks."""


class RecommendedHandlers:
    """Handles /recommended. It is told handles and nothing of who asks."""

    def __init__(self, site: Storefront, deadline: float = DEADLINE) -> None:
        self._site = site
        self._deadline = deadline

    async def show(self, request: ShopRequest) -> Reply:
        """GET /recommended?handles=tide-mug,dusk-lamp: what goes with these, the newest first; 204 if it takes long.

        No failure is told: a shopper who never knew of it misses nothing.
        """
        prices = self._site.prices(request)
        handles = handles_of(request.scope["query_string"], MOST_RECOMMENDING)

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
        """Kept by what it shows: many carts are recommended the same, and what one may ask for has no end."""
        related = await asyncio.gather(*map(self._site.catalog.related, handles[:SOURCES]))
        shown = picked(related, handles)

        async def render() -> str:
            cards = tuple(card(listing, prices, self._site.pictures) for listing in shown)
            return self._site.templates.fragments("cart/recommended.html", RecommendedView(cards))

        return await self._site.page(("recommended", shown), prices, render)


def picked(related: list[tuple[Listing, ...]], having: tuple[str, ...]) -> tuple[Listing, ...]:
    """At most CARDS of what goes with each thing, in turns; nothing twice, nothing sold out, nothing one has."""
    in_turns = chain.from_iterable(zip_longest(*related))
    new = {each.handle: each for each in in_turns if each and each.handle not in having and each.stock != 0}
    return tuple(new.values())[:CARDS]
