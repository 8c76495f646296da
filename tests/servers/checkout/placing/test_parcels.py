"""Orders that are sent in parts, and goods that come back: each unit is in one place."""

from __future__ import annotations

import asyncio
from collections import Counter

import pytest
from sqlalchemy import select

from shop.catalog.exchange_rates import read_rates
from shop.checkout.model import Order, Parcel
from shop.checkout.placing.refunds import PartRefund
from shop.checkout.pricing.coupons import Coupons
from shop.checkout.privacy import Privacy
from shop.checkout.schema import outbox
from shop.database import fetch
from shop.errors import InvalidInput, OrderStateRefused
from tests.fixtures.order_scene import ADA, Scene
from tests.fixtures.stock import level


@pytest.fixture
async def paid(scene: Scene) -> Order:
    """Two mugs and two bowls."""
    return await scene.process().place(await scene.submission(await scene.cart("MUG", "BOWL")))


async def ship(scene: Scene, order: Order, carriage: str = "", **skus: int) -> Order:
    carrier, _, tracking = carriage.partition(" ")
    parcel = Parcel(skus=skus, carrier=carrier, tracking=tracking)
    after = await scene.process().transitions.ship(order, "eve", parcel=parcel)
    assert after is not None
    return after


async def back(scene: Scene, order: Order, *, restock: bool, **skus: int) -> None:
    await scene.process().transitions.take_back(order, skus, restock=restock, who="eve", why="worn")


async def test_stock_mail_and_history_follow_each_part(scene: Scene, paid: Order) -> None:
    assert (await ship(scene, paid, "DHL 0034", MUG=1)).state == "paid"
    assert await level(scene.database, "MUG") == (8, 0, 1)
    assert await level(scene.database, "BOWL") == (8, 0, 2)
    assert (await ship(scene, paid)).state == "shipped", "all that waited"
    assert await level(scene.database, "MUG") == (8, 0, 0)
    letters = await fetch(scene.database, select(outbox).where(outbox.c.id != f"placed:{paid.number}"))
    plain = {row.id.partition(":")[0]: row.plain for row in letters}
    assert set(plain) == {"sent-1", "shipped"}
    assert "In this parcel:\n1 × Mug\n" in plain["sent-1"]
    assert "Sent with:\nDHL 0034\n" in plain["sent-1"]
    assert "The rest follows" in plain["sent-1"]
    assert "1 × Mug\n2 × Bowl\n" in plain["shipped"]
    orders = scene.process().orders
    assert [(event.what, event.why) for event in await orders.history(paid.number)] == [
        ("paid", ""),
        ("part shipped", "1 × MUG, DHL 0034"),
        ("shipped", "1 × MUG, 2 × BOWL"),
    ]
    assert [parcel.carriage for parcel in await orders.parcels(paid.number)] == ["DHL 0034", ""]


@pytest.mark.parametrize("skus", [{"MUG": 3}, {"JUG": 1}, {"MUG": 0}])
async def test_what_does_not_wait_is_not_sent(scene: Scene, paid: Order, skus: dict[str, int]) -> None:
    with pytest.raises(InvalidInput):
        await ship(scene, paid, "", **skus)
    assert await level(scene.database, "MUG") == (8, 0, 2)


async def test_at_once_no_unit_is_sent_twice(scene: Scene, paid: Order) -> None:
    calls = (scene.process().transitions.ship(paid, parcel=Parcel(skus={"MUG": 1})) for _ in range(4))
    outcomes = Counter(map(type, await asyncio.gather(*calls, return_exceptions=True)))
    assert outcomes == {Order: 2, InvalidInput: 2}
    assert await level(scene.database, "MUG") == (8, 0, 0)


async def test_what_comes_back_goes_on_sale_only_if_that_is_said(scene: Scene, paid: Order) -> None:
    with pytest.raises(InvalidInput, match="Nothing"):
        await back(scene, paid, restock=True)
    shipped = await ship(scene, paid)
    await back(scene, shipped, restock=True, MUG=1)
    await back(scene, shipped, restock=False, MUG=1)
    assert await scene.stock() == {"MUG": -1, "BOWL": -2}
    with pytest.raises(InvalidInput, match="0 are with the shopper"):
        await back(scene, shipped, restock=True, MUG=1)
    steps = scene.process().transitions
    with pytest.raises(InvalidInput, match="0 are with the shopper"):
        await steps.refund_part(shipped, PartRefund(skus={"MUG": 1}, restock=True), who="", why="")
    whole = await steps.refund(shipped, restock=True)
    assert whole is not None
    assert await scene.stock() == {"MUG": -1}, "the one that is worn stays away"
    with pytest.raises(InvalidInput, match="Nothing"):
        await back(scene, whole, restock=True)


async def test_a_part_that_left_is_neither_cancelled_nor_restocked_from_the_shelf(scene: Scene, paid: Order) -> None:
    after = await ship(scene, paid, MUG=2)
    steps = scene.process().transitions
    with pytest.raises(InvalidInput, match="left the shop"):
        await steps.cancel(after)
    with pytest.raises(InvalidInput, match="0 are still in the shop"):
        await steps.refund_part(after, PartRefund(skus={"MUG": 1}, restock=True), who="", why="")
    await steps.refund_part(after, PartRefund(skus={"BOWL": 1}, restock=True), who="", why="")
    assert await scene.stock() == {"MUG": -2, "BOWL": -1}
    assert (await ship(scene, after, BOWL=1)).state == "shipped"
    assert await scene.stock() == {"MUG": -2, "BOWL": -1}


async def test_goods_may_come_back_after_the_money(scene: Scene, paid: Order) -> None:
    shipped = await ship(scene, paid)
    refunded = await scene.process().transitions.refund(shipped)
    assert refunded is not None
    await back(scene, refunded, restock=True)
    assert await scene.stock() == {}


async def test_an_order_that_is_not_paid_sends_nothing(scene: Scene) -> None:
    waiting = await scene.process().place(await scene.submission(outcome="challenged"))
    with pytest.raises(OrderStateRefused):
        await ship(scene, waiting, MUG=1)


async def test_who_is_erased_leaves_no_tracking_number(scene: Scene, paid: Order) -> None:
    await ship(scene, paid, "DHL 0034")
    coupons = Coupons(scene.database, read_rates(), scene.clock)
    await Privacy(scene.database, coupons, scene.clock).erase(ADA.email, who="eve")
    (parcel,) = await scene.process().orders.parcels(paid.number)
    assert (parcel.carrier, parcel.tracking) == ("DHL", "")
