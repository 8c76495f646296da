"""An order is placed once or not at all, whatever is asked for at once and whatever is refused."""

from __future__ import annotations

import asyncio

import msgspec
import pytest
from sqlalchemy import select, text, update

from shop.catalog.exchange_rates import read_rates
from shop.catalog.schema import products, variants
from shop.catalog.stock import stock
from shop.checkout.model import Order
from shop.checkout.payments.provider import Payment, PaymentRequest
from shop.checkout.placing import updates as transitions
from shop.checkout.pricing.coupons import Coupon, Coupons
from shop.checkout.pricing.totals import CouponTerms
from shop.checkout.schema import order_lines, outbox
from shop.database import fetch, writing
from shop.errors import CartOrdered, CouponRefused, InvalidInput, NotFound, OutOfStock, PaymentDeclined, QuoteChanged
from shop.money import Money
from tests.fixtures.order_scene import CODE, STOCK, HeldPayments, Scene, a_card
from tests.fixtures.stock import level

WAITING = "SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
CREATED = "orders", "reservations", "variants", "reservations", "order_lines", "coupons", "coupon_shoppers"
CLERK = *CREATED, "orders", "reservations", "outbox", "orders", "order_events"
"""The tables that the statements of an order with a coupon are about, in their order."""


class TestPlacing:
    async def test_takes_stock_and_money_once_and_leaves_a_letter(self, scene: Scene) -> None:
        process = scene.process()
        order = await process.place(await scene.submission(await scene.cart(coupon=CODE)))
        assert (order.state, order.settled) == ("paid", True)
        assert await process.orders.get(order.number) == order
        assert await scene.stock() == dict.fromkeys(STOCK, -2)
        assert await scene.ledger() == ["authorised", "captured"]
        assert await scene.emails() == ["placed"]
        assert await scene.uses() == 1
        assert set(process.touched) == set(STOCK)
        cart = await scene.carts.get("ada")
        assert (cart.lines, cart.coupon) == ((), "")

    async def test_takes_twelve_statements_with_three_lines_and_a_coupon(self, scene: Scene) -> None:
        submission = await scene.submission(await scene.cart(coupon=CODE))
        scene.statements.clear()
        await scene.process().place(submission)
        assert len(submission.quote.lines) == 3
        assert all(table in statement for table, statement in zip(CLERK, scene.statements, strict=True))

    async def test_leaves_a_row_for_each_line(self, scene: Scene) -> None:
        order = await scene.process().place(await scene.submission(await scene.cart(coupon=CODE)))
        rows = await fetch(scene.database, select(order_lines).order_by(order_lines.c.position))
        assert [(row.number, row.sku, row.quantity, row.unit, row.discount) for row in rows] == [
            (order.number, line.sku, line.quantity, line.unit.amount, line.discount) for line in order.quote.lines
        ]

    async def test_units_are_committed_until_they_are_shipped(self, scene: Scene) -> None:
        process = scene.process()
        order = await process.place(await scene.submission())
        assert await level(scene.database, "MUG") == (8, 0, 2)
        shipped = await process.transitions.ship(order, "eve", "DHL")
        assert shipped is not None
        assert await level(scene.database, "MUG") == (8, 0, 0)
        history = await process.orders.history(order.number)
        assert [(event.what, event.who, event.why) for event in history] == [
            ("paid", "", ""),
            ("shipped", "eve", "DHL"),
        ]

    async def test_the_merchant_is_told_in_the_same_transaction(self, scene: Scene) -> None:
        process = scene.process(orders_to="owner@shop.example")
        order = await process.place(await scene.submission())
        rows = await fetch(scene.database, select(outbox).order_by(outbox.c.id))
        assert [(row.id, row.recipient) for row in rows] == [
            (f"merchant:{order.number}", "owner@shop.example"),
            (f"placed:{order.number}", "ada@shop.example"),
        ]
        assert order.secret not in rows[0].plain
        assert order.secret in rows[1].plain

    @pytest.mark.parametrize("change", [{"title": "Vase"}, {"options": '["Black"]'}])
    async def test_what_has_become_another_thing_is_not_ordered(self, scene: Scene, change: dict[str, str]) -> None:
        submission = await scene.submission()
        table = products if "title" in change else variants
        async with writing(scene.database) as connection:
            await connection.execute(update(table).values(change))
        with pytest.raises(QuoteChanged):
            await scene.process().place(submission)
        assert await scene.stock() == {}
        assert await scene.ledger() == []

    async def test_only_what_was_ordered_leaves_the_cart(self, scene: Scene) -> None:
        payments = HeldPayments(scene.payments)
        placing = asyncio.create_task(scene.process(payments=payments).place(await scene.submission()))
        await payments.asked.wait()
        await scene.carts.add("ada", "MUG", 3, Money(1000, "EUR"))
        payments.answer.set()
        await placing
        assert [(line.sku, line.quantity) for line in (await scene.carts.get("ada")).lines] == [("MUG", 3)]

    async def test_a_cart_without_lines_is_nothing_to_order(self, scene: Scene) -> None:
        submission = await scene.submission()
        empty = msgspec.structs.replace(submission, quote=msgspec.structs.replace(submission.quote, lines=()))
        with pytest.raises(InvalidInput):
            await scene.process().place(empty)
        assert await scene.all() == []

    async def test_goes_on_when_whoever_asked_has_gone_away(self, scene: Scene) -> None:
        payments = HeldPayments(scene.payments)
        process = scene.process(payments=payments)
        placing = asyncio.create_task(process.place(await scene.submission()))
        await payments.asked.wait()
        placing.cancel()
        with pytest.raises(asyncio.CancelledError):
            await placing
        payments.answer.set()
        await process.place_order.close()
        assert [order.state for order in await scene.all()] == ["paid"]


