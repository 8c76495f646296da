"""A look at the database: whether it answers, is prepared and takes changes, and what is in it. It changes nothing."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

from sqlalchemy import text
from sqlalchemy.engine import make_url
from sqlalchemy.ext.asyncio import AsyncEngine

from shop.database import create_engine, fetch, latest_revision, reading
from shop.errors import ConfigurationError, StoreUnavailable
from shop.operations.findings import Finding, note, ok, problem, warning
from shop.operations.redis_findings import in_bytes

PART = "DATABASE_URL"
LOCK_MILLISECONDS = 500
"""How long an import that is running may keep the look waiting."""
_GIVEN_UP = (
    f"PRAGMA busy_timeout = {LOCK_MILLISECONDS}",
    "BEGIN IMMEDIATE",
    "UPDATE alembic_version SET version_num = version_num WHERE 0",  # a file that is read-only refuses only this
    "ROLLBACK",
)
_SIZE = {
    "sqlite": "SELECT page_count * page_size FROM pragma_page_count(), pragma_page_size()",
    "postgresql": "SELECT pg_database_size(current_database())",
}


async def look_at_database(url: str) -> list[Finding]:
    """What there is to say of the database at a URL; a wrong setting is a finding too."""
    try:
        if (file := missing_file(url)) is not None:
            return [warning(PART, "database", f"There is no file {file} yet.", "`shop run` makes it.")]
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


def missing_file(url: str) -> Path | None:
    """The SQLite file that is not there: to open it would make it."""
    if not url.startswith("sqlite"):
        return None
    name = make_url(url).database or ""
    plain = name and name != ":memory:" and not name.startswith("file:")
    return Path(name) if plain and not Path(name).exists() else None


async def _findings(engine: AsyncEngine) -> AsyncIterator[Finding]:
    started = time.perf_counter()
    revision = str(await _one(engine, "SELECT max(version_num) FROM alembic_version"))
    seconds = time.perf_counter() - started
    kind = "SQLite" if engine.dialect.name == "sqlite" else "PostgreSQL"
    yield ok(PART, "database", f"{kind} answers, after {seconds * 1000:.1f} ms with connecting.", seconds=seconds)
    yield _prepared(revision)
    yield await _takes_changes(engine)
    products, size = await _one(engine, "SELECT products FROM catalog"), await _one(engine, _SIZE[engine.dialect.name])
    says = f"{products or 0:,} products, {in_bytes(size)}."
    if products:
        yield ok(PART, "catalogue", says, products=products, bytes=size)
    else:
        yield note(PART, "catalogue", says, "`shop run` loads the demo catalogue into it.", products=0, bytes=size)


def _prepared(revision: str) -> Finding:
    latest = latest_revision()
    if revision == latest:
        return ok(PART, "migrations", f"It is prepared for this version ({revision}).", revision=revision)
    if revision < latest:
        advice = "`shop run` prepares it."
        return problem(PART, "migrations", f"It is prepared for an older version ({revision}, not {latest}).", advice)
    says = f"It is prepared for a newer version ({revision}, not {latest})."
    return warning(PART, "migrations", says, "Run the newer version of the shop.")


async def _takes_changes(engine: AsyncEngine) -> Finding:
    """Begin a transaction that writes nothing but could, and give it up."""
    advice = "Give the shop's user the right to write, or name the primary in DATABASE_URL."
    try:
        if engine.dialect.name == "sqlite":
            async with reading(engine) as connection:
                for statement in _GIVEN_UP:
                    await connection.exec_driver_sql(statement)
        elif await _one(engine, "SHOW transaction_read_only") == "on":
            return problem(PART, "changes", "It is read-only.", advice)
    except StoreUnavailable as error:
        if "readonly" in _reason(error):
            return problem(PART, "changes", "It is read-only.", advice)
        return note(PART, "changes", "It is locked just now, by an import for example.", "Look again later.")
    return ok(PART, "changes", "It takes changes.")


async def _one(engine: AsyncEngine, statement: str) -> Any:
    rows = await fetch(engine, text(statement))
    return rows[0][0] if rows else None


def _reason(error: StoreUnavailable) -> str:
    """What the driver said, in one line."""
    cause = error.__cause__
    said = str(getattr(cause, "orig", None) or cause or error).strip() or type(cause).__name__
    return said.splitlines()[0]
