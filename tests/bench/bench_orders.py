"""Compares placing an order with the same SQL statements sent by the driver alone.

Run by `make bench`, or alone: `python -m tests.bench.bench_orders`. There are two identical databases. In the
first, the shop places orders while their statements are recorded; in the second, the driver replays the statements in
the same order without the shop. The two alternate. The payment provider answers at once and writes nothing; the demo
provider with its ledger is a separate row. Carts are in memory. All servers run on this machine and share its cores
with the calling process.
"""

from __future__ import annotations

import asyncio
import itertools
import random
import statistics
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from contextvars import ContextVar
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import aiosqlite
import asyncpg  # type: ignore[import-untyped]
import msgspec
import uvloop
from rich.console import Console
from rich.table import Table
from sqlalchemy import Connection, event
from sqlalchemy.ext.asyncio import AsyncEngine

from shop.cart.memory import MemoryCartService
from shop.cart.model import UseCoupon, new_change_id
from shop.catalog.exchange_rates import read_rates
from shop.catalog.reading.cache import CachedCatalog
from shop.catalog.reading.repository import CatalogRepository
from shop.catalog.stock import stock
from shop.checkout.model import Order, Quote
from shop.checkout.payments.demo import DemoPayments
from shop.checkout.payments.provider import Payment, PaymentEvent, PaymentProvider, PaymentRequest
from shop.checkout.placing.place_order import OrderRequest
from shop.checkout.pricing.coupons import Coupon, Coupons
from shop.checkout.pricing.quotes import Quotes
from shop.checkout.pricing.terms import read_terms
from shop.checkout.pricing.totals import CouponTerms
from shop.database import create_engine, migrate, writing
from shop.demo.postgres import Postgres
from shop.errors import NotFound
from shop.money import Money
from tests.bench.pace import usually
from tests.fixtures.catalog import a_product, fill, variant
from tests.fixtures.order_scene import ADA, Process, a_card
from tests.fixtures.shop_app import Clock

PRODUCTS = 300
PLENTY = 10_000_000
CODE = "TENTH"
PRICE = Money(1000, "EUR")
ROUNDS, ORDERS = usually(10, short=1), usually(48, short=16)
"""The number of rounds, and of orders in each."""
RAW_CONNECTIONS = 16

Said = list[tuple[str, Any]]
"""Recorded statements with their values, including BEGIN and COMMIT of each transaction."""

_said: ContextVar[Said] = ContextVar("said")
_numbers = itertools.count()


class Kind(msgspec.Struct, frozen=True):
    """A kind of order, and the payment provider to use."""

    name: str
    coupon: bool = False
    reserved: bool = False
    ledger: bool = False
    """Whether to use the demo payment provider, which writes its ledger."""


KINDS = (
    Kind("three lines"),
    Kind("three lines, set aside before", reserved=True),
    Kind("three lines, a coupon", coupon=True),
    Kind("three lines, a coupon, set aside before", coupon=True, reserved=True),
    Kind("the same, with the demonstration's ledger", coupon=True, reserved=True, ledger=True),
)


class GenerousBank:
    """A PaymentProvider that approves at once."""

    name = "generous"
    pages: tuple[str, ...] = ()
    seconds = 900

    async def authorise(self, request: PaymentRequest) -> Payment:
        return Payment(request.key, "authorised", request.amount)

    async def capture(self, key: str, amount: int | None = None) -> Payment:
        return Payment(key, "captured", PRICE)

    async def void(self, key: str) -> Payment:
        return Payment(key, "voided", PRICE)

    async def refund(self, key: str, refund: str, amount: int | None = None) -> Payment:
        return Payment(key, "refunded", PRICE)

    async def find(self, key: str) -> Payment | None:
        return None

    def event(self, headers: Mapping[str, str], body: bytes) -> PaymentEvent:
        raise NotFound

    async def close(self) -> None:
        pass


class Raw:
    """Replays statements with the driver alone, on the second database."""

    async def say(self, said: Said) -> None:
        """Execute all statements in order."""
        raise NotImplementedError


class RawSqlite(Raw):
    """One connection: SQLite has one writer at a time."""

    def __init__(self, connection: aiosqlite.Connection) -> None:
        self._connection = connection
        self._alone = asyncio.Lock()

    async def say(self, said: Said) -> None:
        for transaction in transactions(said):
            async with self._alone:
                await self._connection.execute("BEGIN IMMEDIATE")
                for statement, values in transaction:
                    await self._connection.execute_fetchall(statement, values)
                await self._connection.commit()


