"""Refunds of parts: several, never more than was paid, each made once whatever happens meanwhile."""

from __future__ import annotations

import asyncio
from collections import Counter

import pytest
from sqlalchemy import func, select, update
from sqlalchemy.exc import IntegrityError

from shop.checkout.model import Order
from shop.checkout.payments.provider import Payment
from shop.checkout.placing.refunds import PartRefund, StoredRefund, cost_of
from shop.checkout.schema import demo_refunds, orders, outbox
from shop.database import fetch, writing
from shop.errors import InvalidInput, OrderStateRefused, PaymentUnavailable
from tests.fixtures.order_scene import CODE, HeldPayments, Scene
from tests.fixtures.stock import level


@pytest.fixture
async def paid(scene: Scene) -> Order:
    """Two of each of three things at €10, a tenth off: €54 and shipping."""
    order = await scene.process().place(await scene.submission(await scene.cart(coupon=CODE)))
    assert (order.state, order.settled, order.refunded) == ("paid", True, 0)
    return order


async def returned(scene: Scene) -> int:
    (row,) = await fetch(scene.database, select(func.coalesce(func.sum(demo_refunds.c.amount), 0)))
    return int(row[0])


async def refund(scene: Scene, order: Order, **part: object) -> Order:
    steps = scene.process().transitions
    after, _amount = await steps.refund_part(order, PartRefund(**part), who="eve", why="late")  # type: ignore[arg-type]
    assert not after.settled, "the provider is asked next, or by recovery"
    await steps.pay_refunds(after)
    return await scene.process().orders.find(order.number)


async def test_parts_are_refunded_and_the_order_goes_on(scene: Scene, paid: Order) -> None:
    after = await refund(scene, paid, amount=1000)
    after = await refund(scene, after, amount=500)
    assert (after.state, after.settled, after.refunded) == ("paid", True, 1500)
    assert after.unrefunded.amount == paid.quote.totals.total - 1500
    assert await returned(scene) == 1500
    process = scene.process()
    assert await process.transitions.ship(after)
    history = [(event.what, event.who, event.why) for event in await process.orders.history(paid.number)]
    assert history == [
        ("paid", "", ""),
        ("part refund", "eve", "€10.00: late"),
        ("part refund", "eve", "€5.00: late"),
        ("shipped", "", ""),
    ]
    assert await scene.emails() == ["placed", "refund-1", "refund-2", "shipped"]
    (letter,) = await fetch(scene.database, select(outbox).where(outbox.c.id == f"refund-2:{paid.number}"))
    assert "€5.00 goes back to your Visa ending in 4242" in letter.plain
    assert "Refunded: €15.00" in letter.plain


async def test_items_are_refunded_at_what_was_paid_for_them(scene: Scene, paid: Order) -> None:
    after = await refund(scene, paid, skus={"MUG": 1})
    assert after.refunded == 900
    after = await refund(scene, after, skus={"MUG": 1, "JUG": 2})
    assert after.refunded == 900 * 4
    for skus in ({"MUG": 1}, {"BOWL": 3}, {"NOBODY": 1}):
        with pytest.raises(InvalidInput):
            await refund(scene, after, skus=skus)
    assert await returned(scene) == 900 * 4
    assert await level(scene.database, "MUG") == (8, 0, 2), "nothing goes on sale unless that is said"


@pytest.mark.parametrize("shipped", [False, True])
async def test_items_go_on_sale_again_if_that_is_said(scene: Scene, paid: Order, shipped: bool) -> None:
    process = scene.process()
    if shipped:
        paid = await process.transitions.ship(paid) or paid
    await refund(scene, paid, skus={"MUG": 2, "JUG": 1}, restock=True)
    assert await scene.stock() == {"BOWL": -2, "JUG": -1}
    whole = await process.transitions.refund(await process.orders.find(paid.number), restock=True)
    assert whole is not None
    await process.transitions.release(whole)
    assert await scene.stock() == {}, "each unit once"
    assert await returned(scene) == paid.quote.totals.total


async def test_the_rest_is_refunded_at_the_end(scene: Scene, paid: Order) -> None:
    after = await refund(scene, paid, amount=1000)
    process = scene.process()
    whole = await process.transitions.refund(after)
    assert whole is not None
    await process.transitions.release(whole)
    assert await returned(scene) == paid.quote.totals.total
    (letter,) = await fetch(scene.database, select(outbox).where(outbox.c.id == f"refunded:{paid.number}"))
    assert f"{after.unrefunded.format()} goes back" in letter.plain
    with pytest.raises(OrderStateRefused):
        await refund(scene, whole, amount=1)


