"""Compares all cart stores: the cost of a call with few stored carts and with a million.

Run by `make bench`, or alone: `python -m tests.bench.bench_stores [carts]`. Each store exists twice, with a
thousand carts and with a million (or the given number). The two alternate in the same run, each with calls to a
thousand carts spread over all: the last column is the effect of a thousand times as many carts. All servers run on
this machine and share its cores with the calling process.
"""

from __future__ import annotations

import asyncio
import random
import statistics
import sys
import time
import tracemalloc
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import asyncpg  # type: ignore[import-untyped]
import uvloop
from rich.console import Console
from rich.table import Table
from sqlalchemy import text

from shop.cart import codec
from shop.cart.around.tiered import TieredCartService
from shop.cart.connect import open_store
from shop.cart.memory import MemoryCartService
from shop.cart.model import Add, Cart, Limits, apply, new_change_id
from shop.cart.redis.cluster import Cluster as ClusterOfShop
from shop.cart.redis.service import RedisCartService, Timeouts
from shop.cart.service import CartService, now
from shop.database import create_engine, migrate, writing
from shop.demo.cluster import Cluster
from shop.demo.postgres import Postgres
from shop.demo.valkey import Valkey
from shop.money import Money
from tests.bench.pace import usually

EUR = Money(1900, "EUR")
LIMITS = Limits(quantity=60_000)
SKUS = ("TIDE-MUG-MOSS", "SHOAL-BOWL-S", "LINEN-TOWEL")
TTL = 30 * 24 * 3600
FEW, MANY = 1_000, usually(1_000_000, short=2_000)
LONG_TIMEOUTS = Timeouts(30, 30)
"""Long timeouts: a slow machine shows in the figures, not as an outage."""
ROUNDS = usually(15, short=1)
CALLS = usually(512, short=64)

Fill = Callable[[int], Awaitable[None]]


def a_cart(cart_id: str) -> Cart:
    """A cart of three lines, made by three adds."""
    cart = Cart(cart_id)
    for sku in SKUS:
        cart = apply(cart, Add(new_change_id(), now(), sku, 1, EUR))
    return cart


def cart_id(n: int) -> str:
    """The id of the nth cart, with the length of the shop's ids."""
    return f"bench-{n:016d}"


@asynccontextmanager
async def memory() -> AsyncIterator[tuple[CartService, Fill]]:
    carts = MemoryCartService(limits=LIMITS, ttl=TTL, max_carts=MANY + 1)

    async def fill(count: int) -> None:
        for n in range(count):
            carts.store(a_cart(cart_id(n)))

    yield carts, fill


@asynccontextmanager
async def redis() -> AsyncIterator[tuple[CartService, Fill]]:
    server = Valkey()
    server.start()
    try:
        carts = RedisCartService.connect(server.url, limits=LIMITS, ttl=TTL, timeouts=LONG_TIMEOUTS)
        yield carts, lambda count: fill_redis(carts, count)
        await carts.close()
    finally:
        server.stop()


@asynccontextmanager
async def cluster() -> AsyncIterator[tuple[CartService, Fill]]:
    servers = Cluster(3, replicas=0)
    servers.start()
    try:
        carts = RedisCartService(ClusterOfShop.connect(servers.url, timeouts=LONG_TIMEOUTS), limits=LIMITS, ttl=TTL)
        yield carts, lambda count: fill_redis(carts, count)
        await carts.close()
    finally:
        servers.stop()


async def fill_redis(carts: RedisCartService, count: int) -> None:
    """Fill by SET: a million carts by the script would take longer than the measurement."""
    state = codec.encode(a_cart(""))
    for first in range(0, count, 1000):
        keys = [f"cart:{cart_id(n)}" for n in range(first, min(first + 1000, count))]
        await asyncio.gather(*(carts.servers.call(key, "SET", key, state, "EX", TTL) for key in keys))


