"""Orders are found by whatever names them, by index, and come back as they were written."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from sqlalchemy import Select, select, text
from sqlalchemy.dialects import sqlite

from shop.checkout.model import Address, Quote
from shop.checkout.placing.orders import OpenOrders, OrderQuery, key_of
from shop.checkout.schema import LIVE, OPEN, orders
from shop.database import fetch, writing
from tests.fixtures.order_scene import ADA, Scene


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
    assert (order.quote, order.buyer) == (submission.quote, ADA)


class EarlierDetails(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What the release before this one reads of a row and writes into it: a part of an order, no buyer."""

    quote: Quote
    address: Address
    card_brand: str
    card_last4: str
    origin: str
    challenge_path: str = ""
    failure: str = ""
    language: str = "en"


class TestTheReleaseBefore:
    """Both run side by side while one takes over from the other."""

    async def test_left_orders_that_are_read(self, scene: Scene) -> None:
        buyer = msgspec.structs.replace(ADA, language="ar")
        order = await scene.process().place(await scene.submission(buyer=buyer, outcome="challenged"))
        earlier = EarlierDetails(
            quote=order.quote,
            address=ADA.address,
            card_brand="Visa",
            card_last4="4242",
            origin=ADA.origin,
            challenge_path=order.challenge_path,
            language="ar",
        )
        async with writing(scene.database) as connection:
            values = {"details": msgspec.json.encode(earlier).decode()}
            await connection.execute(orders.update().values(values))
        assert await scene.process().orders.get(order.number) == order

    @pytest.mark.parametrize("digits", ["4242", ""], ids=["paid by card", "free"])
    async def test_reads_orders_of_this_one(self, scene: Scene, digits: str) -> None:
        buyer = msgspec.structs.replace(ADA, card_brand="Visa" if digits else "", card_last4=digits, gift_note="Hi")
        order = await scene.process().place(await scene.submission(buyer=buyer))
        (row,) = await fetch(scene.database, select(orders.c.details))
        read = msgspec.json.decode(row.details, type=EarlierDetails)
        assert (read.quote, read.address, read.origin) == (order.quote, ADA.address, ADA.origin)
        assert (read.card_brand, read.card_last4) == (buyer.card_brand, buyer.card_last4)
        assert ADA.email not in row.details, "it stands in its column"


async def test_a_page_has_the_newest_first_and_can_be_narrowed(scene: Scene) -> None:
    paid = await scene.process().place(await scene.submission())
    scene.passes(10)
    waiting = await scene.process().place(await scene.submission(outcome="challenged"))
    known = scene.process().orders
    assert await known.page() == [waiting, paid]
    assert await known.page(OrderQuery(limit=1)) == [waiting]
    assert await known.page(OrderQuery(state="paid")) == [paid]
    assert await known.page(OrderQuery(unsettled=True)) == [waiting]


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
