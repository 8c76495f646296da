"""Engines, migrations, and the translation of database errors."""

from __future__ import annotations

import asyncio
import os
import sqlite3
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, inspect, literal, select, text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncEngine

import shop.cart.sql.schema
import shop.catalog.schema  # noqa: F401 - their tables register themselves
from shop.database import create_engine, fetch, latest_revision, metadata, migrate, reading, writing
from shop.errors import ConfigurationError, StoreUnavailable
from shop.resources import resource_dir

ROOT = Path(__file__).parents[2]


def test_the_newest_file_is_the_head_of_the_migrations() -> None:
    assert ScriptDirectory(str(resource_dir("migrations"))).get_heads() == [latest_revision()]


async def test_migrations_make_the_tables_that_the_code_speaks_of(database_url: str) -> None:
    engine = create_engine(database_url)
    async with reading(engine) as connection:
        differences = await connection.run_sync(differing)
    await engine.dispose()
    assert differences == []


def differing(connection: Connection) -> list[object]:
    """The differences between the migrated database and our tables; ignores its extra tables (full-text search)."""
    found = compare_metadata(MigrationContext.configure(connection), metadata)
    return [change for change in found if not str(change[0]).startswith("remove_")]


async def test_migrations_can_be_undone_and_applied_again(database_url: str) -> None:
    """As docs/upgrade.md says: `alembic downgrade`, which each migration needs for a rollback."""
    alembic(database_url, "downgrade", "base")
    assert await tables_of(database_url) == {"alembic_version"}
    assert await migrate(database_url) is True
    engine = create_engine(database_url)
    async with reading(engine) as connection:
        assert await connection.run_sync(differing) == []
    await engine.dispose()


def alembic(database_url: str, *arguments: str) -> None:
    command = [sys.executable, "-m", "alembic", *arguments]
    environment = {**os.environ, "DATABASE_URL": database_url}
    subprocess.run(command, cwd=ROOT, env=environment, check=True, capture_output=True, text=True)


async def tables_of(database_url: str) -> set[str]:
    engine = create_engine(database_url)
    async with reading(engine) as connection:
        names = await connection.run_sync(lambda connection: inspect(connection).get_table_names())
    await engine.dispose()
    return set(names)


@pytest.mark.parametrize("given", ["sqlite", "sqlite+aiosqlite"])
async def test_a_sqlite_file_is_made_with_its_folder_and_is_safe_to_share(tmp_path: Path, given: str) -> None:
    file = tmp_path / "deep" / "er" / "shop.db"
    assert await migrate(f"{given}:///{file}") is True
    engine = create_engine(f"{given}:///{file}")
    pragmas = {name: (await fetch(engine, text(f"PRAGMA {name}")))[0][0] for name in ("journal_mode", "foreign_keys")}
    assert pragmas == {"journal_mode": "wal", "foreign_keys": 1}
    await engine.dispose()


async def test_readers_go_on_while_somebody_writes(sqlite_url: str) -> None:
    engine = create_engine(sqlite_url)
    count = text("SELECT count(*) FROM facets")
    async with writing(engine) as connection:
        await connection.execute(text("INSERT INTO facets VALUES ('', '', '', '', 1, 1)"))
        assert (await fetch(engine, count))[0][0] == 0
    assert (await fetch(engine, count))[0][0] == 1
    await engine.dispose()


async def test_a_transaction_that_fails_leaves_nothing(database_url: str) -> None:
    engine = create_engine(database_url)
    with pytest.raises(RuntimeError):
        await write_and_fail(engine)
    assert (await fetch(engine, text("SELECT count(*) FROM facets")))[0][0] == 0
    await engine.dispose()


async def write_and_fail(engine: AsyncEngine) -> None:
    async with writing(engine) as connection:
        await connection.execute(text("INSERT INTO facets VALUES ('', '', '', '', 1, 1)"))
        raise RuntimeError


async def test_a_database_that_is_locked_is_unavailable(sqlite_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shop.database.BUSY_MILLISECONDS", 10)
    engine = create_engine(sqlite_url)
    other = sqlite3.connect(sqlite_url.partition("///")[2])
    other.execute("BEGIN EXCLUSIVE")
    with pytest.raises(StoreUnavailable):
        async with writing(engine):
            pass
    other.close()
    await engine.dispose()


async def test_a_database_without_tables_says_what_to_do(tmp_path: Path) -> None:
    engine = create_engine(f"sqlite:///{tmp_path / 'new.db'}")
    with pytest.raises(ConfigurationError, match="not prepared"):
        await fetch(engine, text("SELECT version FROM catalog"))
    await engine.dispose()


@pytest.mark.parametrize("url", ["", "shop.db", "mysql://host/shop", "postgresql+psycopg://host/shop", "http://["])
def test_an_address_that_is_not_understood_is_a_wrong_setting(url: str) -> None:
    with pytest.raises(ConfigurationError, match="DATABASE_URL"):
        create_engine(url)


def test_a_shop_that_is_up_to_date_starts_without_alembic(sqlite_url: str) -> None:
    code = (
        "import asyncio, sys; from shop.database import migrate;"
        f"print(asyncio.run(migrate({sqlite_url!r})), 'alembic' in sys.modules)"
    )
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert told.stdout == "False False\n"


async def test_libpqs_name_for_tls_is_taken_as_well(postgres_url: str) -> None:
    engine = create_engine(f"{postgres_url}&sslmode=disable")
    assert await fetch(engine, text("SELECT 1"))
    await engine.dispose()
    assert create_engine("postgresql://h/shop?sslmode=require").url.query == {"ssl": "require"}


async def test_an_error_does_not_repeat_what_was_to_be_written(engine: AsyncEngine) -> None:
    insert = text("INSERT INTO coupons (code, terms, uses) VALUES ('TWICE', :terms, 0)")

    async def write() -> None:
        async with writing(engine) as connection:
            await connection.execute(insert, {"terms": "For Kim"})

    await write()
    with pytest.raises(IntegrityError, match="coupons") as error:
        await write()
    assert "For Kim" not in str(error.value)


def test_an_opening_that_is_cancelled_leaves_no_thread_behind(sqlite_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    failures: list[threading.ExceptHookArgs] = []
    monkeypatch.setattr(threading, "excepthook", failures.append)
    before = set(threading.enumerate())

    async def cancelled_after(steps: int) -> None:
        engine = create_engine(sqlite_url)
        reading = asyncio.create_task(fetch(engine, text("SELECT 1")))
        for _ in range(steps):
            await asyncio.sleep(0)
        reading.cancel()
        await asyncio.wait([reading])
        await engine.dispose()

    for steps in range(60):
        asyncio.run(cancelled_after(steps % 12))
        for thread in set(threading.enumerate()) - before:
            thread.join()
    assert failures == []


async def test_behind_a_pooler_no_prepared_statement_outlives_its_transaction(postgres_url: str) -> None:
    engine = create_engine(f"{postgres_url}&statement_cache_size=0")
    try:
        async with reading(engine) as connection:
            for _ in range(2):
                assert (await connection.execute(text("SELECT 1 + :one"), {"one": 1})).scalar() == 2
            assert connection.in_transaction()
            prepared = await connection.execute(
                text("SELECT count(*) FROM pg_prepared_statements WHERE name LIKE 'shop%'")
            )
            assert prepared.scalar() in (0, 1), "itself, at most"
        assert await fetch(engine, select(literal(3))) == [(3,)]
    finally:
        await engine.dispose()
