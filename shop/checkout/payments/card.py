"""The card form of the demo provider: parses a card as typed, and reports an error for each invalid field.

Pure: no I/O, no clock. Error messages contain no digit of the input: messages may reach pages and logs, card numbers
must not. A real provider reads cards on its own pages, and the shop never sees one.
"""

from __future__ import annotations

import re
from datetime import date
from typing import Any

import msgspec

from shop import typed
from shop.checkout.payments.card_numbers import passes_luhn
from shop.checkout.payments.demo_cards import outcome_of
from shop.checkout.payments.provider import PaymentToken
from shop.errors import InvalidFields
from shop.formatting import listed
from shop.i18n import gettext as _
from shop.typed import one_form

NUMBER = "credit_card_number"
MONTH = "credit_card_expiration_month"
YEAR = "credit_card_expiration_year"
CVV = "credit_card_cvv"

MAX_YEARS_AHEAD = 99
"""A card expires at most this many years from now. Banks issue no such cards, but shop testing tools do."""


class Card(msgspec.Struct, frozen=True):
    """A checked card. It is never stored, logged or shown."""

    number: str
    """Digits only."""
    month: int
    year: int
    """Four digits."""
    cvv: str

    def __repr__(self) -> str:
        return "Card(…)"

    def __rich_repr__(self) -> list[tuple[str, Any]]:
        return []

    @property
    def token(self) -> PaymentToken:
        """What the demo provider is told of the card: the outcome of a payment with it, and no digit of its number."""
        return PaymentToken(outcome_of(self.number), brand_of(self.number), self.number[-4:])


class Brand(msgspec.Struct, frozen=True):
    """An accepted brand of cards: the prefix and the lengths of its numbers, and the length of its CVV."""

    name: str
    prefix: str
    """A regular expression."""
    digits: tuple[int, ...]
    cvv: int


BRANDS = (
    Brand("Visa", r"4", (13, 16, 19), 3),
    Brand("Mastercard", r"5[1-5]|222[1-9]|22[3-9]|2[3-6]|27[01]|2720", (16,), 3),
    Brand("American Express", r"3[47]", (15,), 4),
)


def read_card(number: str, month: str, year: str, cvv: str, today: date) -> Card:
    """The card in four fields of a form. Raises InvalidFields with a message for each invalid field.

    A number may have spaces and dashes, and the digits of any script. A year has two or four digits, a month one or
    two. A card is valid through the last day of the month printed on it.
    """
    problems: dict[str, str] = {}
    digits, month, year, cvv = typed.digits(number), one_form(month), one_form(year), one_form(cvv)
    brand = _brand(digits)
    if message := _number_problem(digits, brand):
        problems[NUMBER] = message
    parsed_month, parsed_year = _month(month), _year(year, today)
    if parsed_month is None:
        problems[MONTH] = _("Please enter the month as it is on the card, from 01 to 12.")
    if parsed_year is None:
        problems[YEAR] = _("Please enter the year as it is on the card, in two or four digits.")
    elif message := _expiry_problem(parsed_month or 12, parsed_year, today):
        problems[YEAR] = message
    if message := _cvv_problem(cvv, brand):
        problems[CVV] = message
    if problems or parsed_month is None or parsed_year is None:
        raise InvalidFields(problems)
    return Card(digits, parsed_month, parsed_year, cvv)


def brand_of(number: str) -> str:
    """The brand of a card's number (digits only); '' if it is not accepted."""
    brand = _brand(number)
    return brand.name if brand else ""


def _brand(digits: str) -> Brand | None:
    return next((brand for brand in BRANDS if re.match(brand.prefix, digits)), None)


def _number_problem(digits: str, brand: Brand | None) -> str:
    if not digits:
        return _("Please enter your card number.")
    if not _is_number(digits):
        return _("A card number has digits only. Please check it.")
    if brand is None:
        return _("We take Visa, Mastercard and American Express. This number belongs to none of them.")
    if len(digits) not in brand.digits:
        return _(
            "A number of {brand} has {counts} digits. Please check it.",
            brand=brand.name,
            counts=_listed_counts(brand.digits),
        )
    return "" if passes_luhn(digits) else _("One of the digits is wrong. Please check the number against your card.")


def _month(text: str) -> int | None:
    month = int(text) if _is_number(text) and len(text) <= 2 else 0
    return month if 1 <= month <= 12 else None


def _year(text: str, today: date) -> int | None:
    """The year in two or four digits; two digits mean the year nearest to today."""
    if not _is_number(text) or len(text) not in (2, 4):
        return None
    earliest = today.year - 50
    return int(text) if len(text) == 4 else earliest + (int(text) - earliest) % 100


def _expiry_problem(month: int, year: int, today: date) -> str:
    if (year, month) < (today.year, today.month):
        return _("This card has expired. Please use another.")
    return _("This year is too far ahead. Please check it.") if year > today.year + MAX_YEARS_AHEAD else ""


def _cvv_problem(cvv: str, brand: Brand | None) -> str:
    digits = (brand.cvv,) if brand else (3, 4)
    if _is_number(cvv) and len(cvv) in digits:
        return ""
    counts = _listed_counts(digits)
    if brand and brand.cvv == 4:
        return _("Please enter the {counts} digits of the security code, on the front of your card.", counts=counts)
    return _("Please enter the {counts} digits of the security code, on the back of your card.", counts=counts)


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit()


def _listed_counts(counts: tuple[int, ...]) -> str:
    return listed([*map(str, counts)], "or")
