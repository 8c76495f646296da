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
from shop.catalog.stock.sync import Shelf
from shop.checkout.mail.order_emails import Letters
from shop.checkout.mail.outbox import Outbox
from shop.checkout.mail.smtp import sender_of
from shop.checkout.metrics import OrderMetrics
from shop.checkout.payments.demo import DemoPayments
from shop.checkout.payments.provider import PaymentProvider
from shop.checkout.placing.orders import Orders
from shop.checkout.placing.place_order import PlaceOrder
from shop.checkout.placing.recovery import Settler
from shop.checkout.placing.reservations import Reservations
from shop.checkout.placing.transactions import Till
from shop.checkout.placing.transitions import Steps
from shop.checkout.placing.workflow import Course
from shop.checkout.pricing.coupons import Coupons
from shop.checkout.pricing.quotes import Quotes
from shop.checkout.pricing.signed_quote import Consent
from shop.checkout.pricing.terms import read_terms
from shop.database import create_engine
from shop.languages import offered
from shop.money import CURRENCIES
from shop.resources import resource_dir
from shop.settings import Settings
from shop.web.cart.add import AddToCart
from shop.web.cart.cart import CartPages
from shop.web.cart.coupon import CouponField
from shop.web.cart.recommended import Recommended
from shop.web.cart.replies import CartReplies
from shop.web.cart.returning_cart import Welcome
from shop.web.cart.sums import Sums
from shop.web.catalog.listing import Browse
from shop.web.catalog.product import ProductPages
from shop.web.catalog.recent import Recent
from shop.web.catalog.search import Search
from shop.web.checkout.checkout import CheckoutPages
from shop.web.checkout.payment import PaymentPages
from shop.web.checkout.place_order import Placing
from shop.web.checkout.replies import CheckoutReplies
from shop.web.checkout.submission import Attempts
from shop.web.handoff.handoff import Handoff
from shop.web.handoff.links import HandoffLinks
from shop.web.handoff.replies import HandoffPages
from shop.web.http.cross_origin import CrossOriginGuard
from shop.web.http.forms import MAX_BODY
from shop.web.http.headers import SecurityHeaders
from shop.web.http.health import Health
from shop.web.http.metrics import Metrics
from shop.web.http.session import Sessions
from shop.web.order.order import OrderPages
from shop.web.pages.errors import Errors
from shop.web.pages.offline import Offline
from shop.web.pages.preferences import Visitor
from shop.web.pages.sitemap import Sitemap
from shop.web.pages.texts import Texts
from shop.web.render.assets import assets_of
from shop.web.render.catalog import Catalog
from shop.web.render.language import Languages
from shop.web.render.page_cache import KeptPages
from shop.web.render.pictures import Pictures
from shop.web.render.prices import Currencies
from shop.web.render.shell import Shells
from shop.web.render.storefront import Window
from shop.web.render.templating import templates_of
from shop.web.routes import routes
from shop.web.styleguide.styleguide import Styleguide


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
    sums = Sums(coupons, terms, rates)
    sessions = Sessions(metered.ttl, settings.public_url)
    languages = Languages(offered(settings.languages), sessions)
    shells = Shells(shown, currencies, languages, settings.public_url)
    welcome = Welcome(sessions, settings.cart_ttl)
    replies = CartReplies(
        shown, sums, sessions, shells, currencies, pictures, templates, metered.limits, welcome, clock
    )
    window = Window(shown, shells, currencies, pictures, templates, KeptPages(settings.page_cache_bytes))
    products = ProductPages(window, terms, metered.limits)
    metrics = Metrics(registry)

    shelf = Shelf(database, settings.currency, clock)
    orders = Orders(database)
    outbox = Outbox(database, sender_of(settings), clock)
    bank = DemoPayments(database, clock)
    steps = Steps(
        Till(database),
        coupons,
        payments or bank,
        Letters(outbox),
        shelf.touched,
        seconds=settings.payment_seconds,
        clock=clock,
    )
    course, counted = Course(orders, steps, metered), OrderMetrics(registry)
    placing, settler = PlaceOrder(course, counted), Settler(course, counted)
    quotes = Quotes(shown, coupons, terms, rates)
    reservations = Reservations(database, shelf.touched, settings.reservation_seconds, clock)
    consent = Consent(settings.secret_key, clock)
    links = HandoffLinks(settings.secret_key, clock)
    handoff = HandoffPages(replies, shells, currencies, templates, metered.limits)
    attempts = Attempts(consent, sessions, currencies, settings.public_url, clock, writes=bool(settings.smtp_url))
    forms = CheckoutReplies(shown, consent, sessions, shells, pictures, templates)

    @asynccontextmanager
    async def stores(_: Litestar) -> AsyncIterator[None]:
        await metered.start()
        if catalog is None:
            await cached.start()
            for job in (shelf, settler, outbox):
                await job.start()
        try:
            yield
        finally:
            for part in (placing, settler, outbox, shelf):
                await part.close()
            await metered.close()
            await cached.close()
            await database.dispose()

    return Litestar(
        route_handlers=routes(
            browse=Browse(window),
            texts=Texts(window, terms),
            products=products,
            recent=Recent(window),
            recommended=Recommended(window),
            search=Search(window),
            styleguide=Styleguide(assets, shells, currencies, pictures, templates, settings.public_url),
            add=AddToCart(metered, shown, sessions, replies, products, clock),
            cart=CartPages(metered, shown, sessions, replies, clock),
            coupon=CouponField(metered, shown, coupons, currencies),
            handoff=Handoff(metered, shown, sessions, links, handoff, settings.public_url, clock),
            checkout=CheckoutPages(metered, quotes, reservations, orders, sessions, currencies, forms, clock),
            placing=Placing(metered, quotes, reservations, placing, orders, attempts, forms, clock),
            payment=PaymentPages(bank, placing, shells, currencies, templates),
            order=OrderPages(
                orders,
                metered,
                sessions,
                shells,
                currencies,
                templates,
                settings.public_url,
                writes=bool(settings.smtp_url),
            ),
            visitor=Visitor(metered, sessions, shells, currencies, languages, templates),
            assets=assets,
            offline=Offline(assets, templates),
            sitemap=Sitemap(shown, pictures, languages, settings.public_url),
            health=Health(metered, shown.categories if catalog else repository.version),
            metrics=metrics,
            guard=CrossOriginGuard(settings.public_url),
            languages=languages,
        ),
        exception_handlers={Exception: Errors(shells, currencies, languages, templates).answer},
        before_send=[SecurityHeaders(settings.public_url), metrics.count],
        lifespan=[stores],
        request_max_body_size=MAX_BODY,
        openapi_config=None,
        logging_config=None,
    )
