"""Checks the database: whether it answers, is migrated and accepts changes, and its contents. Changes nothing."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from shop.database import (
    LEAST_FREE,
    create_engine,
    fetch,
    free_bytes,
    latest_revision,
    missing_file,
    oldest_of,
    reading,
)
from shop.errors import ConfigurationError, StoreUnavailable
from shop.operations.findings import Finding, note, ok, problem, warning
from shop.operations.redis_findings import format_bytes

PART = "DATABASE_URL"
LOCK_MILLISECONDS = 500
"""How long the check waits for SQLite's write lock, which an import may hold."""
_WRITE_CHECK = (
    f"PRAGMA busy_timeout = {LOCK_MILLISECONDS}",
    "BEGIN IMMEDIATE",
    "UPDATE alembic_version SET version_num = version_num WHERE 0",  # a read-only file refuses only this statement
    "ROLLBACK",
)
_SIZE = {
    "sqlite": "SELECT page_count * page_size FROM pragma_page_count(), pragma_page_size()",
    "postgresql": "SELECT pg_database_size(current_database())",
}


async def check_database(url: str) -> list[Finding]:
    """Every finding about the database at a URL; a wrong setting is a finding too."""
    try:
        if (file := missing_file(url)) is not None:
            return [warning(PART, "database", f"The file {file} does not exist yet.", "`shop run` creates it.")]
        engine = create_engine(url)
        try:
            return [finding async for finding in _findings(engine)]
        finally:
            await engine.dispose()
    except ConfigurationError as error:
        return [problem(PART, "database", str(error))]
    except StoreUnavailable as error:
        return [
            problem(PART, "database", f"It does not answer: {_reason(error)}", "Start it, or correct DATABASE_URL.")
        ]


async def _findings(engine: AsyncEngine) -> AsyncIterator[Finding]:
    started = time.perf_counter()
    revision = str(await _one(engine, "SELECT max(version_num) FROM alembic_version"))
    seconds = time.perf_counter() - started
    kind = "SQLite" if engine.dialect.name == "sqlite" else "PostgreSQL"
    yield ok(
        PART, "database", f"{kind} answers; connecting and one query took {seconds * 1000:.1f} ms.", seconds=seconds
    )
    yield await _schema(engine, revision)
    yield await _accepts_changes(engine)
    products, size = await _one(engine, "SELECT products FROM catalog"), await _one(engine, _SIZE[engine.dialect.name])
    says = f"{products or 0:,} products, {format_bytes(size)}."
    if products:
        yield ok(PART, "catalogue", says, products=products, bytes=size)
    else:
        yield note(PART, "catalogue", says, "`shop run` loads the demo catalogue into it.", products=0, bytes=size)


async def _schema(engine: AsyncEngine, revision: str) -> Finding:
    latest = latest_revision()
    if revision == latest:
        return ok(PART, "migrations", f"The schema is up to date (revision {revision}).", revision=revision)
    if revision < latest:
        says = f"The schema is from an older release (revision {revision}, not {latest})."
        return problem(PART, "migrations", says, "`shop run` migrates it.")
    says = f"The schema is from a newer release (revision {revision}, not {latest})."
    if await oldest_of(engine) > latest:
        return problem(PART, "migrations", says, "Run the newer release of the shop.")
    return warning(PART, "migrations", f"{says} This one goes on with it.", "Finish the upgrade, or the way back.")


async def _accepts_changes(engine: AsyncEngine) -> Finding:
    """Begin a transaction that takes the write lock but writes nothing, and roll it back."""
    advice = "Grant the shop's user write access, or set DATABASE_URL to the primary."
    try:
        if engine.dialect.name == "sqlite":
            if (free := free_bytes(engine)) < LEAST_FREE:
                says = f"The disk is full: {format_bytes(free)} are free where the file is."
                return problem(PART, "changes", says, "Free some space: no order can be placed.", free=free)
            async with reading(engine) as connection:
                for statement in _WRITE_CHECK:
                    await connection.exec_driver_sql(statement)
        elif await _one(engine, "SHOW transaction_read_only") == "on":
            return problem(PART, "changes", "It is read-only.", advice)
    except StoreUnavailable as error:
        if "readonly" in _reason(error):
            return problem(PART, "changes", "It is read-only.", advice)
        if "locked" not in _reason(error):
            return problem(PART, "changes", f"It accepts no changes: {_reason(error)}")
        return note(PART, "changes", "It is locked, for example by an import.", "Run the check again later.")
    return ok(PART, "changes", "It accepts changes.")


async def _one(engine: AsyncEngine, statement: str) -> Any:
    rows = await fetch(engine, text(statement))
    return rows[0][0] if rows else None


def _reason(error: StoreUnavailable) -> str:
    """The driver's error, as one line."""
    cause = error.__cause__
    text = str(getattr(cause, "orig", None) or cause or error).strip() or type(cause).__name__
    return text.splitlines()[0]
