"""Handles search as you type: a panel with a few products and categories. The grid shows all results."""

from __future__ import annotations

from shop.catalog.model import Category, Page, Query
from shop.i18n import content
from shop.web.catalog.answer_builder import answer
from shop.web.catalog.views import SearchView
from shop.web.http.reply import Reply, go_to
from shop.web.http.request import ShopRequest
from shop.web.render.cards import card
from shop.web.render.paths import listing_path, listing_query
from shop.web.render.pictures import Pictures
from shop.web.render.prices import Prices
from shop.web.render.storefront import Storefront
from shop.web.render.views import Link

MAX_PRODUCTS = 6
MAX_CATEGORIES = 3


class SearchHandlers:
    """Handles GET /search, from the page cache, with the same catalogue query as the grid."""

    def __init__(self, site: Storefront) -> None:
        self._site = site

    async def show(self, request: ShopRequest) -> Reply:
        """GET /search?q=: the panel for htmx; other requests are redirected to the grid."""
        query = Query(q=listing_query(request.scope["query_string"]).q)
        if not request.wants_fragment:
            return go_to(request, listing_path(query))
        prices = self._site.prices(request)

        async def render() -> str:
            return self._site.templates.fragments("catalog/search.html", await self._view(query, prices))

        page = await self._site.page(("search", query.q), prices, render)
        return page.reply(request)

    async def _view(self, query: Query, prices: Prices) -> SearchView:
        if not query.q:
            return SearchView("")
        found = await self._site.listed(query, prices)
        return search_view(found, await self._site.catalog.categories(), prices, self._site.pictures)


def search_view(found: Page, categories: tuple[Category, ...], prices: Prices, pictures: Pictures) -> SearchView:
    """The view of the panel, for the first page of a search."""
    q = found.query.q
    named = [known for known in categories if q.casefold() in content(known.title).casefold()]
    return SearchView(
        q=q,
        cards=tuple(card(listing, prices, pictures) for listing in found.listings[:MAX_PRODUCTS]),
        categories=tuple(
            Link(content(known.title), listing_path(Query(category=known.slug))) for known in named[:MAX_CATEGORIES]
        ),
        total=found.total,
        at_least=found.at_least,
        all_url=listing_path(Query(q=q)),
        answer=answer(found, prices, pictures),
    )
