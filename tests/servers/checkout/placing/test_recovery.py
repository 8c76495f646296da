"""What was left open is brought to its end: by asking the bank, whoever left it and wherever."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from sqlalchemy import select, text

from shop.cart.memory import MemoryCartService
from shop.cart.model import Cart, Change
from shop.checkout.model import Order
from shop.checkout.payments.demo import DemoPayments
from shop.checkout.payments.provider import Payment
from shop.checkout.schema import orders
from shop.database import fetch, writing
from shop.errors import OrderStateRefused, PaymentDeclined, PaymentRefused, PaymentUnavailable, StoreUnavailable
from shop.money import Money
from tests.fixtures.order_scene import CODE, STOCK, HeldPayments, Scene
from tests.fixtures.stock import deduct, level

CHALLENGE_SECONDS = DemoPayments.seconds
CLAIM_SECONDS = 11
"""A little longer than a claim with five seconds for the bank."""


class AwayPayments(HeldPayments):
    """A bank that is away for one kind of call."""

    def __init__(self, scene: Scene, *calls: str) -> None:
        super().__init__(scene.payments)
        self.answer.set()
        self.calls = calls

    def __getattribute__(self, name: str) -> object:
        if name in ("capture", "void", "refund", "find") and name in self.calls:
            return self.away
        return super().__getattribute__(name)

    async def away(self, key: str, *_: object) -> Payment:
        raise PaymentUnavailable(f"The bank is away for {key}.")


class AwayCarts(MemoryCartService):
    """Carts that cannot be changed now."""

    async def apply(self, cart_id: str, change: Change) -> Cart:
        raise StoreUnavailable("away")


async def settled(scene: Scene, *, after: float = CLAIM_SECONDS) -> Order:
    """The only order, once its claim is over and another process has looked for open ones."""
    scene.passes(after)
    await scene.process().recovery.settle_due()
    (order,) = await scene.all()
    return order


class TestTheBankDoesNotAnswer:
    async def test_and_has_done_it(self, scene: Scene) -> None:
        order = await scene.process().place(await scene.submission(outcome="lost-answer"))
        assert (order.state, order.settled) == ("pending", False)
        assert await scene.emails() == []
        paid = await settled(scene)
        assert (paid.number, paid.state, paid.settled) == (order.number, "paid", True)
        assert await scene.emails() == ["placed"]
        assert await scene.ledger() == ["authorised", "captured"]
        assert (await scene.carts.get("ada")).lines == ()

    async def test_and_is_not_waited_for_any_longer(self, scene: Scene) -> None:
        silent = HeldPayments(scene.payments)
        order = await scene.process(payments=silent, seconds=0.1).place(await scene.submission())
        assert (order.state, order.settled) == ("pending", False)
        assert (await settled(scene)).state == "failed"
        assert await scene.ledger() == ["voided"]

    async def test_and_has_not_done_it(self, scene: Scene) -> None:
        cart = await scene.cart(coupon=CODE)
        await scene.process().place(await scene.submission(cart, "lost-call"))
        failed = await settled(scene)
        assert (failed.state, failed.settled) == ("failed", True)
        assert "Nothing was charged" in failed.failure
        assert await scene.ledger() == ["voided"]
        assert (await scene.stock(), await scene.uses(), await scene.emails()) == ({}, 0, ["failed"])
        assert (await scene.process().place(await scene.submission(cart))).state == "paid"

    async def test_nobody_else_goes_on_while_the_first_may_still_get_an_answer(self, scene: Scene) -> None:
        await scene.process().place(await scene.submission(outcome="lost-answer"))
        assert await scene.process().recovery.settle_due() == 0
        assert (await settled(scene, after=0.1)).state == "pending"

    async def test_not_even_when_it_is_asked_again(self, scene: Scene) -> None:
        await scene.process().place(await scene.submission(outcome="lost-answer"))
        away = scene.process(payments=AwayPayments(scene, "find"))
        scene.passes(CLAIM_SECONDS)
        assert await away.recovery.settle_due() == 1
        assert [order.state for order in await scene.all()] == ["pending"]
        assert (await settled(scene)).state == "paid"

    async def test_when_the_money_is_to_be_taken(self, scene: Scene) -> None:
        order = await scene.process(payments=AwayPayments(scene, "capture")).place(await scene.submission())
        assert (order.state, order.settled, order.firm) == ("placed", False, True)
        assert (await scene.carts.get("ada")).lines == ()
        await scene.cart("MUG")
        assert (await settled(scene)).state == "paid"
        assert [line.sku for line in (await scene.carts.get("ada")).lines] == ["MUG"], "ordered lines leave once"
        assert await scene.emails() == ["placed"]

    async def test_when_a_payment_is_to_be_let_go(self, scene: Scene) -> None:
        await scene.process().place(await scene.submission(outcome="lost-call"))
        scene.passes(CLAIM_SECONDS)
        await scene.process(payments=AwayPayments(scene, "void")).recovery.settle_due()
        (failed,) = await scene.all()
        assert (failed.state, failed.settled) == ("failed", False)
        assert await scene.stock() == {}
        assert (await settled(scene)).settled
        assert await scene.ledger() == ["voided"]


class TestTheShopper:
    async def test_never_confirms(self, scene: Scene) -> None:
        await scene.process().place(await scene.submission(outcome="challenged"))
        assert (await settled(scene)).state == "pending"
        failed = await settled(scene, after=CHALLENGE_SECONDS)
        assert (failed.state, failed.settled) == ("failed", True)
        assert await scene.ledger() == ["challenged", "voided"]
        assert await scene.stock() == {}

    async def test_confirms_and_never_comes_back(self, scene: Scene) -> None:
        order = await scene.process().place(await scene.submission(outcome="challenged"))
        await scene.payments.confirm(order.number, approved=True)
        assert (await settled(scene, after=CHALLENGE_SECONDS + 1)).state == "paid"

    async def test_confirms_too_late(self, scene: Scene) -> None:
        order = await scene.process().place(await scene.submission(outcome="challenged"))
        await settled(scene, after=CHALLENGE_SECONDS + 1)
        assert (await scene.payments.confirm(order.number, approved=True)).status == "voided"
        assert (await scene.process().place_order.resume(order.number)).state == "failed"

    async def test_keeps_a_share_of_the_stock_until_then(self, scene: Scene) -> None:
        for name in ("ada", "bob", "cia"):
            await scene.process().place(await scene.submission(await scene.cart("MUG", cart_id=name), "challenged"))
        assert await level(scene.database, "MUG") == (5, 5, 0)
        await settled_all(scene, after=CHALLENGE_SECONDS + 1)
        assert await level(scene.database, "MUG") == (10, 0, 0)

    async def test_gets_no_answer_and_keeps_a_share_too(self, scene: Scene) -> None:
        cart = await scene.carts.add("ada", "MUG", 8, Money(1000, "EUR"))
        await scene.process().place(await scene.submission(cart, "lost-answer"))
        assert await level(scene.database, "MUG") == (5, 5, 0)
        assert (await settled(scene)).state == "paid"
        assert await level(scene.database, "MUG") == (2, 0, 8)

    async def test_confirms_what_is_sold_meanwhile(self, scene: Scene) -> None:
        cart = await scene.cart("MUG")
        whole = await scene.carts.add("ada", "MUG", 6, Money(1000, "EUR"))
        assert whole.revision > cart.revision
        order = await scene.process().place(await scene.submission(whole, "challenged"))
        assert await level(scene.database, "MUG") == (5, 5, 0)
        assert await deduct(scene.database, "eve", {"MUG": 5}) is None
        await scene.payments.confirm(order.number, approved=True)
        failed = await scene.process().place_order.resume(order.number)
        assert (failed.state, failed.settled) == ("failed", True)
        assert "sold while your bank was asking you" in failed.failure
        assert await scene.ledger() == ["authorised", "challenged", "voided"]
        assert await level(scene.database, "MUG") == (5, 0, 0)

    async def test_is_told_by_email_what_they_no_longer_see(self, scene: Scene) -> None:
        await scene.process().place(await scene.submission(outcome="lost-call"))
        assert (await settled(scene)).state == "failed"
        assert await scene.emails() == ["failed"]
        with pytest.raises(PaymentDeclined):
            await scene.process().place(await scene.submission(outcome="declined"))
        assert await scene.emails() == ["failed"], "who sees the page needs no letter"


@asynccontextmanager
async def without_table(scene: Scene, table: str) -> AsyncIterator[None]:
    """The database takes no transaction that is about this table."""
    async with writing(scene.database) as connection:
        await connection.execute(text(f"ALTER TABLE {table} RENAME TO {table}_away"))
    try:
        yield
    finally:
        async with writing(scene.database) as connection:
            await connection.execute(text(f"ALTER TABLE {table}_away RENAME TO {table}"))


class TestTheBankNeverTells:
    async def test_and_is_asked_less_and_less_often(self, scene: Scene) -> None:
        away = AwayPayments(scene, "find")
        order = await scene.process().place(await scene.submission(outcome="lost-answer"))
        process, pauses = scene.process(payments=away), []
        for _ in range(80):
            scene.passes(max(0.0, await due_in(scene, order)) + 0.01)
            assert await process.recovery.settle_due() == 1
            pauses.append(round(await due_in(scene, order)))
        assert pauses[0] == pytest.approx(10, abs=1)
        assert pauses == sorted(pauses)
        assert pauses[-1] == pytest.approx(3600, abs=1)
        paid = await scene.process().place_order.resume(order.number)
        assert paid.state == "paid", "whoever knows more need not wait"

    async def test_and_an_order_that_was_paid_is_not_refunded_by_a_void(self, scene: Scene) -> None:
        process = scene.process()
        order = await process.place(await scene.submission())
        async with writing(scene.database) as connection:
            await connection.execute(text("DELETE FROM demo_payments"))
        refunded = await process.transitions.refund(order, who="eve", why="broken")
        assert refunded is not None
        with pytest.raises(PaymentRefused):
            await process.transitions.release(refunded)
        await settled_all(scene, after=CLAIM_SECONDS)
        assert not (await process.orders.find(order.number)).settled
        assert await scene.ledger() == []


async def due_in(scene: Scene, order: Order) -> float:
    """Seconds until an order is looked at again."""
    (row,) = await fetch(scene.database, select(orders.c.claimed_until).where(orders.c.number == order.number))
    return float(row.claimed_until / 1000 - scene.clock())


async def settled_all(scene: Scene, *, after: float) -> None:
    scene.passes(after)
    await scene.process().recovery.settle_due()


class TestTheAnswerCannotBeWrittenDown:
    async def test_of_a_bank_that_approved(self, scene: Scene) -> None:
        async with without_table(scene, "outbox"):
            order = await scene.process().place(await scene.submission())
        assert (order.state, order.settled) == ("pending", False)
        assert await scene.ledger() == ["authorised"]
        assert (await settled(scene)).state == "paid"
        assert await scene.emails() == ["placed"]

    async def test_of_a_bank_that_declined(self, scene: Scene) -> None:
        held, submission = (
            HeldPayments(scene.payments),
            await scene.submission(await scene.cart(coupon=CODE), "declined"),
        )
        placing = asyncio.create_task(scene.process(payments=held).place(submission))
        await held.asked.wait()
        async with without_table(scene, "coupon_shoppers"):
            held.answer.set()
            with pytest.raises(PaymentDeclined):
                await placing
        assert [order.state for order in await scene.all()] == ["pending"]
        assert (await settled(scene)).state == "failed"
        assert (await scene.stock(), await scene.uses()) == ({}, 0)


class TestCartsAreAway:
    async def test_what_was_ordered_leaves_the_cart_later(self, scene: Scene) -> None:
        order = await scene.process(carts=AwayCarts()).place(await scene.submission())
        assert (order.state, order.settled) == ("placed", False)
        assert len((await scene.carts.get("ada")).lines) == 3
        assert (await settled(scene)).state == "paid"
        assert (await scene.carts.get("ada")).lines == ()


class TestAProcessThatWasPaused:
    """It wakes when its claim is over and somebody else has gone on."""

    async def test_before_the_bank_was_asked(self, scene: Scene) -> None:
        paused, submission = HeldPayments(scene.payments), await scene.submission()
        placing = asyncio.create_task(scene.process(payments=paused).place(submission))
        await paused.asked.wait()
        assert (await settled(scene)).state == "failed"
        paused.answer.set()
        with pytest.raises(PaymentDeclined, match="Nothing was charged"):
            await placing
        assert await scene.ledger() == ["voided"]
        assert await scene.stock() == {}

    async def test_after_the_bank_was_asked(self, scene: Scene) -> None:
        paused = HeldPayments(scene.payments, before=False)
        placing = asyncio.create_task(scene.process(payments=paused).place(await scene.submission()))
        await paused.asked.wait()
        assert (await settled(scene)).state == "paid"
        paused.answer.set()
        assert (await placing).state == "paid"
        assert await scene.ledger() == ["authorised", "captured"]
        assert await scene.emails() == ["placed"]

    async def test_while_another_has_claimed_the_order_and_done_nothing_yet(self, scene: Scene) -> None:
        paused, other = HeldPayments(scene.payments, before=False), scene.process()
        placing = asyncio.create_task(scene.process(payments=paused).place(await scene.submission()))
        await paused.asked.wait()
        scene.passes(CLAIM_SECONDS)
        ((order, by),) = await other.recovery.claim()
        paused.answer.set()
        assert (await placing).state == "paid"
        assert (await other.workflow.advance(order, by)).state == "paid"
        assert await scene.ledger() == ["authorised", "captured"]
        assert await scene.emails() == ["placed"]

    async def test_while_it_settled_what_another_left(self, scene: Scene) -> None:
        """The one that decided to undo an order must not let go of a payment that somebody else has taken since."""
        late = scene.process()
        await late.place(await scene.submission(outcome="lost-answer"))
        scene.passes(CLAIM_SECONDS)
        ((order, by),) = await late.recovery.claim()
        assert (await settled(scene)).state == "paid"
        after = await late.workflow.advance_payment(order, None, by)
        assert after.state == "paid"
        assert await scene.ledger() == ["authorised", "captured"]


class TestCancelling:
    async def test_while_it_is_paid_for(self, scene: Scene) -> None:
        """The order is cancelled between the bank's word and the taking of the money."""
        process = scene.process(payments=AwayPayments(scene, "capture"))
        order = await process.place(await scene.submission())
        cancelled = await process.transitions.cancel(order)
        assert cancelled
        finishing = await scene.process().workflow.finish(order, "somebody")
        assert finishing.state == "cancelled"
        assert (await settled(scene)).settled
        assert await scene.ledger() == ["authorised", "captured", "refunded"]
        assert await scene.stock() == {}
        assert await scene.emails() == ["cancelled", "placed"]

    async def test_a_payment_that_the_bank_let_go_of_cancels_its_order(self, scene: Scene) -> None:
        order = await scene.process(payments=AwayPayments(scene, "capture")).place(await scene.submission())
        await scene.payments.void(order.number)
        cancelled = await settled(scene)
        assert (cancelled.state, cancelled.settled) == ("cancelled", True)
        assert await scene.stock() == {}
        assert await scene.emails() == ["cancelled", "placed"]

    async def test_gives_stock_and_money_back_once(self, scene: Scene) -> None:
        order = await scene.process().place(await scene.submission())
        steps = scene.process().transitions
        results = await asyncio.gather(*(steps.cancel(order) for _ in range(5)))
        assert sum(result is not None for result in results) == 1
        assert await scene.stock() == {}
        assert (await settled(scene)).settled
        assert await scene.ledger() == ["authorised", "captured", "refunded"]

    async def test_not_what_is_shipped(self, scene: Scene) -> None:
        order = await scene.process().place(await scene.submission())
        shipped = await scene.process().transitions.ship(order)
        assert shipped
        with pytest.raises(OrderStateRefused):
            await scene.process().transitions.cancel(shipped)
        assert await scene.process().transitions.cancel(order) is None
        assert await scene.emails() == ["placed", "shipped"]
        refunded = await scene.process().transitions.refund(shipped)
        assert refunded
        assert (await settled(scene)).state == "refunded"
        assert await scene.stock() == dict.fromkeys(STOCK, -2)
        assert await scene.ledger() == ["authorised", "captured", "refunded"]


class TestInTheBackground:
    async def test_an_open_order_is_found_and_counted(self, scene: Scene) -> None:
        await scene.process().place(await scene.submission(outcome="lost-answer"))
        scene.passes(CLAIM_SECONDS)
        process = scene.process()
        await process.recovery.start()
        await scene.until_statement("UPDATE orders")
        while [order.state for order in await scene.all()] != ["paid"]:
            await asyncio.sleep(0.01)
        await process.recovery.close()

    async def test_many_orders_of_many_processes_are_each_settled_once(self, scene: Scene) -> None:
        process = scene.process(payments=AwayPayments(scene, "capture"))
        for n in range(5):
            await process.place(await scene.submission(await scene.cart("MUG", cart_id=f"cart-{n}")))
        scene.passes(CLAIM_SECONDS)
        counts = await asyncio.gather(*(scene.process().recovery.settle_due() for _ in range(4)))
        assert sum(counts) == 5
        assert {order.state for order in await scene.all()} == {"paid"}
        assert await scene.ledger() == ["authorised"] * 5 + ["captured"] * 5
