"""The grid, which is the same for everyone: it reads no cart and sets no cookie."""

from __future__ import annotations

import msgspec

from shop.catalog.model import Page, Query
from shop.i18n import gettext as _
from shop.i18n import ngettext, noted
from shop.web.catalog.home_builder import home_view
from shop.web.catalog.json_ld import grid_json_ld
from shop.web.catalog.listing_builder import grid_view, heading
from shop.web.catalog.views import GridView
from shop.web.http.reply import Reply
from shop.web.http.request import Visit, WebRequest
from shop.web.render.paths import listing_path, listing_query
from shop.web.render.pictures import Pictures
from shop.web.render.prices import Prices
from shop.web.render.storefront import Storefront
from shop.web.render.views import Picture

FRONT_WORDS = noted("Plain things for the small hours of a day at home.")


class ListingHandlers:
    """Answers from the kept pages; what is not among them is rendered once."""

    def __init__(self, window: Storefront) -> None:
        self._window = window

    async def grid(self, request: WebRequest) -> Reply:
        """GET /: the front page, a category, a search; htmx gets the listing alone."""
        visit, prices = self._visit(request)
        query = listing_query(request.scope["query_string"])
        template = "catalog/listing.html" if visit.wants_fragment else "catalog/grid.html"

        async def render() -> str:
            return self._window.templates.render(template, await self._grid_view(query, prices))

        page = await self._window.page((template, query), prices, render)
        return page.reply(visit)

    async def _grid_view(self, query: Query, prices: Prices) -> GridView:
        page = await self._window.listed(query)
        query = page.query
        categories = await self._window.shells.refresh()
        front = query == Query()
        home = home_view(page.listings, categories, prices, self._window.pictures) if front else None
        title = _("Things for the home") if front else heading(query, page.facets)
        canonical = listing_path(Query(category=query.category, page=query.page))
        shell = self._window.shells.shell(
            title if query.page == 1 else _("{title}, page {page}", title=title, page=query.page),
            description=_(FRONT_WORDS)
            if front
            else ngettext("{title}: {count} product.", "{title}: {count} products.", page.total, title=title),
            path=listing_path(query),
            canonical=canonical,
            currency=prices.currency,
            category=query.category,
            q=query.q,
            indexed=not query.q and page.total > 0,
            picture=home.scene if home else _picture(page, self._window.pictures),
        )
        grid = grid_view(shell, page, prices, self._window.pictures, self._window.currencies.default)
        return msgspec.structs.replace(grid, home=home, json_ld=grid_json_ld(grid, self._window.pictures.mark))

    def _visit(self, request: WebRequest) -> tuple[Visit, Prices]:
        visit = Visit(request.scope)
        return visit, self._window.prices(visit)


def _picture(page: Page, pictures: Pictures) -> Picture | None:
    """What stands for a listing where it is shared: its first product."""
    first = page.listings[0] if page.listings else None
    return pictures.picture(first.image, first.title) if first else None
