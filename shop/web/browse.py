"""The grid, which is the same for everyone: it reads no cart and sets no cookie."""

from __future__ import annotations

import msgspec

from shop.catalog.model import Page, Query
from shop.web.catalog import Catalog
from shop.web.grid_view import grid_view, heading
from shop.web.home_view import home_view
from shop.web.json_ld import grid_json_ld
from shop.web.paths import listing_path, listing_query
from shop.web.pictures import Pictures
from shop.web.prices import Currencies, Prices
from shop.web.rendered import KeptPages
from shop.web.respond import Reply
from shop.web.shell import Shells
from shop.web.templating import Templates
from shop.web.views import GridView, Picture
from shop.web.visit import Visit, WebRequest
from shop.words import gettext as _
from shop.words import ngettext, noted

FRONT_WORDS = noted("Plain things for the small hours of a day at home.")


class Browse:
    """Answers from the kept pages; what is not among them is rendered once."""

    def __init__(
        self,
        catalog: Catalog,
        shells: Shells,
        currencies: Currencies,
        pictures: Pictures,
        templates: Templates,
        kept: KeptPages,
    ) -> None:
        self._catalog = catalog
        self._shells = shells
        self._currencies = currencies
        self._pictures = pictures
        self._templates = templates
        self._kept = kept

    async def grid(self, request: WebRequest) -> Reply:
        """GET /: the front page, a category, a search; htmx gets the listing alone."""
        visit, prices = self._visit(request)
        query = listing_query(request.scope["query_string"])
        template = "catalog/listing.html" if visit.wants_fragment else "catalog/grid.html"

        async def render() -> str:
            return self._templates.render(template, await self._grid_view(query, prices))

        page = await self._kept.page(self._catalog.version, (template, prices.currency, query), render)
        return page.reply(visit)

    async def _grid_view(self, query: Query, prices: Prices) -> GridView:
        page = await self._catalog.page(query)
        query = page.query
        categories = await self._shells.refresh()
        front = query == Query()
        home = home_view(page.listings, categories, prices, self._pictures) if front else None
        title = _("Things for the home") if front else heading(query, page.facets)
        canonical = listing_path(Query(category=query.category, page=query.page))
        shell = self._shells.shell(
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
            picture=home.scene if home else _picture(page, self._pictures),
        )
        grid = grid_view(shell, page, prices, self._pictures, self._currencies.default)
        return msgspec.structs.replace(grid, home=home, json_ld=grid_json_ld(grid, self._pictures.mark))

    def _visit(self, request: WebRequest) -> tuple[Visit, Prices]:
        visit = Visit(request.scope)
        return visit, self._currencies.prices(visit.cookies.get("currency"))


def _picture(page: Page, pictures: Pictures) -> Picture | None:
    """What stands for a listing where it is shared: its first product."""
    first = page.listings[0] if page.listings else None
    return pictures.picture(first.image, first.title) if first else None
