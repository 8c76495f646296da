"""Creates the web application from the shop's parts. Tests pass fakes for some of them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from typing import cast

from litestar import Litestar
from litestar.enums import ScopeType
from litestar.types import BeforeMessageSendHookHandler, BeforeRequestHookHandler, Message, Scope

from shop.cart.service import CartService
from shop.checkout.payments.provider import PaymentProvider
from shop.i18n import speak
from shop.languages import offered
from shop.logs import configure
from shop.parts import Parts
from shop.resources import resource_dir
from shop.settings import Settings
from shop.web.http import prefetch, request_log
from shop.web.http.cross_origin import CrossOriginGuard
from shop.web.http.forms import MAX_BODY
from shop.web.http.headers import SecurityHeaders
from shop.web.http.limits import ClientLimits
from shop.web.http.reply import Reply
from shop.web.http.request import ShopRequest, remember, request_of
from shop.web.http.session import Sessions
from shop.web.operations.draining import Draining
from shop.web.operations.metrics import Metrics, PageCacheMetrics
from shop.web.pages.errors import ErrorReplies
from shop.web.render.assets import assets_of
from shop.web.render.catalog import Catalog
from shop.web.render.dictionaries import Dictionaries
from shop.web.render.language import Languages
from shop.web.render.page_cache import PageCache
from shop.web.render.pictures import Pictures
from shop.web.render.prices import Currencies
from shop.web.render.shell import ShellBuilder
from shop.web.render.storefront import Storefront
from shop.web.render.templating.templates import templates_of
from shop.web.routes import routes


def create_app(
    settings: Settings | None = None,
    *,
    carts: CartService | None = None,
    catalog: Catalog | None = None,
    payments: PaymentProvider | None = None,
    clock: Callable[[], float] | None = None,
) -> Litestar:
    """The shop as an ASGI application. Without `settings` it reads the environment. Raises ConfigurationError.

    It starts even if its stores are unavailable: pages that need a store answer 503 until it is back. If `catalog`
    is given, no background jobs run.
    """
    is_served = settings is None
    settings = settings or Settings.from_env()
    if is_served:
        configure(settings)
    parts = Parts(settings, carts=carts, offers=catalog, payments=payments, clock=clock)
    limits = ClientLimits(shared=parts.counters, is_on=settings.limits, secret=settings.secret_key)
    parts.registry.register(limits)
    site = open_storefront(parts, catalog or parts.cached_catalog, limits)
    metrics = Metrics(parts.registry)
    parts.registry.register(PageCacheMetrics(site.pages))
    draining = Draining(settings.drain_seconds)

    @asynccontextmanager
    async def lifespan(_: Litestar) -> AsyncIterator[None]:
        await parts.start(background=catalog is None)
        if is_served:
            draining.watch()
        try:
            yield
        finally:
            await parts.close()

    return Litestar(
        route_handlers=routes(site, parts, draining, catalog.categories if catalog else parts.catalog.version),
        request_class=ShopRequest,
        exception_handlers={Exception: ErrorReplies(site).answer},
        before_request=before_request(site),
        before_send=[before_send(site, metrics, draining, parts.payments.pages)],
        lifespan=[lifespan],
        request_max_body_size=MAX_BODY,
        openapi_config=None,
        logging_config=None,
    )


def before_request(site: Storefront) -> BeforeRequestHookHandler:
    """What every handler may count on: its language is chosen, and no other site asks for a change.

    A handler with a before_request of its own would replace this one.
    """
    guard = CrossOriginGuard(site.public_url)

    async def prepare(request: ShopRequest) -> Reply | None:
        remember(request)
        guard.check(request)
        request_log.begin(request)
        if refusal := prefetch.refused(request):
            return refusal
        speak(site.languages.of(request))
        if site.limits.concern(request.scope):
            await site.limits.check(request.scope)
        return None

    return cast("BeforeRequestHookHandler", prepare)


def before_send(
    site: Storefront, metrics: Metrics, draining: Draining, pages: Iterable[str] = ()
) -> BeforeMessageSendHookHandler:
    """What every response gets as it starts, those to unknown addresses too.

    `pages`: the origins of the payment provider's pages. One hook for all of them: Litestar calls each for the body as
    well, and a kept page would feel that.
    """
    headers = SecurityHeaders(site.public_url, pages)
    rules = prefetch.SpeculationRules(site.assets.url(prefetch.RULES))

    async def finish(message: Message, scope: Scope) -> None:
        if message["type"] == "http.response.start" and scope["type"] == ScopeType.HTTP:
            request, status, seconds = request_of(scope), message["status"], request_log.seconds_of(scope)
            metrics.count(status, scope, seconds)
            message["headers"] = [
                *message["headers"],
                *rules.of(message, request),
                *headers.of(scope),
                *site.languages.remembered(message, request),
                *draining.headers,
                *request_log.finish(status, request, seconds),
            ]
            if site.limits.concern(scope):
                await site.limits.check_failed(scope, status)

    return finish


def open_storefront(parts: Parts, catalog: Catalog, limits: ClientLimits) -> Storefront:
    """Create what all pages share. Raises ConfigurationError."""
    settings = parts.settings
    assets = assets_of(resource_dir("static"))
    currencies = Currencies(parts.rates, settings.currency)
    sessions = Sessions(parts.carts, settings.public_url, settings.secret_key)
    languages, dictionaries = Languages(offered(settings.languages), sessions), Dictionaries()
    return Storefront(
        catalog=catalog,
        currencies=currencies,
        languages=languages,
        sessions=sessions,
        shells=ShellBuilder(catalog, currencies, languages, settings.public_url),
        templates=templates_of(resource_dir("templates"), assets.url),
        pictures=Pictures(assets),
        assets=assets,
        pages=PageCache(settings.page_cache_bytes, dictionaries, settings.edge_seconds),
        dictionaries=dictionaries,
        clock=parts.cart_clock,
        limits=limits,
        public_url=settings.public_url,
        sends_email=bool(settings.smtp_url),
        zone=settings.zone,
    )
