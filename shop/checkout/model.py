"""Quotes and orders: what is bought, by whom, for how much, and the states of an order. Pure: no I/O, no clock.

A quote is everything that a shopper is shown before paying. An order is a quote that a shopper agreed to; it keeps the
quote unchanged, so that a receipt never changes with the catalogue.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from hmac import compare_digest
from typing import Literal

import msgspec

from shop.catalog.model import TaxClass
from shop.checkout.addresses import FIELDS, address_lines
from shop.errors import OrderStateRefused
from shop.formatting import listed, percent
from shop.i18n import content, full_name
from shop.i18n import gettext as _
from shop.money import Money

State = Literal["pending", "failed", "placed", "paid", "shipped", "cancelled", "refunded"]

Dispute = Literal["", "open", "won", "lost"]
"""Whether the shopper's bank disputes the payment, and for whom that ended: won is for the shop."""
Untaxed = Literal["", "abroad", "reverse-charge", "small-business"]
"""Why an order has no tax: the shop charges none there; the buyer owes it; the seller is a small business."""

NEXT: Mapping[State, frozenset[State]] = {
    "pending": frozenset({"placed", "failed"}),
    "failed": frozenset(),
    "placed": frozenset({"paid", "cancelled"}),
    "paid": frozenset({"shipped", "cancelled", "refunded"}),
    "shipped": frozenset({"refunded"}),
    "cancelled": frozenset(),
    "refunded": frozenset(),
}
"""The states of an order, each with those that may follow.

pending: stock taken, payment in progress. failed: nothing charged, stock returned. placed: payment authorised; the
order is firm and has a receipt. paid: payment captured. cancelled: payment voided or refunded before the goods left.
refunded: money returned. Whether the goods of a cancelled or refunded order are on sale again is decided each time.
"""


def check_step(number: str, state: State, to: State) -> None:
    """Raise OrderStateRefused unless an order in `state` may become `to`."""
    if to not in NEXT[state]:
        raise OrderStateRefused(number, state, to)


class Address(msgspec.Struct, frozen=True, kw_only=True):
    """Where an order goes, as the shopper typed it; `country_code` is ISO 3166-1 alpha-2, '' for an unknown country."""

    name: str = ""
    company: str = ""
    street_address: str
    line2: str = ""
    """The second line of the street address."""
    zip_code: str
    city: str
    state: str
    country: str
    country_code: str = ""

    @property
    def lines(self) -> tuple[str, ...]:
        """The lines of a parcel label, in the form of its country, without empty ones."""
        fields = {name: getattr(self, name) for name in FIELDS.values()}
        fields["street_address"] = f"{self.street_address}\n{self.line2}"
        return tuple(filter(None, (*address_lines(self.country_code, fields), self.country.strip())))


class Fact(msgspec.Struct, frozen=True):
    """A remark of the shopper about an order: its label in the current language, and its lines."""

    label: str
    lines: tuple[str, ...]


class Buyer(msgspec.Struct, frozen=True, kw_only=True):
    """The buyer, as given by the shopper and their browser.

    A new field needs a default: stored orders lack it.
    """

    email: str
    address: Address
    card_brand: str
    """'Visa'; '' where no card was used or the provider does not tell, as is card_last4."""
    card_last4: str
    origin: str
    """The shop's address as the shopper sees it, 'https://shop.example', for links in e-mails."""
    language: str = "en"
    """The code of the language of the order and of its e-mails."""
    gift_note: str = ""
    """For the recipient of the parcel; lines end with a line feed."""
    phone: str = ""
    """For the carrier, as the shopper typed it."""
    vat_id: str = ""
    """The VAT identification number of a business in the European Union: 'DE136695976'. Only its form was checked."""

    @property
    def facts(self) -> tuple[Fact, ...]:
        """The shopper's remarks that are not empty, for receipts, e-mails and operators."""
        said = {
            _("VAT identification number"): self.vat_id,
            _("Telephone"): self.phone,
            _("Gift note"): self.gift_note,
        }
        return tuple(Fact(label, tuple(text.split("\n"))) for label, text in said.items() if text)

    @property
    def card(self) -> str:
        """'Visa ending in 4242' in the current language; '' if no card was used."""
        return _("{brand} ending in {digits}", brand=self.card_brand, digits=self.card_last4) if self.card_last4 else ""


