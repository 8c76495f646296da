"""Renders the e-mails about an order, in the order's language."""

from __future__ import annotations

from datetime import UTC, tzinfo

import msgspec
from sqlalchemy.ext.asyncio import AsyncConnection

from shop.checkout.mail.letters import rendered
from shop.checkout.mail.outbox import Email, Outbox
from shop.checkout.model import Fact, Order, Parcel, Quote, QuoteLine, State
from shop.checkout.order_numbers import grouped
from shop.formatting import day_of
from shop.i18n import ENGLISH, content, speaking, spoken
from shop.i18n import gettext as _
from shop.languages import language_of
from shop.money import Money

EMAILED_STATES: frozenset[State] = frozenset({"failed", "placed", "shipped", "cancelled", "refunded"})
"""The states of an order that are announced by e-mail; 'failed' only where the shopper no longer looks at the page."""
MOST_REFUNDS = 20
"""Refunds of parts of one order."""
MOST_PARCELS = 20
"""Parcels of one order before the last one."""
EMAIL_KINDS = (
    *(*sorted(EMAILED_STATES), "merchant"),
    *(f"refund-{number}" for number in range(1, MOST_REFUNDS + 1)),
    *(f"sent-{number}" for number in range(1, 3 * MOST_PARCELS)),
)
"""What the ids of e-mails about orders begin with."""


class _Wording(msgspec.Struct, frozen=True):
    subject: str
    heading: str
    lead: str


class OrderEmailRow(msgspec.Struct, frozen=True):
    """A row of amounts: '2 × Tide Mug, Moss', '€38.00'."""

    text: str
    total: str


class OrderEmail(msgspec.Struct, frozen=True):
    """The view of the e-mail templates."""

    language: str
    direction: str
    """'ltr' or 'rtl'."""
    subject: str
    heading: str
    lead: str
    number: str
    """The order's number, in groups."""
    day: str
    url: str
    """The order's page; '' if the shop's address is unknown."""
    lines: tuple[OrderEmailRow, ...]
    sums: tuple[OrderEmailRow, ...]
    """Subtotal, discount, shipping and tax."""
    total: str
    refunded: str
    """What was refunded in parts; '' for nothing."""
    address: tuple[str, ...]
    """The lines of the address."""
    method: str
    card: str
    """'Visa ending in 4242'; '' if no card was used."""
    facts: tuple[Fact, ...]
    """The shopper's remarks."""


class OrderEmails:
    """Puts e-mails about new states of orders into the outbox. shop.parts makes one; the steps of orders call it.

    `orders_to`: the merchant's address, which is told of new orders; '' for none. Days are those of `zone`.
    """

    def __init__(self, outbox: Outbox, orders_to: str = "", zone: tzinfo = UTC) -> None:
        self._zone = zone
        self._outbox = outbox
        self._orders_to = orders_to

    async def write(self, connection: AsyncConnection, kind: State, order: Order) -> None:
        """Queue the e-mails about a state, if there are any, within the transaction of `connection`. Queued once."""
        emails = [order_email(kind, order, self._zone)] if kind in EMAILED_STATES else []
        if kind == "placed" and self._orders_to:
            emails.append(merchant_email(order, self._orders_to, self._zone))
        await self._outbox.write(connection, *emails)

    async def write_refund(self, connection: AsyncConnection, order: Order, position: int, amount: Money) -> None:
        """Queue the e-mail about the refund of a part of an order, the first of which has the position 1."""
        await self._outbox.write(connection, refund_email(order, position, amount, self._zone))

    async def write_parcel(
        self, connection: AsyncConnection, order: Order, parcel: Parcel, *, is_part: bool, is_last: bool
    ) -> None:
        """Queue the e-mail about a parcel. `is_part`: it is not all of the order; `is_last`: nothing follows."""
        await self._outbox.write(connection, parcel_email(order, parcel, self._zone, is_part=is_part, is_last=is_last))


