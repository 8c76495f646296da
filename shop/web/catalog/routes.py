"""The URLs of the catalogue."""

from __future__ import annotations

from litestar.handlers import HTTPRouteHandler

from shop.parts import Parts
from shop.web.catalog.listing import ListingHandlers
from shop.web.catalog.product import ProductHandlers
from shop.web.catalog.recent import RecentHandlers
from shop.web.catalog.search import SearchHandlers
from shop.web.http.routing import page
from shop.web.render.storefront import Storefront


def routes(site: Storefront, parts: Parts) -> list[HTTPRouteHandler]:
    """The routes of pages that are the same for every visitor: they read no cart and set no cookie."""
    products = ProductHandlers(site, parts.terms, parts.carts.limits)
    return [
        page("/")(ListingHandlers(site).grid),
        page("/product/{handle:str}")(products.show),
        page("/search")(SearchHandlers(site).show),
        page("/recent")(RecentHandlers(site).show),
    ]
