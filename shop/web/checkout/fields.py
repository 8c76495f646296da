"""The fields of the checkout form, in page order. The parser and the templates both use this table.

Those of the payment are the provider's own: see demo_card_fields.py.

To add a field, list it here and read it from the entries in submission.py.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from typing import Literal

import msgspec

from shop.checkout.addresses import address_format
from shop.checkout.payments.provider import PaymentToken
from shop.i18n import noted


class Field(msgspec.Struct, frozen=True, kw_only=True):
    """A field of the form: its HTML attributes and validation. Label, hint and `missing` are translated on display."""

    name: str
    part: Literal["contact", "delivery", "payment"]
    """Its section of the page."""
    label: str
    hint: str = ""
    """The text below the field; `{max}` stands for `length`."""
    kind: Literal["text", "email", "phone", "number", "textarea", "country"] = "text"
    """'number' is a text of digits; a 'textarea' keeps line breaks; a 'country' is chosen from a list."""
    length: int
    """Maximum characters."""
    optional: bool = False
    missing: str = ""
    """The error if the field is required and empty."""
    page_only: bool = False
    """Whether it is required only if the form contains it: API clients may omit it."""
    secret: bool = False
    """Whether its value is never sent back to the browser."""
    autocomplete: str = "off"
    capitals: Literal["off", "words", "characters", "sentences"] = "off"
    enter: Literal["next", "done"] = "next"
    """The label of the Enter key on phones (enterkeyhint)."""
    posts_to: str = "/checkout/check"
    """The URL to which htmx posts a change of it."""
    sends: tuple[str, ...] = ()
    """The fields posted with a change, including itself; empty: only itself."""
    further: bool = False
    """Whether it is behind a disclosure, because few shoppers need it."""
    is_code: bool = False
    """Whether it is a code or a number, of which a program may have to make sense: see shop.typed.one_form."""


SUMMARY = ("country", "method", "state", "zip_code", "city", "vat_id", "free")
"""The fields that the totals depend on, and whether the form shows an order that costs nothing."""
_ALL = (
    Field(
        name="email",
        part="contact",
        label=noted("E-mail"),
        hint=noted("For your confirmation. Nothing else is sent to it."),
        kind="email",
        length=254,
        is_code=True,
        autocomplete="email",
    ),
    Field(
        name="name",
        part="delivery",
        label=noted("Full name"),
        length=100,
        missing=noted("Please enter the name of the recipient."),
        page_only=True,
        autocomplete="shipping name",
        capitals="words",
    ),
    Field(
        name="street_address",
        part="delivery",
        label=noted("Street address"),
        length=200,
        missing=noted("Please enter the street and the house number."),
        autocomplete="shipping address-line1",
        capitals="words",
    ),
    Field(
        name="zip_code",
        part="delivery",
        label=noted("Postal code"),
        length=20,
        is_code=True,
        missing=noted("Please enter the postal code; a dash where there is none."),
        autocomplete="shipping postal-code",
        capitals="characters",
    ),
    Field(
        name="city",
        part="delivery",
        label=noted("City"),
        length=100,
        missing=noted("Please enter the city."),
        autocomplete="shipping address-level2",
        capitals="words",
    ),
    Field(
        name="state",
        part="delivery",
        label=noted("State or province"),
        length=100,
        optional=True,
        autocomplete="shipping address-level1",
        capitals="words",
        posts_to="/checkout/summary",
        sends=SUMMARY,
    ),
    Field(
        name="country",
        part="delivery",
        label=noted("Country"),
        kind="country",
        length=100,
        missing=noted("Please choose the country."),
        autocomplete="shipping country",
        posts_to="/checkout/summary",
        sends=SUMMARY,
    ),
    Field(
        name="gift_note",
        part="delivery",
        label=noted("Gift note"),
        hint=noted("We put it in the parcel. At most {max} characters."),
        kind="textarea",
        length=300,
        optional=True,
        capitals="sentences",
    ),
    Field(
        name="address_line2",
        part="delivery",
        label=noted("Address, second line"),
        hint=noted("Flat, floor, building: what your street needs beside the number"),
        length=100,
        optional=True,
        further=True,
        autocomplete="shipping address-line2",
        capitals="words",
    ),
    Field(
        name="phone",
        part="delivery",
        label=noted("Telephone"),
        hint=noted("Only for questions about the delivery"),
        kind="phone",
        length=30,
        optional=True,
        further=True,
        autocomplete="shipping tel",
    ),
    Field(
        name="company",
        part="delivery",
        label=noted("Company"),
        length=100,
        optional=True,
        further=True,
        autocomplete="shipping organization",
        capitals="words",
    ),
    Field(
        name="vat_id",
        part="delivery",
        label=noted("VAT identification number"),
        hint=noted("Of a business in the European Union, such as DE136695976"),
        length=20,
        optional=True,
        further=True,
        is_code=True,
        capitals="characters",
        posts_to="/checkout/summary",
        sends=SUMMARY,
    ),
)
FIELDS: Mapping[str, Field] = {field.name: field for field in _ALL}
"""The shop's own fields by name, in page order."""