class RawPostgres(Raw):
    """One connection per concurrent caller."""

    def __init__(self, pool: Any) -> None:
        self._pool = pool

    async def say(self, said: Said) -> None:
        for transaction in transactions(said):
            async with self._pool.acquire() as connection, connection.transaction():
                for statement, values in transaction:
                    await connection.fetch(statement, *values)


def transactions(said: Said) -> list[Said]:
    """The statements of each transaction."""
    found: list[Said] = []
    for words, values in said:
        if words == "BEGIN":
            found.append([])
        elif words != "COMMIT":
            found[-1].append((words, values))
    return found


class Shop:
    """A database with the services that place orders, and its twin for the driver."""

    def __init__(self, engine: AsyncEngine, raw: Raw, kind: Kind) -> None:
        self.engine = engine
        self.raw = raw
        self.kind = kind
        self.carts = MemoryCartService(max_carts=1_000_000)
        payments: PaymentProvider = DemoPayments(engine) if kind.ledger else GenerousBank()
        clock = Clock()
        clock.now = time.time()
        self.place_order = Process(engine, clock, self.carts, payments, 30.0).place
        coupons = Coupons(engine, read_rates())
        catalog = CachedCatalog(CatalogRepository(engine, "EUR"))
        self.quotes = Quotes(catalog, coupons, read_terms(), read_rates())

    async def submission(self) -> OrderRequest:
        """A shopper with two of each of three products, at the checkout."""
        cart_id = f"cart-{next(_numbers)}"
        for at in random.sample(range(PRODUCTS), 3):
            cart = await self.carts.add(cart_id, f"SKU-{at}", 2, PRICE)
        if self.kind.coupon:
            cart = await self.carts.apply(cart_id, UseCoupon(new_change_id(), int(time.time()), CODE))
        quote = await self.quotes.quote(cart, "EUR", "DE", now=int(time.time()))
        return OrderRequest(
            quote=quote,
            changes=cart.changes,
            buyer=msgspec.structs.replace(ADA, email=f"{cart_id}@shop.example"),
            token=a_card().token,
        )

    async def set_aside(self, quote: Quote) -> None:
        """What a declined payment leaves for the next try."""
        async with writing(self.engine) as connection:
            await stock.reserve(connection, quote.cart_id, quote.wanted, until=int(time.time()) + 600)

    async def prepared(self, submission: OrderRequest) -> Said:
        """Reserve the cart's items, if this kind of order has a reservation."""
        said: Said = []
        _said.set(said)
        if self.kind.reserved:
            await self.set_aside(submission.quote)
        return said

    async def place(self, submission: OrderRequest) -> Said:
        """Place the order. Returns the recorded statements."""
        said: Said = []
        _said.set(said)
        order: Order = await self.place_order(submission)
        assert order.state == "paid"
        return said


def listen(engine: AsyncEngine) -> None:
    """Record the statements of an engine."""

    def begins(_: Connection) -> None:
        _said.get([]).append(("BEGIN", ()))

    def executes(_: Connection, __: object, statement: str, values: Any, ___: object, many: bool) -> None:
        if not statement.startswith("BEGIN"):
            _said.get([]).extend((statement, each) for each in (values if many else [values]))

    def commits(_: Connection) -> None:
        _said.get([]).append(("COMMIT", ()))

    event.listen(engine.sync_engine, "begin", begins)
    event.listen(engine.sync_engine, "before_cursor_execute", executes)
    event.listen(engine.sync_engine, "commit", commits)


class Sample:
    """Seconds of each order, and of each whole round."""

    def __init__(self) -> None:
        self.each: list[float] = []
        self.rates: list[float] = []

    async def take(self, calls: Sequence[Callable[[], Awaitable[Any]]], at_once: int) -> list[Any]:
        """Make all calls, `at_once` at a time. Returns their results."""
        left, given = iter(enumerate(calls)), [None] * len(calls)

        async def caller() -> None:
            for at, call in left:
                started = time.perf_counter()
                given[at] = await call()
                self.each.append(time.perf_counter() - started)

        started = time.perf_counter()
        await asyncio.gather(*(caller() for _ in range(at_once)))
        self.rates.append(len(calls) / (time.perf_counter() - started))
        return given

    @property
    def rate(self) -> float:
        return statistics.median(self.rates)

    def quantile(self, percent: int) -> float:
        """Milliseconds."""
        return statistics.quantiles(self.each, n=100)[percent - 1] * 1000


