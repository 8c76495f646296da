"""A real PostgreSQL is killed, hung, locked and made read-only under a cart service, and a SQLite file is locked and
cannot grow. No change is lost, doubled or refused."""

import asyncio
import resource
import sqlite3
import sys
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, closing, contextmanager
from typing import Any

import asyncpg  # type: ignore[import-untyped]
import pytest

from shop.cart.around.failover import FailoverCartService
from shop.cart.connect import with_standby
from shop.cart.model import Cart, Limits
from shop.cart.sql import postgres_connections
from shop.cart.sql.service import TIMEOUT_SECONDS, SqlCartService
from shop.database import migrate
from shop.demo.postgres import Postgres
from tests.chaos.clicks import EUR, Clicks, recovered, until
from tests.fixtures.cart_services import LONG_TIMEOUTS, past_the_shop

LIMITS = Limits(quantity=10_000)
MUCH_TOO_LONG = 10.0
"""Seconds. Nothing is measured here; this only tells a wait for time-outs from a slow machine."""


@pytest.fixture(scope="module")
def server() -> Iterator[Postgres]:
    """A server to be harmed, well again at the end of each test."""
    server = Postgres()
    try:
        server.start()
        asyncio.run(migrate(server.url))
        yield server
    finally:
        server.stop()


@pytest.fixture
async def postgres(server: Postgres) -> Postgres:
    """The server with no cart in it."""
    async with somebody_else(server) as connection:
        await connection.execute("TRUNCATE carts")
    return server


@asynccontextmanager
async def opened(url: str, patience: float = TIMEOUT_SECONDS) -> AsyncIterator[FailoverCartService]:
    service = with_standby(SqlCartService.connect(url, limits=LIMITS, timeout=patience), max_carts=1000)
    await service.start()
    yield service
    await service.close()


@pytest.fixture
async def carts(postgres: Postgres) -> AsyncIterator[FailoverCartService]:
    async with opened(postgres.url) as service:
        await recovered(service)
        yield service