class TestTheSameAgain:
    async def test_two_hundred_equal_submits_of_two_processes_are_one_order(self, scene: Scene) -> None:
        submission = await scene.submission(await scene.cart(coupon=CODE))
        processes = [scene.process(), scene.process()]
        scene.statements.clear()
        orders = await asyncio.gather(*(processes[n % 2].place(submission) for n in range(200)))
        assert sum("INSERT INTO orders" in statement for statement in scene.statements) == len(processes)
        assert len({order.number for order in orders}) == 1
        assert len(await scene.all()) == 1
        assert await scene.ledger() == ["authorised", "captured"]
        assert await scene.emails() == ["placed"]
        assert await scene.stock() == dict.fromkeys(STOCK, -2)
        assert await scene.uses() == 1

    async def test_one_that_comes_later_gets_the_order_as_it_is(self, scene: Scene) -> None:
        submission = await scene.submission()
        order = await scene.process().place(submission)
        assert await scene.process().place(submission) == order

    async def test_another_process_waits_for_the_first(self, scene: Scene) -> None:
        submission, payments = await scene.submission(), HeldPayments(scene.payments)
        first = asyncio.create_task(scene.process(payments=payments).place(submission))
        await payments.asked.wait()
        second = asyncio.create_task(scene.process().place(submission))
        await scene.until_statement("FROM orders")
        assert not second.done()
        payments.answer.set()
        assert (await second).number == (await first).number

    async def test_it_does_not_wait_for_ever(self, scene: Scene) -> None:
        submission, payments = await scene.submission(), HeldPayments(scene.payments)
        first = asyncio.create_task(scene.process(payments=payments).place(submission))
        await payments.asked.wait()
        second = await scene.process(seconds=0.1).place(submission)
        assert second.state == "pending"
        payments.answer.set()
        assert (await first).number == second.number

    async def test_a_key_names_an_order_of_its_cart(self, scene: Scene) -> None:
        order = await scene.process().place(await scene.submission(key="click"))
        later = await scene.submission(await scene.cart(), key="click")
        assert await scene.process().place(later) == order
        others = await scene.submission(await scene.cart(cart_id="bob"), key="click")
        assert (await scene.process().place(others)).number != order.number
        assert (await scene.process().place(await scene.submission(key="next click"))).number != order.number

    async def test_a_refusal_found_by_its_key_is_the_same_refusal(self, scene: Scene) -> None:
        declined = await scene.submission(outcome="declined", key="click")
        with pytest.raises(PaymentDeclined) as first:
            await scene.process().place(declined)
        with pytest.raises(PaymentDeclined) as second:
            await scene.process().place(msgspec.structs.replace(declined, token=a_card().token))
        assert str(second.value) == str(first.value)
        assert len(await scene.all()) == 1

    async def test_a_cart_that_was_lost_and_begun_anew_is_another_cart(self, scene: Scene) -> None:
        first = await scene.process().place(await scene.submission(await scene.cart("MUG")))
        del scene.carts._carts["ada"]  # type: ignore[attr-defined]
        submission = await scene.submission(await scene.cart("MUG"))
        assert submission.quote.revision == first.quote.revision
        second = await scene.process().place(submission)
        assert second.number != first.number
        orders = scene.process().orders
        assert await orders.of_cart("ada", 1, first.quote.change) == first
        assert await orders.of_cart("ada", 1, second.quote.change) == second
        assert await orders.of_cart("ada", 2) is None


