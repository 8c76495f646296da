"""The views of the checkout's templates, also used by orders; see shop.web.render.views."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from shop.i18n import gettext as _
from shop.web.checkout.fields import Field
from shop.web.render.views import Link, Picture, Shell


class Row(msgspec.Struct, frozen=True):
    """A row of the totals: 'Shipping, Germany', '€4.90', 'Standard, 3 to 5 working days'."""

    label: str
    amount: str
    note: str = ""


class SummaryLine(msgspec.Struct, frozen=True):
    """A line of the summary. `picture` is None on receipts, which outlive the catalogue."""

    title: str
    variant: str
    quantity: int
    unit: str
    total: str
    """Before the discount, which has its own row."""
    picture: Picture | None = None


class SummaryView(msgspec.Struct, frozen=True):
    """The order summary: lines, rows of totals, and the total."""

    lines: tuple[SummaryLine, ...]
    quantity: int
    rows: tuple[Row, ...]
    total: str
    tax: str
    """'It includes VAT 19%: €8.45.'; '' if tax is a row or there is none."""


class Choice(msgspec.Struct, frozen=True):
    """A value that can be chosen, and how it is shown."""

    value: str
    label: str


class FieldView(msgspec.Struct, frozen=True):
    """A field of the form: its value, and its error ('' for none)."""

    spec: Field
    value: str = ""
    error: str = ""
    choices: tuple[Choice, ...] = ()
    """Of a country: the one that is made, and those that may be meant."""
    doubted: str = ""
    """The value, if the shopper is asked about it."""

    @property
    def label(self) -> str:
        """The label in the current language."""
        return _(self.spec.label)

    @property
    def hint(self) -> str:
        """The hint in the current language; '' for none."""
        return _(self.spec.hint, max=self.spec.length)


class MethodView(msgspec.Struct, frozen=True):
    """A shipping method to choose."""

    id: str
    title: str
    price: str
    selected: bool


class Alert(msgspec.Struct, frozen=True):
    """The alert at the top of a redisplayed form: a heading, paragraphs, errors and changes."""

    heading: str
    text: tuple[str, ...] = ()
    fields: tuple[Link, ...] = ()
    """The errors, each with a link to its field."""
    changes: tuple[str, ...] = ()
    """The changes since the form was shown."""
    tone: str = "error"
    """'error', or 'changed' if nothing went wrong."""


class TestCardView(msgspec.Struct, frozen=True):
    """A test card of the demo provider, and the outcome of a payment with it."""

    number: str
    description: str


class ClockView(msgspec.Struct, frozen=True):
    """A time of day: ISO 8601 for machines, and a text with its time zone ('14:05 UTC')."""

    iso: str
    text: str


class CheckoutView(msgspec.Struct, frozen=True):
    """The checkout page and its fragments."""

    shell: Shell
    badge: int
    """Quantity of items in the cart."""
    summary: SummaryView
    seen: str
    """The signed token of the shown quote."""
    fields: Mapping[str, FieldView]
    """All fields of the form, by name."""
    methods: tuple[MethodView, ...]
    countries: tuple[Choice, ...]
    """All that can be chosen; a program may send any name."""
    further_open: bool
    """Whether the fields that few shoppers need are shown."""
    estimate: str
    """The note that the totals are an estimate for a guessed country; '' for a known one."""
    duties: str
    """The note on costs beyond the total; '' for none."""
    shortages: tuple[str, ...]
    """Why this cart cannot be ordered; the button is a link to the cart then."""
    remarks: tuple[str, ...]
    """Other problems of the cart: a coupon that is not applied, an item that is no longer sold."""
    reserved_until: ClockView | None
    """When the reservation of the items expires; None if they are not reserved."""
    test_cards: tuple[TestCardView, ...]
    """Those of the demo provider; empty for another."""
    alert: Alert | None = None
    confirm: bool = False
    """Whether the shopper has to confirm changes."""
    pending_order: Link | None = None
    """An order of this cart that waits for the bank: its number and its page."""
    free: bool = False
    """Whether there is nothing to pay."""
    hosted: bool = False
    """Whether the shopper pays on a page of the payment provider, once the order is sent."""
    payment_changed: bool = False
    """Whether the form shows the opposite of `free`."""
    retype: bool = False
    """Whether the card's number and code have to be entered again."""

    @property
    def place_fields(self) -> tuple[FieldView, ...]:
        """Postal code, city and state, in the order of the country."""
        return tuple(field for name, field in self.fields.items() if name in ("zip_code", "city", "state"))


class EmptyCheckoutView(msgspec.Struct, frozen=True):
    """The checkout of an empty cart."""

    shell: Shell
    badge: str = ""


class CheckView(msgspec.Struct, frozen=True):
    """The fields after validation."""

    fields: tuple[FieldView, ...]


class PaymentView(msgspec.Struct, frozen=True):
    """A payment that waits for an answer: the shopper's, or that of a bank that takes days."""

    shell: Shell
    path: str
    """The URL to which the answer is posted."""
    amount: str
    number: str
    """The order's number, in groups."""
    takes_days: bool
