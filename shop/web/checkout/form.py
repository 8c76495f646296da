"""Reads the fields of the checkout form: what a shopper typed, and what is wrong with each.

Programs post here too, with countries and postal codes as they like: only what is needed to deliver is asked for.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, date, datetime

import msgspec

from shop.checkout.mail.address import read_email
from shop.checkout.model import Address
from shop.checkout.payments import card
from shop.checkout.payments.card import read_card
from shop.checkout.payments.provider import Card
from shop.checkout.pricing.countries import code_of
from shop.errors import InvalidFields, InvalidInput
from shop.i18n import gettext as _
from shop.i18n import noted
from shop.web.http.forms import Form

LENGTHS = {"email": 254, "name": 100, "street_address": 200, "zip_code": 20, "city": 100, "state": 100, "country": 100}
"""What is delivered where, and how many characters of each are taken."""
SECRETS = (card.NUMBER, card.CVV)
"""Never sent back."""
FIELDS = (*LENGTHS, card.NUMBER, card.MONTH, card.YEAR, card.CVV)
"""In their order on the page."""
_BREAKS = re.compile(r"[\t\n\r\u2028\u2029]+")
_TURNS = re.compile(r"[\u202a-\u202e\u2066-\u2069]")
"""What turns the direction of text around: with it a name could write over what stands beside it."""
_MISSING = {
    "name": noted("Please enter the name of who is to get it."),
    "street_address": noted("Please enter the street and the number."),
    "zip_code": noted("Please enter the postal code; a dash where there is none."),
    "city": noted("Please enter the city."),
    "country": noted("Please enter the country."),
}


class Entries(msgspec.Struct, frozen=True):
    """What was typed: the text of all fields but SECRETS, the card if it is one, and what is wrong by field."""

    text: Mapping[str, str]
    card: Card | None = None
    problems: Mapping[str, str] = {}

    @property
    def country_code(self) -> str:
        """Of the country that was typed; '' for one that we do not know."""
        return code_of(self.text.get("country", ""))

    @property
    def address(self) -> Address:
        """Where it goes."""
        typed = {name: self.text.get(name, "") for name in LENGTHS if name != "email"}
        return Address(**typed, country_code=self.country_code)


def day_of(seconds: float) -> date:
    """The day of a time, seconds since the epoch; in UTC, so that a card is good for some hours longer at most."""
    return datetime.fromtimestamp(seconds, UTC).date()


def read_entries(form: Form, today: date) -> Entries:
    """The fields of a form. Never raises: what cannot be read is a problem of its field."""
    text: dict[str, str] = {}
    problems: dict[str, str] = {}
    for name in (*FIELDS, "method"):
        try:
            text[name] = _one_line(form.text(name))
        except InvalidInput as error:
            text[name], problems[name] = "", error.message
    problems = _delivery_problems(text, asks_name="name" in form.fields) | problems
    read: Card | None = None
    try:
        read = read_card(text[card.NUMBER], text[card.MONTH], text[card.YEAR], text[card.CVV], today)
    except InvalidFields as error:
        problems = {**error.problems, **problems}
    kept = {name: value for name, value in text.items() if name not in SECRETS}
    if "email" not in problems:
        kept["email"] = read_email(kept["email"])
    return Entries(kept, read, {name: problems[name] for name in FIELDS if name in problems})


def problems_of_some(form: Form, today: date) -> dict[str, str]:
    """What is wrong with those fields that a form has, '' for nothing; nothing is said of one that is still empty."""
    problems = read_entries(form, today).problems
    some = [name for name in FIELDS if name in form.fields]
    return {name: problems.get(name, "") if form.fields[name].strip() else "" for name in some}


def _one_line(text: str) -> str:
    """A text as an input of one line holds it: e-mails and lists of orders rely on that."""
    return _BREAKS.sub(" ", _TURNS.sub("", text)).strip()


def _delivery_problems(text: Mapping[str, str], *, asks_name: bool) -> dict[str, str]:
    problems: dict[str, str] = {}
    for name, most in LENGTHS.items():
        if len(text[name]) > most:
            problems[name] = _("This is too long: at most {most} characters.", most=most)
        elif not text[name] and name in _MISSING and (name != "name" or asks_name):
            problems[name] = _(_MISSING[name])
    try:
        read_email(text["email"])
    except InvalidInput as error:
        problems["email"] = error.message
    return problems
