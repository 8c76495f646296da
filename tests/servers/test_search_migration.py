"""A shop that was filled by the release before finds its products again after an upgrade."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from sqlalchemy import text

from shop.catalog.exchange_rates import read_rates
from shop.catalog.model import Query
from shop.catalog.reading.repository import CatalogRepository
from shop.catalog.writing.importing import CatalogImport
from shop.database import create_engine, fetch, migrate, writing
from tests.fixtures.catalog import a_product, fill

ROOT = Path(__file__).parents[2]
BEFORE = "0004"


async def test_products_of_the_release_before_are_found_again(database_url: str) -> None:
    engine = create_engine(database_url)
    await fill(engine, a_product("tide-mug", title="Tide Mugs"))
    await engine.dispose()
    downgrade(database_url)
    engine = create_engine(database_url)
    columns = "product_id, words, tokens" + (", vector" if engine.dialect.name == "postgresql" else "")
    values = "0, ' tide mugs', ''" + (", 'mugs tide'" if engine.dialect.name == "postgresql" else "")
    async with writing(engine) as connection:
        await connection.execute(text(f"INSERT INTO product_texts ({columns}) VALUES ({values})"))

    assert await migrate(database_url) is True
    await CatalogImport(engine, "EUR", read_rates()).refresh_index()
    page = await CatalogRepository(engine, "EUR").page(Query(q="mug"))
    assert [listing.handle for listing in page.listings] == ["tide-mug"]
    assert len(await fetch(engine, text("SELECT * FROM product_texts"))) == 1
    await engine.dispose()


def downgrade(database_url: str) -> None:
    command = [sys.executable, "-m", "alembic", "downgrade", BEFORE]
    environment = {**os.environ, "DATABASE_URL": database_url}
    subprocess.run(command, cwd=ROOT, env=environment, check=True, capture_output=True, text=True)
