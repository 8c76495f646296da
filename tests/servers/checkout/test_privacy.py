"""What the shop has of a person is told and erased on demand, and after some time."""

from __future__ import annotations

import msgspec
import pytest
from sqlalchemy import select

from shop.catalog.exchange_rates import read_rates
from shop.checkout.model import Order
from shop.checkout.pricing.coupons import Coupons
from shop.checkout.privacy import Privacy
from shop.checkout.schema import coupon_shoppers, order_lines, orders, outbox, payment_events, stock_alerts
from shop.database import fetch, writing
from tests.fixtures.order_scene import ADA, CODE, Scene

DAY = 24 * 3600


@pytest.fixture
def privacy(scene: Scene) -> Privacy:
    return Privacy(scene.database, Coupons(scene.database, read_rates(), scene.clock), scene.clock)


async def shipped(scene: Scene, cart_id: str = "ada", email: str = ADA.email) -> Order:
    address = msgspec.structs.replace(ADA.address, name=f"{cart_id} Example", street_address=f"1 {cart_id} Quay")
    buyer = msgspec.structs.replace(ADA, email=email, address=address, gift_note=f"For the aunt of {cart_id}")
    cart = await scene.cart(cart_id=cart_id, coupon=CODE if cart_id == "ada" else "")
    process = scene.process(orders_to="owner@shop.example")
    order = await process.transitions.ship(await process.place(await scene.submission(cart, buyer=buyer)))
    assert order is not None
    return order


async def everything(scene: Scene) -> str:
    """All that the tables with persons in them say."""
    found = [await fetch(scene.database, select(table)) for table in (orders, outbox, coupon_shoppers)]
    return str([row for rows in found for row in rows])


async def test_everything_of_a_person_is_exported(scene: Scene, privacy: Privacy) -> None:
    order = await shipped(scene)
    await shipped(scene, "bob", "bob@shop.example")
    data = await privacy.export(" ADA@shop.example ")
    assert data.orders == [order]
    assert [each.email.id for each in data.emails] == [f"placed:{order.number}", f"shipped:{order.number}"]
    assert data.coupons == [CODE]


async def test_a_stock_alert_is_exported_and_erased(scene: Scene, privacy: Privacy) -> None:
    row = {"token": "t", "sku": "MUG", "email": "Ada@shop.example", "mailbox": "ada@shop.example", "language": "en"}
    async with writing(scene.database) as connection:
        await connection.execute(stock_alerts.insert().values(**row, origin="", created_at=1))
    assert (await privacy.export("ADA@shop.example")).stock_alerts == ["MUG"]
    await privacy.erase("ada@shop.example", who="ada")
    assert await fetch(scene.database, select(stock_alerts)) == []


async def test_what_is_erased_is_gone_and_the_books_stay(scene: Scene, privacy: Privacy) -> None:
    order = await shipped(scene)
    other = await shipped(scene, "bob", "bob@shop.example")
    erased = await privacy.erase(ADA.email, who="eve")
    assert (erased.orders, erased.emails, erased.under_way) == (1, 3, [])
    left = await everything(scene)
    for words in ("ada@shop", "ada Example", "ada example", "ada Quay", "aunt of ada", order.secret):
        assert words not in left
        assert words.replace("ada", "bob") in left or words == order.secret
    known = await scene.process().orders.find(order.number)
    assert known.quote.totals == order.quote.totals
    assert known.quote.lines == order.quote.lines
    assert known.buyer.address.country_code == "DE"
    assert not known.opened_by("")
    assert len(await fetch(scene.database, select(order_lines).where(order_lines.c.number == order.number))) == 3
    history = await scene.process().orders.history(order.number)
    assert (history[-1].what, history[-1].who, history[-1].why) == ("note", "eve", "erased as asked")
    assert await scene.process().orders.find(other.number) == other
    assert (await privacy.export(ADA.email)).orders == []


async def test_an_order_under_way_stays_whole(scene: Scene, privacy: Privacy) -> None:
    order = await scene.process().place(await scene.submission(await scene.cart(coupon=CODE)))
    erased = await privacy.erase(ADA.email, who="eve")
    assert (erased.orders, erased.emails, erased.under_way) == (0, 0, [order.number])
    assert await scene.process().orders.find(order.number) == order
    assert await scene.emails() == ["placed"]


async def test_old_orders_lose_their_persons(scene: Scene, privacy: Privacy) -> None:
    old = await shipped(scene)
    scene.passes(100 * DAY)
    new = await shipped(scene, "bob", "bob@shop.example")
    open_since = await scene.process().place(await scene.submission(await scene.cart(cart_id="cia")))
    scene.passes(50 * DAY)
    async with writing(scene.database) as connection:
        for number, at in ((old.number, 0), (new.number, new.created_at)):
            row = {"provider": "acme", "id": number, "number": number, "kind": "paid", "at": at}
            await connection.execute(payment_events.insert().values(row))
    erased = await privacy.expire(120, who="eve")
    assert (erased.orders, erased.emails) == (1, 3)
    assert [row.number for row in await fetch(scene.database, select(payment_events))] == [new.number]
    known = scene.process().orders
    assert (await known.find(old.number)).buyer.email == ""
    assert await known.find(new.number) == new
    scene.passes(1000 * DAY)
    assert (await privacy.expire(120, who="eve")).orders == 1
    assert await known.find(open_since.number) == open_since
    assert (await privacy.expire(120, who="eve")).orders == 0