_NEEDED = noted("Please fill this in: addresses in this country need it.")
_LABELS: Mapping[str, Mapping[str, str]] = {
    "zip_code": {"zip": noted("ZIP code"), "eircode": noted("Eircode"), "pin": noted("PIN code")},
    "city": {"post_town": noted("Town"), "district": noted("District"), "suburb": noted("Suburb")},
    "state": {
        "area": noted("Area"),
        "county": noted("County"),
        "department": noted("Department"),
        "district": noted("District"),
        "do_si": noted("Province or city"),
        "emirate": noted("Emirate"),
        "island": noted("Island"),
        "oblast": noted("Oblast"),
        "parish": noted("Parish"),
        "prefecture": noted("Prefecture"),
        "province": noted("Province"),
        "state": noted("State"),
    },
}
"""What a field is called in a country, by the types of shop.checkout.addresses."""


def of_country(fields: Mapping[str, Field], country_code: str) -> Mapping[str, Field]:
    """The fields as addresses in a country have them: their labels, which are required, and their order."""
    form = address_format(country_code)
    if form is None:
        return fields
    types = {"zip_code": form.zip_code_type, "city": form.city_type, "state": form.state_type}
    changed = dict(fields)
    for name, type_ in types.items():
        field = fields[name]
        changed[name] = msgspec.structs.replace(
            field,
            label=_LABELS[name].get(type_, field.label),
            optional=name not in form.required,
            missing=(field.missing or _NEEDED) if name in form.required else "",
            page_only=field.page_only or field.optional,
        )
    in_order = iter(form.place_order)
    return {each: changed[each] for name in fields for each in [next(in_order) if name in types else name]}


def posted_token(text: Mapping[str, str], today: date) -> PaymentToken | None:  # noqa: ARG001 - a form asks more
    """The token that a program has from the provider itself, and sends instead of a card; None without one."""
    return PaymentToken(text["payment_token"]) if text.get("payment_token") else None


class PaymentFields(msgspec.Struct, frozen=True):
    """What the checkout's form asks for a provider; by default nothing, because shoppers pay on the provider's page.

    `read` takes the texts of the form and the date, and raises InvalidFields.
    """

    fields: Mapping[str, Field] = {}
    read: Callable[[Mapping[str, str], date], PaymentToken | None] = posted_token

    @property
    def all(self) -> Mapping[str, Field]:
        """All fields of the form by name, in page order."""
        return {**FIELDS, **self.fields}

    @property
    def secret(self) -> frozenset[str]:
        """The fields whose values are never sent back to the browser."""
        return frozenset(name for name, field in self.all.items() if field.secret)

    @property
    def hosted(self) -> bool:
        """Whether shoppers pay on a page of the provider."""
        return not self.fields

    @property
    def first(self) -> str:
        """The field at which a declined payment is reported; the button's id if the provider has none."""
        return next(iter(self.fields), "place-order")
