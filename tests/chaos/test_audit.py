"""The audit notices what it is there to notice: else a table of zeros would say nothing."""

from __future__ import annotations

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from shop.database import writing
from tests.chaos.attacks.audit import Audit
from tests.fixtures.order_scene import CODE, Scene
from tests.fixtures.shop_app import Clock

WRONG = {
    "a piece is gone": ("UPDATE variants SET stock = stock - 1 WHERE sku = 'MUG'", "MUG: of 10 units, 2 were ordered"),
    "there is less than nothing": ("UPDATE variants SET stock = -1 WHERE sku = 'JUG'", "Stock was -1."),
    "another amount was charged": ("UPDATE demo_payments SET amount = amount + 1 WHERE kind = 'captured'", "charged."),
    "nothing was charged": ("DELETE FROM demo_payments WHERE kind = 'captured'", "was not charged"),
    "the money went back": (
        "UPDATE demo_payments SET kind = 'refunded' WHERE kind = 'authorised'",
        "was refunded or voided",
    ),
    "somebody else was charged": ("UPDATE demo_payments SET key = 'STRANGER'", "STRANGER was charged"),
    "a sum is wrong": (
        """UPDATE orders SET details = replace(details, '"subtotal":', '"subtotal":1')""",
        "does not add",
    ),
    "a use is not counted": ("UPDATE coupons SET uses = 0", "is in 1 orders, and counted 0 times"),
    "a coupon is overspent": ("UPDATE coupons SET max_uses = 0", "is in 1 orders, of 0 that may have it"),
    "a shopper's use is forgotten": ("UPDATE coupon_shoppers SET uses = 2", "of a shopper, and counted 2 times"),
    "there is no confirmation": ("DELETE FROM outbox", "has no confirmation"),
    "there is one for nothing": ("UPDATE orders SET state = 'failed'", "has a confirmation"),
}


@pytest.fixture
async def scene(sqlite_engine: AsyncEngine, clock: Clock) -> Scene:
    scene = Scene(sqlite_engine, clock)
    await scene.prepare()
    return scene


async def orders(scene: Scene) -> None:
    await scene.process().place(await scene.submission(await scene.cart(coupon=CODE)))


async def test_an_order_that_went_well_is_in_order(scene: Scene) -> None:
    async with Audit(scene.database) as audit:
        await orders(scene)
        assert await audit.violations() == []
        assert len(await audit.orders()) == 1


@pytest.mark.parametrize("harm", WRONG)
async def test_what_is_wrong_is_found(scene: Scene, harm: str) -> None:
    statement, words = WRONG[harm]
    async with Audit(scene.database) as audit:
        await orders(scene)
        async with writing(scene.database) as connection:
            await connection.exec_driver_sql("PRAGMA ignore_check_constraints = ON")
            await connection.exec_driver_sql(statement)
            await connection.exec_driver_sql("PRAGMA ignore_check_constraints = OFF")
        found = await audit.violations()
    assert any(words in one for one in found), found
