"""Creates the web application from the shop's parts. Tests pass fakes for some of them."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from litestar import Litestar

from shop.cart.service import CartService
from shop.checkout.payments.provider import PaymentProvider
from shop.languages import offered
from shop.money import CURRENCIES
from shop.parts import Parts
from shop.resources import resource_dir
from shop.settings import Settings
from shop.web.http.forms import MAX_BODY
from shop.web.http.headers import SecurityHeaders
from shop.web.http.metrics import Metrics
from shop.web.http.request import ShopRequest
from shop.web.http.session import Sessions
from shop.web.pages.errors import ErrorReplies
from shop.web.render.assets import assets_of
from shop.web.render.catalog import Catalog
from shop.web.render.language import Languages
from shop.web.render.page_cache import PageCache
from shop.web.render.pictures import Pictures
from shop.web.render.prices import Currencies
from shop.web.render.shell import ShellBuilder
from shop.web.render.storefront import Storefront
from shop.web.render.templating import templates_of
from shop.web.routes import routes


def create_app(
    settings: Settings | None = None,
    *,
    carts: CartService | None = None,
    catalog: Catalog | None = None,
    payments: PaymentProvider | None = None,
    clock: Callable[[], float] = time.time,
) -> Litestar:
    """The shop as an ASGI application. Without `settings` it reads the environment. Raises ConfigurationError.

    It starts even if its stores are unavailable: pages that need a store answer 503 until it is back. If `catalog`
    is given, no background jobs run.
    """
    settings = settings or Settings.from_env()
    parts = Parts(settings, carts=carts, offers=catalog, payments=payments, clock=clock)
    site = open_storefront(parts, catalog or parts.cached_catalog)
    metrics = Metrics(parts.registry)

    @asynccontextmanager
    async def lifespan(_: Litestar) -> AsyncIterator[None]:
        await parts.start(background=catalog is None)
        try:
            yield
        finally:
            await parts.close()

    return Litestar(
        route_handlers=routes(site, parts, metrics, catalog.categories if catalog else parts.catalog.version),
        request_class=ShopRequest,
        exception_handlers={Exception: ErrorReplies(site).answer},
        before_send=[SecurityHeaders(settings.public_url), metrics.count],
        lifespan=[lifespan],
        request_max_body_size=MAX_BODY,
        openapi_config=None,
        logging_config=None,
    )


def open_storefront(parts: Parts, catalog: Catalog) -> Storefront:
    """Create what all pages share. Raises ConfigurationError."""
    settings = parts.settings
    assets = assets_of(resource_dir("static"))
    currencies = Currencies(parts.rates, CURRENCIES, settings.currency)
    sessions = Sessions(parts.carts.ttl, settings.public_url)
    languages = Languages(offered(settings.languages), sessions)
    return Storefront(
        catalog=catalog,
        currencies=currencies,
        languages=languages,
        sessions=sessions,
        shells=ShellBuilder(catalog, currencies, languages, settings.public_url),
        templates=templates_of(resource_dir("templates"), assets.url),
        pictures=Pictures(assets),
        assets=assets,
        pages=PageCache(settings.page_cache_bytes),
        clock=parts.clock,
        public_url=settings.public_url.rstrip("/"),
        sends_email=bool(settings.smtp_url),
    )
