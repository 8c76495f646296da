"""What is wrong with each field of the checkout, in words."""

from __future__ import annotations

from datetime import date

import pytest

from shop.checkout.payments.provider import PaymentToken
from shop.web.checkout import form as checkout_form
from shop.web.checkout.demo_card_fields import DEMO_CARD
from shop.web.checkout.fields import FIELDS, PaymentFields
from shop.web.checkout.form import Entries
from shop.web.http.forms import Form
from tests.fixtures.buyer import BARE, GERMAN

TODAY = date(2027, 1, 15)


def read_entries(form: Form, today: date, payment: PaymentFields = DEMO_CARD) -> Entries:
    return checkout_form.read_entries(form, today, payment)


def sent_problems(form: Form) -> dict[str, str]:
    return checkout_form.problems_of_sent_fields(form, read_entries(form, TODAY), DEMO_CARD)


@pytest.mark.parametrize("form", [BARE, GERMAN])
def test_what_a_shopper_or_a_program_sends_is_read(form: dict[str, str]) -> None:
    entries = read_entries(Form(form), TODAY)
    assert entries.problems == {}
    assert entries.token == PaymentToken("approved", "Visa", "0454")
    assert entries.address.name == form.get("name", "")
    assert entries.country_code == entries.address.country_code == ("DE" if form is GERMAN else "US")


def test_a_form_with_nothing_in_it_names_everything_that_is_needed() -> None:
    assert set(read_entries(Form(dict.fromkeys(GERMAN, " ")), TODAY).problems) == set(GERMAN) - {"state"}
    assert "name" not in read_entries(Form({}), TODAY).problems, "it is needed of those only who are asked for it"


def test_secrets_are_not_among_what_is_kept() -> None:
    assert DEMO_CARD.secret == {"credit_card_number", "credit_card_cvv"}
    assert not DEMO_CARD.secret & set(read_entries(Form(BARE), TODAY).text)


def test_a_provider_with_a_page_of_its_own_asks_for_nothing_and_takes_a_token() -> None:
    hosted = PaymentFields()
    entries = read_entries(Form(GERMAN), TODAY, hosted)
    assert (entries.problems, entries.token) == ({}, None)
    assert not {"credit_card_number", "credit_card_cvv"} & set(entries.text)
    with_token = read_entries(Form(GERMAN | {"payment_token": "tok_1"}), TODAY, hosted)
    assert with_token.token == PaymentToken("tok_1")
    assert "payment_token" not in with_token.text
    assert "tok_1" not in repr(with_token)


@pytest.mark.parametrize("name", list(FIELDS))
def test_no_field_is_longer_than_its_limit(name: str) -> None:
    domain = "@example.com" if name == "email" else ""
    too_long = "x" * (FIELDS[name].length + 1 - len(domain)) + domain
    assert name in read_entries(Form(GERMAN | {name: too_long}), TODAY).problems
    if name != "email":
        problem = read_entries(Form(GERMAN | {name: too_long[:-1]}), TODAY).problems.get(name, "")
        assert "too long" not in problem


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("For Kim.\r\nSleep well.", "For Kim.\nSleep well."),
        ("one\rtwo\u2028three\u2029four\x0bfive\x85six", "one\ntwo\nthree\nfour\nfive\nsix"),
        (" \r\n  For Kim. \t\r\n\r\n Love \r\n ", "For Kim.\n\n Love"),
        ("\x00Kim\x1b[2J\x7f\x9b\tand\u202e me\u2066", "Kim[2J and me"),
        ("<b>Kim</b> & 🎁", "<b>Kim</b> & 🎁"),
        (" \r\n\t\x00 ", ""),
    ],
)
def test_a_note_keeps_its_lines_and_nothing_unseen(typed: str, kept: str) -> None:
    entries = read_entries(Form(GERMAN | {"gift_note": typed}), TODAY)
    assert entries.text["gift_note"] == kept
    assert entries.problems == {}


def test_a_note_is_measured_as_a_browser_measures_it() -> None:
    fits = "\r\n".join(["x" * 149, "y" * 150])
    assert read_entries(Form(GERMAN | {"gift_note": f"  {fits}  "}), TODAY).problems == {}
    problems = read_entries(Form(GERMAN | {"gift_note": f"{fits}y"}), TODAY).problems
    assert problems == {"gift_note": "This is too long: at most 300 characters."}


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("email", "nobody", "looks like name@example.com"),
        ("credit_card_number", "4432 8015 6152 0455", "One of the digits is wrong"),
        ("credit_card_expiration_month", "13", "from 01 to 12"),
        ("credit_card_expiration_year", "2026", "expired"),
        ("credit_card_cvv", "12", "digits of the security code"),
        ("city", "a\x07b", "cannot be typed"),
        ("email", "someone@example.com", ""),
        ("city", "Köln", ""),
        ("zip_code", "", ""),
    ],
)
def test_a_look_at_one_field_tells_of_that_one(field: str, value: str, words: str) -> None:
    ((name, said),) = sent_problems(Form({field: value})).items()
    assert name == field
    assert (words in said) if words else said == ""


