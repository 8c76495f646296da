"""Money: exact arithmetic, one rounding rule, and the words of CLDR."""

from __future__ import annotations

from decimal import Decimal

import pytest
from babel.numbers import format_currency
from hypothesis import given
from hypothesis import strategies as st

from shop.money import CURRENCIES, Money, Rates, minor_digits, style_of

LOCALES = ("en", "de", "fr", "es", "ja", "ar", "he", "hi", "pl", "pt_PT", "tr", "en_CA", "de_CH", "bg")
currencies = st.sampled_from((*CURRENCIES, "CHF", "KWD", "INR", "CLF"))


@given(amount=st.integers(-(10**6), 10**15), currency=currencies, locale=st.sampled_from(LOCALES))
def test_an_amount_is_written_as_babel_writes_it(amount: int, currency: str, locale: str) -> None:
    money = Money(amount, currency)
    assert money.format(locale) == format_currency(money.decimal, currency, locale=locale)


@pytest.mark.parametrize("currency", CURRENCIES)
@pytest.mark.parametrize("locale", ["en", "de", "fr"])
def test_the_quick_way_to_write_amounts_is_taken(currency: str, locale: str) -> None:
    assert style_of(currency, locale) is not None


@pytest.mark.parametrize(
    ("amount", "currency", "text"),
    [(0, "EUR", "€0.00"), (1999, "EUR", "€19.99"), (123_456_789, "USD", "$1,234,567.89"), (3210, "JPY", "¥3,210")],
)
def test_amounts_in_english(amount: int, currency: str, text: str) -> None:
    assert Money(amount, currency).format() == text


@given(amount=st.integers(-(10**12), 10**12), currency=currencies)
def test_the_decimal_is_exact_and_leads_back(amount: int, currency: str) -> None:
    money = Money(amount, currency)
    assert Money.of(money.decimal, currency) == money


@pytest.mark.parametrize(
    ("major", "currency", "minor"),
    [("0.005", "EUR", 1), ("0.0049999", "EUR", 0), ("-0.005", "EUR", -1), ("2.5", "JPY", 3), ("1.2345", "KWD", 1235)],
)
def test_half_is_rounded_away_from_zero(major: str, currency: str, minor: int) -> None:
    assert Money.of(Decimal(major), currency) == Money(minor, currency)


@given(amount=st.integers(0, 10**12), currency=st.sampled_from(CURRENCIES))
def test_a_conversion_is_off_by_at_most_half_a_minor_unit(amount: int, currency: str) -> None:
    rates = Rates("EUR", "2025-01-02", {"EUR": Decimal(1), "USD": Decimal("1.03"), "JPY": Decimal("162.5")})
    if currency not in rates.per_base:
        with pytest.raises(KeyError):
            rates.convert(Money(amount, "EUR"), currency)
        return
    exact = Money(amount, "EUR").decimal * rates.per_base[currency]
    converted = rates.convert(Money(amount, "EUR"), currency)
    assert abs(converted.decimal - exact) <= Decimal("0.5").scaleb(-minor_digits(currency))


def test_only_like_is_added_to_like() -> None:
    assert Money(1, "EUR") + Money(2, "EUR") == Money(3, "EUR")
    assert Money(2, "EUR") * 3 == Money(6, "EUR")
    with pytest.raises(ValueError, match="cannot add USD to EUR"):
        Money(1, "EUR") + Money(1, "USD")