def order_email(kind: State, order: Order, zone: tzinfo = UTC) -> Email:
    """The e-mail about an order that reached one of EMAILED_STATES. Its id is 'placed:NUMBER' etc.

    Raises KeyError for another state.
    """
    with speaking(language_of(order.buyer.language)):
        return _email(f"{kind}:{order.number}", order.buyer.email, _view(kind, order, zone))


def refund_email(order: Order, position: int, amount: Money, zone: tzinfo = UTC) -> Email:
    """The e-mail about the refund of a part of an order. Its id is 'refund-1:NUMBER' etc."""
    with speaking(language_of(order.buyer.language)):
        wording = _uncharged(order, amount) if order.waits_for_capture else _refunded(order, amount)
        view = msgspec.structs.replace(_view("placed", order, zone), **msgspec.structs.asdict(wording))
        return _email(f"refund-{position}:{order.number}", order.buyer.email, view)


def _refunded(order: Order, amount: Money) -> _Wording:
    number, part, card = grouped(order.number), amount.format(), order.buyer.card
    return _Wording(
        _("{amount} of order {number} is on its way back", amount=part, number=number),
        _("A part of your money is on its way back"),
        _("{total} goes back to your {card}. Your bank may take a few days to show it.", total=part, card=card)
        if card
        else _("{total} goes back to you. Your bank may take a few days to show it.", total=part),
    )


def _uncharged(order: Order, amount: Money) -> _Wording:
    number, part = grouped(order.number), amount.format()
    return _Wording(
        _("{amount} of order {number} will not be charged", amount=part, number=number),
        _("You pay less"),
        _("{amount} of your order will not be charged: you pay {total}.", amount=part, total=order.unrefunded.format()),
    )


def parcel_email(order: Order, parcel: Parcel, zone: tzinfo = UTC, *, is_part: bool, is_last: bool) -> Email:
    """The e-mail about a parcel. Its id is 'shipped:NUMBER' for the last one, else 'sent-1:NUMBER' etc."""
    with speaking(language_of(order.buyer.language)):
        wording = _parcel_wording(order, is_part=is_part, is_last=is_last)
        facts = parcel_facts(order, parcel) if is_part else parcel_facts(order, parcel)[1:]
        whole = _view("shipped", order, zone)
        view = msgspec.structs.replace(whole, facts=(*facts, *whole.facts), **msgspec.structs.asdict(wording))
        kind = "shipped" if is_last else f"sent-{parcel.position}"
        return _email(f"{kind}:{order.number}", order.buyer.email, view)


def parcel_facts(order: Order, parcel: Parcel) -> tuple[Fact, ...]:
    """What is in a parcel, and who brings it, in the current language."""
    names = {line.sku: line.name for line in order.quote.lines}
    items = tuple(f"{count} × {names[sku]}" for sku, count in parcel.skus.items())
    carriage = (Fact(_("Sent with"), (parcel.carriage,)),) if parcel.carriage else ()
    return (Fact(_("In this parcel"), items), *carriage)


def _parcel_wording(order: Order, *, is_part: bool, is_last: bool) -> _Wording:
    number = grouped(order.number)
    if not is_part:
        return _wording("shipped", order)
    if is_last:
        return _Wording(
            _("The rest of your order {number} is on its way", number=number),
            _("The rest of your order is on its way"),
            _("What had not been sent yet has now been sent to the address below."),
        )
    return _Wording(
        _("A part of your order {number} is on its way", number=number),
        _("A part of your order is on its way"),
        _("It has been sent to the address below. The rest follows, and we will write again."),
    )


def merchant_email(order: Order, recipient: str, zone: tzinfo = UTC) -> Email:
    """The e-mail that tells the merchant of a new order, in the shop's own language. Its id is 'merchant:NUMBER'."""
    with speaking(ENGLISH):
        number, total = grouped(order.number), order.quote.total.format()
        lead = f"{order.buyer.email} has ordered. `shop orders show {number}` shows everything about it."
        wording = _Wording(f"New order {number}: {total}", "A new order", lead)
        view = msgspec.structs.replace(_view("placed", order, zone), url="", **msgspec.structs.asdict(wording))
        return _email(f"merchant:{order.number}", recipient, view)


