"""Renders the e-mails about an order: as HTML that needs no pictures, and as plain text."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

import msgspec
from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape
from sqlalchemy.ext.asyncio import AsyncConnection

from shop.checkout.coupons import day_of
from shop.checkout.mail import Email, Outbox
from shop.checkout.model import Order, Quote, QuoteLine, State
from shop.checkout.numbers import grouped
from shop.resources import resource_dir


class _Wording(msgspec.Struct, frozen=True):
    subject: str
    heading: str
    lead: str


_WORDINGS: Mapping[State, _Wording] = {
    "placed": _Wording(
        "Your order {number}",
        "Thank you for your order",
        "We have it, and will write again when it is on its way.",
    ),
    "shipped": _Wording(
        "Your order {number} is on its way",
        "Your order is on its way",
        "It has left us for the address below.",
    ),
    "cancelled": _Wording(
        "Your order {number} is cancelled",
        "Your order is cancelled",
        "You pay nothing. What was set aside or charged goes back to {card}; your bank may take a few days to show it.",
    ),
    "refunded": _Wording(
        "Your money for order {number} is on its way back",
        "Your money is on its way back",
        "{total} goes back to {card}. Your bank may take a few days to show it.",
    ),
}


class LetterLine(msgspec.Struct, frozen=True):
    """A line of an order: '2 × Tide Mug, Moss', '€38.00'."""

    words: str
    total: str


class Letter(msgspec.Struct, frozen=True):
    """What the templates of an e-mail are given."""

    subject: str
    heading: str
    lead: str
    number: str
    """In groups."""
    day: str
    url: str
    """The order's page; '' where the shop's address is not known."""
    lines: tuple[LetterLine, ...]
    sums: tuple[LetterLine, ...]
    """What leads from the lines to the total: subtotal, discount, shipping, tax."""
    total: str
    address: tuple[str, ...]
    """One entry a line."""
    method: str
    card: str
    """'Visa ending in 4242'; '' where no card was used."""


class Letters:
    """Writes to shoppers what becomes of their orders."""

    def __init__(self, outbox: Outbox) -> None:
        self._outbox = outbox

    async def write(self, connection: AsyncConnection, kind: State, order: Order) -> None:
        """Have a letter sent, once, if the transaction of `connection` is committed; of most states there is none."""
        if kind in _WORDINGS:
            await self._outbox.write(connection, letter(kind, order))


def letter(kind: State, order: Order) -> Email:
    """The e-mail about an order that became placed, shipped, cancelled or refunded; its id is such as 'placed:NUMBER'.

    Raises KeyError for another state.
    """
    view = _letter(kind, order)
    return Email(
        id=f"{kind}:{order.number}",
        recipient=order.email,
        subject=view.subject,
        plain=_templates().get_template("mail/letter.txt").render(view=view),
        html=_templates().get_template("mail/letter.html").render(view=view),
    )


def _letter(kind: State, order: Order) -> Letter:
    quote = order.quote
    number, total = grouped(order.number), quote.total.format()
    facts = {"number": number, "total": total, "card": f"your {order.card}" if order.card else "you"}
    wording = _WORDINGS[kind]
    return Letter(
        subject=wording.subject.format_map(facts),
        heading=wording.heading,
        lead=order.failure or wording.lead.format_map(facts),
        number=number,
        day=day_of(order.created_at),
        url=f"{order.origin}/order/{order.number}" if order.origin else "",
        lines=tuple(map(_line, quote.lines)),
        sums=_sums(quote),
        total=total,
        address=order.address.lines,
        method=quote.method_title,
        card=order.card,
    )


def _line(line: QuoteLine) -> LetterLine:
    return LetterLine(f"{line.quantity} × {line.name}", (line.unit * line.quantity).format())


def _sums(quote: Quote) -> tuple[LetterLine, ...]:
    totals = quote.totals
    sums = [LetterLine("Subtotal", quote.money(totals.subtotal).format())]
    if totals.discount:
        coupon = f"Discount ({quote.coupon})" if quote.coupon else "Discount"
        sums.append(LetterLine(coupon, f"−{quote.money(totals.discount).format()}"))
    sums.append(LetterLine("Shipping", quote.money(totals.shipping).format() if totals.shipping else "free"))
    if totals.tax_name:
        name = f"{totals.tax_name}, included" if totals.tax_included else totals.tax_name
        sums.append(LetterLine(name, quote.money(totals.tax).format()))
    return tuple(sums)


@lru_cache(maxsize=1)
def _templates() -> Environment:
    return Environment(
        loader=FileSystemLoader(resource_dir("templates")),
        autoescape=select_autoescape(("html",)),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
