"""Builds the parts that the web app, the commands and the background jobs share, from the settings.

Each part is built on first use, so a command that only lists coupons never connects to Redis.
"""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import cached_property
from typing import TYPE_CHECKING

from prometheus_client import CollectorRegistry
from sqlalchemy.ext.asyncio import AsyncEngine

from shop import tracing
from shop.cart.service import CartService
from shop.catalog.exchange_rates import read_rates
from shop.catalog.reading.cache import CachedCatalog
from shop.catalog.reading.repository import CatalogRepository
from shop.catalog.stock.counting import StockBook
from shop.catalog.stock.sync import StockSync
from shop.catalog.writing.importing import CatalogImport
from shop.catalog.writing.reviews import ReviewBook
from shop.checkout.backlog import Backlog
from shop.checkout.mail.order_emails import OrderEmails
from shop.checkout.mail.outbox import Outbox
from shop.checkout.mail.smtp import merchant_address, sender_of
from shop.checkout.mail.stock_alerts import StockAlerts
from shop.checkout.metrics import OrderMetrics
from shop.checkout.payments.connect import provider_of
from shop.checkout.payments.provider import PaymentProvider
from shop.checkout.placing.credit_notes import CreditNotes
from shop.checkout.placing.invoices import Invoices
from shop.checkout.placing.operator_changes import OperatorChanges
from shop.checkout.placing.ordering import Ordering
from shop.checkout.placing.orders import Orders
from shop.checkout.placing.payment_events import PaymentEvents
from shop.checkout.placing.place_order import PlaceOrder
from shop.checkout.placing.recovery import OrderRecovery
from shop.checkout.placing.reservations import Reservations
from shop.checkout.placing.transactions import OrderTransactions
from shop.checkout.placing.transitions import OrderTransitions
from shop.checkout.placing.workflow import OrderWorkflow
from shop.checkout.pricing.coupons import Coupons
from shop.checkout.pricing.quotes import Offers, Quotes
from shop.checkout.pricing.terms import Terms, read_terms
from shop.checkout.privacy import Privacy
from shop.database import ConnectionMetrics, accepts_changes, create_engine, migrate, require_current
from shop.metrics.sampling import Sampling
from shop.metrics.worker import Worker
from shop.money import Rates
from shop.settings import Settings

if TYPE_CHECKING:
    from shop.cart.around.metered import MeteredCartService
    from shop.cart.redis.counters import RedisCounters
    from shop.cart.redis.servers import Servers
    from shop.cart.redis.slow_log import SlowCommand