@pytest.fixture
async def patient_carts(postgres: Postgres, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[FailoverCartService]:
    """Falls back only from a server that is away or refuses, never from a slow one."""
    monkeypatch.setattr(postgres_connections, "CONNECT_SECONDS", LONG_TIMEOUTS.connect)
    async with opened(postgres.url, LONG_TIMEOUTS.reply) as service:
        yield service


@asynccontextmanager
async def somebody_else(postgres: Postgres) -> AsyncIterator[Any]:
    """A connection that is not the shop's."""
    connection = await asyncpg.connect(postgres.url.replace("+asyncpg", ""), timeout=30)
    try:
        yield connection
    finally:
        await connection.close(timeout=30)


async def stored(url: str, cart_id: str) -> Cart:
    """What the database itself holds, read past the failover."""
    async with past_the_shop(url) as plain:
        return await plain.get(cart_id)


@pytest.mark.parametrize("end", ["kill", "terminate"])
async def test_ended_and_started_again_under_clicks(postgres: Postgres, carts: FailoverCartService, end: str) -> None:
    async with Clicks(carts) as clicks:
        await clicks.more(200)
        for _ in range(2):
            await asyncio.to_thread(getattr(postgres, end))
            assert not postgres.runs, "the server really was gone"
            await clicks.more(200)
            assert carts.standby_active
            await asyncio.to_thread(postgres.start)
            await until(lambda: not carts.standby_active)
            await clicks.more(200)
    assert carts.failovers >= 2
    assert carts.primary.epoch >= 2, "it was noticed to be another process"
    await clicks.are_stored_once(postgres.url)
    assert carts.replayed > 0


async def test_hung_under_clicks(postgres: Postgres, carts: FailoverCartService) -> None:
    async with Clicks(carts) as clicks:
        await clicks.more(200)
        postgres.hang()
        await until(lambda: carts.standby_active)
        await clicks.more(500)
        postgres.resume()
        await until(lambda: not carts.standby_active)
        await clicks.more(200)
    assert TIMEOUT_SECONDS * 0.9 <= clicks.slowest < MUCH_TOO_LONG, "somebody waited for the answer that never came"
    await clicks.are_stored_once(postgres.url)


async def test_later_requests_do_not_wait_for_a_server_that_hangs(
    postgres: Postgres, carts: FailoverCartService
) -> None:
    before = await carts.add("a", "mug", 2, EUR)
    postgres.hang()
    started = time.monotonic()
    assert await carts.get("a") == before
    assert time.monotonic() - started >= TIMEOUT_SECONDS * 0.9, "the first one waited for the answer that never came"
    started = time.monotonic()
    for _ in range(50):
        await carts.add("a", "mug", 1, EUR)
    assert time.monotonic() - started < MUCH_TOO_LONG, "one time-out each would have been 100 seconds"
    postgres.resume()
    await recovered(carts)
    assert (await stored(postgres.url, "a")).quantity == 52


async def test_every_connection_ended_under_clicks(postgres: Postgres, patient_carts: FailoverCartService) -> None:
    async with Clicks(patient_carts) as clicks, somebody_else(postgres) as server:
        for _ in range(5):
            await clicks.more(100)
            ended = await server.fetch(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'shop carts'"
            )
            assert len(ended) >= 1
    assert patient_carts.failovers == 0, "each call was made again on a new connection"
    await clicks.are_stored_once(postgres.url)


async def test_a_cart_that_somebody_holds_delays_no_other(
    postgres: Postgres, patient_carts: FailoverCartService
) -> None:
    async with Clicks(patient_carts) as clicks, somebody_else(postgres) as other:
        await clicks.more(200)
        holding = other.transaction()
        await holding.start()
        await other.execute("SELECT FROM carts WHERE id = 'shopper-3' FOR UPDATE")
        others = clicks.acknowledged["shopper-4", "sku-0"]
        await until(lambda: patient_carts.backlog > 0 and clicks.acknowledged["shopper-4", "sku-0"] > others + 10)
        await other.execute("SELECT FROM carts WHERE id = 'shopper-4' FOR UPDATE")
        await clicks.more(200)
        await holding.commit()
    assert patient_carts.failovers == 0, "the store itself was well, and nobody waited for anybody in a circle"
    await clicks.are_stored_once(postgres.url)


async def test_a_table_that_somebody_holds_is_an_outage(postgres: Postgres, carts: FailoverCartService) -> None:
    async with Clicks(carts) as clicks, somebody_else(postgres) as other:
        await clicks.more(100)
        holding = other.transaction()
        await holding.start()
        await other.execute("LOCK TABLE carts IN ACCESS EXCLUSIVE MODE")
        await until(lambda: carts.standby_active)
        await clicks.more(200)
        await holding.commit()
        await until(lambda: not carts.standby_active)
    await clicks.are_stored_once(postgres.url)


async def test_read_only_is_an_outage(postgres: Postgres, carts: FailoverCartService) -> None:
    async with Clicks(carts) as clicks, somebody_else(postgres) as server:
        await clicks.more(100)
        await server.execute("ALTER SYSTEM SET default_transaction_read_only = on")
        try:
            await server.execute("SELECT pg_reload_conf()")
            await until(lambda: carts.standby_active)
            assert await server.fetchval("SHOW transaction_read_only") == "on"
            await clicks.more(200)
        finally:
            await server.execute("ALTER SYSTEM RESET default_transaction_read_only")
            await server.execute("SELECT pg_reload_conf()")
        await until(lambda: not carts.standby_active)
    await clicks.are_stored_once(postgres.url)
    assert carts.replayed > 0


async def test_down_at_boot(postgres: Postgres, caplog: pytest.LogCaptureFixture) -> None:
    await asyncio.to_thread(postgres.terminate)
    async with opened(postgres.url) as carts:
        assert carts.standby_active
        assert "PostgreSQL cannot be reached" in caplog.text
        assert (await carts.add("a", "mug", 1, EUR)).quantity == 1
        await asyncio.to_thread(postgres.start)
        await recovered(carts)
    assert (await stored(postgres.url, "a")).quantity == 1


async def test_a_sqlite_file_locked_for_longer_than_patience(sqlite_url: str) -> None:
    async with opened(sqlite_url) as carts, Clicks(carts) as clicks:
        await clicks.more(200)
        with closing(sqlite3.connect(sqlite_url.partition(":///")[2], isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            await until(lambda: carts.standby_active)
            await clicks.more(200)
            other.execute("COMMIT")
        await recovered(carts)
        await clicks.more(100)
        await clicks.__aexit__()
        await clicks.are_stored_once(sqlite_url)


@contextmanager
def files_that_cannot_grow() -> Iterator[None]:
    """No file of this process may be written beyond its first page, as on a full disk."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (4096, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


async def test_a_full_disk_is_an_outage_of_writes(sqlite_url: str) -> None:
    async with opened(sqlite_url) as carts, Clicks(carts) as clicks:
        await clicks.more(200)
        with files_that_cannot_grow():
            await until(lambda: carts.standby_active)
            with closing(sqlite3.connect(sqlite_url.partition(":///")[2])) as other, pytest.raises(sqlite3.Error):
                other.executescript("CREATE TABLE more (x); INSERT INTO more VALUES (zeroblob(100000))")
            goal = clicks.acknowledged.total() + 200
            await until(lambda: clicks.acknowledged.total() >= goal)
        await recovered(carts)
        await clicks.more(100)
        await clicks.__aexit__()
        await clicks.are_stored_once(sqlite_url)


RIVAL = """
import asyncio, sys
from shop.cart.model import Limits
from shop.cart.sql import rows
from shop.cart.sql.service import SqlCartService
from shop.money import Money

rows.CONFLICT_RETRY_SECONDS = 60

async def main(url, sku):
    carts = SqlCartService.connect(url, limits=Limits(quantity=10_000), timeout=60)
    await carts.get("a")
    print("ready", flush=True)
    sys.stdin.readline()
    async def caller():
        for _ in range(8):
            await carts.add("a", sku, 1, Money(1, "EUR"))
            await carts.add("a", "both", 1, Money(1, "EUR"))
    await asyncio.gather(*(caller() for _ in range(32)))
    print(carts.conflicts, flush=True)
    await carts.close()

asyncio.run(main(*sys.argv[1:]))
"""


async def test_two_processes_write_one_cart(database_url: str) -> None:
    rivals = [
        await asyncio.create_subprocess_exec(
            sys.executable,
            "-c",
            RIVAL,
            database_url,
            sku,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
        )
        for sku in ("left", "right")
    ]
    for rival in rivals:
        assert rival.stdout is not None
        assert await rival.stdout.readline() == b"ready\n"
    said = await asyncio.gather(*(rival.communicate(b"go\n") for rival in rivals))
    assert [rival.returncode for rival in rivals] == [0, 0]
    cart = await stored(database_url, "a")
    assert {line.sku: line.quantity for line in cart.lines} == {"left": 256, "right": 256, "both": 512}
    assert cart.revision == 1024
    if database_url.startswith("postgresql"):
        assert sum(int(out) for out, _ in said) > 0, "they really came between each other's read and write"
