"""The totals of an order add up for all goods, coupons, countries and currencies."""

from __future__ import annotations

from decimal import Decimal

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shop.catalog.exchange_rates import read_rates
from shop.catalog.model import TAX_CLASSES, TaxClass
from shop.checkout.model import TaxAmount
from shop.checkout.pricing.taxes import TAX_UNITS, TaxCase, TaxRate, taxed
from shop.checkout.pricing.totals import (
    BASIS_POINTS,
    Band,
    CouponTerms,
    ShippingMethod,
    ToMinorUnits,
    discount_of,
    shipping_prices,
    totals,
)
from shop.money import Money, Rates, allocate
from tests.fixtures.catalog import eur

amounts = st.integers(0, 10**9)
classes: st.SearchStrategy[TaxClass] = st.sampled_from(TAX_CLASSES)
some_goods = st.lists(st.tuples(classes, amounts), max_size=20)


def tax(name: str, rate: int, **given: bool) -> TaxRate:
    return TaxRate(name=name, rate=rate, **given)


def one_tax(name: str, rate: int, *, included: bool) -> TaxCase:
    return TaxCase(rates={"standard": (tax(name, rate),)}, included=included)


rates_together = st.lists(
    st.builds(tax, st.sampled_from(["VAT", "GST", "QST"]), st.integers(0, TAX_UNITS), on_shipping=st.booleans()),
    max_size=3,
    unique_by=lambda rate: rate.name,
).map(tuple)
cases = st.builds(
    TaxCase,
    rates=st.fixed_dictionaries({"standard": rates_together, "reduced": rates_together, "zero": rates_together}),
    included=st.booleans(),
)
positive = st.builds(eur, st.integers(1, 10**7))
coupons = st.none() | st.one_of(
    st.builds(CouponTerms, percent=st.integers(1, BASIS_POINTS), free_shipping=st.booleans()),
    st.builds(CouponTerms, amount=positive, free_shipping=st.booleans()),
    st.just(CouponTerms(free_shipping=True)),
)
rates = st.builds(
    lambda per_euro: Rates("EUR", "2027-01-01", {"EUR": Decimal(1), "USD": per_euro, "JPY": per_euro * 100}),
    st.decimals("0.001", "1000", places=3),
)


@st.composite
def methods(draw: st.DrawFn) -> ShippingMethod:
    limits: list[int | None] = [*sorted(draw(st.sets(st.integers(1, 50_000), min_size=1, max_size=4)))]
    if draw(st.booleans()):
        limits[-1] = None
    prices = sorted(draw(st.lists(st.integers(0, 20_000), min_size=len(limits), max_size=len(limits))))
    return ShippingMethod(
        id=draw(st.text("abc", max_size=2)),
        title="By sea",
        bands=tuple(Band(eur(price), limit) for price, limit in zip(prices, limits, strict=True)),
        free_from=draw(st.none() | positive),
    )


def euros(money: Money) -> int:
    assert money.currency == "EUR"
    return money.amount


def worth_in(table: Rates, currency: str) -> ToMinorUnits:
    return lambda money: table.convert(money, currency).amount


class TestAllocation:
    @given(weights=st.lists(amounts, min_size=1, max_size=100).filter(any), share=st.fractions(0, 1))
    def test_adds_up_and_gives_no_line_more_than_it_costs(self, weights: list[int], share: float) -> None:
        amount = int(sum(weights) * share)
        parts = allocate(amount, weights)
        assert sum(parts) == amount
        assert all(0 <= part <= weight for part, weight in zip(parts, weights, strict=True))

    @given(amount=amounts, weights=st.lists(amounts, min_size=1, max_size=100).filter(any))
    def test_each_part_is_the_exact_share_rounded_down_or_up(self, amount: int, weights: list[int]) -> None:
        for part, weight in zip(allocate(amount, weights), weights, strict=True):
            down, rest = divmod(amount * weight, sum(weights))
            assert part in ((down, down + 1) if rest else (down,))

    @pytest.mark.parametrize(
        ("amount", "weights", "parts"),
        [
            (100, [1, 1, 1], [34, 33, 33]),
            (5, [3, 7], [2, 3]),
            (1, [1, 2, 1], [0, 1, 0]),
            (10, [92, 93, 70], [3, 4, 3]),
            (0, [0, 0], [0, 0]),
            (0, [], []),
        ],
    )
    def test_examples(self, amount: int, weights: list[int], parts: list[int]) -> None:
        assert allocate(amount, weights) == parts

    @pytest.mark.parametrize(("amount", "weights"), [(1, []), (1, [0, 0]), (-1, [1])])
    def test_amounts_that_cannot_be_split(self, amount: int, weights: list[int]) -> None:
        with pytest.raises(ValueError, match="cannot split"):
            allocate(amount, weights)


