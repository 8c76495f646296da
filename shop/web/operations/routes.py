"""The URLs for supervisors and operators."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from litestar.handlers import HTTPRouteHandler, post

from shop.parts import Parts
from shop.web.http.routing import page
from shop.web.operations.draining import Draining
from shop.web.operations.health import HealthHandlers
from shop.web.operations.operations import OperationsHandlers
from shop.web.render.storefront import Storefront


def routes(
    site: Storefront, parts: Parts, draining: Draining, read_catalog: Callable[[], Awaitable[object]]
) -> list[HTTPRouteHandler]:
    """`read_catalog` reads something from the catalogue's store."""
    health = HealthHandlers(parts.carts, read_catalog, parts.accepts_changes, draining)
    operations = OperationsHandlers(site, parts)
    return [
        page("/healthz")(health.alive),
        page("/readyz")(health.ready),
        page("/operations")(operations.show),
        post("/operations/sign-in")(operations.sign_in),
        post("/operations/sign-out")(operations.sign_out),
    ]
