"""Each check detects the violation that it exists for; otherwise 'kept' would prove nothing."""

from __future__ import annotations

from typing import Any

import msgspec

from shop.checkout.model import Address, Buyer, Order, State
from shop.loadtest.checks import (
    Check,
    Ledger,
    Stock,
    charges_check,
    orders_check,
    seen_by_shoppers,
    stock_check,
    totals_check,
)
from shop.loadtest.shoppers.history import Verdict
from shop.loadtest.tally import Attempt, Seen, Tally
from tests.fixtures.quotes import a_quote, quote_line

MUG = "TIDE-MUG-MOSS"
ADDRESS = Address(street_address="1 Quay", zip_code="1", city="Bremen", state="", country="Germany", country_code="DE")


def order(number: str = "ONE", state: State = "paid", **given: Any) -> Order:
    """Two mugs."""
    whole = Order(
        number=number,
        state=state,
        settled=True,
        created_at=1,
        changed_at=1,
        quote=a_quote(quote_line(quantity=2)),
        buyer=Buyer(email="run-1-1@example.com", address=ADDRESS, card_brand="Visa", card_last4="4242", origin=""),
    )
    return msgspec.structs.replace(whole, **given)


def attempt(answer: str = "placed", **given: Any) -> Attempt:
    whole = Attempt(
        email="run-1-1@example.com", lines={MUG: 2}, answer="placed", number="ONE" if answer == "placed" else ""
    )
    return msgspec.structs.replace(whole, answer=answer, **given)


def ledger(kinds: str = "authorised captured", number: str = "ONE", amount: int = 0) -> Ledger:
    total = amount or order().quote.totals.total
    return {number: dict.fromkeys(kinds.split(), (total, "EUR"))}


def wrong(check: Check) -> str:
    """The violations as one text."""
    assert not check.not_checked
    assert check.kept is not bool(check.wrong)
    return " ".join(check.wrong)


class TestOrders:
    def test_an_attempt_that_was_placed_is_one_order_of_the_cart(self) -> None:
        assert orders_check([attempt()], [order()]).kept

    def test_detects_a_missing_order(self) -> None:
        assert "but does not exist" in wrong(orders_check([attempt()], []))

    def test_detects_two_orders_for_one_checkout(self) -> None:
        assert "became 2 orders: ONE, TWO" in wrong(orders_check([attempt()], [order(), order("TWO")]))

    def test_a_failed_order_may_be_followed_by_another(self) -> None:
        assert orders_check([attempt(number="TWO")], [order(state="failed"), order("TWO")]).kept

    def test_detects_an_order_of_something_else(self) -> None:
        assert "the cart had {'TIDE-MUG-MOSS': 3}" in wrong(orders_check([attempt(lines={MUG: 3})], [order()]))

    def test_detects_a_refused_order_that_was_made(self) -> None:
        assert "refused, but became order ONE" in wrong(orders_check([attempt("refused")], [order()]))
        assert orders_check([attempt("refused")], [order(state="failed")]).kept

    def test_without_an_answer_it_may_be_made_or_not_but_not_twice(self) -> None:
        assert orders_check([attempt("unknown")], []).kept
        assert orders_check([attempt("unknown")], [order()]).kept
        assert "2 orders" in wrong(orders_check([attempt("unknown")], [order(), order("TWO")]))

    def test_detects_an_order_that_nobody_placed(self) -> None:
        assert "nobody ordered it" in wrong(orders_check([], [order()]))

    def test_detects_an_order_that_was_never_settled(self) -> None:
        assert "is pending and was not settled" in wrong(
            orders_check([attempt()], [order(state="pending", settled=False)])
        )