class QuoteLine(msgspec.Struct, frozen=True, kw_only=True):
    """A quantity of a sku at today's price."""

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
    """Grams per unit."""
    tax_class: TaxClass = "standard"
    tax: int = 0
    """This line's share of the taxes, minor units of the shopper's currency; 0 in orders of earlier releases."""

    @property
    def name(self) -> str:
        """The name in a sentence, in the current language: 'Tide Mug, Moss'."""
        return full_name(self.title, self.variant)

    @property
    def total(self) -> Money:
        """The line's total after its share of the discount."""
        return Money(self.unit.amount * self.quantity - self.discount, self.unit.currency)


class TaxAmount(msgspec.Struct, frozen=True):
    """One tax of an order, in minor units of the shopper's currency."""

    name: str
    """'VAT'."""
    rate: int
    """Thousandths of a percent."""
    net: int
    """What is taxed, without this and any other tax."""
    amount: int

    @property
    def title(self) -> str:
        """'VAT 25.5%'."""
        return f"{self.name} {self.rate / 1000:g}%"

    @property
    def words(self) -> str:
        """The title in the current language."""
        return f"{content(self.name)} {percent(f'{self.rate / 1000:g}%')}"


class Totals(msgspec.Struct, frozen=True, kw_only=True):
    """The totals of a quote, each at least 0, in minor units of the shopper's currency.

    total = subtotal - discount + shipping + tax if prices exclude taxes. If they include them (`tax_included`), `tax`
    is within the total, and total = subtotal - discount + shipping.
    """

    subtotal: int
    discount: int
    shipping: int
    tax: int
    """The sum of the taxes."""
    tax_included: bool
    tax_name: str
    """'VAT 19%'; '' if no tax is charged. Orders of earlier releases have only this."""
    total: int
    taxes: tuple[TaxAmount, ...] = ()
    untaxed: Untaxed = ""
    law: str = ""
    """The law by which a small business charges no tax."""

    @property
    def all_taxes(self) -> tuple[TaxAmount, ...]:
        """The taxes, also of an order of an earlier release."""
        if self.taxes or not self.tax_name:
            return self.taxes
        name, _space, rate = self.tax_name.rpartition(" ")
        net = self.total - self.tax
        return (TaxAmount(name, int(Decimal(rate.removesuffix("%")) * 1000), net, self.tax),)

    @property
    def tax_words(self) -> str:
        """The names of the taxes in the current language."""
        return listed([tax.words for tax in self.all_taxes])

    @property
    def untaxed_words(self) -> str:
        """Why no VAT is charged, as an invoice has to say it; '' where there is nothing to say."""
        if self.untaxed == "reverse-charge":
            return _(
                "Reverse charge: no VAT is charged, the buyer accounts for it (Directive 2006/112/EC, articles 138 "
                "and 200)."
            )
        if self.untaxed == "small-business":
            return _("No VAT is charged: the seller is a small business ({law}).", law=self.law)
        return ""


class Discount(msgspec.Struct, frozen=True):
    """What a coupon or an automatic rule takes off the goods, in minor units of the shopper's currency."""

    code: str
    title: str
    """Of an automatic rule; '' for the shopper's coupon. `content` translates it."""
    amount: int

    @property
    def words(self) -> str:
        """'Coupon SPRING-5', '3 for 2 on mugs', in the current language."""
        return content(self.title) or _("Coupon {code}", code=self.code)


