"""Quotes state the price of a cart and its problems."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from shop.cart.model import Add, Cart, SaveForLater, UseCoupon, apply, new_change_id
from shop.catalog.exchange_rates import read_rates
from shop.catalog.model import Product
from shop.checkout.pricing.coupons import Coupon, Coupons
from shop.checkout.pricing.quotes import QuoteResult, Quotes
from shop.checkout.pricing.terms import read_terms
from shop.checkout.pricing.totals import CouponTerms
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


async def calculate(quotes: Quotes, *wanted: tuple[str, int], coupon: str = "", **given: Any) -> QuoteResult:
    asked: dict[str, Any] = {"currency": "EUR", "country_code": "DE", "now": NOW} | given
    return await quotes.calculate(cart(*wanted, coupon=coupon), **asked)


def weighing(grams: int) -> Product:
    """A heavy pot."""
    pot = product("pot", 3000)
    return msgspec.structs.replace(pot, variants=(msgspec.structs.replace(pot.variants[0], weight=grams),))


class TestQuote:
    async def test_lines_at_todays_prices_in_the_order_of_the_cart(self, quotes: Quotes) -> None:
        result = await calculate(quotes, ("THROW-SAND", 1), ("TIDE-MUG", 2))
        assert [(line.title, line.variant, line.total) for line in result.quote.lines] == [
            ("Throw", "Sand", eur(2400)),
            ("Tide Mug", "", eur(3800)),
        ]
        assert result.quote.wanted == {"THROW-SAND": 1, "TIDE-MUG": 2}
        assert result.problems == ()
        found = result.quote.totals
        assert (found.subtotal, found.shipping, found.tax_name, found.total) == (6200, 0, "VAT 19%", 6200)

    async def test_identifies_the_state_of_the_cart(self, quotes: Quotes) -> None:
        state = cart(("TIDE-MUG", 1), ("THROW-SAND", 1))
        quote = await quotes.quote(state, "EUR", now=NOW)
        assert (quote.cart_id, quote.revision, quote.change) == ("cart", 2, state.change_ids[-1].hex())

    async def test_what_is_saved_for_later_is_not_bought(self, quotes: Quotes) -> None:
        state = apply(cart(("TIDE-MUG", 1), ("LAST-JUG", 1)), SaveForLater(new_change_id(), NOW, "LAST-JUG"))
        assert (await quotes.quote(state, "EUR", now=NOW)).wanted == {"TIDE-MUG": 1}

    @pytest.mark.parametrize("state", [Cart("cart"), cart(("NO-SUCH", 1), coupon="TEN")])
    async def test_nothing_to_buy_is_a_quote_without_lines(self, quotes: Quotes, state: Cart) -> None:
        result = await quotes.calculate(state, "EUR", "DE", now=NOW)
        assert (result.quote.lines, result.methods) == ((), ())
        assert (result.quote.total, result.quote.coupon) == (eur(0), "")
        assert all(problem.kind == "gone" for problem in result.problems)

    @pytest.mark.parametrize("currency", sorted(read_rates().per_base))
    async def test_all_of_it_is_in_the_shoppers_currency(self, quotes: Quotes, currency: str) -> None:
        result = await calculate(quotes, ("TIDE-MUG", 2), coupon="TEN", currency=currency)
        unit = read_rates().convert(eur(1900), currency)
        (line,) = result.quote.lines
        assert (line.unit, line.price) == (unit, eur(1900))
        assert result.quote.totals.shipping == read_rates().convert(eur(490), currency).amount
        assert line.total.amount + result.quote.totals.shipping == result.quote.total.amount


class TestShipping:
    async def test_is_the_cheapest_where_none_is_chosen_or_the_choice_is_none(self, quotes: Quotes) -> None:
        for method in ("", "by-balloon", "standard"):
            result = await calculate(quotes, ("TIDE-MUG", 1), method=method)
            assert (result.quote.method, result.quote.totals.shipping) == ("standard", 490)
        assert [(method.id, method.price) for method in result.methods] == [
            ("standard", eur(490)),
            ("express", eur(1290)),
        ]

    async def test_can_be_chosen(self, quotes: Quotes) -> None:
        quote = (await calculate(quotes, ("TIDE-MUG", 1), method="express")).quote
        assert (quote.method, quote.totals.shipping, quote.total) == ("express", 1290, eur(1900 + 1290))
        assert quote.method_title.startswith("Express")

    async def test_costs_depend_on_weight_and_unsuitable_methods_are_omitted(
        self, quotes: Quotes, catalog: FixedCatalog
    ) -> None:
        catalog.replace(weighing(7000))
        assert (await calculate(quotes, ("POT", 1), method="express")).quote.totals.shipping == 2790
        heavy = await calculate(quotes, ("POT", 3), country_code="GB", method="express")
        assert [(method.id, method.price) for method in heavy.methods] == [("standard", eur(5990))]
        assert heavy.quote.method == "standard"

    async def test_to_a_country_that_is_not_known_goes_to_the_rest_of_the_world(self, quotes: Quotes) -> None:
        result = await calculate(quotes, ("TIDE-MUG", 1), country_code="")
        assert result.untaxed
        assert (result.quote.totals.shipping, result.quote.totals.tax_name) == (1490, "")
        assert not (await calculate(quotes, ("TIDE-MUG", 1))).untaxed

    async def test_a_threshold_counts_after_the_discount(self, quotes: Quotes) -> None:
        assert (await calculate(quotes, ("TIDE-MUG", 4))).quote.totals.shipping == 0
        reduced = await calculate(quotes, ("TIDE-MUG", 3), ("ENDLESS-CANDLE", 1), coupon="TEN")
        assert (reduced.quote.totals.subtotal, reduced.quote.totals.discount) == (6600, 660)
        assert reduced.quote.totals.shipping == 490


class TestCoupons:
    async def test_a_coupon_takes_its_share_off_each_line(self, quotes: Quotes) -> None:
        quote = (await calculate(quotes, ("TIDE-MUG", 1), ("LAST-JUG", 1), coupon="TEN")).quote
        assert (quote.coupon, [line.discount for line in quote.lines]) == ("TEN", [190, 420])
        assert sum(line.total.amount for line in quote.lines) + quote.totals.shipping == quote.total.amount

    async def test_a_refused_coupon_is_reported_and_gives_no_discount(self, quotes: Quotes) -> None:
        result = await calculate(quotes, ("TIDE-MUG", 1), coupon="TEN")
        assert (result.quote.coupon, result.quote.totals.discount) == ("", 0)
        assert [(problem.kind, problem.message) for problem in result.problems] == [
            ("coupon", "The coupon TEN applies from €30.00: €11.00 to go.")
        ]

    async def test_free_shipping_is_by_the_cheapest_way(self, quotes: Quotes) -> None:
        result = await calculate(quotes, ("TIDE-MUG", 1), coupon="FREE")
        assert [method.price for method in result.methods] == [eur(0), eur(1290)]
        assert result.quote.total == eur(1900)

    async def test_an_order_may_cost_nothing(self, quotes: Quotes) -> None:
        found = (await calculate(quotes, ("TIDE-MUG", 1), coupon="ALL")).quote.totals
        assert (found.total, found.tax, found.discount) == (0, 0, 1900)


class TestProblems:
    async def test_a_line_that_is_no_longer_sold_is_omitted_and_reported(self, quotes: Quotes) -> None:
        result = await calculate(quotes, ("NO-SUCH", 2), ("TIDE-MUG", 1))
        assert result.quote.wanted == {"TIDE-MUG": 1}
        assert [(problem.kind, problem.sku, problem.message) for problem in result.problems] == [
            ("gone", "NO-SUCH", "We no longer sell NO-SUCH. It is not part of your order.")
        ]

    async def test_shortages_are_reported(self, quotes: Quotes) -> None:
        result = await calculate(quotes, ("LAST-JUG", 4), ("GONE-BOWL", 1), ("ENDLESS-CANDLE", 99), ("TIDE-MUG", 10))
        assert [(problem.kind, problem.sku, problem.available, problem.message) for problem in result.problems] == [
            ("short", "LAST-JUG", 3, "Only 3 of Last Jug left, and you want 4. Please change your cart."),
            ("short", "GONE-BOWL", 0, "Gone Bowl is sold out. Please change your cart."),
        ]

    async def test_reserved_units_count_instead_of_the_catalogues_stock(self, quotes: Quotes) -> None:
        reserved = {"GONE-BOWL": 1, "TIDE-MUG": 1}
        result = await calculate(quotes, ("GONE-BOWL", 1), ("TIDE-MUG", 2), available=reserved)
        assert [(problem.sku, problem.available) for problem in result.problems] == [("TIDE-MUG", 1)]


class TestThresholds:
    """A business abroad pays no tax, and thresholds are prices with tax: what is compared has it too."""

    @pytest.fixture
    def for_business(self, quotes: Quotes, catalog: FixedCatalog) -> Quotes:
        terms = read_terms()
        seller = msgspec.structs.replace(terms.taxes.seller, country="DE", vat_id="DE136695976")
        taxes = msgspec.structs.replace(terms.taxes, seller=seller)
        return Quotes(catalog, quotes._coupons, msgspec.structs.replace(terms, taxes=taxes), read_rates())

    @pytest.mark.parametrize(("vat_id", "untaxed"), [("", ""), ("ATU13585627", "reverse-charge")])
    async def test_shipping_is_free_from_the_same_goods_for_everybody(
        self, for_business: Quotes, vat_id: str, untaxed: str
    ) -> None:
        (threshold,) = {method.free_from.amount for method in for_business.terms.zone("AT").methods if method.free_from}
        for mugs in range(1, 10):
            result = await calculate(for_business, ("TIDE-MUG", mugs), country_code="AT", vat_id=vat_id)
            assert result.quote.totals.untaxed == untaxed
            assert (result.quote.totals.shipping == 0) == (mugs * 1900 >= threshold), mugs

    @pytest.mark.parametrize("vat_id", ["", "ATU13585627"])
    async def test_a_coupon_applies_from_the_same_goods_for_everybody(self, for_business: Quotes, vat_id: str) -> None:
        for mugs, applies in ((1, False), (2, True)):
            asked = {"country_code": "AT", "vat_id": vat_id, "coupon": "TEN"}
            result = await calculate(for_business, ("TIDE-MUG", mugs), **asked)
            assert (result.quote.totals.discount > 0) == applies
