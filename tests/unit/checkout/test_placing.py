"""An order is placed once or not at all."""

from __future__ import annotations

from tests.fixtures.till import CODE, Scene


class TestPlacing:
    async def test_takes_stock_and_money_once_and_leaves_a_letter(self, scene: Scene) -> None:
        order = await scene.process().place(await scene.submission(await scene.cart(coupon=CODE)))
        assert (order.state, order.settled) == ("paid", True)
        assert await scene.process().orders.get(order.number) == order
        assert await scene.stock() == {"MUG": 8, "BOWL": 8, "JUG": 8}
        assert await scene.ledger() == ["authorised", "captured"]
        assert await scene.letters() == ["placed"]
        assert await scene.uses() == 1
        cart = await scene.carts.get("ada")
        assert (cart.lines, cart.coupon) == ((), "")

    async def test_takes_eight_statements_with_three_lines_and_a_coupon(self, scene: Scene) -> None:
        submission = await scene.submission(await scene.cart(coupon=CODE))
        process = scene.process()
        scene.statements.clear()
        await process.place(submission)
        assert len([each for each in scene.statements if not each.startswith("BEGIN")]) == 8
