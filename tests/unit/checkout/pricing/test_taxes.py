"""Taxes by class of goods: several on one line, several rates in one order, and what shipping has of them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shop.catalog.model import TAX_CLASSES, TaxClass
from shop.checkout.model import TaxAmount, Totals
from shop.checkout.pricing.taxes import TAX_UNITS, TaxCase, TaxRate, shares_of_shipping, taxed, without_tax
from shop.i18n import speaking
from shop.languages import language_of

amounts = st.integers(0, 10**9)
goods_of_any_class = st.lists(st.tuples(st.sampled_from(TAX_CLASSES), amounts), max_size=20)
rates = st.lists(
    st.builds(TaxRate, name=st.sampled_from(["VAT", "GST"]), rate=st.integers(0, TAX_UNITS), on_shipping=st.booleans()),
    max_size=2,
    unique_by=lambda rate: rate.name,
).map(tuple)
cases = st.builds(
    TaxCase,
    rates=st.fixed_dictionaries({"standard": rates, "reduced": rates, "zero": rates}),
    included=st.booleans(),
)
VAT, REDUCED, NOTHING = (TaxRate(name="VAT", rate=rate) for rate in (19_000, 7_000, 0))
GERMANY = TaxCase(rates={"standard": (VAT,), "reduced": (REDUCED,), "zero": (NOTHING,)}, included=True)
QUEBEC = TaxCase(rates={"standard": (TaxRate(name="GST", rate=5_000), TaxRate(name="QST", rate=9_975))})


class TestTaxes:
    @given(goods=goods_of_any_class, shipping=amounts, case=cases)
    def test_lines_have_no_more_than_all_taxes_and_no_tax_is_negative(
        self, goods: list[tuple[TaxClass, int]], shipping: int, case: TaxCase
    ) -> None:
        found = taxed(goods, shipping, case)
        tax = sum(each.amount for each in found.taxes)
        assert 0 <= sum(found.lines) <= tax
        assert all(line >= 0 for line in found.lines)
        assert all(each.amount >= 0 and each.net >= 0 for each in found.taxes)
        assert not case.included or tax <= sum(amount for _, amount in goods) + shipping

    @given(goods=goods_of_any_class, case=cases)
    def test_without_shipping_the_lines_have_all_of_it(self, goods: list[tuple[TaxClass, int]], case: TaxCase) -> None:
        found = taxed(goods, 0, case)
        assert sum(found.lines) == sum(each.amount for each in found.taxes)

    @given(goods=goods_of_any_class, shipping=amounts, rate=st.integers(0, TAX_UNITS), included=st.booleans())
    def test_a_tax_is_exact_to_half_a_minor_unit(
        self, goods: list[tuple[TaxClass, int]], shipping: int, rate: int, included: bool
    ) -> None:
        case = TaxCase(rates={"standard": (TaxRate(name="VAT", rate=rate),)}, included=included)
        for each in taxed(goods, shipping, case).taxes:
            assert abs(each.net * rate - each.amount * TAX_UNITS) * 2 <= TAX_UNITS + included * rate

    @given(amount=amounts, rate=st.integers(0, TAX_UNITS))
    def test_a_price_without_its_tax_is_exact_to_half_a_minor_unit_and_never_nothing(
        self, amount: int, rate: int
    ) -> None:
        net = without_tax(amount, rate)
        assert (net == 0) == (amount == 0)
        assert net == 1 or abs(net * (TAX_UNITS + rate) - amount * TAX_UNITS) * 2 <= TAX_UNITS + rate

    def test_each_class_has_its_rate_and_shipping_follows_the_goods(self) -> None:
        goods: list[tuple[TaxClass, int]] = [("standard", 11_900), ("reduced", 10_700), ("zero", 500), ("exempt", 900)]
        found = taxed(goods, 2_400, GERMANY)
        assert found.taxes == (
            TaxAmount("VAT", 19_000, 11_000, 2_090),
            TaxAmount("VAT", 7_000, 11_000, 770),
            TaxAmount("VAT", 0, 550, 0),
        )
        assert found.lines == [1_900, 700, 0, 0]

    def test_a_gift_card_has_no_tax_and_its_shipping_is_taxed_as_a_service(self) -> None:
        assert taxed([("gift-card", 5_000)], 0, GERMANY).taxes == (TaxAmount("VAT", 19_000, 0, 0),)
        found = taxed([("gift-card", 5_000), ("reduced", 535)], 535, GERMANY)
        assert (found.taxes, found.lines) == ((TaxAmount("VAT", 7_000, 1_000, 70),), [0, 35])

    def test_several_taxes_on_one_line_are_each_of_the_price_and_each_rounded_once(self) -> None:
        found = taxed([("standard", 9_990), ("standard", 10)], 990, QUEBEC)
        assert found.taxes == (TaxAmount("GST", 5_000, 10_990, 550), TaxAmount("QST", 9_975, 10_990, 1_096))

    def test_taxes_that_one_price_contains_are_rounded_together(self) -> None:
        both = TaxCase(rates={"standard": QUEBEC.rates["standard"]}, included=True)
        found = taxed([("standard", 10_000)], 0, both)
        assert [each.amount for each in found.taxes] == [435, 867]
        assert found.taxes[0].net == 10_000 - 435 - 867

    def test_shipping_may_be_free_of_a_tax(self) -> None:
        sales_tax = TaxCase(rates={"standard": (TaxRate(name="Sales tax", rate=7_250, on_shipping=False),)})
        assert [each.amount for each in taxed([("standard", 10_000)], 1_000, sales_tax).taxes] == [725]

    @pytest.mark.parametrize(
        ("goods", "shares"),
        [
            ([("standard", 300), ("reduced", 100), ("standard", 100)], [("standard", 80), ("reduced", 20)]),
            ([("reduced", 0)], [("standard", 100)]),
            ([], [("standard", 100)]),
        ],
    )
    def test_shipping_is_shared_in_proportion_to_value(
        self, goods: list[tuple[TaxClass, int]], shares: list[tuple[TaxClass, int]]
    ) -> None:
        assert list(shares_of_shipping(goods, 100)) == shares


def totals(**given: object) -> Totals:
    plain: dict[str, object] = {"subtotal": 100, "discount": 0, "shipping": 0, "tax": 0, "tax_included": False}
    return Totals(**plain | {"tax_name": "", "total": 100} | given)  # type: ignore[arg-type]


class TestWords:
    def test_an_order_of_an_earlier_release_has_its_tax(self) -> None:
        old = totals(tax=19, tax_included=True, tax_name="VAT 19%", total=119)
        assert old.all_taxes == (TaxAmount("VAT", 19_000, 100, 19),)
        with speaking(language_of("de")):
            assert old.all_taxes[0].words == "MwSt. 19\N{NO-BREAK SPACE}%"

    def test_says_why_no_tax_is_charged(self) -> None:
        assert "the buyer accounts for it" in totals(untaxed="reverse-charge").untaxed_words
        small = totals(untaxed="small-business", law="§ 19 UStG").untaxed_words
        assert small == "No VAT is charged: the seller is a small business (§ 19 UStG)."
        assert totals(untaxed="abroad").untaxed_words == ""
