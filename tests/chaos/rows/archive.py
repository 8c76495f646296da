"""Redis for live carts, with an archive behind it that is stopped, hung, locked or full; then both must have all."""

from __future__ import annotations

import asyncio
import resource
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, ClassVar

import asyncpg  # type: ignore[import-untyped]

from shop.web.http.session import cart_id
from tests.chaos.rows.database import RedisAndPostgres
from tests.chaos.rows.redis import OneRedis, killed_empty
from tests.chaos.scene import Row, Scene
from tests.chaos.stage import ONE
from tests.chaos.verdict import SETTLING_SECONDS
from tests.fixtures.shop_process import workers_of

ARCHIVE = {"CART_ARCHIVE": "on"}
FILE_BYTES = 256 * 1024
PADDING_BYTES = 2 * FILE_BYTES


class OnPostgres(RedisAndPostgres):
    """Hybrid, PostgreSQL"""

    settings: ClassVar[dict[str, str]] = ARCHIVE

    @property
    def store_urls(self) -> tuple[str, ...]:
        return (self.valkey.url, self.database_url)


class OnSqlite(OneRedis):
    """Hybrid, SQLite"""

    settings: ClassVar[dict[str, str]] = ARCHIVE

    @property
    def store_urls(self) -> tuple[str, ...]:
        return (self.valkey.url, self.database_url)


async def stopped(scene: Scene[OnPostgres]) -> None:
    postgres = scene.stage.postgres
    async with scene.without_orders():
        await scene.strikes(postgres.terminate)
        assert not postgres.runs, "the server really was gone"
        await scene.lasts()
        await asyncio.to_thread(postgres.start)


async def hung(scene: Scene[OnPostgres]) -> None:
    postgres = scene.stage.postgres
    async with scene.without_orders():
        await scene.strikes(postgres.hang)
        try:
            await scene.until_said("Carts could not be written to the archive")
            await scene.lasts()
        finally:
            await asyncio.to_thread(postgres.resume)


async def locked(scene: Scene[OnPostgres]) -> None:
    """Somebody holds the whole table, as a migration or VACUUM FULL does."""
    connection = await _connected(scene)
    try:
        async with connection.transaction():
            scene.strikes_now()
            await connection.execute("LOCK TABLE carts IN ACCESS EXCLUSIVE MODE")
            async with asyncio.timeout(SETTLING_SECONDS):
                while not await _waits(scene):  # it gives up after a while, and tries again
                    await asyncio.sleep(0.01)
            await scene.lasts()
    finally:
        await connection.close()


async def rows_locked(scene: Scene[OnPostgres]) -> None:
    """Somebody holds the row of every cart.

    Whoever writes carts takes rows that are free and waits for none, so there is no order of locks in which it could
    be the half of a deadlock; what must be shown is that what it could not take is written later.
    """
    ids = [cart_id(session) for session in scene.crowd.sessions]
    connection = await _connected(scene)
    try:
        async with connection.transaction():
            async with asyncio.timeout(SETTLING_SECONDS):
                while not await connection.fetch("SELECT id FROM carts WHERE id = ANY($1) FOR UPDATE", ids):
                    await asyncio.sleep(0.01)
            scene.strikes_now()
            await scene.lasts()
            revisions = [[cart.revision for cart in await scene.stage.read(url, ids)] for url in scene.stage.store_urls]
            assert sum(revisions[0]) > sum(revisions[1]), "the archive really was held back"
    finally:
        await connection.close()


async def full(scene: Scene[OnSqlite]) -> None:
    """The disk takes nothing more of the database: simulated by a limit on the size of the shop's files.

    The write-ahead log is made longer than the limit, and kept from being cut back by somebody who reads.
    """
    pids = [worker.pid for shop in scene.stage.shops for worker in workers_of(shop)]
    unlimited = resource.prlimit(pids[0], resource.RLIMIT_FSIZE)

    def limit(limits: tuple[int, int]) -> None:
        for pid in pids:
            resource.prlimit(pid, resource.RLIMIT_FSIZE, limits)

    with _long_log(Path(scene.stage.database_url.partition(":///")[2])):
        async with scene.without_orders():
            try:
                await scene.strikes(lambda: limit((FILE_BYTES, unlimited[1])))
                await scene.until_said("SQLite is unavailable")
                await scene.lasts()
            finally:
                limit(unlimited)


async def closed_and_emptied(scene: Scene[OnPostgres]) -> None:
    """The shop writes what waits when it is closed: all is there though Redis loses everything meanwhile."""
    stage = scene.stage
    scene.crowd.shop_is_open = False
    scene.strikes_now()
    for shop in stage.shops:
        await asyncio.to_thread(shop.stop)
    assert stage.valkey.client().dbsize(), "there was something in it"
    await asyncio.to_thread(stage.valkey.restart_empty)
    for shop in stage.shops:
        await asyncio.to_thread(shop.start)
    scene.crowd.shop_is_open = True
    await scene.lasts()


@contextmanager
def _long_log(file: Path) -> Iterator[None]:
    """A write-ahead log longer than PADDING_BYTES for as long as the block lasts."""
    connection = sqlite3.connect(file, isolation_level=None, check_same_thread=False)
    reader = sqlite3.connect(file, isolation_level=None, check_same_thread=False)
    try:
        connection.execute("PRAGMA busy_timeout = 5000")
        connection.execute("PRAGMA wal_autocheckpoint = 0")
        connection.execute("CREATE TABLE padding (bytes BLOB)")
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM padding").fetchall()
        connection.execute("INSERT INTO padding VALUES (zeroblob(?))", (PADDING_BYTES,))
        yield
    finally:
        reader.close()
        connection.execute("DROP TABLE padding")
        connection.close()


async def _connected(scene: Scene[OnPostgres]) -> Any:
    return await asyncpg.connect(scene.stage.postgres.url.replace("+asyncpg", ""))


async def _waits(scene: Scene[OnPostgres]) -> bool:
    """Whether anybody waits for a lock."""
    looking = await _connected(scene)
    try:
        return bool(await looking.fetchval("SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'"))
    finally:
        await looking.close()


ROWS: tuple[Row[Any], ...] = (
    Row("pg-stop", "PostgreSQL stopped, then started", OnPostgres, stopped, tested=(ONE,)),
    Row("pg-hung", "PostgreSQL hung", OnPostgres, hung, tested=(ONE,)),
    Row("pg-lock", "the table of carts locked", OnPostgres, locked, tested=()),
    Row("pg-rows", "the rows of the carts locked", OnPostgres, rows_locked, tested=()),
    Row("pg-close", "SIGTERM to the shop, Redis emptied", OnPostgres, closed_and_emptied),
    Row("pg-kill", "Redis: kill -9, then started empty", OnPostgres, killed_empty),
    Row("sqlite-full", "the disk is full (simulated)", OnSqlite, full, tested=(ONE,)),
)
