"""Money is exact, and rounded once, half away from zero, to the minor unit of its currency."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from math import floor

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shop.catalog.exchange_rates import read_rates
from shop.money import Money, Rates, minor_digits

amounts = st.integers(-(10**12), 10**12)
RATES = read_rates()
currencies = st.sampled_from(sorted(RATES.per_base))


@pytest.mark.parametrize(
    ("currency", "digits"),
    [
        ("EUR", 2),
        ("JPY", 0),
        ("KWD", 3),
        ("TRY", 2),
        ("RSD", 2),
        ("IQD", 3),
        ("ISK", 0),
        ("HUF", 2),
        ("XAU", 0),
        ("DEM", 2),
    ],
)
def test_minor_digits_follow_the_currency(currency: str, digits: int) -> None:
    assert minor_digits(currency) == digits


@pytest.mark.parametrize(
    ("major", "currency", "amount"),
    [
        ("0.005", "EUR", 1),
        ("0.004", "EUR", 0),
        ("0.5", "JPY", 1),
        ("0.4999", "JPY", 0),
        ("-0.005", "EUR", -1),
        ("2.675", "EUR", 268),
    ],
)
def test_half_way_is_rounded_away_from_zero(major: str, currency: str, amount: int) -> None:
    assert Money.of(Decimal(major), currency) == Money(amount, currency)


@given(amounts, currencies)
def test_major_units_and_back(amount: int, currency: str) -> None:
    money = Money(amount, currency)
    assert Money.of(money.decimal, currency) == money


@given(amounts, amounts, st.integers(0, 99), currencies)
def test_sums_and_products_are_exact(first: int, second: int, quantity: int, currency: str) -> None:
    assert Money(first, currency) + Money(second, currency) == Money(first + second, currency)
    assert Money(first, currency) * quantity == Money(first * quantity, currency)


def test_currencies_do_not_mix() -> None:
    with pytest.raises(ValueError, match="cannot add USD to EUR"):
        Money(1, "EUR") + Money(1, "USD")


@given(amounts, currencies, currencies)
def test_a_conversion_is_the_nearest_minor_unit(amount: int, source: str, target: str) -> None:
    converted = RATES.convert(Money(amount, source), target)
    exact = (
        Fraction(amount, 10 ** minor_digits(source))
        / Fraction(RATES.per_base[source])
        * Fraction(RATES.per_base[target])
        * 10 ** minor_digits(target)
    )
    rounded = floor(abs(exact) + Fraction(1, 2))
    assert abs(converted.amount) == max(rounded, 1 if amount else 0)
    assert converted.amount * amount >= 0


def test_a_half_is_rounded_up_exactly() -> None:
    rates = Rates("EUR", "", {"EUR": Decimal(1), "USD": Decimal("1.470"), "GBP": Decimal("2.163")})
    assert rates.convert(Money(4515, "USD"), "GBP") == Money(6644, "GBP"), "6643.5 exactly"


def test_a_price_above_zero_stays_above_zero() -> None:
    assert RATES.convert(Money(15, "TRY"), "EUR") == Money(1, "EUR")
    assert RATES.convert(Money(0, "TRY"), "EUR") == Money(0, "EUR")
    assert RATES.convert(Money(-15, "TRY"), "EUR") == Money(-1, "EUR")


def test_yen_have_no_cents() -> None:
    rates = Rates("EUR", "2025-01-02", {"EUR": Decimal(1), "JPY": Decimal("162.5")})
    assert rates.convert(Money(1999, "EUR"), "JPY") == Money(3248, "JPY")
    assert rates.convert(Money(3248, "JPY"), "JPY") == Money(3248, "JPY")
    with pytest.raises(KeyError):
        rates.convert(Money(1, "EUR"), "USD")


@pytest.mark.parametrize(
    ("money", "locale", "text"),
    [
        (Money(1999, "EUR"), "en", "€19.99"),
        (Money(3248, "JPY"), "en", "¥3,248"),
        (Money(199900, "EUR"), "de", "1.999,00\xa0€"),
        (Money(199900, "TRY"), "en", "TRY\xa01,999.00"),
        (Money(-950, "TRY"), "en", "-TRY\xa09.50"),
        (Money(199900, "CAD"), "en", "CA$1,999.00"),
        (Money(129999, "RSD"), "de", "1.299,99\xa0RSD"),
        (Money(1500250, "IQD"), "en", "IQD\xa01,500.250"),
    ],
)
def test_it_is_written_as_people_of_a_locale_do(money: Money, locale: str, text: str) -> None:
    assert money.format(locale) == text