async def measure(shop: Shop, at_once: int) -> tuple[Sample, Sample, Said]:
    """Place orders and replay them, alternately. Returns the statements of the last order."""
    placed, raw = Sample(), Sample()
    for _ in range(ROUNDS):
        submissions = [await shop.submission() for _ in range(ORDERS)]
        before = [await shop.prepared(each) for each in submissions]
        said = await placed.take([lambda each=each: shop.place(each) for each in submissions], at_once)  # type: ignore[misc]
        for each in before:
            await shop.raw.say(each)
        await raw.take([lambda each=each: shop.raw.say(each) for each in said], at_once)  # type: ignore[misc]
    return placed, raw, said[-1]


async def prepare(url: str) -> AsyncEngine:
    """A database with products and a coupon."""
    await migrate(url)
    engine = create_engine(url)
    await fill(engine, *(a_product(f"p-{at}", variant(f"SKU-{at}", stock=PLENTY)) for at in range(PRODUCTS)))
    await Coupons(engine, read_rates()).add([Coupon(CODE, CouponTerms(percent=1000, per_shopper=1), max_uses=PLENTY)])
    return engine


@asynccontextmanager
async def sqlite() -> AsyncIterator[tuple[AsyncEngine, Raw]]:
    with TemporaryDirectory() as folder:
        files = [Path(folder) / name for name in ("one.db", "twin.db")]
        engine, twin = [await prepare(f"sqlite+aiosqlite:///{file}") for file in files]
        await twin.dispose()
        async with aiosqlite.connect(files[1], isolation_level=None) as connection:
            for pragma in ("journal_mode = WAL", "synchronous = FULL", "foreign_keys = ON", "cache_size = -16000"):
                await connection.execute(f"PRAGMA {pragma}")
            yield engine, RawSqlite(connection)
        await engine.dispose()


@asynccontextmanager
async def postgres() -> AsyncIterator[tuple[AsyncEngine, Raw]]:
    """Both database servers, with durable commits."""
    async with AsyncExitStack() as ending:
        urls = []
        for _ in range(2):
            server = Postgres(fsync="on", shared_buffers="128MB")
            server.start()
            ending.callback(server.stop)
            urls.append(server.url)
        engine, twin = [await prepare(url) for url in urls]
        await twin.dispose()
        plain = urls[1].replace("+asyncpg", "")
        async with asyncpg.create_pool(plain, min_size=RAW_CONNECTIONS, max_size=RAW_CONNECTIONS) as pool:
            yield engine, RawPostgres(pool)
        await engine.dispose()


async def run(console: Console) -> None:
    table = Table("database", "order", "statements", "transactions", "at once", "orders/s", "p50 ms", "p99 ms")
    table.title = "Placing an order, and its statements by the driver alone"
    for heading in ("driver: p50 ms", "p99 ms", "times as long: p50", "p99", "part of its orders/s"):
        table.add_column(heading)
    for name, database in {"SQLite": sqlite, "PostgreSQL": postgres}.items():
        async with database() as (engine, raw):
            listen(engine)
            for kind in KINDS:
                for at_once in (1, 16):
                    placed, again, said = await measure(Shop(engine, raw, kind), at_once)
                    table.add_row(name, kind.name, *counted(said), str(at_once), *figures(placed, again))
        table.add_section()
    console.print(table)


def counted(said: Said) -> tuple[str, str]:
    """The numbers of statements and of transactions."""
    begun = sum(words == "BEGIN" for words, _ in said)
    return str(sum(words not in ("BEGIN", "COMMIT") for words, _ in said)), str(begun)


def figures(placed: Sample, raw: Sample) -> list[str]:
    times = [each.quantile(percent) for each in (placed, raw) for percent in (50, 99)]
    rate = statistics.median(one / other for one, other in zip(placed.rates, raw.rates, strict=True))
    ratios = [times[0] / times[2], times[1] / times[3], rate]
    return [f"{placed.rate:,.0f}", *(f"{value:.2f}" for value in (*times, *ratios))]


def main() -> None:
    console = Console(width=None if Console().is_terminal else 200)
    uvloop.run(run(console))


if __name__ == "__main__":
    main()
