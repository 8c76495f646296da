"""Discounts of coupons and automatic rules: what they are for, one after the other, never more than the goods cost."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shop.checkout.pricing.discounts import Goods, discounts, is_for, is_met
from shop.checkout.pricing.totals import BASIS_POINTS, CouponTerms
from shop.money import Money
from tests.fixtures.catalog import eur

handles, titles = st.sampled_from(["mug", "bowl", "lamp"]), st.sampled_from(["Mugs", "Gifts"])
lines = st.builds(
    Goods,
    handle=handles,
    categories=st.lists(titles, max_size=2, unique=True).map(tuple),
    unit=st.integers(0, 10**6),
    quantity=st.integers(0, 99),
)
carts = st.lists(lines, max_size=8)
scopes = st.fixed_dictionaries(
    {
        "products": st.lists(handles, max_size=2, unique=True).map(tuple),
        "categories": st.lists(titles, max_size=2, unique=True).map(tuple),
    }
)
rules = st.one_of(
    st.builds(lambda percent, scope: CouponTerms(percent=percent, **scope), st.integers(1, BASIS_POINTS), scopes),
    st.builds(lambda amount, scope: CouponTerms(amount=eur(amount), **scope), st.integers(1, 10**7), scopes),
    st.builds(
        lambda percent, buy, get, scope: CouponTerms(percent=percent, buy=buy, get=get, **scope),
        st.integers(1, BASIS_POINTS),
        st.integers(1, 5),
        st.integers(1, 5),
        scopes,
    ),
)


def euros(money: Money) -> int:
    return money.amount


def goods(handle: str, unit: int, quantity: int = 1, *categories: str) -> Goods:
    return Goods(handle=handle, categories=categories, unit=unit, quantity=quantity)


@given(some=st.lists(rules, max_size=4), cart=carts)
def test_rules_together_never_take_more_off_a_line_than_it_costs(some: list[CouponTerms], cart: list[Goods]) -> None:
    found = discounts(some, cart, euros)
    assert all(share >= 0 for shares in found for share in shares)
    for place, line in enumerate(cart):
        assert sum(shares[place] for shares in found) <= line.total


@given(rule=rules, cart=carts)
def test_a_rule_touches_only_what_it_is_for(rule: CouponTerms, cart: list[Goods]) -> None:
    (shares,) = discounts([rule], cart, euros)
    assert all(not share or is_for(rule, line) for share, line in zip(shares, cart, strict=True))


@given(cart=carts, buy=st.integers(1, 5), get=st.integers(1, 5))
def test_what_is_free_is_the_cheapest_part_and_no_more_than_its_share_of_the_units(
    cart: list[Goods], buy: int, get: int
) -> None:
    (shares,) = discounts([CouponTerms(percent=BASIS_POINTS, buy=buy, get=get)], cart, euros)
    prices = sorted(line.unit for line in cart for _ in range(line.quantity))
    assert sum(shares) == sum(prices[: len(prices) // (buy + get) * get])


def test_three_for_two_reduces_the_cheapest_of_each_three() -> None:
    cart = [goods("mug", 2000, 2, "Mugs"), goods("cup", 900, 3, "Mugs"), goods("lamp", 100)]
    rule = CouponTerms(percent=BASIS_POINTS, buy=2, get=1, categories=("mugs",))
    assert discounts([rule], cart, euros) == [[0, 900, 0]]
    half = CouponTerms(percent=5000, buy=1, get=1, categories=("mugs",))
    assert discounts([half], cart, euros) == [[0, 900, 0]]


def test_each_rule_applies_to_what_the_ones_before_it_left() -> None:
    cart = [goods("mug", 1000, 2), goods("lamp", 3000)]
    found = discounts([CouponTerms(percent=5000, products=("mug",)), CouponTerms(percent=1000)], cart, euros)
    assert found == [[1000, 0], [100, 300]]
    assert discounts([CouponTerms(amount=eur(9999)), CouponTerms(percent=1000)], cart, euros) == [[2000, 3000], [0, 0]]


@pytest.mark.parametrize(
    ("terms", "met"),
    [
        ({"percent": 10}, True),
        ({"percent": 10, "products": ("lamp",)}, False),
        ({"percent": 10, "categories": ("MUGS",)}, True),
        ({"percent": 10, "buy": 2, "get": 1}, False),
        ({"percent": 10, "buy": 1, "get": 1, "products": ("mug",)}, True),
    ],
)
def test_a_rule_is_met_by_enough_of_what_it_is_for(terms: dict[str, Any], met: bool) -> None:
    assert is_met(CouponTerms(**terms), [goods("mug", 1000, 2, "Mugs")]) == met
