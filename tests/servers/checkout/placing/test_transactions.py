"""Transactions of orders stand in line, and are tried again where two were in each other's way."""

from __future__ import annotations

import asyncio
import sqlite3

import pytest
from sqlalchemy import event, insert, select, text, update
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from shop.checkout.placing.transactions import OrderTransactions
from shop.checkout.schema import coupons
from shop.database import create_engine, fetch, writing
from shop.errors import StoreBusy, StoreUnavailable

ROW = {"code": "A", "terms": "{}", "uses": 0}


async def use(connection: AsyncConnection) -> None:
    await connection.execute(update(coupons).values(uses=coupons.c.uses + 1))


async def uses(engine: AsyncEngine) -> int:
    return int((await fetch(engine, select(coupons.c.uses)))[0].uses)


class TestTheLine:
    async def test_says_when_it_is_too_long_but_not_to_those_who_go_on(self, sqlite_url: str) -> None:
        engine = create_engine(sqlite_url)
        till, begun, end = OrderTransactions(engine, at_once=1, queue_seconds=0.05), asyncio.Event(), asyncio.Event()

        async def slow(connection: AsyncConnection) -> str:
            begun.set()
            await end.wait()
            return "slow"

        async def quick(connection: AsyncConnection) -> str:
            return "quick"

        first = asyncio.create_task(till.run_first(slow))
        await begun.wait()
        follows = asyncio.create_task(till.run(quick))
        with pytest.raises(StoreBusy):
            await till.run_first(quick)
        assert not follows.done()
        end.set()
        assert (await first, await follows, await till.run_first(quick)) == ("slow", "quick", "quick")
        await engine.dispose()

    async def test_lets_an_order_that_has_begun_go_before_those_that_have_not(self, sqlite_url: str) -> None:
        engine = create_engine(sqlite_url)
        till, ended = OrderTransactions(engine, at_once=1), list[str]()

        async def order(number: int) -> None:
            async def work(connection: AsyncConnection) -> None:
                ended.append(f"{number}")

            await till.run_first(work)
            await till.run(work)

        await asyncio.gather(*map(order, range(9)))
        firsts = [ended.index(str(number)) for number in range(9)]
        lasts = [len(ended) - 1 - ended[::-1].index(str(number)) for number in range(9)]
        assert all(last - first <= 3 for first, last in zip(firsts, lasts, strict=True))
        await engine.dispose()

    async def test_is_never_longer_than_the_pool(self, engine: AsyncEngine) -> None:
        till, at_once, most = OrderTransactions(engine), 0, 0
        limit = 1 if engine.dialect.name == "sqlite" else 4
        all_there = asyncio.Event()

        async def work(connection: AsyncConnection) -> None:
            nonlocal at_once, most
            at_once += 1
            most = max(most, at_once)
            if at_once == limit:
                all_there.set()
            await all_there.wait()
            await connection.execute(text("SELECT 1"))
            at_once -= 1

        async with asyncio.timeout(30):
            await asyncio.gather(*(till.run_first(work) for _ in range(50)))
        assert most == limit


class TestConflicts:
    async def test_postgresql_asks_for_another_try_and_gets_it(self, postgres_url: str) -> None:
        engine, tries = create_engine(postgres_url), 0
        async with writing(engine) as connection:
            await connection.execute(insert(coupons), ROW)

        async def work(connection: AsyncConnection) -> None:
            nonlocal tries
            tries += 1
            await connection.execute(text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ"))
            await connection.execute(select(coupons))
            if tries == 1:
                async with writing(engine) as other:
                    await use(other)
            await use(connection)

        await OrderTransactions(engine).run_first(work)
        assert (tries, await uses(engine)) == (2, 2)
        await engine.dispose()

    async def test_sqlite_is_busy_and_then_is_not(self, sqlite_url: str) -> None:
        engine, file = create_engine(sqlite_url), sqlite3.connect(sqlite_url.partition("///")[2])
        file.isolation_level = None
        refused = 0

        @event.listens_for(engine.sync_engine, "connect")
        def impatient(connection: sqlite3.Connection, record: object) -> None:
            connection.execute("PRAGMA busy_timeout = 1")

        @event.listens_for(engine.sync_engine, "handle_error")
        def until_the_second_refusal(context: object) -> None:
            nonlocal refused
            refused += 1
            if refused == 2:
                file.execute("ROLLBACK")

        async with writing(engine) as connection:
            await connection.execute(insert(coupons), ROW)
        file.execute("BEGIN IMMEDIATE")
        await OrderTransactions(engine).run_first(use)
        assert (refused, await uses(engine)) == (2, 1)
        file.close()
        await engine.dispose()

    async def test_a_database_that_is_away_is_not_asked_again(self, postgres_url: str) -> None:
        engine, tries = create_engine(postgres_url.replace("host=", "host=/nowhere")), 0

        @event.listens_for(engine.sync_engine, "do_connect")
        def connecting(*_: object) -> None:
            nonlocal tries
            tries += 1

        with pytest.raises(StoreUnavailable):
            await OrderTransactions(engine).run_first(use)
        assert tries == 1
        await engine.dispose()
