"""What the doctor says of servers: a database that is well, read-only, away or hung, and a store that is away."""

from __future__ import annotations

import asyncpg  # type: ignore[import-untyped]
from sqlalchemy.engine import make_url

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
