"""What the doctor says of servers: a database that is well, read-only, away or hung, and a store that is away."""

from __future__ import annotations

import time

import asyncpg  # type: ignore[import-untyped]
from redis.asyncio import Redis
from sqlalchemy import text
from sqlalchemy.engine import make_url

from shop.cart.connect import open_store
from shop.cart.model import Add, Cart, Limits, apply, new_change_id
from shop.database import create_engine, writing
from shop.money import Money
from shop.operations.cart_store import check_cart_store
from shop.operations.database_findings import check_database
from shop.operations.doctor import examine
from shop.operations.findings import Level
from shop.operations.startup import startup_findings
from shop.settings import Settings
from tests.fixtures.silent_server import silent_server


class TestDatabase:
    async def test_one_that_is_well(self, postgres_url: str) -> None:
        found = {finding.about: finding for finding in await check_database(postgres_url)}
        assert [finding.level for finding in found.values()] == [Level.OK, Level.OK, Level.OK, Level.NOTE]
        assert float(found["catalogue"].figures["bytes"]) > 10_000

    async def test_a_server_that_is_read_only(self, postgres_url: str) -> None:
        where = make_url(postgres_url)
        connection = await asyncpg.connect(host=where.query["host"], user="postgres", database=where.database)
        await connection.execute(f"ALTER DATABASE {where.database} SET default_transaction_read_only = on")
        await connection.close()
        found = {finding.about: finding for finding in await check_database(postgres_url)}
        assert (found["changes"].level, found["changes"].says) == (Level.PROBLEM, "It is read-only.")

    async def test_one_that_is_away(self) -> None:
        (finding,) = await check_database("postgresql://shop:hunter2@127.0.0.1:1/shop")
        assert finding.level is Level.PROBLEM
        assert finding.says.startswith("It does not answer: ")
        assert "hunter2" not in str(finding)

    async def test_one_that_hangs_is_not_waited_for(self) -> None:
        async with silent_server() as silent:
            report = await examine(Settings(database_url=f"postgresql://shop@127.0.0.1:{silent.port}/shop"), {})
        assert "No answer within 1.5 seconds: the server hangs, or the network is down." in [
            f.says for f in report.findings
        ]


class TestBeforeOpening:
    async def test_a_store_that_is_away_is_left_to_the_standby_to_say(self) -> None:
        assert await startup_findings(Settings(redis_url="redis://127.0.0.1:1")) == []


class TestCartStore:
    async def test_values_that_were_put_aside_in_redis(self, valkey_url: str) -> None:
        async with Redis.from_url(valkey_url) as redis:
            await redis.set("cart:a", "no cart")
            store = open_store(valkey_url, limits=Limits(), ttl=60, name="REDIS_URL")
            await store.get("a")
            await store.close()
        found = {finding.about: finding for finding in await check_cart_store(valkey_url, "REDIS_URL", Settings())}
        assert found["unreadable"].level is Level.WARNING
        assert "under keys that begin with cart-unreadable:" in found["unreadable"].says

    async def test_an_archive_with_rows_put_aside_and_a_clock_in_doubt(self, database_url: str) -> None:
        store = open_store(database_url, limits=Limits(), ttl=10**7, name="DATABASE_URL")
        await store.add("a", "mug", 1, Money(1900, "EUR"))
        await store.put(apply(Cart("b"), Add(new_change_id(), int(time.time()) + 3 * 86400, "mug", 1, Money(1, "EUR"))))
        engine = create_engine(database_url)
        async with writing(engine) as connection:
            await connection.execute(text("UPDATE carts SET state = :state WHERE id = 'a'"), {"state": b"no cart"})
        await engine.dispose()
        await store.get("a")
        await store.close()
        found = {finding.about: finding for finding in await check_cart_store(database_url, "archive", Settings())}
        assert found["unreadable"].says.startswith("1 stored value could not be read")
        assert "3.0 days from now" in found["clock"].says
        assert {found["clock"].level, found["unreadable"].level} == {Level.WARNING}