class Parts:
    """The parts of one shop. Each connects on first use; `start` and `close` start and stop the background jobs.

    `carts` and `payments` replace those of the settings; `offers` replaces the catalogue for quotes. `patient`: no
    timeout for database statements. A wrong setting raises ConfigurationError on the first use of the part.
    """

    def __init__(
        self,
        settings: Settings,
        *,
        carts: CartService | None = None,
        offers: Offers | None = None,
        payments: PaymentProvider | None = None,
        clock: Callable[[], float] | None = None,
        long_running: bool = False,
    ) -> None:
        self.settings = settings
        self.clock = clock or time.time
        self._given_clock = clock
        self.registry = CollectorRegistry()
        self._given_carts = carts
        self._given_offers = offers
        self._given_payments = payments
        self._long_running = long_running

    @cached_property
    def database(self) -> AsyncEngine:
        """The engine for catalogue and orders."""
        engine = create_engine(self.settings.database_url, long_running=self._long_running)
        tracing.watch_sql(engine.sync_engine)
        return engine

    async def accepts_changes(self) -> bool:
        """Whether the database takes changes now. Raises StoreUnavailable."""
        return await accepts_changes(self.database)

    @cached_property
    def rates(self) -> Rates:
        """The exchange rates."""
        return read_rates(self.settings.exchange_rates)

    @cached_property
    def carts(self) -> MeteredCartService:
        """The cart service, with its metrics. Its packages take long to import, and few commands need them."""
        from shop.cart.around.metered import MeteredCartService
        from shop.cart.connect import connect

        given = self._given_carts
        return MeteredCartService(connect(self.settings) if given is None else given, self.registry)

    @property
    def counters(self) -> RedisCounters | None:
        """Counters that all processes share; None without Redis."""
        from shop.cart.redis.counters import RedisCounters

        servers = self._redis
        return RedisCounters(servers) if servers else None

    async def slow_commands(self) -> list[SlowCommand]:
        """The commands on carts that Redis found slow, the newest first; none without Redis."""
        from shop.cart.redis.slow_log import slow_commands

        servers = self._redis
        return await slow_commands(servers) if servers else []

    @property
    def _redis(self) -> Servers | None:
        """The servers of the live carts; None without Redis."""
        from shop.cart.redis.service import RedisCartService

        stores = (part for part in self.carts.parts() if isinstance(part, RedisCartService))
        return next((store.servers for store in stores), None)

    @property
    def cart_clock(self) -> Callable[[], float]:
        """The time by which changes of carts are dated: their store's, so that a host's wrong clock harms no cart."""
        return self._given_clock or self.carts.now

    @cached_property
    def catalog(self) -> CatalogRepository:
        """The catalogue in the database."""
        return CatalogRepository(self.database, self.settings.currency, self.rates)

    @cached_property
    def cached_catalog(self) -> CachedCatalog:
        """The in-memory catalogue that pages read."""
        return CachedCatalog(self.catalog)

    @cached_property
    def stock_sync(self) -> StockSync:
        """Updates the catalogue when orders change the stock."""
        return StockSync(self.database, self.settings.currency, self.clock)

    @cached_property
    def stock_book(self) -> StockBook:
        """The stock as people count and change it."""
        return StockBook(self.database, self.clock)

    @cached_property
    def review_book(self) -> ReviewBook:
        """The reviews as people import and remove them."""
        return ReviewBook(self.database)

    @cached_property
    def coupons(self) -> Coupons:
        """The coupons."""
        return Coupons(self.database, self.rates, key=self.settings.lasting_secret, zone=self.settings.zone)

    @cached_property
    def privacy(self) -> Privacy:
        """The data of persons."""
        return Privacy(self.database, self.coupons, self.clock)

    @cached_property
    def terms(self) -> Terms:
        """The shipping methods and the taxes."""
        return read_terms(self.settings.checkout_terms)

    @cached_property
    def outbox(self) -> Outbox:
        """The outbox of e-mails, and its sender."""
        return Outbox(self.database, sender_of(self.settings), self.clock)

    @cached_property
    def stock_alerts(self) -> StockAlerts:
        """Who wants to be told when something is back."""
        return StockAlerts(self.database, self.outbox, self.catalog.offers, self.clock)

    @cached_property
    def payments(self) -> PaymentProvider:
        """The payment provider of PAYMENTS_URL, the same for shop and commands."""
        return self._given_payments or provider_of(self.settings, self.database, self.clock)

    @cached_property
    def orders(self) -> Orders:
        """Read access to the orders."""
        return Orders(self.database)

    @cached_property
    def invoices(self) -> Invoices:
        """The invoices."""
        settings = self.settings
        return Invoices(self.database, self.terms.taxes.seller, settings.invoice_series, settings.zone, self.clock)

    @cached_property
    def credit_notes(self) -> CreditNotes:
        """The credit notes."""
        settings = self.settings
        return CreditNotes(self.database, self.invoices, settings.credit_note_series, settings.zone, self.clock)

    @cached_property
    def transitions(self) -> OrderTransitions:
        """The state transitions of an order."""
        return OrderTransitions(
            OrderTransactions(self.database),
            self.coupons,
            self.payments,
            OrderEmails(self.outbox, merchant_address(self.settings), self.settings.zone),
            self.stock_sync.touched,
            seconds=self.settings.payment_seconds,
            clock=self.clock,
            captures_at_shipping=self.settings.capture == "shipping",
        )

    @cached_property
    def operator_changes(self) -> OperatorChanges:
        """What operators change about orders."""
        return OperatorChanges(self.orders, self.transitions)

    @cached_property
    def workflow(self) -> OrderWorkflow:
        """Takes an order through its transitions."""
        return OrderWorkflow(self.orders, self.transitions, self.carts)

    @cached_property
    def order_metrics(self) -> OrderMetrics:
        """The metrics of checkout."""
        return OrderMetrics(self.registry)

    @cached_property
    def sampling(self) -> Sampling:
        """The job that looks at what metrics cannot count on the way."""
        from shop.cart.around.census import Census

        sampled = (Census(self.carts), Backlog(self.database, self.clock))
        for collector in (*sampled, ConnectionMetrics(self.database)):
            self.registry.register(collector)
        return Sampling(sampled)

    @cached_property
    def metrics_worker(self) -> Worker | None:
        """What hands the metrics to `shop run`; None if nobody collects them."""
        folder = self.settings.metrics_sockets
        return Worker(self.registry, folder) if folder else None

    @cached_property
    def ordering(self) -> Ordering:
        """What placing an order needs: carts, quotes, reservations, orders."""
        settings = self.settings
        offers = self._given_offers or self.cached_catalog
        return Ordering(
            self.carts,
            Quotes(offers, self.coupons, self.terms, self.rates),
            Reservations(self.database, self.stock_sync.touched, settings.reservation_seconds, self.clock),
            PlaceOrder(self.workflow, self.order_metrics),
            self.orders,
        )

    @cached_property
    def payment_events(self) -> PaymentEvents:
        """What takes the messages of the payment provider."""
        return PaymentEvents(self.payments, self.orders, self.transitions, self.ordering.place_order)

    @cached_property
    def recovery(self) -> OrderRecovery:
        """The job that completes interrupted orders."""
        return OrderRecovery(self.workflow, self.order_metrics)

    async def start(self, *, background: bool = True) -> None:
        """Connect to the cart store, and start the background jobs if `background`. Waits for no store."""
        await self.carts.start()
        if background:
            for job in (
                self.cached_catalog,
                self.stock_sync,
                self.recovery,
                self.stock_alerts,
                self.outbox,
                self.sampling,
            ):
                await job.start()
            if self.metrics_worker is not None:
                await self.metrics_worker.start()

    async def close(self) -> None:
        """Finish the orders in progress, stop the background jobs and close every connection."""
        ordering, jobs = self.ordering, (self.recovery, self.stock_alerts, self.outbox, self.stock_sync, self.sampling)
        for part in (ordering.place_order, ordering.reservations, *jobs):
            await part.close()
        if self.metrics_worker is not None:
            await self.metrics_worker.close()
        await self.payments.close()
        await self.carts.close()
        await self.cached_catalog.close()
        await self.database.dispose()


@asynccontextmanager
async def opened(settings: Settings, *, prepare: bool = False, long_running: bool = False) -> AsyncIterator[Parts]:
    """The parts for one command, without carts or background jobs.

    `prepare`: migrate the database first, and rebuild a search index of another release; only for commands that write.
    Otherwise its schema must be current.
    Raises ConfigurationError and StoreUnavailable.
    """
    await (migrate if prepare else require_current)(settings.database_url)
    parts = Parts(settings, long_running=long_running)
    try:
        if prepare:
            await CatalogImport(parts.database, settings.currency, parts.rates).refresh_index()
        yield parts
    finally:
        if "payments" in vars(parts):
            await parts.payments.close()
        await parts.database.dispose()
