"""Runs migrations on the connection it is given, or, from Alembic's own command line, on DATABASE_URL."""

from __future__ import annotations

import asyncio

from alembic import context
from sqlalchemy import Connection

import shop.cart.sql.schema
import shop.catalog.schema
import shop.checkout.schema  # noqa: F401 - their tables register themselves
from shop.database import create_engine, metadata, writing
from shop.settings import Settings

ONE_AT_A_TIME = 0x73686F70
"""Key of PostgreSQL's advisory lock that lets one process migrate while the others wait."""


def run(connection: Connection) -> None:
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({ONE_AT_A_TIME})")
    context.configure(connection=connection, target_metadata=metadata, transactional_ddl=True)
    context.run_migrations()


async def run_alone() -> None:
    engine = create_engine(Settings.from_env().database_url, long_running=True)
    async with writing(engine) as connection:
        await connection.run_sync(run)
    await engine.dispose()


if (given := context.config.attributes.get("connection")) is not None:
    run(given)
else:
    asyncio.run(run_alone())