def _email(email_id: str, recipient: str, view: OrderEmail) -> Email:
    return rendered(email_id, recipient, "letter", view, view.subject)


def _view(kind: State, order: Order, zone: tzinfo) -> OrderEmail:
    quote = order.quote
    wording, language = _wording(kind, order), spoken()
    return OrderEmail(
        language=language.code,
        direction=language.direction,
        subject=wording.subject,
        heading=wording.heading,
        lead=_(order.failure) if order.failure else wording.lead,
        number=grouped(order.number),
        day=day_of(order.created_at, zone),
        url=f"{order.buyer.origin}{order.path}" if order.buyer.origin else "",
        lines=tuple(map(_row, quote.lines)),
        sums=_sums(quote),
        total=quote.total.format(),
        refunded=quote.money(order.refunded).format() if order.refunded else "",
        address=order.buyer.address.lines,
        method=content(quote.method_title),
        card=order.buyer.card,
        facts=order.buyer.facts,
    )


def _wording(kind: State, order: Order) -> _Wording:
    number, total, card = grouped(order.number), order.quote.total.format(), order.buyer.card
    match kind:
        case "placed":
            return _Wording(
                _("Your order {number}", number=number),
                _("Thank you for your order"),
                _("We have it, and will write again when it is on its way."),
            )
        case "failed" if order.processing:
            return _Wording(
                _("Your order {number} was not placed", number=number),
                _("Your order was not placed"),
                _("Your bank did not make the payment, and nothing was charged. You are welcome to order again."),
            )
        case "failed":
            return _Wording(
                _("Your order {number} was not placed", number=number),
                _("Your order was not placed"),
                _("The payment was not made, and nothing was charged. What you wanted is still in your cart."),
            )
        case "shipped":
            return _Wording(
                _("Your order {number} is on its way", number=number),
                _("Your order is on its way"),
                _("It has been sent to the address below."),
            )
        case "cancelled":
            lead = _("You pay nothing. What was set aside or charged goes back to you.")
            if card:
                lead = _(
                    "You pay nothing. What was set aside or charged goes back to your {card}; your bank may take a few "
                    "days to show it.",
                    card=card,
                )
            return _Wording(_("Your order {number} is cancelled", number=number), _("Your order is cancelled"), lead)
        case "refunded":
            total = order.unrefunded.format()
            lead = _("{total} goes back to you. Your bank may take a few days to show it.", total=total)
            if card:
                lead = _(
                    "{total} goes back to your {card}. Your bank may take a few days to show it.",
                    total=total,
                    card=card,
                )
            subject = _("Your money for order {number} is on its way back", number=number)
            return _Wording(subject, _("Your money is on its way back"), lead)
        case _:
            raise KeyError(kind)


def _row(line: QuoteLine) -> OrderEmailRow:
    return OrderEmailRow(f"{line.quantity} × {line.name}", (line.unit * line.quantity).format())


def _sums(quote: Quote) -> tuple[OrderEmailRow, ...]:
    totals = quote.totals
    sums = [OrderEmailRow(_("Subtotal"), quote.money(totals.subtotal).format())]
    sums += [
        OrderEmailRow(each.words, f"−{quote.money(each.amount).format()}")
        for each in quote.all_discounts
        if each.amount
    ]
    sums.append(OrderEmailRow(_("Shipping"), quote.money(totals.shipping).format() if totals.shipping else _("free")))
    for tax in totals.all_taxes:
        name = _("{tax}, included", tax=tax.words) if totals.tax_included else tax.words
        sums.append(OrderEmailRow(name, quote.money(tax.amount).format()))
    return tuple(sums)
