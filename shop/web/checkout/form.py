"""Parses and validates the fields of the checkout form.

API clients post here too, with postal codes in any format, and countries in any language: only fields needed for
delivery are required.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime

import msgspec

from shop import typed
from shop.checkout.addresses import looks_wrong
from shop.checkout.mail.address import mailbox, read_email, suggested_email
from shop.checkout.model import Address
from shop.checkout.payments.card_numbers import has_card_number
from shop.checkout.payments.provider import PaymentToken
from shop.checkout.pricing.countries import code_of, name_of, suggestions
from shop.checkout.pricing.regions import region_of
from shop.checkout.pricing.tax_table import vat_id_of
from shop.errors import InvalidFields, InvalidInput
from shop.formatting import listed
from shop.i18n import gettext as _
from shop.web.checkout.fields import FIELDS, Field, PaymentFields, of_country
from shop.web.http.forms import Form

CONFIRMED = "{}_confirmed"
"""The hidden field with a text that seemed mistyped: who sends the form again means it."""


class Entries(msgspec.Struct, frozen=True):
    """The parsed form: the texts of all fields that are not secret, the payment's token, and errors by field."""

    text: Mapping[str, str]
    token: PaymentToken | None = None
    """None if the payment's fields are invalid, or the form has none."""
    problems: Mapping[str, str] = {}
    doubted: Mapping[str, str] = {}
    """The texts that seem mistyped, by field: the shopper is asked about them."""

    @property
    def country_code(self) -> str:
        """The code of the typed country; '' if it is not recognised."""
        return code_of(self.text.get("country", ""))

    @property
    def region(self) -> str:
        """The code of the typed state or province (ISO 3166-2); '' if it is not recognised."""
        return region_of(self.country_code, self.text.get("state", ""))

    @property
    def vat_id(self) -> str:
        """The VAT identification number; '' for none."""
        return vat_id_of(self.text.get("vat_id", ""))

    @property
    def address(self) -> Address:
        """The delivery address."""
        code, country = self.country_code, self.text["country"]
        return Address(
            name=self.text["name"],
            company=self.text["company"],
            street_address=self.text["street_address"],
            line2=self.text["address_line2"],
            zip_code=self.text["zip_code"],
            city=self.text["city"],
            state=self.text["state"],
            country=name_of(code) if code == country.upper() else country,
            country_code=code,
        )

    def without_payment(self) -> Entries:
        """The entries of an order that costs nothing: no card is needed, and none is missing."""
        problems = {name: words for name, words in self.problems.items() if name in FIELDS}
        return msgspec.structs.replace(self, token=None, problems=problems)

    def without_region(self) -> Entries:
        """The entries of an order whose taxes depend on a state or province that is not known."""
        words = _("Please enter the state or province: taxes depend on it.")
        if state := self.text["state"]:
            words = _(
                "We do not know the state or province “{state}” of {country}, and taxes depend on it. Please write it "
                "out, or check the country.",
                state=state,
                country=name_of(self.country_code),
            )
        return msgspec.structs.replace(self, problems={**self.problems, "state": words})

    def not_shipped(self, country: str) -> Entries:
        """The entries of an order to a country to which the shop does not ship."""
        words = _("We do not ship to {country}. Please choose another country.", country=country)
        return msgspec.structs.replace(self, problems={**self.problems, "country": words})


def day_of(seconds: float) -> date:
    """The date in UTC of a time (seconds since the epoch). A card may thus be accepted some hours longer."""
    return datetime.fromtimestamp(seconds, UTC).date()


def read_entries(form: Form, today: date, payment: PaymentFields) -> Entries:
    """Parse a form. Never raises: invalid values become problems of their fields."""
    fields = payment.all
    text: dict[str, str] = {}
    problems: dict[str, str] = {}
    for name in (*fields, "method", "payment_token"):
        try:
            text[name] = _field_text(form, name, fields.get(name))
        except InvalidInput as error:
            text[name], problems[name] = "", error.message
    problems = {**_text_problems(text, form), **problems}
    token, payment_problems = _token(text, today, payment)
    hidden = {*payment.secret, "payment_token"}
    visible = {name: value for name, value in text.items() if name not in hidden}
    if "email" not in problems:
        visible["email"] = read_email(visible["email"])
    questions = {name: words for name, words in _questions(visible, form).items() if name not in problems}
    problems |= questions
    doubted = {name: visible[name] for name in questions}
    problems = {**payment_problems, **problems}
    return Entries(visible, token, {name: problems[name] for name in fields if name in problems}, doubted)


