"""The card fields of the demo provider. A real provider has its own page, or its own fields that hand over a token."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from shop.checkout.payments import card
from shop.checkout.payments.provider import PaymentToken
from shop.i18n import noted
from shop.web.checkout.fields import Field, PaymentFields

_ALL = (
    Field(
        name=card.NUMBER,
        part="payment",
        label=noted("Card number"),
        kind="number",
        length=30,
        secret=True,
        autocomplete="cc-number",
    ),
    Field(
        name=card.MONTH,
        part="payment",
        label=noted("Month"),
        hint=noted("Such as 04"),
        kind="number",
        length=2,
        autocomplete="cc-exp-month",
    ),
    Field(
        name=card.YEAR,
        part="payment",
        label=noted("Year"),
        hint=noted("Such as 2029"),
        kind="number",
        length=4,
        autocomplete="cc-exp-year",
        sends=(card.MONTH, card.YEAR),
    ),
    Field(
        name=card.CVV,
        part="payment",
        label=noted("Security code"),
        hint=noted("3 or 4 digits"),
        kind="number",
        length=4,
        secret=True,
        autocomplete="cc-csc",
        enter="done",
    ),
)


def read_token(text: Mapping[str, str], today: date) -> PaymentToken:
    """The token of the card in a form. Raises InvalidFields."""
    return card.read_card(text[card.NUMBER], text[card.MONTH], text[card.YEAR], text[card.CVV], today).token


DEMO_CARD = PaymentFields({field.name: field for field in _ALL}, read_token)