class TestOneCart:
    """What one order takes out of a cart no other order has in it."""

    async def test_has_one_order_at_a_time_that_is_not_decided(self, scene: Scene) -> None:
        payments = HeldPayments(scene.payments)
        first = asyncio.create_task(scene.process(payments=payments).place(await scene.submission()))
        await payments.asked.wait()
        fuller = await scene.submission(await scene.cart("MUG"))
        second = await scene.process(seconds=0.1).place(fuller)
        payments.answer.set()
        assert second.state == "pending"
        assert second.number == (await first).number
        assert await scene.stock() == dict.fromkeys(STOCK, -2)

    async def test_waits_for_that_and_does_not_order_its_lines_again(self, scene: Scene) -> None:
        payments = HeldPayments(scene.payments)
        first = asyncio.create_task(scene.process(payments=payments).place(await scene.submission()))
        await payments.asked.wait()
        process, fuller = scene.process(), await scene.submission(await scene.cart("MUG"))
        second = asyncio.create_task(process.place(fuller))
        await scene.until_statement("FROM orders")
        payments.answer.set()
        with pytest.raises(CartOrdered) as refused:
            await second
        assert refused.value.number == (await first).number
        left = await process.place_order.taken_out(refused.value.number)
        assert [(line.sku, line.quantity) for line in left.lines] == [("MUG", 2)]
        assert await scene.stock() == dict.fromkeys(STOCK, -2)
        assert (await process.place(await scene.submission(left))).state == "paid"
        assert await scene.stock() == dict.fromkeys(STOCK, -2) | {"MUG": -4}

    async def test_is_not_ordered_again_while_its_order_is_being_decided(self, scene: Scene) -> None:
        payments = HeldPayments(scene.payments)
        first = asyncio.create_task(scene.process(payments=payments).place(await scene.submission()))
        await payments.asked.wait()
        (order,), fuller = await scene.all(), await scene.submission(await scene.cart("MUG"))
        async with writing(scene.database) as connection:
            await transitions.step(
                connection, order, "placed", claimant="another process", until=0, now=order.created_at
            )
            second = asyncio.create_task(scene.process().place(fuller))
            if connection.dialect.name == "postgresql":
                while not (await connection.execute(text("SELECT 1 FROM pg_locks WHERE NOT granted"))).all():
                    await asyncio.sleep(0.001)
        with pytest.raises(CartOrdered):
            await second
        payments.answer.set()
        assert (await first).number == order.number
        assert await scene.stock() == dict.fromkeys(STOCK, -2)

    async def test_goes_on_with_another_order_where_the_first_one_fails(self, scene: Scene) -> None:
        payments = HeldPayments(scene.payments)
        submission = await scene.submission(outcome="declined")
        first = asyncio.create_task(scene.process(payments=payments).place(submission))
        await payments.asked.wait()
        second = asyncio.create_task(scene.process().place(await scene.submission(await scene.cart("MUG"))))
        await scene.until_statement("FROM orders")
        payments.answer.set()
        with pytest.raises(PaymentDeclined):
            await first
        assert (await second).state == "paid"
        assert await scene.stock() == dict.fromkeys(STOCK, -2) | {"MUG": -4}

    async def test_that_comes_back_from_a_lost_store_is_relieved_again(self, scene: Scene) -> None:
        before = await scene.cart()
        order = await scene.process().place(await scene.submission(before))
        del scene.carts._carts["ada"]  # type: ignore[attr-defined]
        await scene.carts.put(before)
        submission = await scene.submission(await scene.cart("MUG"))
        with pytest.raises(CartOrdered):
            await scene.process().place(submission)
        left = await scene.process().place_order.taken_out(order.number)
        assert [(line.sku, line.quantity) for line in left.lines] == [("MUG", 2)]


