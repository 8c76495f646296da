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
from shop.web.checkout.fields import FIELDS
from shop.web.http.forms import Form

SECRETS = frozenset(name for name, field in FIELDS.items() if field.secret)
"""Never sent back."""
_BREAKS = re.compile(r"[\t\n\r\u2028\u2029]+")
_UNTYPED = re.compile(r"[\x00-\x1f\x7f-\x9f]")
"""The control characters that are left in a line; no key types them, but what is pasted may have them."""
_TURNS = re.compile(r"[\u202a-\u202e\u2066-\u2069]")
"""What turns the direction of text around: with it a name could write over what stands beside it."""


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
        return Address(
            name=self.text["name"],
            street_address=self.text["street_address"],
            zip_code=self.text["zip_code"],
            city=self.text["city"],
            state=self.text["state"],
            country=self.text["country"],
            country_code=self.country_code,
        )


def day_of(seconds: float) -> date:
    """The day of a time, seconds since the epoch; in UTC, so that a card is good for some hours longer at most."""
    return datetime.fromtimestamp(seconds, UTC).date()


def read_entries(form: Form, today: date) -> Entries:
    """The fields of a form. Never raises: what cannot be read is a problem of its field."""
    text: dict[str, str] = {}
    problems: dict[str, str] = {}
    for name in (*FIELDS, "method"):
        try:
            text[name] = _typed(form, name)
        except InvalidInput as error:
            text[name], problems[name] = "", error.message
    problems = _problems(text, form) | problems
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


def _typed(form: Form, name: str) -> str:
    """A field's text as its kind of field holds it. Raises InvalidInput."""
    field = FIELDS.get(name)
    return _lines(form.fields.get(name, "")) if field and field.kind == "textarea" else _one_line(form.text(name))


def _one_line(text: str) -> str:
    """A text as an input of one line holds it: e-mails and lists of orders rely on that."""
    return _BREAKS.sub(" ", _TURNS.sub("", text)).strip()


def _lines(text: str) -> str:
    """A text as a textarea holds it: a line feed between lines, however they were broken; nothing unseen in them."""
    clean = (_UNTYPED.sub("", _TURNS.sub("", line.replace("\t", " "))).rstrip() for line in text.splitlines())
    return "\n".join(clean).strip()


def _problems(text: Mapping[str, str], form: Form) -> dict[str, str]:
    """What is wrong with all fields but the card's."""
    problems: dict[str, str] = {}
    for field in FIELDS.values():
        if field.part == "payment":
            continue
        if len(text[field.name]) > field.length:
            problems[field.name] = _("This is too long: at most {most} characters.", most=field.length)
        elif field.missing and not text[field.name] and (field.name in form.fields or not field.page_only):
            problems[field.name] = _(field.missing)
    try:
        read_email(text["email"])
    except InvalidInput as error:
        problems["email"] = error.message
    return problems
