"""The URLs of the catalogue."""

from __future__ import annotations

from litestar.handlers import HTTPRouteHandler, post

from shop.parts import Parts
from shop.web.catalog.alerts import AlertHandlers
from shop.web.catalog.listing import ListingHandlers
from shop.web.catalog.product import ProductHandlers
from shop.web.catalog.recent import RecentHandlers
from shop.web.catalog.search import SearchHandlers
from shop.web.http.routing import page
from shop.web.render.storefront import Storefront


def routes(site: Storefront, parts: Parts) -> list[HTTPRouteHandler]:
    """The routes of pages that are the same for every visitor, and set no cookie; and those of stock alerts."""
    alerts = AlertHandlers(site, parts.stock_alerts)
    products = ProductHandlers(site, parts.terms, parts.carts.limits)
    return [
        page("/")(ListingHandlers(site).grid),
        page("/product/{handle:str}")(products.show),
        page("/search")(SearchHandlers(site).show),
        post("/alerts")(alerts.ask),
        page("/alerts/{token:str}")(alerts.show),
        post("/alerts/{token:str}")(alerts.confirm),
        post("/alerts/{token:str}/stop")(alerts.stop),
        page("/recent")(RecentHandlers(site).show),
    ]