async def fill_sql(url: str, count: int) -> None:
    """Fill by one INSERT: the bytes of a cart do not contain its id."""
    postgres = url.startswith("postgres")
    numbers = (
        "SELECT n FROM generate_series(0, :last) AS n"
        if postgres
        else "WITH RECURSIVE number(n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM number WHERE n < :last) "
        "SELECT n FROM number"
    )
    name = "'bench-' || lpad(n::text, 16, '0')" if postgres else "printf('bench-%016d', n)"
    engine = create_engine(url, long_running=True)
    async with writing(engine) as connection:
        await connection.execute(
            text(
                "INSERT INTO carts (id, changed_at, expires_at, pieces, amount, currency, state) "
                f"SELECT {name}, :now, :ends, 3, 5700, 'EUR', :state FROM ({numbers}) AS numbers"
            ),
            {"last": count - 1, "now": now(), "ends": now() + TTL, "state": codec.encode(a_cart(""))},
        )
    if postgres:
        async with engine.execution_options(isolation_level="AUTOCOMMIT").connect() as connection:
            await connection.execute(text("VACUUM ANALYZE carts"))
    await engine.dispose()


@asynccontextmanager
async def sqlite() -> AsyncIterator[tuple[CartService, Fill]]:
    with TemporaryDirectory() as folder:
        url = f"sqlite+aiosqlite:///{Path(folder) / 'carts.db'}"
        await migrate(url)
        carts = open_store(url, limits=LIMITS, ttl=TTL, name="the database")
        yield carts, lambda count: fill_sql(url, count)
        await carts.close()


@asynccontextmanager
async def postgres_server() -> AsyncIterator[str]:
    """The URL of a migrated database."""
    server = Postgres(shared_buffers="256MB", max_wal_size="4GB")
    server.start()
    try:
        await migrate(server.url)
        yield server.url
    finally:
        server.stop()


@asynccontextmanager
async def postgres() -> AsyncIterator[tuple[CartService, Fill]]:
    async with postgres_server() as url:
        carts = open_store(url, limits=LIMITS, ttl=TTL, name="the database")
        yield carts, lambda count: fill_sql(url, count)
        await carts.close()


@asynccontextmanager
async def hybrid() -> AsyncIterator[tuple[CartService, Fill]]:
    async with redis() as (hot, fill_hot), postgres() as (cold, fill_cold):
        carts = TieredCartService(hot, cold)

        async def fill(count: int) -> None:
            await fill_hot(count)
            await fill_cold(count)

        await carts.start()
        yield carts, fill
        await carts.write_behind.close()


STORES = {
    "memory": memory,
    "Redis": redis,
    "Cluster": cluster,
    "SQLite": sqlite,
    "PostgreSQL": postgres,
    "hybrid": hybrid,
}


async def get(carts: CartService, cart_id: str) -> object:
    return await carts.get(cart_id)


async def add(carts: CartService, cart_id: str) -> object:
    return await carts.add(cart_id, SKUS[0], 1, EUR)


async def clear(carts: CartService, cart_id: str) -> object:
    """The change that a checkout makes to a cart."""
    return await carts.clear(cart_id)


OPERATIONS = {"get": get, "add": add, "clear": clear}
Operation = Callable[[CartService, str], Awaitable[object]]


class Sample:
    """Calls of one kind: seconds of each call, and of each whole round."""

    def __init__(self) -> None:
        self.each: list[float] = []
        self.rates: list[float] = []

    async def take(self, operation: Operation, carts: CartService, ids: Sequence[str], concurrency: int) -> None:
        """Make one call for each id, `at_once` at a time."""
        left = iter(ids)

        async def caller() -> None:
            for cart_id in left:
                started = time.perf_counter()
                await operation(carts, cart_id)
                self.each.append(time.perf_counter() - started)

        started = time.perf_counter()
        await asyncio.gather(*(caller() for _ in range(concurrency)))
        self.rates.append(len(ids) / (time.perf_counter() - started))

    @property
    def rate(self) -> float:
        """Calls per second, the median of the rounds."""
        return statistics.median(self.rates)

    def quantile(self, percent: int) -> float:
        """A percentile of the latencies in milliseconds."""
        return statistics.quantiles(self.each, n=100)[percent - 1] * 1000


