"""The only place where the parts are wired together. It takes fakes."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from litestar import Litestar
from prometheus_client import CollectorRegistry

from shop.cart.around.metered import MeteredCartService
from shop.cart.connect import connect
from shop.cart.service import CartService
from shop.catalog.exchange_rates import read_rates
from shop.catalog.reading.cache import CachedCatalog
from shop.catalog.reading.repository import CatalogRepository
from shop.catalog.stock.sync import StockSync
from shop.checkout.mail.order_emails import OrderEmails
from shop.checkout.mail.outbox import Outbox
from shop.checkout.mail.smtp import sender_of
from shop.checkout.metrics import OrderMetrics
from shop.checkout.payments.demo import DemoPayments
from shop.checkout.payments.provider import PaymentProvider
from shop.checkout.placing.orders import Orders
from shop.checkout.placing.place_order import PlaceOrder
from shop.checkout.placing.recovery import OrderRecovery
from shop.checkout.placing.reservations import Reservations
from shop.checkout.placing.transactions import OrderTransactions
from shop.checkout.placing.transitions import OrderTransitions
from shop.checkout.placing.workflow import OrderWorkflow
from shop.checkout.pricing.coupons import Coupons
from shop.checkout.pricing.quotes import Quotes
from shop.checkout.pricing.signed_quote import QuoteSigner
from shop.checkout.pricing.terms import read_terms
from shop.database import create_engine
from shop.languages import offered
from shop.money import CURRENCIES
from shop.resources import resource_dir
from shop.settings import Settings
from shop.web.cart.add import AddHandlers
from shop.web.cart.cart import CartHandlers
from shop.web.cart.coupon import CouponHandlers
from shop.web.cart.recommended import RecommendedHandlers
from shop.web.cart.replies import CartReplies
from shop.web.cart.returning_cart import ReturningCartNotice
from shop.web.cart.sums import CartPricing
from shop.web.catalog.listing import ListingHandlers
from shop.web.catalog.product import ProductHandlers
from shop.web.catalog.recent import RecentHandlers
from shop.web.catalog.search import SearchHandlers
from shop.web.checkout.checkout import CheckoutHandlers
from shop.web.checkout.payment import PaymentHandlers
from shop.web.checkout.place_order import PlaceOrderHandlers
from shop.web.checkout.replies import CheckoutReplies
from shop.web.checkout.submission import CheckoutSubmissions
from shop.web.handoff.handoff import HandoffHandlers
from shop.web.handoff.links import HandoffLinks
from shop.web.handoff.replies import HandoffReplies
from shop.web.http.cross_origin import CrossOriginGuard
from shop.web.http.forms import MAX_BODY
from shop.web.http.headers import SecurityHeaders
from shop.web.http.health import HealthHandlers
from shop.web.http.metrics import Metrics
from shop.web.http.session import Sessions
from shop.web.order.order import OrderHandlers
from shop.web.pages.errors import ErrorReplies
from shop.web.pages.offline import OfflineHandlers
from shop.web.pages.preferences import PreferenceHandlers
from shop.web.pages.sitemap import SitemapHandlers
from shop.web.pages.texts import TextHandlers
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
from shop.web.styleguide.styleguide import StyleguideHandlers


def create_app(
    settings: Settings | None = None,
    *,
    carts: CartService | None = None,
    catalog: Catalog | None = None,
    payments: PaymentProvider | None = None,
    clock: Callable[[], float] = time.time,
) -> Litestar:
    """The shop. Without settings it reads them from the environment; raises ConfigurationError.

    It starts whether or not its stores answer: a page that cannot be made says so, and is made once it can be. With a
    `catalog` of its own nothing works in the background.
    """
    settings = settings or Settings.from_env()
    registry = CollectorRegistry()
    metered = MeteredCartService(connect(settings) if carts is None else carts, registry)
    database = create_engine(settings.database_url)
    repository = CatalogRepository(database, settings.currency)
    cached = CachedCatalog(repository)
    shown = cached if catalog is None else catalog

    assets = assets_of(resource_dir("static"))
    templates = templates_of(resource_dir("templates"), assets.url)
    pictures = Pictures(assets)
    rates = read_rates(settings.exchange_rates)
    currencies = Currencies(rates, CURRENCIES, settings.currency)
    coupons, terms = Coupons(database, rates), read_terms(settings.checkout_terms)
    sums = CartPricing(coupons, terms, rates)
    sessions = Sessions(metered.ttl, settings.public_url)
    languages = Languages(offered(settings.languages), sessions)
    shells = ShellBuilder(shown, currencies, languages, settings.public_url)
    welcome = ReturningCartNotice(sessions, settings.cart_ttl)
    replies = CartReplies(
        shown, sums, sessions, shells, currencies, pictures, templates, metered.limits, welcome, clock
    )
    window = Storefront(shown, shells, currencies, pictures, templates, PageCache(settings.page_cache_bytes))
    products = ProductHandlers(window, terms, metered.limits)
    metrics = Metrics(registry)

    stock_sync = StockSync(database, settings.currency, clock)
    orders = Orders(database)
    outbox = Outbox(database, sender_of(settings), clock)
    bank = DemoPayments(database, clock)
    transitions = OrderTransitions(
        OrderTransactions(database),
        coupons,
        payments or bank,
        OrderEmails(outbox),
        stock_sync.touched,
        seconds=settings.payment_seconds,
        clock=clock,
    )
    workflow, counted = OrderWorkflow(orders, transitions, metered), OrderMetrics(registry)
    placing, recovery = PlaceOrder(workflow, counted), OrderRecovery(workflow, counted)
    quotes = Quotes(shown, coupons, terms, rates)
    reservations = Reservations(database, stock_sync.touched, settings.reservation_seconds, clock)
    signer = QuoteSigner(settings.secret_key, clock)
    links = HandoffLinks(settings.secret_key, clock)
    handoff = HandoffReplies(replies, shells, currencies, templates, metered.limits)
    attempts = CheckoutSubmissions(
        signer, sessions, currencies, settings.public_url, clock, writes=bool(settings.smtp_url)
    )
    forms = CheckoutReplies(shown, signer, sessions, shells, pictures, templates)

    @asynccontextmanager
    async def stores(_: Litestar) -> AsyncIterator[None]:
        await metered.start()
        if catalog is None:
            await cached.start()
            for job in (stock_sync, recovery, outbox):
                await job.start()
        try:
            yield
        finally:
            for part in (placing, recovery, outbox, stock_sync):
                await part.close()
            await metered.close()
            await cached.close()
            await database.dispose()

    return Litestar(
        route_handlers=routes(
            browse=ListingHandlers(window),
            texts=TextHandlers(window, terms),
            products=products,
            recent=RecentHandlers(window),
            recommended=RecommendedHandlers(window),
            search=SearchHandlers(window),
            styleguide=StyleguideHandlers(assets, shells, currencies, pictures, templates, settings.public_url),
            add=AddHandlers(metered, shown, sessions, replies, products, clock),
            cart=CartHandlers(metered, shown, sessions, replies, clock),
            coupon=CouponHandlers(metered, shown, coupons, currencies),
            handoff=HandoffHandlers(metered, shown, sessions, links, handoff, settings.public_url, clock),
            checkout=CheckoutHandlers(metered, quotes, reservations, orders, sessions, currencies, forms, clock),
            placing=PlaceOrderHandlers(metered, quotes, reservations, placing, orders, attempts, forms, clock),
            payment=PaymentHandlers(bank, placing, shells, currencies, templates),
            order=OrderHandlers(
                orders,
                metered,
                sessions,
                shells,
                currencies,
                templates,
                settings.public_url,
                writes=bool(settings.smtp_url),
            ),
            visitor=PreferenceHandlers(metered, sessions, shells, currencies, languages, templates),
            assets=assets,
            offline=OfflineHandlers(assets, templates),
            sitemap=SitemapHandlers(shown, pictures, languages, settings.public_url),
            health=HealthHandlers(metered, shown.categories if catalog else repository.version),
            metrics=metrics,
            guard=CrossOriginGuard(settings.public_url),
            languages=languages,
        ),
        exception_handlers={Exception: ErrorReplies(shells, currencies, languages, templates).answer},
        before_send=[SecurityHeaders(settings.public_url), metrics.count],
        lifespan=[stores],
        request_max_body_size=MAX_BODY,
        openapi_config=None,
        logging_config=None,
    )
