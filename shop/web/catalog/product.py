"""Handles product pages. They are the same for every visitor: no cart is read."""

from __future__ import annotations

from functools import lru_cache
from urllib.parse import parse_qs

from shop.cart.model import Limits
from shop.catalog.model import Product, Query
from shop.checkout.pricing.terms import Terms
from shop.i18n import content
from shop.web.catalog.html_text import plain_text
from shop.web.catalog.product_builder import category_link, first_choice, pictures_of, product_view
from shop.web.catalog.views import ProductView
from shop.web.http.reply import Reply, html
from shop.web.http.request import ShopRequest
from shop.web.render.catalog import product_of
from shop.web.render.dictionaries import is_navigation
from shop.web.render.paths import MAX_QUERY, product_path
from shop.web.render.prices import Prices
from shop.web.render.storefront import Storefront


class ProductHandlers:
    """Handles GET /product/{handle}, from the page cache; the cart uses it for refused adds."""

    def __init__(self, site: Storefront, terms: Terms, limits: Limits) -> None:
        self._site = site
        self._terms = terms
        self._limits = limits

    async def show(self, request: ShopRequest) -> Reply:
        """GET /product/{handle}, with the variant of ?variant_id= selected. Raises NotFound."""
        prices = self._site.prices(request)
        handle = request.scope["path_params"]["handle"]
        query = request.scope["query_string"]
        sku = _variant_id(query) if len(query) <= MAX_QUERY else ""

        async def render() -> str:
            return self._site.templates.render("catalog/product.html", await self._view(handle, sku, prices))

        page = await self._site.page(("product", handle, sku), prices, render)
        if is_navigation(request):
            await self._site.dictionaries.refresh(self._site.catalog.version, self._dictionary)
        return page.reply(request)

    async def _dictionary(self) -> str:
        """The page of the first product, for a visitor without a cart; '' if there is none."""
        listings = (await self._site.catalog.page(Query())).listings
        if not listings:
            return ""
        view = await self._view(listings[0].handle, "", self._site.currencies.prices(None))
        return self._site.templates.render("catalog/product.html", view, "")

    async def refused_add(self, request: ShopRequest, product: Product, sku: str, quantity: str, error: str) -> Reply:
        """The product page with the submitted quantity and the reason of the refusal (422)."""
        prices = self._site.prices(request)
        view = await self._view(product.handle, sku, prices, error=error, quantity=quantity)
        return html(self._site.templates.render("catalog/product.html", view, request.badge), status=422)

    async def _view(
        self, handle: str, sku: str, prices: Prices, *, error: str = "", quantity: str = "1"
    ) -> ProductView:
        """The view of a product's page, with the variant of `sku` selected if it exists."""
        product = await product_of(self._site.catalog, handle)
        named = product.variant(sku)
        chosen = named or first_choice(product)
        category = category_link(product, await self._site.catalog.categories())
        shown = pictures_of(product, chosen, self._site.pictures)
        shell = await self._site.shells.shell(
            content(product.title),
            description=plain_text(content(product.description)),
            path=product_path(handle, named.sku if named else ""),
            canonical=product_path(handle),
            currency=prices.currency,
            indexed=True,
            picture=shown[0],
        )
        return product_view(
            shell,
            product,
            chosen,
            shown,
            await self._site.catalog.related(handle),
            category,
            prices,
            self._site.pictures,
            self._terms,
            self._limits.quantity,
            error=error,
            quantity=quantity,
        )


@lru_cache(maxsize=4096)
def _variant_id(query_string: bytes) -> str:
    try:
        given = parse_qs(query_string.decode("utf-8", "replace"), max_num_fields=50)
    except ValueError:
        return ""
    return given.get("variant_id", [""])[0][:200]
