"""Payments that take days: the order waits, its cart is free, and the shopper is written to either way."""

from __future__ import annotations

import pytest

from shop.checkout.model import Order
from shop.checkout.payments.provider import PaymentToken
from tests.fixtures.order_scene import CODE, Scene

DAY = 24 * 3600


@pytest.fixture
async def waiting(scene: Scene) -> Order:
    """Two of each of three things, a tenth off."""
    submission = await scene.submission(await scene.cart(coupon=CODE), token=PaymentToken("processing"))
    order = await scene.process().place(submission)
    assert (order.state, order.processing, order.settled) == ("pending", True, False)
    return order


async def test_the_order_waits_for_days_with_its_share_of_the_stock(scene: Scene, waiting: Order) -> None:
    scene.passes(DAY)
    assert await scene.process().recovery.settle_due() == 1
    found = await scene.process().orders.find(waiting.number)
    assert (found.state, found.processing) == ("pending", True)
    assert await scene.stock() == {"MUG": -2, "BOWL": -2, "JUG": -2}
    assert (await scene.carts.get("ada")).quantity == 0
    assert await scene.emails() == []


async def test_the_next_cart_is_another_order(scene: Scene, waiting: Order) -> None:
    other = await scene.process().place(await scene.submission(await scene.cart("MUG")))
    assert (other.state, other.quote.wanted) == ("paid", {"MUG": 2})
    assert other.number != waiting.number
    assert (await scene.process().orders.find(waiting.number)).state == "pending"


@pytest.mark.parametrize(("approved", "state", "email"), [(True, "paid", "placed"), (False, "failed", "failed")])
async def test_the_shopper_is_written_to_either_way(
    scene: Scene, waiting: Order, approved: bool, state: str, email: str
) -> None:
    scene.passes(3 * DAY)
    await scene.payments.confirm(waiting.number, approved=approved)
    order = await scene.process().place_order.resume(waiting.number)
    assert (order.state, order.settled) == (state, True)
    assert await scene.emails() == [email]
    assert await scene.stock() == ({"MUG": -2, "BOWL": -2, "JUG": -2} if approved else {})
    assert await scene.uses() == int(approved)
