"""An upgrade from earlier releases: this one reads what they have left behind, and they go on beside it."""

from __future__ import annotations

import asyncio
import gzip
import json
import os
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select, text

from shop.cart.model import Cart
from shop.catalog.schema import variants
from shop.checkout.placing.orders import Orders
from shop.checkout.schema import orders, outbox
from shop.database import create_engine, fetch, migrate, writing
from shop.parts import opened
from shop.settings import Settings
from tests.fixtures.cart_commands import stored
from tests.fixtures.order_scene import CODE, STOCK, Scene
from tests.fixtures.shop_app import Clock

ROOT = Path(__file__).parents[2]
RELEASES = ROOT / "tests/fixtures/releases"
REVISIONS = sorted(path.name.partition("_")[0] for path in (ROOT / "migrations/versions").glob("[0-9]*.py"))
WITH_ORDERS = [revision for revision in REVISIONS if "0004" <= revision < REVISIONS[-1]]
"""Revisions since the first release."""


@pytest.fixture(params=sorted(path.name for path in RELEASES.iterdir() if path.is_dir() and path.name[0].isdigit()))
def release(request: pytest.FixtureRequest) -> Path:
    """The folder of what a release has left behind."""
    return RELEASES / str(request.param)


@pytest.fixture
def its_url(release: Path, tmp_path: Path) -> str:
    """The DATABASE_URL of a copy of its database, not migrated."""
    file = tmp_path / "old.db"
    file.write_bytes(gzip.decompress((release / "shop.db.gz").read_bytes()))
    return f"sqlite+aiosqlite:///{file}"


async def test_its_orders_are_read_after_the_migration(its_url: str) -> None:
    assert await migrate(its_url)
    engine = create_engine(its_url)
    known = await Orders(engine).page()
    assert sorted(order.state for order in known) == ["paid", "pending", "shipped"]
    (paid,) = (order for order in known if order.state == "paid")
    assert {line.sku: line.quantity for line in paid.quote.lines} == dict.fromkeys(STOCK, 2)
    assert (paid.quote.coupon, paid.buyer.email, paid.buyer.address.city) == (CODE, "ada@shop.example", "Berlin")
    assert [event.what for event in await Orders(engine).history(paid.number)] == ["paid"]
    assert {row.sku: row.stock for row in await fetch(engine, select(variants.c.sku, variants.c.stock))} == {
        "MUG": 4,
        "BOWL": 8,
        "JUG": 8,
    }
    await engine.dispose()


async def test_its_carts_are_read(its_url: str) -> None:
    await migrate(its_url)
    carts = await asyncio.to_thread(stored, its_url)
    assert set(carts) == {"dan", "eve", "fay"}
    assert [(line.sku, line.quantity, line.saved) for line in carts["dan"].lines] == [
        ("MUG", 2, False),
        ("BOWL", 2, True),
    ]
    assert carts["dan"].removed is not None
    assert carts["eve"].lines[0].quantity == 3
    assert (carts["fay"].lines, carts["fay"].removed is not None) == ((), True)
    assert all(isinstance(cart, Cart) and cart.changes for cart in carts.values())


async def test_its_orders_can_be_followed_up(its_url: str, clock: Clock) -> None:
    await migrate(its_url)
    engine = create_engine(its_url)
    scene = Scene(engine, clock)
    process = scene.process()
    known = {order.state: order for order in await process.orders.page()}
    assert await process.transitions.ship(known["paid"])
    refunded = await process.transitions.refund(known["shipped"])
    assert refunded
    assert refunded.state == "refunded"
    await scene.catalog.close()
    await engine.dispose()


async def test_it_goes_on_on_the_migrated_database(release: Path, its_url: str) -> None:
    """Its own statements: a running process of it reads and writes what is there, until it is replaced."""
    await migrate(its_url)
    statements = json.loads(gzip.decompress((release / "statements.json.gz").read_bytes()))
    assert len(statements) > 40
    with closing(sqlite3.connect(its_url.partition("///")[2])) as database, database:
        for statement, parameters in statements:
            database.execute(statement, [value_of(each) for each in parameters]).fetchall()
    engine = create_engine(its_url)
    assert sorted(order.state for order in await Orders(engine).page()) == [
        *("cancelled", "failed", "paid", "shipped", "shipped"),
    ]
    await engine.dispose()