async def measure(
    few: CartService, many: CartService, count: int, operation: Operation, concurrency: int
) -> tuple[Sample, Sample]:
    """The same calls to a small and a large store, alternately: each to a thousand carts, spread over all."""
    samples = (Sample(), Sample())
    for _ in range(ROUNDS):
        picked = random.sample(range(FEW), CALLS)
        for sample, carts, apart in ((samples[0], few, 1), (samples[1], many, count // FEW)):
            ids = [cart_id(n * apart) for n in picked]
            if operation is clear:
                await asyncio.gather(*(carts.add(each, sku, 1, EUR) for each in ids for sku in SKUS))
            await sample.take(operation, carts, ids, concurrency)
    return samples


def ratio(samples: tuple[Sample, Sample]) -> float:
    """The ratio of the second's calls per second to the first's: the median of the rounds."""
    return statistics.median(many / few for few, many in zip(samples[0].rates, samples[1].rates, strict=True))


async def compare(count: int, console: Console) -> None:
    table = Table("store", "call", "at once", "calls/s", "p50 ms", "p99 ms", f"calls/s with {count:,}", "of few")
    table.title = f"Stores of three-line carts, {FEW:,} and {count:,} of them"
    for name, store in STORES.items():
        async with AsyncExitStack() as opened:
            (few, fill_few), (many, fill_many) = [await opened.enter_async_context(store()) for _ in range(2)]
            await fill_few(FEW)
            await fill_many(count)
            for operation_name, operation in OPERATIONS.items():
                for concurrency in (1, 16, 64):
                    small, large = await measure(few, many, count, operation, concurrency)
                    numbers = (f"{small.rate:,.0f}", f"{small.quantile(50):.3f}", f"{small.quantile(99):.3f}")
                    of_few = f"{ratio((small, large)):.2f}"
                    table.add_row(name, operation_name, str(concurrency), *numbers, f"{large.rate:,.0f}", of_few)
            table.add_section()
    console.print(table)


async def against_raw_select(console: Console) -> None:
    """PostgreSQL by the cart service, and by a raw asyncpg call with the same key."""
    async with postgres_server() as url:
        await fill_sql(url, FEW)
        carts = open_store(url, limits=LIMITS, ttl=TTL, name="the database")
        ids = [cart_id(n % FEW) for n in range(CALLS)]
        one = await carts.get(ids[0])
        assert len(one.lines) == len(SKUS)
        raw = await asyncpg.connect(url.replace("+asyncpg", ""))
        select = await raw.prepare("SELECT state FROM carts WHERE id = $1")

        async def raw_select(_: CartService, cart_id: str) -> object:
            return await select.fetchval(cart_id)

        ours, theirs = Sample(), Sample()
        for _ in range(ROUNDS * 3):
            await ours.take(get, carts, ids, 1)
            await theirs.take(raw_select, carts, ids, 1)
        await raw.close()
        await carts.close()
    table = Table("get", "raw SELECT", "SELECT / get", title="PostgreSQL, one call at a time, calls/s")
    table.add_row(f"{ours.rate:,.0f}", f"{theirs.rate:,.0f}", f"{theirs.rate / ours.rate:.2f}")
    console.print(table)


def memory_of_carts(console: Console, count: int = 20_000) -> None:
    """The memory that Python allocates for carts of one, three, ten and fifty lines in the memory service."""
    table = Table("lines", "bytes per cart", title="The memory service")
    for lines in (1, 3, 10, 50):
        carts = MemoryCartService()
        tracemalloc.start()
        before, _ = tracemalloc.get_traced_memory()
        for n in range(count // lines):
            cart = Cart(cart_id(n))
            for line in range(lines):
                cart = apply(cart, Add(new_change_id(), now(), f"TIDE-MUG-{line:03}", 2, EUR))
            carts.store(cart)
        after, _ = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        table.add_row(str(lines), f"{(after - before) / (count // lines):,.0f}")
    console.print(table)


async def run(count: int, console: Console) -> None:
    memory_of_carts(console)
    await against_raw_select(console)
    await compare(count, console)


def main() -> None:
    """Print the tables."""
    uvloop.run(run(int(sys.argv[1]) if len(sys.argv) > 1 else MANY, Console(file=sys.stdout, width=130)))


if __name__ == "__main__":
    main()