def test_an_expiry_that_is_over_is_told_at_its_year() -> None:
    form = Form({"credit_card_expiration_month": "12", "credit_card_expiration_year": "26"})
    problems = sent_problems(form)
    assert problems["credit_card_expiration_month"] == ""
    assert "expired" in problems["credit_card_expiration_year"]


def test_what_is_wrong_is_in_the_order_of_the_page() -> None:
    form = GERMAN | {"credit_card_cvv": "", "city": "", "email": ""}
    assert list(read_entries(Form(form), TODAY).problems) == ["email", "city", "credit_card_cvv"]


@pytest.mark.parametrize("name", ["name", "street_address", "zip_code", "city", "state"])
@pytest.mark.parametrize("unseen", ["\u200b", "\u3164", "\u200f\u00a0\u2800", "\ufeff"])
def test_what_is_not_seen_is_empty(name: str, unseen: str) -> None:
    entries = read_entries(Form(GERMAN | {name: unseen}), TODAY)
    assert entries.text[name] == ""
    assert (name in entries.problems) == (name != "state")


def test_codes_have_one_form_and_names_stay_as_they_are_seen() -> None:
    typed = {
        "email": "\u200eKim＠ÉXAMPLE。org\u200f",
        "name": "\u202eAda  Lovelace½",
        "street_address": "شارع ٥",
        "zip_code": "１２３—٤٥٦",
        "country": "\u200fألمانيا ",
    }
    entries = read_entries(Form(GERMAN | typed), TODAY)
    assert entries.problems == {}
    assert [entries.text[name] for name in typed] == [
        "Kim@éxample.org",
        "Ada Lovelace½",
        "شارع ٥",
        "123-456",
        "ألمانيا",
    ]
    assert entries.address.country_code == "DE"


def test_a_chosen_country_has_its_name_on_the_parcel() -> None:
    assert read_entries(Form(GERMAN | {"country": "de"}), TODAY).address.country == "Germany"
    assert read_entries(Form(GERMAN | {"country": "Deutschland"}), TODAY).address.country == "Deutschland"


@pytest.mark.parametrize(
    "name", ["email", "name", "street_address", "zip_code", "city", "state", "country", "gift_note"]
)
@pytest.mark.parametrize(
    "number",
    [
        "4242424242424242",
        "4242 4242 4242 4242",
        "4242-4242—4242–4242",
        "٤٢٤٢ ٤٢٤٢ ٤٢٤٢ ٤٢٤٢",
        "\u200e4242\u200b4242 4242.4242",
        "No. 7, 3782 822463 10005",
        "6011111111111117 12/30 123",
    ],
)
def test_a_cards_number_in_another_field_is_refused_and_not_kept(name: str, number: str) -> None:
    typed = f"{number}@example.com" if name == "email" else number
    entries = read_entries(Form(GERMAN | {name: typed}), TODAY)
    assert "number of a card" in entries.problems[name]
    assert entries.text[name] == ""


@pytest.mark.parametrize(
    "text",
    [
        "4242424242424241",
        "+49 151 12345678",
        "4915112345678",
        "ISBN 978-3-16-148410-0",
        "Room 4242, 4242 High Street",
        "1" * 60,
    ],
)
def test_other_numbers_are_no_cards(text: str) -> None:
    assert read_entries(Form(GERMAN | {"gift_note": text}), TODAY).problems == {}


def test_a_mistyped_domain_is_asked_about_once() -> None:
    asked = read_entries(Form(GERMAN | {"email": "kim@gmial.com"}), TODAY)
    assert asked.problems["email"].startswith("Did you mean kim@gmail.com?")
    assert asked.text["email"] == asked.doubted["email"] == "kim@gmial.com"
    meant = read_entries(Form(GERMAN | {"email": "Kim@GMIAL.com", "email_confirmed": "kim@gmial.com"}), TODAY)
    assert (meant.problems, meant.doubted) == ({}, {})
    other = read_entries(Form(GERMAN | {"email": "kim@gamil.com", "email_confirmed": "kim@gmial.com"}), TODAY)
    assert other.doubted["email"] == "kim@gamil.com"
