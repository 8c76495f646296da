"""Parses and validates the fields of the checkout form.

API clients post here too, with countries and postal codes in any format: only fields needed for delivery are required.
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

SECRET_FIELDS = frozenset(name for name, field in FIELDS.items() if field.secret)
"""Fields whose values are never sent back to the browser."""
_LINE_BREAKS = re.compile(r"[\t\n\r\u2028\u2029]+")
_CONTROL_CHARACTERS = re.compile(r"[\x00-\x1f\x7f-\x9f]")
"""Control characters within a line, which pasted text may contain."""
_BIDI_CONTROLS = re.compile(r"[\u202a-\u202e\u2066-\u2069]")
"""Overrides of the text direction, with which a name could disguise the text next to it."""


class Entries(msgspec.Struct, frozen=True):
    """The parsed form: the texts of all fields except SECRET_FIELDS, the card if it is valid, and errors by field."""

    text: Mapping[str, str]
    card: Card | None = None
    problems: Mapping[str, str] = {}

    @property
    def country_code(self) -> str:
        """The code of the typed country; '' if it is not recognised."""
        return code_of(self.text.get("country", ""))

    @property
    def address(self) -> Address:
        """The delivery address."""
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
    """The date in UTC of a time (seconds since the epoch). A card may thus be accepted some hours longer."""
    return datetime.fromtimestamp(seconds, UTC).date()


def read_entries(form: Form, today: date) -> Entries:
    """Parse a form. Never raises: invalid values become problems of their fields."""
    text: dict[str, str] = {}
    problems: dict[str, str] = {}
    for name in (*FIELDS, "method"):
        try:
            text[name] = _field_text(form, name)
        except InvalidInput as error:
            text[name], problems[name] = "", error.message
    problems = _text_problems(text, form) | problems
    parsed_card: Card | None = None
    try:
        parsed_card = read_card(text[card.NUMBER], text[card.MONTH], text[card.YEAR], text[card.CVV], today)
    except InvalidFields as error:
        problems = {**error.problems, **problems}
    visible = {name: value for name, value in text.items() if name not in SECRET_FIELDS}
    if "email" not in problems:
        visible["email"] = read_email(visible["email"])
    return Entries(visible, parsed_card, {name: problems[name] for name in FIELDS if name in problems})


def problems_of_sent_fields(form: Form, today: date) -> dict[str, str]:
    """The errors of the fields in a form, '' for none. Empty fields are not reported."""
    problems = read_entries(form, today).problems
    some = [name for name in FIELDS if name in form.fields]
    return {name: problems.get(name, "") if form.fields[name].strip() else "" for name in some}


def _field_text(form: Form, name: str) -> str:
    """The text of a field, normalised for its kind. Raises InvalidInput."""
    field = FIELDS.get(name)
    return _multi_line(form.fields.get(name, "")) if field and field.kind == "textarea" else _one_line(form.text(name))


def _one_line(text: str) -> str:
    """The text on one line, as e-mails and lists of orders require."""
    return _LINE_BREAKS.sub(" ", _BIDI_CONTROLS.sub("", text)).strip()


def _multi_line(text: str) -> str:
    """The text with lines separated by line feeds, and without invisible characters."""
    clean = (
        _CONTROL_CHARACTERS.sub("", _BIDI_CONTROLS.sub("", line.replace("\t", " "))).rstrip()
        for line in text.splitlines()
    )
    return "\n".join(clean).strip()


def _text_problems(text: Mapping[str, str], form: Form) -> dict[str, str]:
    """The errors of all fields except the card's."""
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