class TestTotals:
    @given(goods=some_goods, coupon=coupons, shipping=amounts, case=cases)
    def test_the_total_is_the_sum_of_its_parts_and_no_part_is_negative(
        self, goods: list[tuple[TaxClass, int]], coupon: CouponTerms | None, shipping: int, case: TaxCase
    ) -> None:
        prices = [price for _, price in goods]
        shares = allocate(discount_of(coupon, sum(prices), euros), prices)
        found, taxes = totals(goods, shares, shipping, case)
        assert found.subtotal == sum(prices)
        assert found.total == found.subtotal - found.discount + found.shipping + (not found.tax_included) * found.tax
        parts = (found.subtotal, found.discount, found.shipping, found.tax, found.total)
        assert min(parts) >= 0
        assert found.discount <= found.subtotal
        assert 0 <= sum(taxes) <= found.tax

    @given(goods=some_goods, coupon=coupons, method=methods(), grams=st.integers(0, 60_000), table=rates)
    def test_sums_hold_in_every_currency(
        self,
        goods: list[tuple[TaxClass, int]],
        coupon: CouponTerms | None,
        method: ShippingMethod,
        grams: int,
        table: Rates,
    ) -> None:
        for currency in table.per_base:
            worth = worth_in(table, currency)
            local = [worth(eur(cost)) for _, cost in goods]
            discount = discount_of(coupon, sum(local), worth)
            for _, price in shipping_prices([method], grams, sum(local) - discount, worth, free=False):
                found, _ = totals([("standard", cost) for cost in local], allocate(discount, local), price, TaxCase())
                assert found.total == sum(local) - discount + price >= 0

    @pytest.mark.parametrize(
        ("case", "owed", "total"),
        [
            (TaxCase(), 0, 10_000),
            (one_tax("VAT", 19_000, included=True), 1597, 10_000),
            (one_tax("VAT", 25_500, included=True), 2032, 10_000),
            (one_tax("GST", 5_000, included=False), 500, 10_500),
            (one_tax("QST", 9_975, included=False), 998, 10_998),
            (one_tax("VAT", 0, included=True), 0, 10_000),
        ],
    )
    def test_tax_is_taken_of_goods_less_the_discount_and_of_shipping(
        self, case: TaxCase, owed: int, total: int
    ) -> None:
        found, _ = totals([("standard", 8_000), ("standard", 3_000)], [1_000, 500], 500, case)
        assert (found.tax, found.total) == (owed, total)

    def test_half_a_cent_is_rounded_up(self) -> None:
        gst = one_tax("GST", 5_000, included=False)
        assert [taxed([("standard", amount)], 0, gst).lines for amount in (1010, 1009)] == [[51], [50]]
        assert discount_of(CouponTerms(percent=500), 1010, euros) == 51

    @pytest.mark.parametrize(
        ("rate", "title"), [(19_000, "VAT 19%"), (25_500, "VAT 25.5%"), (9_975, "VAT 9.975%"), (0, "VAT 0%")]
    )
    def test_the_title_of_a_tax_states_its_rate(self, rate: int, title: str) -> None:
        assert TaxAmount("VAT", rate, 0, 0).title == title


class TestDiscount:
    @given(coupon=coupons, subtotal=amounts, more=amounts)
    def test_more_goods_never_cost_less_with_the_same_coupon(
        self, coupon: CouponTerms | None, subtotal: int, more: int
    ) -> None:
        assert subtotal - discount_of(coupon, subtotal, euros) <= subtotal + more - discount_of(
            coupon, subtotal + more, euros
        )

    @pytest.mark.parametrize("currency", sorted(read_rates().per_base))
    def test_an_amount_is_converted_and_never_more_than_the_goods(self, currency: str) -> None:
        coupon, worth = CouponTerms(amount=eur(1000)), worth_in(read_rates(), currency)
        assert discount_of(coupon, 10**9, worth) == worth(eur(1000)) > 0
        assert discount_of(coupon, 7, worth) == 7

    @pytest.mark.parametrize(
        "terms",
        [
            {},
            {"percent": 100, "amount": eur(1)},
            {"percent": BASIS_POINTS + 1},
            {"percent": -1},
            {"amount": eur(0)},
            {"free_shipping": True, "minimum": eur(-1)},
            {"percent": 100, "per_shopper": 0},
        ],
    )
    def test_terms_that_make_no_sense(self, terms: dict[str, object]) -> None:
        with pytest.raises(ValueError, match="coupon"):
            CouponTerms(**terms)  # type: ignore[arg-type]

    def test_terms_survive_json(self) -> None:
        terms = CouponTerms(amount=eur(500), minimum=eur(2500), starts=1, ends=2, per_shopper=1)
        assert msgspec.json.decode(msgspec.json.encode(terms), type=CouponTerms) == terms