async def test_where_there_is_nothing_to_pay_nobody_is_asked_for_money(scene: Scene) -> None:
    terms = CouponTerms(percent=10_000, free_shipping=True)
    await Coupons(scene.database, read_rates()).add([Coupon("ALLOFIT", terms)])
    submission = await scene.submission(await scene.cart(coupon="ALLOFIT"))
    assert submission.quote.totals.total == 0
    order = await scene.process().place(submission)
    assert (order.state, order.settled, order.buyer.card) == ("paid", True, "")
    cancelled = await scene.process().transitions.cancel(order)
    assert cancelled is not None
    assert await scene.process().transitions.release(cancelled)
    assert await scene.ledger() == []
    assert await scene.stock() == {}


async def test_a_coupon_for_first_orders_counts_for_the_first_only(scene: Scene) -> None:
    terms = CouponTerms(percent=1000, first_order=True)
    await Coupons(scene.database, read_rates()).add([Coupon("FIRST", terms), Coupon("FIRST-2", terms)])
    process = scene.process()
    order = await process.place(await scene.submission(await scene.cart("MUG", coupon="FIRST")))
    assert order.quote.coupon == "FIRST"
    for code, words in (("FIRST", "has already been used"), ("FIRST-2", "is for a first order")):
        again = await scene.submission(await scene.cart("MUG", coupon=code, cart_id=code))
        with pytest.raises(CouponRefused, match=words):
            await process.place(again)
    assert await process.transitions.cancel(order) is not None
    again = await scene.submission(await scene.cart("MUG", coupon="FIRST-2", cart_id="again"))
    assert (await process.place(again)).quote.coupon == "FIRST-2"


class TestRefusals:
    """Whatever is refused leaves nothing behind."""

    async def nothing_is_left(self, scene: Scene) -> bool:
        no_orders = all(order.state == "failed" and order.settled for order in await scene.all())
        unused = (await scene.stock(), await scene.emails(), await scene.uses()) == ({}, [], 0)
        return no_orders and unused and bool((await scene.carts.get("ada")).lines)

    @pytest.mark.parametrize("outcome", ["declined", "no-funds"])
    async def test_a_card_that_is_declined(self, scene: Scene, outcome: str) -> None:
        cart = await scene.cart(coupon=CODE)
        declined = await scene.submission(cart, "declined" if outcome == "declined" else "no-funds")
        with pytest.raises(PaymentDeclined, match="Nothing was charged"):
            await scene.process().place(declined)
        assert await self.nothing_is_left(scene)
        (failed,) = await scene.all()
        assert "Nothing was charged" in failed.failure
        order = await scene.process().place(await scene.submission(cart))
        assert order.state == "paid"
        assert await scene.uses() == 1

    async def test_stock_that_is_short(self, scene: Scene) -> None:
        submission = await scene.submission(await scene.cart(coupon=CODE))
        async with writing(scene.database) as connection:
            await connection.execute(update(variants).where(variants.c.sku == "JUG").values(stock=1))
        with pytest.raises(OutOfStock) as refused:
            await scene.process().place(submission)
        assert refused.value.available == {"JUG": 1}
        assert await scene.stock() == {"JUG": -9}
        assert await scene.all() == []
        assert await scene.ledger() == []
        assert await scene.uses() == 0

    async def test_a_price_that_is_another(self, scene: Scene) -> None:
        submission = await scene.submission()
        async with writing(scene.database) as connection:
            await connection.execute(update(variants).where(variants.c.sku == "MUG").values(price=1001))
        with pytest.raises(QuoteChanged) as refused:
            await scene.process().place(submission)
        assert refused.value.prices == {"MUG": (1001, "EUR")}
        assert await scene.all() == []
        assert await self.nothing_is_left(scene)

    async def test_a_coupon_that_is_used_up(self, scene: Scene) -> None:
        await scene.process().place(await scene.submission(await scene.cart("MUG", cart_id="bob", coupon=CODE)))
        submission = await scene.submission(await scene.cart(coupon=CODE))
        with pytest.raises(CouponRefused, match="already been used"):
            await scene.process().place(submission)
        assert await scene.stock() == {"MUG": -2}
        assert len(await scene.all()) == 1
        assert await scene.uses() == 1

    async def test_pieces_that_are_given_back_at_that_moment_can_be_had(self, scene: Scene) -> None:
        await scene.cart("MUG")
        submission = await scene.submission(await scene.carts.get("ada"))
        async with writing(scene.database) as connection:
            await connection.execute(update(variants).where(variants.c.sku == "MUG").values(stock=0))
        async with writing(scene.database) as connection:
            await stock.restore(connection, {"MUG": 2})
            placing = asyncio.create_task(scene.process().place(submission))
            if connection.dialect.name == "postgresql":
                while not await fetch(scene.database, text(WAITING)):  # a transaction sees its first look only
                    await asyncio.sleep(0.001)
        assert (await placing).state == "paid"

    async def test_the_last_pieces_go_to_as_many_as_there_are(self, scene: Scene) -> None:
        carts = [await scene.cart("MUG", cart_id=f"cart-{n}") for n in range(20)]
        submissions = [await scene.submission(cart) for cart in carts]
        processes = [scene.process(), scene.process()]
        results = await asyncio.gather(
            *(processes[n % 2].place(submission) for n, submission in enumerate(submissions)), return_exceptions=True
        )
        assert sum(isinstance(result, Order) for result in results) == STOCK["MUG"] // 2
        assert sum(isinstance(result, OutOfStock) for result in results) == 20 - STOCK["MUG"] // 2
        assert await scene.stock() == {"MUG": -STOCK["MUG"]}
        assert await scene.ledger() == ["authorised"] * 5 + ["captured"] * 5


