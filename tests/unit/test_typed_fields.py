"""Every field reads what is typed with other digits, marks, spaces and dashes like the plain text."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest

from shop.catalog.importers import fields as imported
from shop.catalog.reading.parameters import price_range, whole_number
from shop.catalog.text import search_words
from shop.checkout.mail.address import mailbox
from shop.checkout.order_numbers import typed_number
from shop.checkout.payments.card import read_card
from shop.checkout.pricing.countries import code_of
from shop.checkout.pricing.coupons import coupon_code
from shop.checkout.pricing.regions import region_of
from shop.web.checkout.fields import FIELDS
from shop.web.checkout.form import _field_text
from shop.web.http.forms import Form

Read = Callable[[str], Any]

ARABIC, PERSIAN, DEVANAGARI, WIDE = (
    str.maketrans("0123456789", "".join(chr(zero + digit) for digit in range(10)))
    for zero in (0x660, 0x6F0, 0x966, 0xFF10)
)
FULL_WIDTH = {code: code + 0xFEE0 for code in range(0x21, 0x7F)}

ODDITIES: dict[str, Read] = {
    "Arabic digits": lambda text: text.translate(ARABIC),
    "Persian digits": lambda text: text.translate(PERSIAN),
    "Devanagari digits": lambda text: text.translate(DEVANAGARI),
    "full-width digits": lambda text: text.translate(WIDE),
    "full-width letters and signs": lambda text: text.translate(FULL_WIDTH),
    "a mark of direction before": lambda text: f"\u200f{text}",
    "embedded from right to left": lambda text: f"\u202b{text}\u202c",
    "isolated": lambda text: f"\u2067{text}\u2069",
    "a zero-width space within": lambda text: f"{text[:1]}\u200b{text[1:]}",
    "a soft hyphen within": lambda text: f"{text[:1]}\u00ad{text[1:]}",
    "a byte order mark before": lambda text: f"\ufeff{text}",
    "no-break spaces around": lambda text: f"\u00a0{text}\u202f",
    "ideographic spaces around": lambda text: f"\u3000{text}\u3000",
    "a tab after": lambda text: f"{text}\t",
    "an en dash": lambda text: text.replace("-", "–"),
    "a minus sign": lambda text: text.replace("-", "\u2212"),
    "a no-break hyphen": lambda text: text.replace("-", "\u2011"),
}


def a_card(number: str = "4242424242424242", month: str = "12", year: str = "30", cvv: str = "123") -> object:
    return read_card(number, month, year, cvv, date(2026, 1, 1))


def of_checkout(name: str) -> Read:
    return lambda text: _field_text(Form({name: text}), name, FIELDS[name])


FIELDS_READ: dict[str, tuple[str, Read]] = {
    "search": ("oak-tray 12", search_words),
    "price bound": ("25", lambda text: whole_number(text, 10**9)),
    "price range": ("10-25", price_range),
    "quantity": ("12", lambda text: Form({"quantity": text}).count("quantity")),
    "card number": ("4242-4242-4242-4242", lambda text: a_card(number=text)),
    "card month": ("12", lambda text: a_card(month=text)),
    "card year": ("2030", lambda text: a_card(year=text)),
    "card code": ("123", lambda text: a_card(cvv=text)),
    "coupon": ("WELCOME-10", coupon_code),
    "e-mail": ("kim-7@example.com", mailbox),
    "country name": ("Guinea-Bissau", code_of),
    "country code": ("DE", code_of),
    "country number": ("276", code_of),
    "state": ("CA-QC", lambda text: region_of("CA", text)),
    "postal code": ("10115-2", of_checkout("zip_code")),
    "order number": ("K3F9-0QZX-7M2T-VB8D", typed_number),
    "imported price": ("19.99", lambda text: imported.number(text, "price")),
    "imported stock": ("12", lambda text: imported.whole(text, "stock", 100)),
    "imported weight": ("340", lambda text: imported.grams(text, "g")),
    "imported currency": ("EUR", imported.currency),
    "imported date": ("2025-01-31", imported.moment),
}
"""A plain text of each field, and what reads it."""


@pytest.mark.parametrize("oddity", ODDITIES)
@pytest.mark.parametrize("field", FIELDS_READ)
def test_a_field_reads_what_was_meant(field: str, oddity: str) -> None:
    plain, read = FIELDS_READ[field]
    meant = read(plain)
    assert meant
    assert read(ODDITIES[oddity](plain)) == meant


@pytest.mark.parametrize("field", ["price bound", "quantity", "imported stock"])
@pytest.mark.parametrize("text", ["12.0", "12.00", "12,0", "+12", "1.2e1", "120e-1", "١٢٫٠"])
def test_a_whole_number_may_be_written_as_a_number_field_sends_it(field: str, text: str) -> None:
    _plain, read = FIELDS_READ[field]
    assert read(text) == read("12")
