"""The URLs for supervisors and operators."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from litestar.handlers import HTTPRouteHandler, post

from shop.parts import Parts
from shop.web.http.routing import page
from shop.web.operations.csp_reports import CspReports
from shop.web.operations.draining import Draining
from shop.web.operations.health import HealthHandlers
from shop.web.operations.operations import OperationsHandlers
from shop.web.operations.orders import OperatorOrders
from shop.web.operations.security_contact import SecurityContact
from shop.web.operations.sign_in import OperatorAccess, OperatorSessions
from shop.web.operations.stock import OperatorStock
from shop.web.render.storefront import Storefront


def routes(
    site: Storefront, parts: Parts, draining: Draining, read_catalog: Callable[[], Awaitable[object]]
) -> list[HTTPRouteHandler]:
    """`read_catalog` reads something from the catalogue's store."""
    health = HealthHandlers(parts.carts, read_catalog, parts.accepts_changes, draining)
    settings = parts.settings
    contact = SecurityContact(settings.security_contact, settings.languages, settings.public_url, parts.clock)
    return [
        page("/healthz")(health.alive),
        page("/readyz")(health.ready),
        page("/.well-known/security.txt")(contact.show),
        post("/csp-reports")(CspReports(is_on=settings.csp_reports).take),
        *_operator_routes(site, parts),
    ]


def _operator_routes(site: Storefront, parts: Parts) -> list[HTTPRouteHandler]:
    settings = parts.settings
    https = settings.public_url.startswith("https:")
    sessions = OperatorSessions(settings.operator_password, settings.secret_key, https=https, clock=parts.clock)
    access = OperatorAccess(site.templates, sessions, is_on=bool(settings.operator_password))
    operations = OperationsHandlers(site, parts, sessions, access)
    orders, stock = OperatorOrders(site, parts, access), OperatorStock(site, parts, access)
    return [
        page("/operations")(operations.show),
        post("/operations/sign-in")(operations.sign_in),
        post("/operations/sign-out")(operations.sign_out),
        page("/operations/orders")(orders.index),
        page("/operations/orders/{number:str}")(orders.show),
        post("/operations/orders/{number:str}/{action:str}")(orders.act),
        page("/operations/stock")(stock.show),
        post("/operations/stock")(stock.set),
    ]