class TestResuming:
    async def test_an_order_that_nobody_knows(self, scene: Scene) -> None:
        with pytest.raises(NotFound):
            await scene.process().place_order.resume("0" * 16)

    async def test_one_that_is_settled_stays_as_it_is(self, scene: Scene) -> None:
        order = await scene.process().place(await scene.submission())
        assert await scene.process().place_order.resume(order.number) == order

    async def test_a_payment_that_the_shopper_approves(self, scene: Scene) -> None:
        order = await scene.process().place(await scene.submission(outcome="challenged"))
        assert (order.state, order.challenge_path) == ("pending", f"/payment/{order.number}")
        assert await scene.process().place(await scene.submission(await scene.carts.get("ada"))) == order
        await scene.payments.confirm(order.number, approved=True)
        paid = await scene.process().place_order.resume(order.number)
        assert (paid.state, paid.settled, paid.challenge_path) == ("paid", True, "")
        assert await scene.emails() == ["placed"]

    async def test_a_payment_that_the_shopper_refuses(self, scene: Scene) -> None:
        cart = await scene.cart()
        order = await scene.process().place(await scene.submission(cart, "challenged"))
        await scene.payments.confirm(order.number, approved=False)
        failed = await scene.process().place_order.resume(order.number)
        assert (failed.state, failed.settled) == ("failed", True)
        assert await scene.stock() == {}
        assert (await scene.process().place(await scene.submission(cart))).state == "paid"

    async def test_too_early_it_goes_on_waiting(self, scene: Scene) -> None:
        order = await scene.process().place(await scene.submission(outcome="challenged"))
        assert await scene.process().place_order.resume(order.number) == order

    async def test_many_who_resume_at_once_finish_it_once(self, scene: Scene) -> None:
        order = await scene.process().place(await scene.submission(outcome="challenged"))
        await scene.payments.confirm(order.number, approved=True)
        await asyncio.gather(*(scene.process().place_order.resume(order.number) for _ in range(5)))
        (paid,) = await scene.all()
        assert paid.state == "paid"
        assert await scene.emails() == ["placed"]
        assert await scene.stock() == dict.fromkeys(STOCK, -2)


async def test_whatever_a_bank_raises_the_shopper_is_not_told_that_nothing_was_charged(scene: Scene) -> None:
    class Broken(HeldPayments):
        async def authorise(self, request: PaymentRequest) -> Payment:
            raise ValueError("an answer that nobody expected")

    order = await scene.process(payments=Broken(scene.payments)).place(await scene.submission())
    assert order.state == "pending"
