"""Orders are found by whatever names them, by index, and come back as they were written."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import Select, select, text
from sqlalchemy.dialects import sqlite

from shop.checkout.placing.orders import OpenOrders, key_of
from shop.checkout.schema import LIVE, OPEN, orders
from shop.database import fetch
from tests.fixtures.till import Scene


async def test_an_order_is_found_by_number_cart_and_key(scene: Scene) -> None:
    submission = await scene.submission(key="click")
    order = await scene.process().place(submission)
    known = scene.process().orders
    assert await known.get(order.number) == order
    assert await known.get("0" * 16) is None
    assert await known.of_cart("ada", submission.quote.revision) == order
    assert await known.of_cart("ada", submission.quote.revision, submission.quote.change) == order
    assert await known.of_cart("ada", submission.quote.revision, "another") is None
    assert await known.with_key(key_of("ada", "click")) == order
    assert await known.with_key(key_of("bob", "click")) is None
    assert (order.quote, order.email, order.card_last4) == (submission.quote, "ada@shop.example", "4242")


async def test_a_page_has_the_newest_first_and_can_be_narrowed(scene: Scene) -> None:
    paid = await scene.process().place(await scene.submission())
    scene.passes(10)
    waiting = await scene.process().place(await scene.submission(outcome="challenged"))
    known = scene.process().orders
    assert await known.page() == [waiting, paid]
    assert await known.page(limit=1) == [waiting]
    assert await known.page("paid") == [paid]
    assert await known.page(unsettled=True) == [waiting]


async def test_open_orders_are_counted_and_those_that_are_due(scene: Scene) -> None:
    known = scene.process().orders
    assert await known.open(0) == OpenOrders(0, 0)
    await scene.process().place(await scene.submission())
    order = await scene.process().place(await scene.submission(outcome="challenged"))
    assert await known.open(order.created_at * 1000) == OpenOrders(1, 0)
    assert await known.open((order.created_at + 1000) * 1000) == OpenOrders(1, 1)


@pytest.mark.parametrize(
    ("statement", "index"),
    [
        (select(orders.c.number).where(OPEN, orders.c.claimed_until < 5), "ix_orders_open"),
        (select(orders.c.number).where(orders.c.cart_id == "a", orders.c.cart_revision == 1, LIVE), "ix_orders_cart"),
    ],
)
async def test_what_is_asked_often_is_asked_of_an_index(scene: Scene, statement: Select[Any], index: str) -> None:
    if scene.database.dialect.name == "postgresql":
        compiled = statement.compile(scene.database.sync_engine, compile_kwargs={"literal_binds": True})
        plan = f"SET LOCAL enable_seqscan = off; EXPLAIN {compiled}"
        async with scene.database.begin() as connection:
            await connection.execute(text(plan.partition("; ")[0]))
            rows = (await connection.execute(text(plan.partition("; ")[2]))).all()
    else:
        compiled = statement.compile(dialect=sqlite.dialect(), compile_kwargs={"literal_binds": True})
        rows = list(await fetch(scene.database, text(f"EXPLAIN QUERY PLAN {compiled}")))
    assert any(index in str(row) for row in rows)