def problems_of_sent_fields(form: Form, entries: Entries, payment: PaymentFields) -> dict[str, str]:
    """The errors of the fields in a form, '' for none. Empty fields are not reported."""
    some = [name for name in payment.all if name in form.fields]
    return {name: entries.problems.get(name, "") if form.fields[name].strip() else "" for name in some}


def _field_text(form: Form, name: str, field: Field | None) -> str:
    """The text of a field, in the form of its kind; '' instead of a card's number. Raises InvalidInput."""
    text = form.fields.get(name, "") if field and field.kind == "textarea" else form.text(name)
    is_phone = field is not None and field.kind == "phone" and text.strip().startswith(("+", "00"))  # as no card is
    if field and field.part != "payment" and not is_phone and has_card_number(text):
        raise InvalidInput(
            "This looks like the number of a card. It is not stored: please enter it in the card’s own field only.",
            field=name,
        )
    if field and field.kind == "textarea":
        return typed.lines(text)
    return typed.one_form(text) if field and field.is_code else typed.one_line(text)


def _text_problems(text: Mapping[str, str], form: Form) -> dict[str, str]:
    """The errors of the shop's own fields."""
    problems: dict[str, str] = {}
    asks = "seen" in form.fields  # the shop's own page, which shows what the country needs
    for field in of_country(FIELDS, code_of(text["country"])).values():
        if len(text[field.name]) > field.length:
            problems[field.name] = _("This is too long: at most {most} characters.", most=field.length)
        elif not text[field.name] and _is_missing(field, form, asks=asks):
            problems[field.name] = _(field.missing)
    if text["vat_id"] and not vat_id_of(text["vat_id"]):
        problems["vat_id"] = _(
            "This is no VAT identification number of the European Union. Please check it, or leave it out."
        )
    if "country" not in problems and not code_of(text["country"]):
        problems["country"] = _country_question(text["country"])
    try:
        read_email(text["email"])
    except InvalidInput as error:
        problems["email"] = error.message
    return problems


def _is_missing(field: Field, form: Form, *, asks: bool) -> bool:
    """Whether an empty field is required: of programs only what is so in every country."""
    required = field.missing and (asks or FIELDS[field.name].missing)
    return bool(required) and (field.name in form.fields or not field.page_only)


def _token(
    text: Mapping[str, str], today: date, payment: PaymentFields
) -> tuple[PaymentToken | None, Mapping[str, str]]:
    """The payment's token, or the errors of its fields."""
    try:
        return payment.read(text, today), {}
    except InvalidFields as error:
        return None, error.problems


def _country_question(country: str) -> str:
    """The error for a country that is not understood: shipping and tax depend on it, so it is never guessed."""
    if meant := [name_of(code) for code in suggestions(country)]:
        return _(
            "We do not know the country “{country}”. Did you mean {names}?", country=country, names=listed(meant, "or")
        )
    return _("We do not know the country “{country}”. Please choose it from the list.", country=country)


def _questions(text: Mapping[str, str], form: Form) -> dict[str, str]:
    """The questions about texts that seem mistyped, and which the shopper has not confirmed, by field."""
    asked = {"email": _email_question(text["email"])}
    if "seen" in form.fields:  # a program is not asked
        asked["zip_code"] = _zip_code_question(text["zip_code"], code_of(text["country"]))
    return {name: words for name, words in asked.items() if words and not _is_confirmed(name, text[name], form)}


def _is_confirmed(name: str, text: str, form: Form) -> bool:
    return mailbox(form.fields.get(CONFIRMED.format(name), "")) == mailbox(text)


def _zip_code_question(zip_code: str, country_code: str) -> str:
    if looks_wrong(country_code, zip_code):
        return _(
            "“{zip_code}” does not look like a postal code of {country}. If both are right, leave them and order "
            "again.",
            zip_code=zip_code,
            country=name_of(country_code),
        )
    return ""


def _email_question(email: str) -> str:
    if meant := suggested_email(email):
        return _("Did you mean {email}? If your address is right, leave it as it is and order again.", email=meant)
    return ""