class Quote(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that a shopper is shown before paying."""

    cart_id: str
    revision: int
    """The cart's."""
    change: str = ""
    """The id of the cart's latest change, in hex. With the revision it identifies this state of the cart, even if the
    cart
    was lost and started again."""
    currency: str
    """The shopper's, ISO 4217."""
    lines: tuple[QuoteLine, ...]
    """In the order of the cart, without what is no longer sold."""
    coupon: str
    """The code that is applied, '' for none."""
    discounts: tuple[Discount, ...] = ()
    """In the order in which they apply."""
    country_code: str
    region: str = ""
    """The state or province that decides taxes, as in ISO 3166-2 ('CA-QC'); '' where none does, or it is unknown."""
    method: str
    """Id of the shipping method."""
    method_title: str
    """The title in the shop's terms; `content` translates it."""
    totals: Totals

    @property
    def total(self) -> Money:
        """The amount to charge."""
        return self.money(self.totals.total)

    def money(self, amount: int) -> Money:
        """An amount in minor units of the shopper's currency."""
        return Money(amount, self.currency)

    @property
    def all_discounts(self) -> tuple[Discount, ...]:
        """What is taken off the goods, also in an order of an earlier release."""
        if self.discounts or not self.coupon:
            return self.discounts
        return (Discount(self.coupon, "", self.totals.discount),)

    @property
    def wanted(self) -> dict[str, int]:
        """Quantities by sku."""
        return {line.sku: line.quantity for line in self.lines}


class OrderEvent(msgspec.Struct, frozen=True, kw_only=True):
    """Something that happened to an order after it was placed."""

    at: int
    """Seconds since the epoch."""
    what: str
    """The state that it reached, or 'note'."""
    who: str = ""
    """'' for the shop itself."""
    why: str = ""


class Parcel(msgspec.Struct, frozen=True, kw_only=True):
    """Goods of an order that left the shop together, or came back."""

    position: int = 0
    """1 for the first of its order; 0 before it is stored."""
    skus: Mapping[str, int] = {}
    """Quantities by sku."""
    carrier: str = ""
    """'DHL'; '' if nobody said, as is tracking."""
    tracking: str = ""
    """The carrier's number of the parcel."""
    returned: bool = False
    restocked: bool = False
    """Whether what came back is on sale again."""
    at: int = 0
    """Seconds since the epoch."""

    @property
    def carriage(self) -> str:
        """'DHL 0034043'; '' if nobody said."""
        return f"{self.carrier} {self.tracking}".strip()


class Order(msgspec.Struct, frozen=True, kw_only=True):
    """A quote that a shopper agreed to."""

    number: str
    """Identifies the order: at least 80 random bits, in capitals and digits."""
    state: State
    settled: bool
    """Whether cart and payment provider need nothing more."""
    created_at: int
    """Seconds since the epoch, as is changed_at."""
    changed_at: int
    quote: Quote
    buyer: Buyer
    secret: str = ""
    """Opens the order's page without anything else: it is in the page's address."""
    refunded: int = 0
    """Minor units that were refunded in parts; an order in the state 'refunded' was refunded to the total."""
    dispute: Dispute = ""
    processing: bool = False
    """Whether its payment is under way and takes days, while it is pending."""
    payment_reference: str = ""
    """The payment provider's own id of the payment; '' if there is none."""
    challenge_path: str = ""
    """Where the shopper pays or confirms the payment while the order waits for it, a path on this site or a URL of the
    provider; else ''."""
    fingerprint: str = ""
    """A digest of the request that placed it, without the card's number and code; '' for a request without a key."""
    failure: str = ""
    """Why it failed or was cancelled, for the shopper: a translatable message, or an operator's text."""

    @property
    def path(self) -> str:
        """The path of its page, with the secret that opens it."""
        return f"/order/{self.number}{self._key}"

    def opened_by(self, key: str) -> bool:
        """Whether this is the secret that opens its page."""
        return bool(self.secret) and compare_digest(self.secret.encode(), key.encode())

    @property
    def invoice_path(self) -> str:
        """The path of its invoice, with the same secret."""
        return f"/order/{self.number}/invoice{self._key}"

    @property
    def invoice_pdf_path(self) -> str:
        """The path of its invoice as PDF, with the same secret."""
        return f"/order/{self.number}/invoice.pdf{self._key}"

    def credit_note_path(self, position: int) -> str:
        """The path of the credit note of a refund, with the same secret."""
        return f"/order/{self.number}/credit-note/{position}{self._key}"

    @property
    def confirm_path(self) -> str:
        """Where the shopper pays or confirms; a path with the same secret, or a URL; '' if there is nothing to do."""
        if not self.challenge_path or self.pays_elsewhere:
            return self.challenge_path
        return f"{self.challenge_path}{self._key}"

    @property
    def pays_elsewhere(self) -> bool:
        """Whether it waits for a payment on a page of the provider."""
        return self.challenge_path.startswith(("https://", "http://"))

    @property
    def waits_for_capture(self) -> bool:
        """Whether its payment is authorised, and captured when goods leave the shop."""
        return self.state == "placed" and self.settled

    @property
    def unrefunded(self) -> Money:
        """What was not refunded in parts."""
        return self.quote.money(self.quote.totals.total - self.refunded)

    @property
    def return_path(self) -> str:
        """Where the provider's page sends the shopper back to."""
        return f"/payment/{self.number}/return{self._key}"

    @property
    def _key(self) -> str:
        return f"?key={self.secret}" if self.secret else ""

    @property
    def firm(self) -> bool:
        """Whether it has a receipt."""
        return self.state not in ("pending", "failed")
