"""What is wrong with each field of the checkout, in words."""

from __future__ import annotations

from datetime import date

import pytest

from shop.web.checkout.fields import FIELDS
from shop.web.checkout.form import SECRET_FIELDS, problems_of_sent_fields, read_entries
from shop.web.http.forms import Form
from tests.fixtures.buyer import BARE, GERMAN

TODAY = date(2027, 1, 15)


@pytest.mark.parametrize("form", [BARE, GERMAN])
def test_what_a_shopper_or_a_program_sends_is_read(form: dict[str, str]) -> None:
    entries = read_entries(Form(form), TODAY)
    assert entries.problems == {}
    assert entries.card is not None
    assert entries.card.last4 == "0454"
    assert entries.address.name == form.get("name", "")
    assert entries.country_code == entries.address.country_code == ("DE" if form is GERMAN else "US")


def test_a_form_with_nothing_in_it_names_everything_that_is_needed() -> None:
    assert set(read_entries(Form(dict.fromkeys(GERMAN, " ")), TODAY).problems) == set(GERMAN) - {"state"}
    assert "name" not in read_entries(Form({}), TODAY).problems, "it is needed of those only who are asked for it"


def test_secrets_are_not_among_what_is_kept() -> None:
    assert {"credit_card_number", "credit_card_cvv"} == SECRET_FIELDS
    assert not SECRET_FIELDS & set(read_entries(Form(BARE), TODAY).text)


@pytest.mark.parametrize("name", [name for name, field in FIELDS.items() if field.part != "payment"])
def test_no_field_is_longer_than_its_limit(name: str) -> None:
    domain = "@example.com" if name == "email" else ""
    too_long = "x" * (FIELDS[name].length + 1 - len(domain)) + domain
    assert name in read_entries(Form(GERMAN | {name: too_long}), TODAY).problems
    if name != "email":
        assert name not in read_entries(Form(GERMAN | {name: too_long[:-1]}), TODAY).problems


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
        ("credit_card_number", "4432 8015 6152 0455", "A digit of this number is wrong"),
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
    ((name, said),) = problems_of_sent_fields(Form({field: value}), TODAY).items()
    assert name == field
    assert (words in said) if words else said == ""


def test_an_expiry_that_is_over_is_told_at_its_year() -> None:
    form = Form({"credit_card_expiration_month": "12", "credit_card_expiration_year": "26"})
    problems = problems_of_sent_fields(form, TODAY)
    assert problems["credit_card_expiration_month"] == ""
    assert "expired" in problems["credit_card_expiration_year"]


def test_what_is_wrong_is_in_the_order_of_the_page() -> None:
    form = GERMAN | {"credit_card_cvv": "", "city": "", "email": ""}
    assert list(read_entries(Form(form), TODAY).problems) == ["email", "city", "credit_card_cvv"]
