"""CAPTURE=shipping: the payment is authorised with the order, and captured when goods leave the shop."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from shop.checkout.model import Order, Parcel
from shop.checkout.placing.refunds import PartRefund
from shop.checkout.placing.transitions import OrderTransitions
from shop.checkout.schema import outbox
from shop.database import fetch
from shop.errors import InvalidInput, PaymentRefused
from tests.fixtures.order_scene import Scene


@pytest.fixture
def steps(scene: Scene) -> OrderTransitions:
    return scene.process(captures_at_shipping=True).transitions


@pytest.fixture
async def order(scene: Scene) -> Order:
    """Two of each of three things at €10, authorised."""
    placed = await scene.process(captures_at_shipping=True).place(await scene.submission())
    assert (placed.state, placed.settled) == ("placed", True)
    assert await scene.ledger() == ["authorised"]
    assert (await scene.carts.get("ada")).quantity == 0
    return placed


async def captured(scene: Scene, order: Order) -> int:
    payment = await scene.payments.find(order.number)
    assert payment is not None
    return payment.captured


async def test_all_is_captured_with_the_first_parcel(scene: Scene, order: Order, steps: OrderTransitions) -> None:
    after = await steps.ship(order, "eve", parcel=Parcel(skus={"MUG": 1}))
    assert after is not None
    assert (after.state, await captured(scene, order)) == ("paid", order.quote.totals.total)
    shipped = await steps.ship(after)
    assert shipped is not None
    assert shipped.state == "shipped"
    history = [event.what for event in await scene.process().orders.history(order.number)]
    assert history == ["paid", "part shipped", "shipped"]
    assert await scene.ledger() == ["authorised", "captured"]


async def test_what_was_taken_off_before_is_not_captured(scene: Scene, order: Order, steps: OrderTransitions) -> None:
    part = PartRefund(skus={"MUG": 1}, restock=True)
    after, amount = await steps.refund_part(order, part, who="", why="broken")
    assert (after.settled, await captured(scene, order)) == (True, 0)
    shipped = await steps.ship(after)
    assert shipped is not None
    left = order.quote.totals.total - amount.amount
    assert (await captured(scene, order), shipped.refunded) == (left, amount.amount)
    assert await scene.stock() == {"MUG": -1, "BOWL": -2, "JUG": -2}
    (letter,) = await fetch(scene.database, select(outbox).where(outbox.c.id == f"refund-1:{order.number}"))
    assert f"will not be charged: you pay {order.quote.money(left).format()}." in letter.plain
    await steps.adopt_refunds(shipped)
    whole = await steps.refund(shipped)
    assert whole is not None
    assert (await scene.process().orders.find(order.number)).refunded == amount.amount, "released, not refunded"
    await steps.release(whole)
    payment = await scene.payments.find(order.number)
    assert payment is not None
    assert payment.refunded == left


async def test_all_of_it_is_cancelled_and_not_refunded(scene: Scene, order: Order, steps: OrderTransitions) -> None:
    with pytest.raises(InvalidInput, match="cancel"):
        await steps.refund_part(order, PartRefund(amount=order.quote.totals.total), who="", why="")
    cancelled = await steps.cancel(order)
    assert cancelled is not None
    await steps.release(cancelled)
    assert await scene.ledger() == ["authorised", "voided"]
    assert await scene.stock() == {}


async def test_nothing_is_sent_whose_payment_has_lapsed(scene: Scene, order: Order, steps: OrderTransitions) -> None:
    await scene.payments.void(order.number)
    with pytest.raises(PaymentRefused):
        await steps.ship(order)
    found = await scene.process().orders.find(order.number)
    assert (found.state, await scene.emails()) == ("placed", ["placed"])


async def test_recovery_leaves_the_payment_for_the_shipping(scene: Scene) -> None:
    process = scene.process(captures_at_shipping=True)
    waiting = await process.place(await scene.submission(outcome="challenged"))
    await scene.payments.confirm(waiting.number, approved=True)
    assert (await process.place_order.resume(waiting.number)).state == "placed"
    scene.passes(10**5)
    assert await process.recovery.settle_due() == 0
    assert await scene.ledger() == ["authorised", "challenged"]
