"""The database: its engine, its transactions, the translation of its errors, and its migrations.

SQLite runs in WAL mode, so that a long import never blocks a reader. Every timeout is explicit: if the database is
down, StoreUnavailable is raised within seconds, never after a driver's default.
"""

from __future__ import annotations

import asyncio
import logging
import os
import shutil
import sqlite3
import sys
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any
from uuid import uuid4
from weakref import WeakKeyDictionary

import aiosqlite
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector
from sqlalchemy import (
    URL,
    Column,
    Connection,
    Engine,
    Executable,
    MetaData,
    Row,
    String,
    Table,
    event,
    make_url,
    select,
    text,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import ArgumentError, DBAPIError, InterfaceError, InternalError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine
from sqlalchemy.pool import QueuePool
from typing_extensions import override

from shop.errors import ConfigurationError, DatabaseUnavailable, StoreUnavailable
from shop.resources import resource_dir

metadata = MetaData()
schema_compatibility = Table("schema_compatibility", metadata, Column("oldest", String(32), primary_key=True))
"""One row: the oldest revision whose release may go on with the schema. A newer one is the newest of a release."""
"""Every table of the shop."""

CONNECT_SECONDS = 2.0
STATEMENT_SECONDS = 5.0
POOL_SECONDS = 2.0
BUSY_MILLISECONDS = 5000
LEAST_FREE = 16 * 1024 * 1024
"""Bytes that must be free for SQLite: its write-ahead log alone grows to some megabytes."""

log = logging.getLogger(__name__)

_write_queues: WeakKeyDictionary[Engine, asyncio.Lock] = WeakKeyDictionary()
"""SQLite engine -> the queue of its writers in this process."""

_DRIVERS = {
    "sqlite": "sqlite+aiosqlite",
    "sqlite+aiosqlite": "sqlite+aiosqlite",
    "postgres": "postgresql+asyncpg",
    "postgresql": "postgresql+asyncpg",
    "postgresql+asyncpg": "postgresql+asyncpg",
}
_TRANSIENT = ("08", "25006", "40", "53", "55", "57", "58")
"""SQLSTATE classes of transient errors: connection, read-only, conflict, resources, state, shutdown, system."""
_MISCONFIGURED = {
    "28": "refuses the user or the password",
    "3D": "has no such database",
    "42501": "gives this user too few rights",
}


_POOLED: dict[str, Any] = {
    "statement_cache_size": 0,
    "prepared_statement_cache_size": 0,
    "prepared_statement_name_func": lambda: f"shop_{uuid4().hex}",
}
"""For a pooler that may hand each transaction to another server: a statement is prepared for one transaction only."""


def create_engine(url: str, *, long_running: bool = False) -> AsyncEngine:
    """An engine for a SQLite file or PostgreSQL; does not connect yet.

    `long_running` removes the statement timeout, for imports and migrations. Raises ConfigurationError.
    """
    where = _database_url(url)
    if where.get_backend_name() == "sqlite":
        return _sqlite_engine(where)
    pooled = where.query.get("statement_cache_size") == "0"
    return create_async_engine(
        where.difference_update_query(["statement_cache_size", "prepared_statement_cache_size"]),
        pool_size=5,
        max_overflow=5,
        pool_timeout=POOL_SECONDS,
        skip_autocommit_rollback=True,
        hide_parameters=True,
        execution_options={"pooled": pooled},
        connect_args={
            "timeout": CONNECT_SECONDS,
            "command_timeout": None if long_running else STATEMENT_SECONDS,
            **(_POOLED if pooled else {}),
        },
    )


def _database_url(url: str) -> URL:
    try:
        where = make_url(url)
        where = where.set(drivername=_DRIVERS[where.drivername])
        if (mode := where.query.get("sslmode")) is None:
            return where
        # asyncpg calls it ssl; other tools use libpq's name sslmode, and the cart archive accepts that too.
        return where.difference_update_query(["sslmode"]).update_query_dict({"ssl": mode})
    except (ArgumentError, ValueError, KeyError) as error:
        raise ConfigurationError(
            "DATABASE_URL is not understood. Use sqlite+aiosqlite:///var/shop.db or "
            "postgresql+asyncpg://user:password@host/database."
        ) from error


def _sqlite_engine(where: URL) -> AsyncEngine:
    if where.database and where.database != ":memory:" and not where.database.startswith("file:"):
        try:
            Path(where.database).parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise ConfigurationError(f"DATABASE_URL: cannot create the folder of {where.database}: {error}.") from error
    engine = create_async_engine(
        where,
        pool_timeout=POOL_SECONDS,
        skip_autocommit_rollback=True,
        hide_parameters=True,
        connect_args={"async_creator_fn": _open_sqlite},
    )
    event.listen(engine.sync_engine, "connect", _prepare_sqlite)
    event.listen(engine.sync_engine, "begin", _begin_sqlite)
    return engine


async def _open_sqlite(*arguments: Any, **options: Any) -> aiosqlite.Connection:
    """Open a connection to its end, even where the caller is cancelled.

    aiosqlite then leaves its thread alone, which fails with a traceback if the event loop is closed by the time.
    """
    connection = aiosqlite.connect(*arguments, **options)
    connection._thread.daemon = True  # as SQLAlchemy does
    opening = asyncio.ensure_future(connection)
    try:
        return await asyncio.shield(opening)
    except asyncio.CancelledError:
        with suppress(sqlite3.Error):
            await (await opening).close()
        raise


def _prepare_sqlite(connection: Any, _record: object) -> None:
    cursor = connection.cursor()
    for pragma in (
        f"busy_timeout = {BUSY_MILLISECONDS}",
        "journal_mode = WAL",
        "synchronous = FULL",  # an acknowledged order survives a power failure
        "foreign_keys = ON",
        "cache_size = -16000",
    ):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin_sqlite(connection: Connection) -> None:
    # Python's driver begins the transaction at the first write, as a reader whose upgrade to a writer may fail.
    if not connection.get_execution_options().get("reading"):
        connection.exec_driver_sql("BEGIN IMMEDIATE")


@asynccontextmanager
async def reading(engine: AsyncEngine) -> AsyncIterator[AsyncConnection]:
    """A connection in autocommit mode: no BEGIN, no COMMIT, one round trip per statement.

    Behind a pooler it is a transaction: preparing and executing could meet two servers otherwise.
    """
    # SQLite's driver begins no transaction for a read; setting a level would cost three more trips to its thread.
    options = {"reading": True} if engine.dialect.name == "sqlite" else {"isolation_level": "AUTOCOMMIT"}
    if engine.get_execution_options().get("pooled"):
        options = {}
    async with translated_errors(), engine.execution_options(**options).connect() as connection:
        yield connection


@asynccontextmanager
async def writing(engine: AsyncEngine) -> AsyncIterator[AsyncConnection]:
    """A connection in one transaction, committed at the end, rolled back on an exception."""
    async with translated_errors(), _write_queue(engine), engine.begin() as connection:
        yield connection


@asynccontextmanager
async def _write_queue(engine: AsyncEngine) -> AsyncIterator[None]:
    """Queue the writers of SQLite. SQLite itself only polls for its write lock, which is slower and unfair."""
    if engine.dialect.name != "sqlite":
        yield
        return
    queue = _write_queues.setdefault(engine.sync_engine, asyncio.Lock())
    async with asyncio.timeout(BUSY_MILLISECONDS / 1000):
        await queue.acquire()
    try:
        yield
    finally:
        queue.release()


class ConnectionMetrics(Collector):
    """The connections of an engine's pool."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    @override
    def collect(self) -> Iterable[Metric]:
        """The metrics, for a registry."""
        pool = self._engine.pool
        if isinstance(pool, QueuePool):
            yield GaugeMetricFamily(
                "shop_database_connections_used", "Connections to the database in use", value=pool.checkedout()
            )
            yield GaugeMetricFamily(
                "shop_database_connections_open",
                "Connections to the database",
                value=pool.checkedout() + pool.checkedin(),
            )


async def accepts_changes(engine: AsyncEngine) -> bool:
    """Whether the database takes a change now: it is neither full nor read-only. Changes nothing.

    Raises StoreUnavailable if it does not answer.
    """
    if engine.dialect.name == "postgresql":
        rows = await fetch(engine, text("SELECT current_setting('transaction_read_only')"))
        return bool(rows[0][0] == "off")
    return free_bytes(engine) >= LEAST_FREE and _is_writable(engine)


def free_bytes(engine: AsyncEngine) -> int:
    """Bytes that are free on the disk of a SQLite file; unbounded in memory."""
    file = _file_of(engine)
    return shutil.disk_usage(file.parent).free if file else sys.maxsize


def _is_writable(engine: AsyncEngine) -> bool:
    file = _file_of(engine)
    return file is None or not file.exists() or os.access(file, os.W_OK)


def _file_of(engine: AsyncEngine) -> Path | None:
    name = engine.url.database or ""
    return Path(name) if name and name != ":memory:" and not name.startswith("file:") else None


def insert_into(connection: AsyncConnection, table: Table) -> Any:
    """The dialect's own INSERT, for ON CONFLICT: the same API for both databases."""
    return (postgresql if connection.dialect.name == "postgresql" else sqlite).insert(table)


async def fetch(engine: AsyncEngine, statement: Executable, values: dict[str, Any] | None = None) -> Sequence[Row[Any]]:
    """All rows of one query. Retries once if the pooled connection had died since its last use."""
    try:
        return await _fetch(engine, statement, values)
    except StoreUnavailable as error:
        if not (isinstance(error.__cause__, DBAPIError) and error.__cause__.connection_invalidated):
            raise
        return await _fetch(engine, statement, values)


async def _fetch(engine: AsyncEngine, statement: Executable, values: dict[str, Any] | None) -> Sequence[Row[Any]]:
    async with reading(engine) as connection:
        return (await connection.execute(statement, values)).all()


@asynccontextmanager
async def translated_errors() -> AsyncIterator[None]:
    """Translate database errors into StoreUnavailable or ConfigurationError; programming errors pass unchanged."""
    try:
        yield
    except (DBAPIError, PoolTimeout, OSError, TimeoutError) as error:
        raise _translated(error) from error
    except Exception as error:
        # asyncpg raises its own errors while it connects, and SQLAlchemy does not wrap them.
        if getattr(error, "sqlstate", None) is None:
            raise
        raise _translated(error) from error


def _translated(error: Exception) -> Exception:
    """The ShopError for a database error, or the error itself if it is a bug in the program."""
    cause = getattr(error, "orig", None) or error
    state = getattr(cause, "sqlstate", None) or ""
    said = str(cause)
    if state == "42P01" or "no such table" in said:
        return ConfigurationError("The database is not prepared. Run 'shop run', or 'shop catalog import' once.")
    if "file is not a database" in said:
        return ConfigurationError("DATABASE_URL names a file that is not a SQLite database.")
    for prefix, reason in _MISCONFIGURED.items():
        if state.startswith(prefix):
            return ConfigurationError(f"DATABASE_URL: the database {reason}. It says: {said}")
    is_bug = isinstance(error, DBAPIError) and not (state.startswith(_TRANSIENT) if state else _is_transient(error))
    return error if is_bug else DatabaseUnavailable()


def _is_transient(error: DBAPIError) -> bool:
    return error.connection_invalidated or isinstance(error, OperationalError | InterfaceError | InternalError)


def latest_revision() -> str:
    """The newest migration. Their files are numbered: 0001_catalog.py is revision '0001'."""
    return max(path.name.partition("_")[0] for path in (resource_dir("migrations") / "versions").glob("[0-9]*.py"))


async def migrate(url: str) -> bool:
    """Migrate the schema. Returns False if it was up to date, which costs one query and does not load Alembic.

    Safe to run from several processes at once. Raises StoreUnavailable, and ConfigurationError, also for a database
    that a newer release has migrated and this one must not use.
    """
    engine = create_engine(url, long_running=True)
    try:
        if await _is_current(engine):
            return False
        async with writing(engine) as connection:
            await connection.run_sync(_upgrade)
        return True
    finally:
        await engine.dispose()


async def require_current(url: str) -> None:
    """Raise ConfigurationError unless the schema is that of this release; changes nothing, and creates no file.

    May raise StoreUnavailable.
    """
    unprepared = ConfigurationError("The database is not prepared for this release. `shop run` prepares it.")
    if missing_file(url) is not None:
        raise unprepared
    engine = create_engine(url)
    try:
        if not await _is_current(engine):
            raise unprepared
    finally:
        await engine.dispose()


def missing_file(url: str) -> Path | None:
    """The SQLite file of a URL, if it is missing: opening it would create it."""
    if not url.startswith("sqlite"):
        return None
    name = make_url(url).database or ""
    is_file = name and name != ":memory:" and not name.startswith("file:")
    return Path(name) if is_file and not Path(name).exists() else None


async def revision_of(engine: AsyncEngine) -> str | None:
    """The revision of a database's schema; None for a database without one. Raises StoreUnavailable."""
    async with reading(engine) as connection:
        return await connection.run_sync(_revision)


async def oldest_of(engine: AsyncEngine) -> str:
    """The oldest revision whose release may go on with the schema."""
    (row,) = await fetch(engine, select(schema_compatibility.c.oldest))
    return str(row.oldest)


async def _is_current(engine: AsyncEngine) -> bool:
    """Whether a database needs no migration: it is up to date, or a newer release has only added to its schema.

    Raises ConfigurationError if this release must not run on the newer schema.
    """
    revision, latest = await revision_of(engine), latest_revision()
    if revision is None or revision <= latest:
        return revision == latest
    newer = f"The database was prepared by a newer release ({revision}; this one knows {latest})."
    if await oldest_of(engine) > latest:
        raise ConfigurationError(f"{newer} Run the newer release, or restore the backup from before the upgrade.")
    log.warning("%s Its migrations only added, so this one goes on with it.", newer)
    return True


def _revision(connection: Connection) -> str | None:
    if not connection.dialect.has_table(connection, "alembic_version"):
        return None
    return connection.exec_driver_sql("SELECT max(version_num) FROM alembic_version").scalar()


def _upgrade(connection: Connection) -> None:
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(resource_dir("migrations")).replace("%", "%%"))
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