def value_of(parameter: Any) -> Any:
    return bytes.fromhex(parameter["hex"]) if isinstance(parameter, dict) else parameter


@pytest.mark.parametrize("revision", WITH_ORDERS)
async def test_an_upgrade_from_each_revision_keeps_everything(database_url: str, clock: Clock, revision: str) -> None:
    engine = create_engine(database_url)
    scene = Scene(engine, clock)
    await scene.prepare()
    process = scene.process()
    await process.place(await scene.submission(await scene.cart(coupon=CODE)))
    await process.transitions.ship(await process.place(await scene.submission(await scene.cart("MUG", cart_id="bob"))))
    await process.place(await scene.submission(await scene.cart("MUG", cart_id="cia"), "challenged"))
    await scene.catalog.close()
    before = [await fetch(engine, query) for query in COUNTED]
    await engine.dispose()

    await asyncio.to_thread(downgrade, database_url, revision)
    assert await migrate(database_url)
    assert [await fetch(engine, query) for query in COUNTED] == before
    assert await migrate(database_url) is False
    await engine.dispose()


async def test_it_finds_what_it_reads_in_the_orders_of_this_release(
    its_url: str, sqlite_url: str, clock: Clock
) -> None:
    """Every field that it has written is still written, in the same place and of the same type."""
    with closing(sqlite3.connect(its_url.partition("///")[2])) as database:
        (its,) = database.execute("SELECT details FROM orders WHERE state = 'paid'").fetchone()
    engine = create_engine(sqlite_url)
    scene = Scene(engine, clock)
    await scene.prepare()
    await scene.process().place(await scene.submission(await scene.cart(coupon=CODE)))
    ((ours,),) = await fetch(engine, select(orders.c.details))
    await scene.catalog.close()
    await engine.dispose()
    assert fields_of(json.loads(its)) - fields_of(json.loads(ours)) == set()


def fields_of(value: Any, path: str = "") -> set[tuple[str, str]]:
    """The path and the type of everything in a JSON value; the items of a list have one path."""
    inner: list[tuple[str, Any]] = []
    if isinstance(value, dict):
        inner = list(value.items())
    elif isinstance(value, list):
        inner = [("", item) for item in value]
    below = {field for name, item in inner for field in fields_of(item, f"{path}/{name}")}
    return {(path, type(value).__name__), *below}


async def test_this_release_starts_and_sells_on_the_next_schema(database_url: str, clock: Clock) -> None:
    """A later release has added columns, a table and an index."""
    engine = create_engine(database_url)
    async with writing(engine) as connection:
        for statement in ADDITIONS:
            await connection.execute(text(statement))
    await engine.dispose()
    settings = Settings(database_url=database_url)
    async with opened(settings, prepare=True) as parts:
        scene = Scene(parts.database, clock)
        await scene.prepare()
        process = scene.process()
        order = await process.place(await scene.submission(await scene.cart(coupon=CODE)))
        assert (order.state, order.settled) == ("paid", True)
        assert await process.transitions.ship(order)
        assert (await parts.stock_book.levels(["MUG"]))[0].level.on_hand == STOCK["MUG"] - 2
        await scene.catalog.close()
    assert await migrate(database_url) is False


ADDITIONS = (
    "ALTER TABLE orders ADD COLUMN later VARCHAR NOT NULL DEFAULT 'x'",
    "ALTER TABLE variants ADD COLUMN later INTEGER",
    "ALTER TABLE order_events ADD COLUMN later INTEGER NOT NULL DEFAULT 0",
    "CREATE TABLE later (id INTEGER PRIMARY KEY)",
    "CREATE INDEX ix_later ON orders (later)",
    "UPDATE alembic_version SET version_num = '9999'",
)

COUNTED = [
    select(orders.c.number, orders.c.state, orders.c.total, orders.c.email).order_by(orders.c.number),
    select(variants.c.sku, variants.c.stock).order_by(variants.c.sku),
    select(func.count()).select_from(outbox),
]


def downgrade(database_url: str, revision: str) -> None:
    command = [sys.executable, "-m", "alembic", "downgrade", revision]
    environment = {**os.environ, "DATABASE_URL": database_url}
    subprocess.run(command, cwd=ROOT, env=environment, check=True, capture_output=True, text=True)


def test_every_release_has_left_something(release: Path) -> None:
    assert {path.name for path in release.iterdir()} == {"shop.db.gz", "statements.json.gz"}
