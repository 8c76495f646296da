"""Redis and the database that the shops share: either is away, or both are."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from shop.demo.postgres import Postgres
from tests.chaos.rows.redis import OneRedis, hung, killed_empty
from tests.chaos.rows.shop import away, deployed_meanwhile, worker_killed_meanwhile
from tests.chaos.scene import Physics, Row, Scene
from tests.chaos.stage import ONE, SHOPS, TWO, Crew

APART = Physics("with Redis and the database away, processes have nothing through which to tell each other anything")
NOWHERE = Physics("with Redis and the database away, what a process knows ends with it", stored=True, alone=True)


class RedisAndPostgres(OneRedis):
    """Redis and PostgreSQL"""

    def __init__(self, crew: Crew = ONE) -> None:
        super().__init__(crew)
        self.postgres = Postgres()

    @property
    def database_url(self) -> str:
        return self.postgres.url

    def open_servers(self) -> None:
        super().open_servers()
        self.postgres.start()

    def close_servers(self) -> None:
        self.postgres.stop()
        super().close_servers()


class RedisAndSqlite(OneRedis):
    """Redis and SQLite"""


async def database_stopped(scene: Scene[RedisAndPostgres]) -> None:
    """Redis is well: no cart notices."""
    async with _no_database(scene):
        scene.strikes_now()
        await scene.lasts()


async def both_away(scene: Scene[RedisAndPostgres]) -> None:
    """First Redis, then the database too; the database is back first."""
    async with away(scene):
        await scene.lasts()
        scene.crowd.makes_every_pair()
        async with _no_database(scene):
            await scene.lasts()
        await scene.lasts()


async def redis_back_first(scene: Scene[RedisAndPostgres]) -> None:
    """Redis goes and comes while there is no database."""
    async with _no_database(scene):
        await hung(scene)
        await scene.lasts()


async def both_away_and_closed(scene: Scene[RedisAndPostgres]) -> None:
    """Nothing is left to write to when the shop is closed."""
    async with away(scene):
        async with _no_database(scene):
            await scene.lasts()
            scene.crowd.shop_is_open = False
            for shop in scene.stage.shops:
                await asyncio.to_thread(shop.stop)
        for shop in scene.stage.shops:
            await asyncio.to_thread(shop.start)
        scene.crowd.shop_is_open = True
        await scene.lasts()


async def locked_meanwhile(scene: Scene[RedisAndSqlite]) -> None:
    """Redis hangs, and somebody holds the SQLite file, so that nothing can be written to it for a while."""
    connection = sqlite3.connect(Path(scene.stage.database_url.partition(":///")[2]), isolation_level=None)
    try:
        async with away(scene):
            await scene.lasts()
            async with scene.without_orders():
                connection.execute("PRAGMA busy_timeout = 5000")
                connection.execute("BEGIN EXCLUSIVE")
                scene.crowd.makes_every_pair()
                await scene.lasts()
                connection.execute("ROLLBACK")
            await scene.lasts()
    finally:
        connection.close()


@asynccontextmanager
async def _no_database(scene: Scene[RedisAndPostgres]) -> AsyncIterator[None]:
    """The database is stopped in this block."""
    postgres = scene.stage.postgres
    async with scene.without_orders():
        await asyncio.to_thread(postgres.terminate)
        assert not postgres.runs, "the database really was gone"
        try:
            yield
        finally:
            await asyncio.to_thread(postgres.start)


ROWS: tuple[Row[Any], ...] = (
    Row("pg-redis-hung", "Redis: SIGSTOP", RedisAndPostgres, hung, tested=()),
    Row("pg-redis-kill", "Redis: kill -9, then started empty", RedisAndPostgres, killed_empty, tested=(SHOPS,)),
    Row("pg-deploy", "SIGTERM and opened while Redis hangs", RedisAndPostgres, deployed_meanwhile, 2, tested=(SHOPS,)),
    Row("pg-worker-kill", "SIGKILL of a process meanwhile", RedisAndPostgres, worker_killed_meanwhile, 2, tested=()),
    Row("db-stop", "the database stopped", RedisAndPostgres, database_stopped, tested=()),
    Row("db-too", "Redis away, then the database too", RedisAndPostgres, both_away, 3, tested=(ONE,), physics=APART),
    Row("db-last", "both away, Redis back first", RedisAndPostgres, redis_back_first, 3, tested=(), physics=APART),
    Row("db-kill", "both away, the shop closed", RedisAndPostgres, both_away_and_closed, 3, tested=(), physics=NOWHERE),
    Row("db-locked", "Redis hangs, SQLite locked", RedisAndSqlite, locked_meanwhile, 3, tested=(TWO,), physics=APART),
)
