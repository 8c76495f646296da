"""The URLs of orders."""

from __future__ import annotations

from shop.parts import Parts
from shop.web.http.routing import Route, change, page
from shop.web.order.order import OrderHandlers
from shop.web.render.storefront import Storefront


def routes(site: Storefront, parts: Parts) -> list[Route]:
    """The page of an order, and the look-up form."""
    order = OrderHandlers(site, parts.orders, parts.carts)
    return [
        page("/order", order.ask),
        change("/order", order.find),
        page("/order/{number:str}", order.show),
    ]