@pytest.mark.parametrize("amount", [0, -1, 10**9])
async def test_never_more_than_there_is(scene: Scene, paid: Order, amount: int) -> None:
    with pytest.raises(InvalidInput):
        await refund(scene, paid, amount=amount)
    assert await returned(scene) == 0


async def test_at_once_never_more_than_was_paid(scene: Scene, paid: Order) -> None:
    most = paid.quote.totals.total
    steps = [scene.process().transitions for _ in range(5)]
    part = PartRefund(amount=most // 2)
    calls = (step.refund_part(paid, part, who="", why="") for step in steps)
    outcomes = await asyncio.gather(*calls, return_exceptions=True)
    assert Counter(map(type, outcomes)) == {tuple: 2, InvalidInput: 3}
    await asyncio.gather(*(step.pay_refunds(paid) for step in steps))
    after = await scene.process().orders.find(paid.number)
    assert await returned(scene) == after.refunded == most // 2 * 2
    assert after.settled


async def test_a_bank_that_is_away_takes_it_later_and_once(scene: Scene, paid: Order) -> None:
    class Away(HeldPayments):
        async def refund(self, key: str, refund: str, amount: int | None = None) -> Payment:
            raise PaymentUnavailable("away")

    process = scene.process(payments=Away(scene.payments))
    after, _amount = await process.transitions.refund_part(paid, PartRefund(amount=1000), who="", why="")
    with pytest.raises(PaymentUnavailable):
        await process.transitions.pay_refunds(after)
    shipped = await process.transitions.ship(after)
    assert shipped is not None
    assert not (await process.orders.find(paid.number)).settled, "shipping does not forget what is owed"
    for _ in range(2):
        scene.passes(11)
        await scene.process().recovery.settle_due()
    found = await process.orders.find(paid.number)
    assert (found.state, found.settled, found.refunded) == ("shipped", True, 1000)
    assert await returned(scene) == 1000


async def test_an_order_that_is_not_paid_has_nothing_to_refund(scene: Scene) -> None:
    waiting = await scene.process().place(await scene.submission(outcome="challenged"))
    with pytest.raises(OrderStateRefused):
        await refund(scene, waiting, amount=100)


async def test_all_parts_of_a_line_add_up_to_it(scene: Scene, paid: Order) -> None:
    one_by_one = 0
    for first in range(2):
        earlier = [] if not first else [stored({"MUG": first})]
        one_by_one += cost_of(paid, {"MUG": 1}, earlier)
    assert one_by_one == cost_of(paid, {"MUG": 2}, []) == 1800


def stored(skus: dict[str, int]) -> StoredRefund:
    return StoredRefund(position=1, amount=1, skus=skus, restocked=False, done=True, at=0)


async def test_the_database_refuses_more_than_was_paid(scene: Scene, paid: Order) -> None:
    with pytest.raises(IntegrityError):
        async with writing(scene.database) as connection:
            await connection.execute(update(orders).values(refunded=paid.quote.totals.total + 1))


class TestAnotherOrderInstead:
    """A shopper who has not paid yet goes back, changes something and orders again."""

    async def test_other_goods_are_another_order_and_the_first_can_no_longer_be_paid(self, scene: Scene) -> None:
        first = await scene.process().place(await scene.submission(await scene.cart("MUG"), "challenged"))
        second = await scene.process().place(await scene.submission(await scene.cart("BOWL")))
        assert second.state == "paid"
        assert second.quote.wanted == {"MUG": 2, "BOWL": 2}
        assert (await scene.process().orders.find(first.number)).state == "failed"
        assert (await scene.payments.confirm(first.number, approved=True)).status == "voided"
        assert await scene.stock() == {"MUG": -2, "BOWL": -2}

    async def test_one_that_was_paid_meanwhile_is_placed(self, scene: Scene) -> None:
        first = await scene.process().place(await scene.submission(await scene.cart("MUG"), "challenged"))
        await scene.payments.confirm(first.number, approved=True)
        again = await scene.submission(await scene.cart("BOWL"))
        outcome = (await asyncio.gather(scene.process().place(again), return_exceptions=True))[0]
        assert (await scene.process().orders.find(first.number)).state == "paid"
        assert isinstance(outcome, Exception), "its goods are not ordered twice"
        assert await scene.ledger() == ["authorised", "captured", "challenged"]

    async def test_the_same_order_again_is_the_same(self, scene: Scene) -> None:
        submission = await scene.submission(outcome="challenged")
        first, second = [await scene.process().place(submission) for _ in range(2)]
        assert first.number == second.number
