"""Cards are parsed as typed, and errors name each invalid field without a digit of the input."""

from __future__ import annotations

import re
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.pretty import pretty_repr

from shop.checkout.payments.card import BRANDS, CVV, MONTH, NUMBER, YEAR, Card, brand_of, read_card
from shop.checkout.payments.card_numbers import passes_luhn
from shop.checkout.payments.provider import PaymentToken
from shop.errors import InvalidFields

TODAY = date(2026, 2, 28)
VISA = "4242424242424242"
AMEX = "378282246310005"


def problems(number: str = VISA, month: str = "12", year: str = "2030", cvv: str = "123") -> dict[str, str]:
    with pytest.raises(InvalidFields) as refused:
        read_card(number, month, year, cvv, TODAY)
    return dict(refused.value.problems)


@pytest.mark.parametrize(
    ("typed", "number"),
    [
        ("4242 4242 4242 4242", VISA),
        (" 4242-4242-4242-4242 ", VISA),
        ("4242\u00a04242–4242.4242", VISA),
        ("٤٢٤٢ ٤٢٤٢ ٤٢٤٢ ٤٢٤٢", VISA),
        ("４２４２４２４２４２４２４２４２", VISA),
        ("\u200e4242—4242−4242 4242\u200f", VISA),
        ("4222222222222", "4222222222222"),
        ("4000000000000000006", "4000000000000000006"),
        ("5555 5555 5555 4444", "5555555555554444"),
        ("2223003122003222", "2223003122003222"),
    ],
)
def test_a_number_may_have_what_people_put_between_its_digits(typed: str, number: str) -> None:
    assert read_card(typed, "12", "2030", "123", TODAY) == Card(number, 12, 2030, "123")


def test_every_field_takes_the_digits_of_any_script_and_the_marks_of_direction() -> None:
    assert read_card(VISA, "\u200e06", "٣٠", "१२३\u200f", TODAY) == Card(VISA, 6, 2030, "123")
    assert read_card(VISA, "０６", "２０３０", " 123 ", TODAY) == Card(VISA, 6, 2030, "123")


@pytest.mark.parametrize(
    ("number", "brand"),
    [
        (VISA, "Visa"),
        ("5100000000000000", "Mastercard"),
        ("5500000000000000", "Mastercard"),
        ("2221000000000000", "Mastercard"),
        ("2300000000000000", "Mastercard"),
        ("2699000000000000", "Mastercard"),
        ("2710000000000000", "Mastercard"),
        ("2720990000000000", "Mastercard"),
        (AMEX, "American Express"),
        ("340000000000000", "American Express"),
        ("2220990000000000", ""),
        ("2721000000000000", ""),
        ("5000000000000000", ""),
        ("5600000000000000", ""),
        ("350000000000000", ""),
        ("6011111111111117", ""),
        ("", ""),
    ],
)
def test_the_prefix_of_a_number_determines_the_brand(number: str, brand: str) -> None:
    assert brand_of(number) == brand


@pytest.mark.parametrize(
    ("number", "words"),
    [
        ("", "enter your card number"),
        ("not a number", "digits only"),
        ("6011111111111117", "Visa, Mastercard and American Express"),
        ("42424242424242", "13, 16 or 19 digits"),
        ("55555555555544444", "16 digits"),
        ("37828224631000", "15 digits"),
        ("4242424242424243", "One of the digits is wrong"),
        ("4" * 10_000, "13, 16 or 19 digits"),
    ],
)
def test_an_invalid_number_gets_a_specific_message(number: str, words: str) -> None:
    found = problems(number=number)
    assert words in found[NUMBER]
    assert set(found) <= {NUMBER, CVV}


@pytest.mark.parametrize(
    ("month", "year", "read"),
    [
        ("2", "2026", (2, 2026)),
        ("02", "26", (2, 2026)),
        (" 12 ", " 75 ", (12, 2075)),
        ("1", "2097", (1, 2097)),
        ("12", "2125", (12, 2125)),
    ],
)
def test_a_card_is_good_through_the_last_day_of_its_month(month: str, year: str, read: tuple[int, int]) -> None:
    card = read_card(VISA, month, year, "123", TODAY)
    assert (card.month, card.year) == read


@pytest.mark.parametrize(
    ("month", "year", "field", "words"),
    [
        ("1", "2026", YEAR, "expired"),
        ("12", "25", YEAR, "expired"),
        ("12", "98", YEAR, "expired"),
        ("12", "2126", YEAR, "too far ahead"),
        ("12", "202", YEAR, "two or four digits"),
        ("12", "", YEAR, "two or four digits"),
        ("0", "2030", MONTH, "from 01 to 12"),
        ("13", "2030", MONTH, "from 01 to 12"),
        ("001", "2030", MONTH, "from 01 to 12"),
        ("-1", "2030", MONTH, "from 01 to 12"),
        ("", "2030", MONTH, "from 01 to 12"),
    ],
)
def test_an_invalid_expiry_is_reported_at_its_field(month: str, year: str, field: str, words: str) -> None:
    found = problems(month=month, year=year)
    assert set(found) == {field}
    assert words in found[field]


@pytest.mark.parametrize(
    ("number", "cvv", "words"),
    [
        (VISA, "12", "3 digits"),
        (VISA, "1234", "3 digits"),
        (VISA, "", "3 digits"),
        (VISA, "12a", "3 digits"),
        (AMEX, "123", "4 digits of the security code, on the front"),
    ],
)
def test_the_security_code_is_as_long_as_its_brand_has_it(number: str, cvv: str, words: str) -> None:
    found = problems(number=number, cvv=cvv)
    assert set(found) == {CVV}
    assert words in found[CVV]


def test_a_card_of_american_express_has_four_digits() -> None:
    assert read_card(AMEX, "12", "2030", "1234", TODAY).cvv == "1234"


def test_all_invalid_fields_are_reported_in_form_order() -> None:
    assert list(problems("1", "", "", "")) == [NUMBER, MONTH, YEAR, CVV]


@given(st.text("0123456789", min_size=12, max_size=18), st.data())
def test_the_check_digit_finds_every_single_wrong_digit(payload: str, data: st.DataObject) -> None:
    right = next(payload + digit for digit in "0123456789" if passes_luhn(payload + digit))
    at = data.draw(st.integers(0, len(right) - 1))
    digit = data.draw(st.sampled_from([digit for digit in "0123456789" if digit != right[at]]))
    assert not passes_luhn(right[:at] + digit + right[at + 1 :])


@given(st.text(max_size=25), st.text(max_size=4), st.text(max_size=6), st.text(max_size=6))
def test_messages_contain_no_typed_digit(number: str, month: str, year: str, cvv: str) -> None:
    try:
        said = repr(read_card(number, month, year, cvv, TODAY))
    except InvalidFields as refused:
        said = f"{refused} {refused!r}"
    for brand in BRANDS:
        said = said.replace(", ".join(map(str, brand.digits)), "")
    assert not re.search(r"\d{4}|\d{3}", said)


def test_the_repr_of_a_card_reveals_nothing() -> None:
    card = Card(VISA, 12, 2030, "123")
    for shown in (repr(card), str(card), f"{card}", f"{[card]}", pretty_repr(card)):
        assert not re.search(r"\d", shown)
    assert card.token == PaymentToken("approved", "Visa", "4242")
    for shown in (repr(card.token), str(card.token), f"{card.token}", f"{[card.token]}"):
        assert shown in ("PaymentToken(…)", "[PaymentToken(…)]")
