"""The only place where the parts are wired together. It takes fakes."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from litestar import Litestar
from prometheus_client import CollectorRegistry

from shop.cart.connect import connect
from shop.cart.metered import MeteredCartService
from shop.cart.service import CartService
from shop.catalog.cache import CachedCatalog
from shop.catalog.rates import read_rates
from shop.catalog.repository import CatalogRepository
from shop.checkout.coupons import Coupons
from shop.checkout.terms import read_terms
from shop.database import create_engine
from shop.money import CURRENCIES
from shop.operations.health import Health
from shop.operations.metrics import Metrics
from shop.resources import resource_dir
from shop.settings import Settings
from shop.web.add import AddToCart
from shop.web.assets import Assets
from shop.web.browse import Browse
from shop.web.cart import CartPages
from shop.web.cart_replies import CartReplies
from shop.web.cart_sum import Sums
from shop.web.catalog import Catalog
from shop.web.coupon import CouponField
from shop.web.cross_origin import CrossOriginGuard
from shop.web.errors import Errors
from shop.web.forms import MAX_BODY
from shop.web.headers import SecurityHeaders
from shop.web.pictures import Pictures
from shop.web.prices import Currencies
from shop.web.rendered import KeptPages
from shop.web.routes import routes
from shop.web.session import Sessions
from shop.web.shell import Shells
from shop.web.sitemap import Sitemap
from shop.web.templating import Templates
from shop.web.visitor import Visitor
from shop.web.welcome import Welcome


def create_app(
    settings: Settings | None = None,
    *,
    carts: CartService | None = None,
    catalog: Catalog | None = None,
    clock: Callable[[], float] = time.time,
) -> Litestar:
    """The shop. Without settings it reads them from the environment; raises ConfigurationError.

    It starts whether or not its stores answer: a page that cannot be made says so, and is made once it can be.
    """
    settings = settings or Settings.from_env()
    registry = CollectorRegistry()
    metered = MeteredCartService(connect(settings) if carts is None else carts, registry)
    database = create_engine(settings.database_url)
    repository = CatalogRepository(database, settings.currency)
    cached = CachedCatalog(repository)
    shown = cached if catalog is None else catalog

    assets = Assets(resource_dir("static"))
    templates = Templates(resource_dir("templates"), assets.url)
    pictures = Pictures(assets)
    rates = read_rates(settings.exchange_rates)
    currencies = Currencies(rates, CURRENCIES, settings.currency)
    coupons = Coupons(database, rates)
    sums = Sums(coupons, read_terms(settings.checkout_terms), rates)
    sessions = Sessions(metered.ttl, settings.public_url)
    shells = Shells(shown, currencies, settings.public_url)
    welcome = Welcome(sessions, settings.cart_ttl)
    replies = CartReplies(
        shown, sums, sessions, shells, currencies, pictures, templates, metered.limits, welcome, clock
    )
    kept = KeptPages(settings.page_cache_bytes)
    browse = Browse(shown, shells, currencies, pictures, templates, kept, metered.limits)
    metrics = Metrics(registry)

    @asynccontextmanager
    async def stores(_: Litestar) -> AsyncIterator[None]:
        await metered.start()
        if catalog is None:
            await cached.start()
        try:
            yield
        finally:
            await metered.close()
            await cached.close()
            await database.dispose()

    return Litestar(
        route_handlers=routes(
            browse=browse,
            add=AddToCart(metered, shown, sessions, replies, browse, clock),
            cart=CartPages(metered, shown, sessions, replies, clock),
            coupon=CouponField(metered, shown, coupons, currencies),
            visitor=Visitor(metered, sessions, shells, currencies, templates),
            assets=assets,
            sitemap=Sitemap(shown, settings.public_url),
            health=Health(metered, shown.categories if catalog else repository.version),
            metrics=metrics,
            guard=CrossOriginGuard(settings.public_url),
        ),
        exception_handlers={Exception: Errors(shells, currencies, templates).answer},
        before_send=[SecurityHeaders(settings.public_url), metrics.count],
        lifespan=[stores],
        request_max_body_size=MAX_BODY,
        openapi_config=None,
        logging_config=None,
    )
