"""Quotes and orders: what is bought, by whom, for how much, and what may become of it. Pure: no I/O, no clock.

A quote is everything a shopper is shown before paying. An order is a quote that somebody agreed to; it keeps the
quote as it was, so that a receipt never changes with the catalogue.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import msgspec

from shop.errors import OrderStateRefused
from shop.formatting import percent
from shop.i18n import content, full_name
from shop.i18n import gettext as _
from shop.money import Money

State = Literal["pending", "failed", "placed", "paid", "shipped", "cancelled", "refunded"]

NEXT: Mapping[State, frozenset[State]] = {
    "pending": frozenset({"placed", "failed"}),
    "failed": frozenset(),
    "placed": frozenset({"paid", "cancelled"}),
    "paid": frozenset({"shipped", "cancelled", "refunded"}),
    "shipped": frozenset({"refunded"}),
    "cancelled": frozenset(),
    "refunded": frozenset(),
}
"""What may become of an order.

pending: its stock is taken and its payment is under way. failed: nothing was charged, the stock is given back.
placed: the payment is authorised; the order is firm and has a receipt. paid: captured. cancelled: void or refunded,
the stock is given back. refunded: the money went back, the goods may not have.
"""


def check_step(number: str, state: State, to: State) -> None:
    """Raise OrderStateRefused unless an order in `state` may become `to`."""
    if to not in NEXT[state]:
        raise OrderStateRefused(number, state, to)


class Address(msgspec.Struct, frozen=True, kw_only=True):
    """Where an order goes, as the shopper typed it; `country_code` is ISO 3166-1 alpha-2, '' for an unknown country."""

    name: str = ""
    street_address: str
    zip_code: str
    city: str
    state: str
    country: str
    country_code: str = ""

    @property
    def lines(self) -> tuple[str, ...]:
        """As it is written on a parcel, without what is empty."""
        place = f"{self.zip_code} {self.city}"
        parts = (self.name, self.street_address, place, self.state, self.country)
        return tuple(part for part in map(str.strip, parts) if part)


class Fact(msgspec.Struct, frozen=True):
    """Something that a shopper has said about an order: what it is called in the language spoken, and its lines."""

    label: str
    lines: tuple[str, ...]


class Buyer(msgspec.Struct, frozen=True, kw_only=True):
    """Who buys, as the shopper and their browser have said it.

    A field that orders get later needs a default: orders that are stored already do not have it.
    """

    email: str
    address: Address
    card_brand: str
    """'Visa'; '' where no card was used, as is card_last4."""
    card_last4: str
    origin: str
    """The shop's address as the shopper sees it, 'https://shop.example', for links in e-mails."""
    language: str = "en"
    """The one that the shopper ordered in, and is written to in."""
    gift_note: str = ""
    """For whoever gets the parcel; a line feed stands between its lines."""

    @property
    def facts(self) -> tuple[Fact, ...]:
        """What else the shopper has said, without what is empty, for receipts, e-mails and operators."""
        said = {_("Gift note"): self.gift_note}
        return tuple(Fact(label, tuple(text.split("\n"))) for label, text in said.items() if text)

    @property
    def card(self) -> str:
        """'Visa ending in 4242', in the language spoken; '' where no card was used."""
        return _("{brand} ending in {digits}", brand=self.card_brand, digits=self.card_last4) if self.card_last4 else ""


class QuoteLine(msgspec.Struct, frozen=True, kw_only=True):
    """So many pieces of a sku at today's price."""

    sku: str
    handle: str
    title: str
    variant: str
    quantity: int
    price: Money
    """The catalogue's unit price, in its own currency."""
    unit: Money
    """The unit price in the shopper's currency."""
    discount: int = 0
    """This line's share of the discount, minor units of the shopper's currency."""
    weight: int = 0
    """Grams of one piece."""

    @property
    def name(self) -> str:
        """What it is called in a sentence, in the language spoken: 'Tide Mug, Moss'."""
        return full_name(self.title, self.variant)

    @property
    def total(self) -> Money:
        """What the line comes to, its share of the discount taken off."""
        return Money(self.unit.amount * self.quantity - self.discount, self.unit.currency)


class Totals(msgspec.Struct, frozen=True, kw_only=True):
    """What a quote comes to, each amount at least 0 in minor units of the shopper's currency.

    total = subtotal - discount + shipping + tax, where tax is not included in the prices; where it is
    (`tax_included`), `tax` says how much of the total it is, and total = subtotal - discount + shipping.
    """

    subtotal: int
    discount: int
    shipping: int
    tax: int
    tax_included: bool
    tax_name: str
    """'VAT 19%'; '' where no tax is charged."""
    total: int

    @property
    def tax_words(self) -> str:
        """The tax's name in the language spoken."""
        name, _space, rate = self.tax_name.rpartition(" ")
        return f"{content(name)} {percent(rate)}"


class Quote(msgspec.Struct, frozen=True, kw_only=True):
    """What a shopper is shown before paying."""

    cart_id: str
    revision: int
    """The cart's."""
    change: str = ""
    """The id of the cart's latest change, in hex: with the revision it names this very state of the cart, also where a
    cart was lost and begun anew."""
    currency: str
    """The shopper's, ISO 4217."""
    lines: tuple[QuoteLine, ...]
    """In the order of the cart; what is no longer sold is not in it."""
    coupon: str
    """The code that counts in it, '' for none."""
    country_code: str
    method: str
    """Id of the shipping method."""
    method_title: str
    """As the shop's terms call it; `content` has it in the language spoken."""
    totals: Totals

    @property
    def total(self) -> Money:
        """What would be charged."""
        return self.money(self.totals.total)

    def money(self, amount: int) -> Money:
        """An amount in minor units of the shopper's currency."""
        return Money(amount, self.currency)

    @property
    def wanted(self) -> dict[str, int]:
        """Pieces by sku."""
        return {line.sku: line.quantity for line in self.lines}


class Order(msgspec.Struct, frozen=True, kw_only=True):
    """A quote that somebody agreed to."""

    number: str
    """Names it to everyone, and opens its receipt: 80 random bits or more, in capitals and digits."""
    state: State
    settled: bool
    """Whether nothing is owed to the outside any more: cart, payment provider."""
    created_at: int
    """Seconds since the epoch, as is changed_at."""
    changed_at: int
    quote: Quote
    buyer: Buyer
    challenge_path: str = ""
    """Where the shopper confirms the payment with their bank, for as long as the order waits for that; else ''."""
    failure: str = ""
    """Why it failed or was cancelled, for the shopper: a message, or an operator's own words."""

    @property
    def firm(self) -> bool:
        """Whether it has a receipt."""
        return self.state not in ("pending", "failed")
