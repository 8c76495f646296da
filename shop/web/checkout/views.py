"""What the templates of checkout and of orders are given; see shop.web.render.views."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from shop.i18n import gettext as _
from shop.web.checkout.fields import Field
from shop.web.render.views import Link, Picture, Shell


class Row(msgspec.Struct, frozen=True):
    """A part of a total: 'Shipping, Germany', '€4.90', 'Standard, 3 to 5 working days'."""

    label: str
    amount: str
    note: str = ""


class SummaryLine(msgspec.Struct, frozen=True):
    """A line of what is bought. `picture` is None on receipts, which outlive the catalogue."""

    title: str
    variant: str
    quantity: int
    unit: str
    total: str
    """Before any discount, which is a row of its own."""
    picture: Picture | None = None


class SummaryView(msgspec.Struct, frozen=True):
    """What is bought and what it comes to: the lines, the parts of the total, the total."""

    lines: tuple[SummaryLine, ...]
    quantity: int
    rows: tuple[Row, ...]
    total: str
    tax: str
    """'It includes VAT 19%: €8.45.', or '' where tax is a row or there is none."""


class FieldView(msgspec.Struct, frozen=True):
    """A field of the form: what it holds, and what is wrong with it ('' for nothing)."""

    spec: Field
    value: str = ""
    error: str = ""

    @property
    def label(self) -> str:
        """In the language spoken."""
        return _(self.spec.label)

    @property
    def hint(self) -> str:
        """In the language spoken; '' for none."""
        return _(self.spec.hint, max=self.spec.length)


class MethodView(msgspec.Struct, frozen=True):
    """A way of shipping."""

    id: str
    title: str
    price: str
    selected: bool


class Alert(msgspec.Struct, frozen=True):
    """What stands at the top of a form that has come back: a heading, words, and what is wrong or otherwise."""

    heading: str
    words: tuple[str, ...] = ()
    fields: tuple[Link, ...] = ()
    """What is wrong, each with a link to its field."""
    changes: tuple[str, ...] = ()
    """What is otherwise than the shopper has seen."""
    tone: str = "error"
    """'error', or 'changed' where nothing went wrong."""


class TestCardView(msgspec.Struct, frozen=True):
    """A card number of the demonstration, and what comes of it."""

    number: str
    words: str


class ClockView(msgspec.Struct, frozen=True):
    """A time of day: for machines (ISO 8601), and as words that are true everywhere ('14:05 UTC')."""

    iso: str
    words: str


class CheckoutView(msgspec.Struct, frozen=True):
    """The checkout page and its fragments."""

    shell: Shell
    badge: int
    """Pieces in the cart."""
    summary: SummaryView
    seen: str
    """The signed token of what is shown; '' where nothing could be worked out anew."""
    fields: Mapping[str, FieldView]
    """By name; each of shop.web.checkout.fields.FIELDS."""
    methods: tuple[MethodView, ...]
    countries: tuple[str, ...]
    """Names to choose from; any other text is fine too."""
    estimate: str
    """What is worked out for a country that was only guessed, said in words; '' for a known one."""
    duties: str
    """What may be due beyond the total, in words."""
    shortages: tuple[str, ...]
    """Why this cart cannot be ordered as it is: the button is a link to the cart then."""
    remarks: tuple[str, ...]
    """What else a shopper has to know of this cart: a coupon that does not count, an item that is not part of it."""
    set_aside: ClockView | None
    """Until when the items are set aside; None where they are not."""
    test_cards: tuple[TestCardView, ...]
    alert: Alert | None = None
    confirm: bool = False
    """Whether the shopper is asked to agree to what is otherwise."""
    waiting: Link | None = None
    """An order of this cart that is not decided yet: its number and its page."""
    retype: bool = False
    """Whether the card's number and code were typed before and are gone."""


class EmptyCheckoutView(msgspec.Struct, frozen=True):
    """The checkout of a cart with nothing in it."""

    shell: Shell
    badge: str = ""


class CheckView(msgspec.Struct, frozen=True):
    """Fields as they are after a look at each."""

    fields: tuple[FieldView, ...]


class PaymentView(msgspec.Struct, frozen=True):
    """A payment that waits for its shopper's answer."""

    shell: Shell
    path: str
    """Where the answer goes."""
    amount: str
    number: str
    """The order's, in groups."""