class TestCharges:
    def test_a_paid_order_is_charged_once(self) -> None:
        assert charges_check([order()], ledger(), []).kept

    def test_detects_an_order_without_a_charge(self) -> None:
        assert "paid, but was not charged" in wrong(charges_check([order()], ledger("authorised"), []))
        assert "paid, but was not charged" in wrong(charges_check([order()], {}, []))

    def test_detects_a_wrong_charge(self) -> None:
        assert "(1, 'EUR') was charged" in wrong(charges_check([order()], ledger(amount=1), []))

    def test_detects_a_paid_order_that_was_refunded(self) -> None:
        assert "refunded or voided" in wrong(charges_check([order()], ledger("captured refunded"), []))

    def test_a_failed_order_is_not_charged_or_gets_it_back(self) -> None:
        failed = order(state="failed")
        assert charges_check([failed], ledger("authorised voided"), []).kept
        assert charges_check([failed], ledger("captured refunded"), []).kept
        assert "failed, but was charged" in wrong(charges_check([failed], ledger(), []))

    def test_detects_a_charge_without_an_order(self) -> None:
        assert "GHOST was charged" in wrong(charges_check([order()], ledger(), ["GHOST"]))


class TestTotals:
    def test_the_parts_are_the_whole(self) -> None:
        assert totals_check([order(), order(quote=a_quote(quote_line(quantity=3), discount=500))]).kept

    def test_detects_a_missing_cent(self) -> None:
        quote = order().quote
        for part in ("subtotal", "discount", "shipping", "total"):
            bent = msgspec.structs.replace(quote.totals, **{part: getattr(quote.totals, part) + 1})
            assert "does not add up" in wrong(totals_check([order(quote=msgspec.structs.replace(quote, totals=bent))]))


class TestStock:
    def test_what_was_ordered_is_gone_and_nothing_else(self) -> None:
        assert stock_check(Stock({MUG: 10}, []), Stock({MUG: 8}, [order()]), 0, 5).kept

    def test_an_older_order_that_failed_meanwhile_gave_its_pieces_back(self) -> None:
        before = Stock({MUG: 8}, [order(state="pending")])
        assert stock_check(before, Stock({MUG: 10}, [order(state="failed")]), 8, 5).kept

    def test_detects_a_unit_lost_or_sold_twice(self) -> None:
        before = Stock({MUG: 10}, [])
        assert "2 were ordered, but 7 are left" in wrong(stock_check(before, Stock({MUG: 7}, [order()]), 7, 5))
        assert "2 were ordered, but 9 are left" in wrong(stock_check(before, Stock({MUG: 9}, [order()]), 9, 5))

    def test_detects_stock_that_was_negative_for_a_moment(self) -> None:
        assert "Stock was -1" in wrong(stock_check(Stock({MUG: 10}, []), Stock({MUG: 10}, []), -1, 5))

    def test_what_has_no_limit_is_left_out(self) -> None:
        assert stock_check(Stock({}, []), Stock({}, [order()]), None, 5).kept


class TestWhatShoppersSaw:
    @staticmethod
    def seen(**given: Any) -> Seen:
        return msgspec.structs.replace(Tally().seen(1.0), changes=9, receipts=2, **given)

    def test_nothing_wrong(self) -> None:
        assert [check.kept for check in seen_by_shoppers(self.seen())] == [True, True]

    def test_nothing_done_proves_nothing(self) -> None:
        assert [check.kept for check in seen_by_shoppers(Tally().seen(1.0))] == [None, None]

    def test_detects_a_cart_that_lost_something(self) -> None:
        carts, receipts = seen_by_shoppers(self.seen(verdict=Verdict(lost=2, amiss=["The cart of shopper 1"])))
        assert carts.wrong == ("2 units lost, 0 units doubled, 0 lines resurrected.", "The cart of shopper 1")
        assert receipts.kept

    def test_detects_a_missing_receipt(self) -> None:
        carts, receipts = seen_by_shoppers(self.seen(without_receipt=("/order/ONE answered 404",)))
        assert carts.kept
        assert receipts.wrong == ("/order/ONE answered 404",)
