"""A quote says what a cart comes to today, and what stands in the way."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from shop.cart.model import Add, Cart, SaveForLater, UseCoupon, apply, new_change_id
from shop.catalog.exchange_rates import read_rates
from shop.catalog.model import Product
from shop.checkout.pricing.coupons import Coupon, Coupons
from shop.checkout.pricing.quotes import Proposal, Quotes
from shop.checkout.pricing.terms import read_terms
from shop.checkout.pricing.totals import CouponTerms
from shop.money import CURRENCIES
from tests.fixtures.catalog import eur
from tests.fixtures.fixed_catalog import FixedCatalog, product

NOW = 1_800_000_000
COUPONS = (
    Coupon("TEN", CouponTerms(percent=1000, minimum=eur(3000))),
    Coupon("FREE", CouponTerms(free_shipping=True)),
    Coupon("ALL", CouponTerms(percent=10_000, free_shipping=True)),
)


def cart(*wanted: tuple[str, int], coupon: str = "") -> Cart:
    filled = Cart("cart")
    for sku, quantity in wanted:
        filled = apply(filled, Add(new_change_id(), NOW, sku, quantity, eur(1)))
    return apply(filled, UseCoupon(new_change_id(), NOW, coupon)) if coupon else filled


@pytest.fixture
async def quotes(sqlite_engine: AsyncEngine, catalog: FixedCatalog) -> Quotes:
    coupons = Coupons(sqlite_engine, read_rates())
    await coupons.add(COUPONS)
    return Quotes(catalog, coupons, read_terms(), read_rates())


async def propose(quotes: Quotes, *wanted: tuple[str, int], coupon: str = "", **given: Any) -> Proposal:
    asked: dict[str, Any] = {"currency": "EUR", "country_code": "DE", "now": NOW} | given
    return await quotes.propose(cart(*wanted, coupon=coupon), **asked)


def weighing(grams: int) -> Product:
    """A heavy pot."""
    pot = product("pot", 3000)
    return msgspec.structs.replace(pot, variants=(msgspec.structs.replace(pot.variants[0], weight=grams),))


class TestWhatItComesTo:
    async def test_lines_at_todays_prices_in_the_order_of_the_cart(self, quotes: Quotes) -> None:
        proposal = await propose(quotes, ("THROW-SAND", 1), ("TIDE-MUG", 2))
        assert [(line.title, line.variant, line.total) for line in proposal.quote.lines] == [
            ("Throw", "Sand", eur(2400)),
            ("Tide Mug", "", eur(3800)),
        ]
        assert proposal.quote.wanted == {"THROW-SAND": 1, "TIDE-MUG": 2}
        assert proposal.problems == ()
        found = proposal.quote.totals
        assert (found.subtotal, found.shipping, found.tax_name, found.total) == (6200, 0, "VAT 19%", 6200)

    async def test_names_the_state_of_the_cart_that_it_is_of(self, quotes: Quotes) -> None:
        state = cart(("TIDE-MUG", 1), ("THROW-SAND", 1))
        quote = await quotes.quote(state, "EUR", now=NOW)
        assert (quote.cart_id, quote.revision, quote.change) == ("cart", 2, state.change_ids[-1].hex())

    async def test_what_is_saved_for_later_is_not_bought(self, quotes: Quotes) -> None:
        state = apply(cart(("TIDE-MUG", 1), ("LAST-JUG", 1)), SaveForLater(new_change_id(), NOW, "LAST-JUG"))
        assert (await quotes.quote(state, "EUR", now=NOW)).wanted == {"TIDE-MUG": 1}

    @pytest.mark.parametrize("state", [Cart("cart"), cart(("NO-SUCH", 1), coupon="TEN")])
    async def test_nothing_to_buy_is_a_quote_without_lines(self, quotes: Quotes, state: Cart) -> None:
        proposal = await quotes.propose(state, "EUR", "DE", now=NOW)
        assert (proposal.quote.lines, proposal.methods) == ((), ())
        assert (proposal.quote.total, proposal.quote.coupon) == (eur(0), "")
        assert all(problem.kind == "gone" for problem in proposal.problems)

    @pytest.mark.parametrize("currency", CURRENCIES)
    async def test_all_of_it_is_in_the_shoppers_currency(self, quotes: Quotes, currency: str) -> None:
        proposal = await propose(quotes, ("TIDE-MUG", 2), coupon="TEN", currency=currency)
        unit = read_rates().convert(eur(1900), currency)
        (line,) = proposal.quote.lines
        assert (line.unit, line.price) == (unit, eur(1900))
        assert proposal.quote.totals.shipping == read_rates().convert(eur(490), currency).amount
        assert line.total.amount + proposal.quote.totals.shipping == proposal.quote.total.amount


class TestShipping:
    async def test_is_the_cheapest_where_none_is_chosen_or_the_choice_is_none(self, quotes: Quotes) -> None:
        for method in ("", "by-balloon", "standard"):
            proposal = await propose(quotes, ("TIDE-MUG", 1), method=method)
            assert (proposal.quote.method, proposal.quote.totals.shipping) == ("standard", 490)
        assert [(method.id, method.price) for method in proposal.methods] == [
            ("standard", eur(490)),
            ("express", eur(1290)),
        ]

    async def test_can_be_chosen(self, quotes: Quotes) -> None:
        quote = (await propose(quotes, ("TIDE-MUG", 1), method="express")).quote
        assert (quote.method, quote.totals.shipping, quote.total) == ("express", 1290, eur(1900 + 1290))
        assert quote.method_title.startswith("Express")

    async def test_costs_by_weight_and_a_way_that_does_not_carry_it_is_not_offered(
        self, quotes: Quotes, catalog: FixedCatalog
    ) -> None:
        catalog.replace(weighing(7000))
        assert (await propose(quotes, ("POT", 1), method="express")).quote.totals.shipping == 2790
        heavy = await propose(quotes, ("POT", 3), country_code="GB", method="express")
        assert [(method.id, method.price) for method in heavy.methods] == [("standard", eur(5990))]
        assert heavy.quote.method == "standard"

    async def test_to_a_country_that_is_not_known_goes_to_the_rest_of_the_world(self, quotes: Quotes) -> None:
        proposal = await propose(quotes, ("TIDE-MUG", 1), country_code="")
        assert proposal.untaxed
        assert (proposal.quote.totals.shipping, proposal.quote.totals.tax_name) == (1490, "")
        assert not (await propose(quotes, ("TIDE-MUG", 1))).untaxed

    async def test_a_threshold_counts_after_the_discount(self, quotes: Quotes) -> None:
        assert (await propose(quotes, ("TIDE-MUG", 4))).quote.totals.shipping == 0
        reduced = await propose(quotes, ("TIDE-MUG", 3), ("ENDLESS-CANDLE", 1), coupon="TEN")
        assert (reduced.quote.totals.subtotal, reduced.quote.totals.discount) == (6600, 660)
        assert reduced.quote.totals.shipping == 490


class TestCoupons:
    async def test_a_coupon_takes_its_share_off_each_line(self, quotes: Quotes) -> None:
        quote = (await propose(quotes, ("TIDE-MUG", 1), ("LAST-JUG", 1), coupon="TEN")).quote
        assert (quote.coupon, [line.discount for line in quote.lines]) == ("TEN", [190, 420])
        assert sum(line.total.amount for line in quote.lines) + quote.totals.shipping == quote.total.amount

    async def test_one_that_does_not_count_is_said_and_takes_nothing_off(self, quotes: Quotes) -> None:
        proposal = await propose(quotes, ("TIDE-MUG", 1), coupon="TEN")
        assert (proposal.quote.coupon, proposal.quote.totals.discount) == ("", 0)
        assert [(problem.kind, problem.message) for problem in proposal.problems] == [
            ("coupon", "The coupon TEN counts from €30.00 on: €11.00 more.")
        ]

    async def test_free_shipping_is_by_the_cheapest_way(self, quotes: Quotes) -> None:
        proposal = await propose(quotes, ("TIDE-MUG", 1), coupon="FREE")
        assert [method.price for method in proposal.methods] == [eur(0), eur(1290)]
        assert proposal.quote.total == eur(1900)

    async def test_an_order_may_cost_nothing(self, quotes: Quotes) -> None:
        found = (await propose(quotes, ("TIDE-MUG", 1), coupon="ALL")).quote.totals
        assert (found.total, found.tax, found.discount) == (0, 0, 1900)


class TestWhatStandsInTheWay:
    async def test_a_line_that_is_no_longer_sold_is_left_out_and_said(self, quotes: Quotes) -> None:
        proposal = await propose(quotes, ("NO-SUCH", 2), ("TIDE-MUG", 1))
        assert proposal.quote.wanted == {"TIDE-MUG": 1}
        assert [(problem.kind, problem.sku, problem.message) for problem in proposal.problems] == [
            ("gone", "NO-SUCH", "We no longer sell NO-SUCH. It is not part of your order.")
        ]

    async def test_lines_short_of_stock_are_said(self, quotes: Quotes) -> None:
        proposal = await propose(quotes, ("LAST-JUG", 4), ("GONE-BOWL", 1), ("ENDLESS-CANDLE", 99), ("TIDE-MUG", 10))
        assert [(problem.kind, problem.sku, problem.available, problem.message) for problem in proposal.problems] == [
            ("short", "LAST-JUG", 3, "Only 3 of Last Jug left, and you want 4. Please change your cart."),
            ("short", "GONE-BOWL", 0, "Gone Bowl is sold out. Please change your cart."),
        ]

    async def test_what_is_set_aside_for_the_shopper_counts_and_not_what_the_shelf_has(self, quotes: Quotes) -> None:
        aside = {"GONE-BOWL": 1, "TIDE-MUG": 1}
        proposal = await propose(quotes, ("GONE-BOWL", 1), ("TIDE-MUG", 2), available=aside)
        assert [(problem.sku, problem.available) for problem in proposal.problems] == [("TIDE-MUG", 1)]
