from __future__ import annotations

import math
from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from shop.cart import codec
from shop.cart.around.statistics import DAY, HOUR, OLDER, Distribution, Statistics, distribution_of
from shop.cart.model import Cart, Line
from shop.money import Money


def line(sku: str, quantity: int, amount: int, currency: str = "EUR", *, saved: bool = False) -> Line:
    return Line(sku, quantity, Money(amount, currency), 0, saved)


def test_statistics_count_quantities_values_and_ages() -> None:
    mixed = Cart("a", 3, (line("mug", 2, 1900), line("bowl", 1, 500, "JPY"), line("vase", 9, 9900, saved=True)))
    emptied = Cart("b", 2)
    found = Statistics()
    found.add(mixed, age=0, remaining=30 * DAY)
    found.add(emptied, age=HOUR + 1, remaining=DAY)
    found.add(mixed, age=400 * DAY, remaining=1)
    assert (found.carts, found.empty, found.quantity, found.expiring) == (3, 1, 6, 2)
    assert found.values == {"EUR": 7600, "JPY": 1000}, "what is saved for later is not in it"
    assert found.ages == {"up to an hour": 1, "up to a day": 1, OLDER: 1}
    assert found.lines == Distribution(2.0, 3, 3, 3)
    assert found.bytes.most == len(codec.encode(mixed))


def test_the_statistics_of_no_carts_are_zero() -> None:
    assert Statistics().lines == Distribution(0, 0, 0, 0)


@given(st.lists(st.integers(0, 30), min_size=1))
def test_quantiles_are_those_of_the_sorted_numbers(numbers: list[int]) -> None:
    ordered = sorted(numbers)
    median, p95 = (ordered[math.ceil(len(ordered) * percent / 100) - 1] for percent in (50, 95))
    assert distribution_of(Counter(numbers)) == Distribution(sum(numbers) / len(numbers), median, p95, ordered[-1])
