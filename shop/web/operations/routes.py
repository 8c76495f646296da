"""The URLs for supervisors and monitors."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from litestar.handlers import HTTPRouteHandler

from shop.cart.service import CartService
from shop.web.http.routing import page
from shop.web.operations.health import HealthHandlers
from shop.web.operations.metrics import Metrics


def routes(
    carts: CartService, metrics: Metrics, read_catalog: Callable[[], Awaitable[object]]
) -> list[HTTPRouteHandler]:
    """`read_catalog` reads something from the catalogue's store."""
    health = HealthHandlers(carts, read_catalog)
    return [
        page("/healthz")(health.alive),
        page("/readyz")(health.ready),
        page("/metrics")(metrics.serve),
    ]
