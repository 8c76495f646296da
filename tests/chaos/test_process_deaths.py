"""A process of the shop is killed at every step of an order; the next `shop run` finishes the order, or undoes it."""

from __future__ import annotations

import asyncio
import os
import sys
import time

import pytest
from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncEngine

from shop.catalog.schema import variants
from shop.checkout.model import Order
from shop.checkout.placing.orders import Orders
from shop.checkout.schema import demo_payments, orders, outbox
from shop.database import create_engine, fetch, writing
from tests.chaos.dying_shop import POINTS, SKU
from tests.fixtures import fork_server
from tests.fixtures.cart_commands import stored
from tests.fixtures.catalog import a_product, fill, variant
from tests.fixtures.shop_process import OpenShop

STOCK = 50
PATIENCE_SECONDS = 30
UNDONE = {"before-intent", "after-intent"}
"""Who dies before the bank is asked leaves nothing that is worth finishing."""
NEVER_BEGUN = {"before-intent"}


@pytest.fixture(params=["sqlite_url", "postgres_url"], ids=["sqlite", "postgres"])
def database(request: pytest.FixtureRequest) -> str:
    return str(request.getfixturevalue(request.param))


async def with_stock(url: str) -> None:
    engine = create_engine(url)
    await fill(engine, a_product("mug", variant(SKU, stock=STOCK)))
    await engine.dispose()


def die_everywhere(**settings: str) -> None:
    """Run shops that die, one at each point, and prove that they did."""
    dying = fork_server.run([sys.executable, "-m", "tests.chaos.dying_shop"], env=os.environ | settings)
    assert dying.returncode == 0, dying.stderr


async def once_settled(engine: AsyncEngine) -> dict[str, Order]:
    """The orders by the point at which their process died, once none is open."""
    known, until = Orders(engine), time.monotonic() + PATIENCE_SECONDS
    while (still := (await known.open(0)).orders) and time.monotonic() < until:
        await asyncio.sleep(0.05)
    assert still == 0, f"{still} orders are never settled"
    return {order.buyer.email.partition("@")[0]: order for order in await known.page()}


def test_an_order_whose_process_died_is_finished_or_undone(database: str, valkey_url: str, open_shop: OpenShop) -> None:
    asyncio.run(with_stock(database))
    settings = {"DATABASE_URL": database, "REDIS_URL": valkey_url}
    die_everywhere(**settings, PAYMENT_SECONDS="30")
    asyncio.run(prove_that_much_was_left_open(database))
    open_shop(**settings)
    asyncio.run(prove_that_all_is_done_once(database))
    carts = [cart for cart_id, cart in stored(valkey_url).items() if not cart_id.startswith("probe-")]
    assert len(carts) == len(POINTS)
    assert sum(not cart.lines for cart in carts) == len(POINTS) - len(UNDONE)


async def prove_that_much_was_left_open(database: str) -> None:
    engine = create_engine(database)
    left = {order.buyer.email.partition("@")[0]: order for order in await Orders(engine).page()}
    assert {point: order.state for point, order in left.items()} == {
        "after-intent": "pending",
        "after-authorise": "pending",
        "before-placed": "pending",
        "after-placed": "placed",
        "after-purchase": "placed",
        "after-capture": "placed",
        "before-paid": "placed",
        "after-paid": "paid",
    }
    # The dead do not come back: the rest of their minute of grace need not be waited for.
    async with writing(engine) as connection:
        await connection.execute(update(orders).values(claimed_until=0))
    await engine.dispose()


async def prove_that_all_is_done_once(database: str) -> None:
    engine = create_engine(database)
    found = await once_settled(engine)
    paid = {point for point, order in found.items() if order.state == "paid"}
    assert set(found) == set(POINTS) - NEVER_BEGUN
    assert paid == set(POINTS) - UNDONE
    assert [order.state for point, order in found.items() if point not in paid] == ["failed"]
    captured = await fetch(engine, select(demo_payments.c.key).where(demo_payments.c.kind == "captured"))
    assert sorted(row.key for row in captured) == sorted(found[point].number for point in paid)
    letters = await fetch(engine, select(outbox.c.id))
    assert {row.id for row in letters} == {
        f"{'placed' if point in paid else 'failed'}:{order.number}" for point, order in found.items()
    }
    (left,) = await fetch(engine, select(variants.c.stock))
    assert left.stock == STOCK - len(paid)
    await engine.dispose()
