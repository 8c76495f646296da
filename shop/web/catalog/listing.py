"""Handles the grid. It is the same for every visitor: it reads no cart and sets no cookie."""

from __future__ import annotations

import msgspec

from shop.catalog.model import Page, Query
from shop.errors import NotFound
from shop.i18n import gettext as _
from shop.i18n import ngettext, noted
from shop.web.catalog.category_lead import category_lead
from shop.web.catalog.home_builder import home_view
from shop.web.catalog.json_ld import grid_json_ld
from shop.web.catalog.listing_builder import grid_view, heading
from shop.web.catalog.views import GridView
from shop.web.http.reply import Reply
from shop.web.http.request import ShopRequest
from shop.web.render.paths import listing_path, listing_query
from shop.web.render.pictures import Pictures
from shop.web.render.prices import Prices
from shop.web.render.storefront import Storefront
from shop.web.render.views import Picture

FRONT_DESCRIPTION = noted("Plain things for the small moments of a day at home.")


class ListingHandlers:
    """Handles GET /, from the page cache. shop.web.catalog.routes makes one."""

    def __init__(self, site: Storefront) -> None:
        self._site = site

    async def grid(self, request: ShopRequest) -> Reply:
        """GET /: the front page, a category or a search; for htmx, only the listing."""
        prices = self._site.prices(request)
        query = listing_query(request.scope["query_string"])
        template = "catalog/listing.html" if request.wants_fragment else "catalog/grid.html"

        async def render() -> str:
            return self._site.templates.render(template, await self._grid_view(query, prices))

        page = await self._site.page((template, query), prices, render)
        return page.reply(request)

    async def _grid_view(self, query: Query, prices: Prices) -> GridView:
        categories = await self._site.catalog.categories()
        if not {query.category, *query.categories} <= {"", *(category.slug for category in categories)}:
            raise NotFound(_("We have no such category. It may have been taken out of the shop."))
        page = await self._site.listed(query, prices)
        query = page.query
        front = query == Query()
        home = home_view(page.listings, categories, prices, self._site.pictures) if front else None
        lead = category_lead(query, self._site.pictures)
        title = _("Things for the home") if front else heading(query, page.facets)
        canonical = listing_path(Query(category=query.category, page=query.page))
        shell = await self._site.shells.shell(
            title if query.page == 1 else _("{title}, page {page}", title=title, page=query.page),
            description=_(FRONT_DESCRIPTION)
            if front
            else lead.words
            if lead
            else ngettext(
                "{title}: {count} product.",
                "{title}: {count} products.",
                page.total,
                at_least=page.at_least,
                title=title,
            ),
            path=listing_path(query),
            canonical=canonical,
            currency=prices.currency,
            category=query.category,
            q=query.q,
            indexed=not query.q and page.total > 0,
            picture=home.scene if home else _picture(page, self._site.pictures),
        )
        grid = grid_view(shell, page, prices, self._site.pictures, self._site.currencies.default)
        return msgspec.structs.replace(grid, home=home, lead=lead, json_ld=grid_json_ld(grid, self._site.pictures.mark))


def _picture(page: Page, pictures: Pictures) -> Picture | None:
    """The picture of a shared link to a listing: that of its first product."""
    first = page.listings[0] if page.listings else None
    return pictures.picture(first.image, first.title) if first else None