class TestShipping:
    @given(
        several=st.lists(methods(), min_size=1, max_size=4),
        grams=st.integers(0, 60_000),
        heavier=st.integers(0, 60_000),
        goods=amounts,
        dearer=amounts,
    )
    def test_a_larger_order_costs_less_to_ship_only_where_a_threshold_is_reached(
        self, several: list[ShippingMethod], grams: int, heavier: int, goods: int, dearer: int
    ) -> None:
        """For each method and the cheapest: adding goods never lowers the price, except to free."""
        small = shipping_prices(several, grams, goods, euros, free=False)
        large = shipping_prices(several, grams + heavier, goods + dearer, euros, free=False)
        before = {id(method): price for method, price in small}
        for method, price in large:
            reached = method.free_from is not None and goods + dearer >= euros(method.free_from)
            assert price == 0 if reached else price >= before[id(method)]
        if large and large[0][1] < small[0][1]:
            assert large[0][0].free_from is not None
            assert goods + dearer >= euros(large[0][0].free_from) > goods

    @given(several=st.lists(methods(), min_size=1), grams=st.integers(0, 60_000), goods=amounts)
    def test_a_coupon_makes_only_the_cheapest_free(self, several: list[ShippingMethod], grams: int, goods: int) -> None:
        plain = shipping_prices(several, grams, goods, euros, free=False)
        free = shipping_prices(several, grams, goods, euros, free=True)
        assert [price for _, price in plain] == sorted(price for _, price in plain)
        assert free[:1] == [(method, 0) for method, _ in plain[:1]]
        assert free[1:] == plain[1:]

    def test_a_coupon_is_not_used_up_on_a_collection(self) -> None:
        collect = ShippingMethod(id="collect", title="Collect", bands=(Band(eur(0)),), collection=True)
        post = ShippingMethod(id="post", title="By post", bands=(Band(eur(490)),), free_from=eur(6000))
        express = ShippingMethod(id="express", title="Express", bands=(Band(eur(990)),))
        priced = shipping_prices([collect, post, express], 1, 5000, euros, free=True)
        assert {method.id: price for method, price in priced} == {"collect": 0, "post": 0, "express": 990}
        heavy = shipping_prices([collect, post, express], 1, 6000, euros, free=True)
        assert {method.id: price for method, price in heavy} == {"collect": 0, "post": 0, "express": 990}

    def test_bands_and_the_threshold_include_their_ends(self) -> None:
        bands = (Band(eur(490), 1000), Band(eur(690), 5000))
        method = ShippingMethod(id="sea", title="By sea", bands=bands, free_from=eur(6000))

        def price(grams: int, goods: int) -> int | None:
            return next((price for _, price in shipping_prices([method], grams, goods, euros, free=False)), None)

        assert [price(grams, 5999) for grams in (0, 1000, 1001, 5000, 5001)] == [490, 490, 690, 690, None]
        assert price(1000, 6000) == 0
        assert price(5001, 6000) is None, "what it cannot carry it does not carry for nothing"

    @pytest.mark.parametrize(
        "bands",
        [
            (),
            (Band(eur(1)), Band(eur(2), 1000)),
            (Band(eur(1), 1000), Band(eur(2), 1000)),
            (Band(eur(1), 2000), Band(eur(2), 1000)),
            (Band(eur(2), 1000), Band(eur(1))),
            (Band(eur(-1)),),
        ],
    )
    def test_bands_that_make_no_sense(self, bands: tuple[Band, ...]) -> None:
        with pytest.raises(ValueError, match="band"):
            ShippingMethod(id="sea", title="By sea", bands=bands)
