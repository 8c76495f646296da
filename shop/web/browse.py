"""The pages that are the same for everyone: the grid, a product, about, help. They read no cart and set no cookie."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Hashable
from functools import lru_cache
from urllib.parse import parse_qs

from shop.cart.model import Limits
from shop.catalog.model import Product, Query
from shop.web.catalog import Catalog, product_of
from shop.web.grid_view import grid_view, heading
from shop.web.paths import listing_path, listing_query, product_path
from shop.web.pictures import Pictures
from shop.web.prices import Currencies, Prices
from shop.web.product_view import category_link, first_choice, plain_text, product_view
from shop.web.rendered import KeptPage, KeptPages
from shop.web.respond import Reply, html
from shop.web.shell import Shells
from shop.web.templating import Templates
from shop.web.views import GridView, ProductView, TextPage
from shop.web.visit import Visit, WebRequest
from shop.words import spoken

FRONT_WORDS = "Plain things for the small hours of a day at home."
TEXTS = {"about": ("About Neap", "Who makes these things, and how."), "help": ("Help", "How this shop works.")}


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
        limits: Limits,
    ) -> None:
        self._catalog = catalog
        self._shells = shells
        self._currencies = currencies
        self._pictures = pictures
        self._templates = templates
        self._kept = kept
        self._limits = limits

    async def grid(self, request: WebRequest) -> Reply:
        """GET /: the front page, a category, a search; htmx gets the listing alone."""
        visit, prices = self._visit(request)
        query = listing_query(request.scope["query_string"])
        template = "catalog/listing.html" if visit.wants_fragment else "catalog/grid.html"

        async def render() -> str:
            return self._templates.render(template, await self._grid_view(query, prices))

        page = await self._page((template, prices.currency, query), render)
        return page.reply(visit)

    async def product(self, request: WebRequest) -> Reply:
        """GET /product/{handle}, with a variant chosen by ?variant_id=. Raises NotFound."""
        visit, prices = self._visit(request)
        handle = request.scope["path_params"]["handle"]
        sku = _variant_id(request.scope["query_string"])

        async def render() -> str:
            return self._templates.render("catalog/product.html", await self.product_view(handle, sku, prices))

        page = await self._page(("product", prices.currency, handle, sku), render)
        return page.reply(visit)

    async def about(self, request: WebRequest) -> Reply:
        """GET /about."""
        return await self._text(request, "about")

    async def help(self, request: WebRequest) -> Reply:
        """GET /help."""
        return await self._text(request, "help")

    async def refused_add(self, visit: Visit, product: Product, sku: str, quantity: str, error: str) -> Reply:
        """The product page again, as the form was filled, and why it was refused (422)."""
        prices = self._currencies.prices(visit.cookies.get("currency"))
        view = await self.product_view(product.handle, sku, prices, error=error, quantity=quantity)
        return html(self._templates.render("catalog/product.html", view, visit.badge), status=422)

    async def product_view(
        self, handle: str, sku: str, prices: Prices, *, error: str = "", quantity: str = "1"
    ) -> ProductView:
        """A product's page with the variant of that sku chosen, if there is one."""
        product = await product_of(self._catalog, handle)
        chosen = product.variant(sku)
        category = category_link(product, await self._shells.refresh())
        shell = self._shells.shell(
            product.title,
            description=plain_text(product.description),
            path=product_path(handle, chosen.sku if chosen else ""),
            canonical=product_path(handle),
            currency=prices.currency,
            indexed=True,
        )
        return product_view(
            shell,
            product,
            chosen or first_choice(product),
            await self._catalog.related(handle),
            category,
            prices,
            self._pictures,
            self._limits.quantity,
            error=error,
            quantity=quantity,
        )

    async def _grid_view(self, query: Query, prices: Prices) -> GridView:
        page = await self._catalog.page(query)
        query = page.query
        await self._shells.refresh()
        front = query == Query()
        title = "Things for the home" if front else heading(query, page.facets)
        canonical = listing_path(Query(category=query.category, page=query.page))
        shell = self._shells.shell(
            title if query.page == 1 else f"{title}, page {query.page}",
            description=FRONT_WORDS if front else f"{title}: {page.total} products.",
            path=listing_path(query),
            canonical=canonical,
            currency=prices.currency,
            category=query.category,
            q=query.q,
            indexed=not query.q and page.total > 0,
        )
        return grid_view(shell, page, prices, self._pictures, self._currencies.default)

    async def _text(self, request: WebRequest, name: str) -> Reply:
        visit, prices = self._visit(request)
        title, description = TEXTS[name]

        async def render() -> str:
            await self._shells.refresh()
            shell = self._shells.shell(
                title, description=description, path=f"/{name}", currency=prices.currency, indexed=True
            )
            return self._templates.render(f"pages/{name}.html", TextPage(shell, title))

        page = await self._page((name, prices.currency), render)
        return page.reply(visit)

    def _visit(self, request: WebRequest) -> tuple[Visit, Prices]:
        visit = Visit(request.scope)
        return visit, self._currencies.prices(visit.cookies.get("currency"))

    async def _page(self, key: Hashable, render: Callable[[], Awaitable[str]]) -> KeptPage:
        version, key = self._catalog.version, (spoken(), key)
        kept = self._kept.get(version, key)
        return kept or self._kept.keep(version, key, KeptPage(await render()))


@lru_cache(maxsize=4096)
def _variant_id(query_string: bytes) -> str:
    try:
        given = parse_qs(query_string.decode("utf-8", "replace"), max_num_fields=50)
    except ValueError:
        return ""
    return given.get("variant_id", [""])[0][:200]
