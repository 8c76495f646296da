"""The URL map: each room of this folder has a routes.py, which names its URLs and what answers them.

    catalog      /  /product/{handle}  /search  /recent  /alerts  /alerts/{token}  /alerts/{token}/stop
    cart         /cart  /cart/lines/{sku}  /cart/lines/{sku}/remove  /cart/lines/{sku}/save  /cart/saved
                 /cart/saved/{sku}/move  /cart/saved/{sku}/remove  /cart/empty  /cart/undo  /cart/coupon
                 /cart/coupon/remove  /cart/welcome  /recommended
    checkout     /checkout  /checkout/summary  /checkout/check  /cart/checkout  /payment/{number}
                 /payment/{number}/return  /payments/{provider}/events
    order        /order  /orders  /order/{number}  /order/{number}/invoice  /order/{number}/invoice.pdf
                 /order/{number}/credit-note/{refund}
    handoff      /cart/handoff  /handoff/{token}  /handoff/{token}/undo
    pages        /about  /help  /setCurrency  /setLanguage  /logout  /static/{path}  /dictionary/{name}  /offline
                 /service-worker.js  /favicon.ico  /robots.txt  /sitemap.xml
    styleguide   /styleguide
    operations   /healthz  /readyz  /.well-known/security.txt  /csp-reports
                 /operations  /operations/sign-in  /operations/sign-out  /operations/orders
                 /operations/orders/{number}  /operations/orders/{number}/{action}  /operations/stock

tests/web/test_routes.py holds this map to the routes.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from litestar.handlers import HTTPRouteHandler

from shop.parts import Parts
from shop.web.cart.routes import routes as cart
from shop.web.catalog.routes import routes as catalog
from shop.web.checkout.routes import routes as checkout
from shop.web.handoff.routes import routes as handoff
from shop.web.operations.draining import Draining
from shop.web.operations.routes import routes as operations
from shop.web.order.routes import routes as order
from shop.web.pages.routes import routes as pages
from shop.web.render.storefront import Storefront
from shop.web.styleguide.routes import routes as styleguide

ROOMS = (catalog, cart, checkout, order, handoff, pages, styleguide)


def routes(
    site: Storefront, parts: Parts, draining: Draining, read_catalog: Callable[[], Awaitable[object]]
) -> list[HTTPRouteHandler]:
    """Every URL of the shop. `read_catalog` reads something from the catalogue's store."""
    named = [handler for room in ROOMS for handler in room(site, parts)]
    return [*named, *operations(site, parts, draining, read_catalog)]
