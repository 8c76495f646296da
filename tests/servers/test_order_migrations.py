"""Orders of earlier releases after an upgrade: their stock, their lines, their history."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy import insert, select, text
from sqlalchemy.exc import IntegrityError

from shop.catalog.schema import reservations, variants
from shop.checkout.placing.orders import OrderQuery
from shop.checkout.schema import coupon_shoppers, coupons, order_lines, orders
from shop.database import create_engine, fetch, migrate, writing
from tests.fixtures.order_scene import CODE, STOCK, Scene
from tests.fixtures.shop_app import Clock
from tests.fixtures.stock import level

ROOT = Path(__file__).parents[2]
BEFORE = "0004"
"""The revision before the history of orders."""


def downgrade(database_url: str) -> None:
    command = [sys.executable, "-m", "alembic", "downgrade", BEFORE]
    environment = {**os.environ, "DATABASE_URL": database_url}
    subprocess.run(command, cwd=ROOT, env=environment, check=True, capture_output=True, text=True)


async def test_orders_of_an_earlier_release_are_whole_after_an_upgrade(database_url: str, clock: Clock) -> None:
    engine = create_engine(database_url)
    scene = Scene(engine, clock)
    await scene.prepare()
    process = scene.process()
    paid = await process.place(await scene.submission(await scene.cart(coupon=CODE)))
    sent = await process.place(await scene.submission(await scene.cart("MUG", cart_id="bob")))
    assert await process.transitions.ship(sent)
    waiting = await process.place(await scene.submission(await scene.cart("MUG", cart_id="cia"), "challenged"))
    lines = await fetch(engine, select(order_lines).order_by(order_lines.c.number, order_lines.c.position))
    before = {sku: await level(engine, sku) for sku in STOCK}
    uses = await fetch(engine, select(coupon_shoppers))
    await engine.dispose()

    await asyncio.to_thread(downgrade, database_url)
    assert await migrate(database_url)

    assert await fetch(engine, select(order_lines).order_by(order_lines.c.number, order_lines.c.position)) == lines
    assert {sku: await level(engine, sku) for sku in STOCK} == before
    assert await fetch(engine, select(coupon_shoppers)) == uses
    known = process.orders
    assert [event.what for event in await known.history(sent.number)] == ["paid", "shipped"]
    assert [event.what for event in await known.history(paid.number)] == ["paid"]
    assert await known.history(waiting.number) == []
    assert len({order.secret for order in await known.page()} - {""}) == 3
    assert [order.number for order in await known.page(OrderQuery(text="1 QUAY", sku="BOWL"))] == [paid.number]
    cancelled = await process.transitions.cancel(await known.find(paid.number))
    assert cancelled is not None
    assert await level(engine, "BOWL") == (10, 0, 0)
    await scene.catalog.close()
    await engine.dispose()


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE variants SET stock = -1",
        "UPDATE coupons SET uses = 6",
        "UPDATE coupons SET uses = -1",
        "UPDATE coupon_shoppers SET uses = -1",
        "UPDATE orders SET state = 'lost'",
        "UPDATE orders SET total = -1",
        "UPDATE order_lines SET quantity = 0",
        "UPDATE reservations SET quantity = 0",
    ],
)
async def test_what_must_never_be_is_refused_by_the_database(scene: Scene, statement: str) -> None:
    await scene.process().place(await scene.submission(await scene.cart(coupon=CODE)))
    for table in (variants, coupons, coupon_shoppers, orders, order_lines, reservations):
        assert await fetch(scene.database, select(table)), "there is something that it could be done to"
    with pytest.raises(IntegrityError):
        async with writing(scene.database) as connection:
            await connection.execute(text(statement))


async def test_faults_of_an_earlier_release_do_not_stop_the_upgrade(database_url: str) -> None:
    await asyncio.to_thread(downgrade, database_url)
    engine = create_engine(database_url)
    async with writing(engine) as connection:
        await connection.execute(insert(coupons).values(code="OVER", terms="{}", uses=3, max_uses=2))
    await engine.dispose()
    assert await migrate(database_url)
    (row,) = await fetch(engine, select(coupons.c.max_uses))
    assert row.max_uses == 3
    await engine.dispose()
