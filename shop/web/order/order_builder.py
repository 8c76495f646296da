"""Builds the view of an order: its state in plain text, and what was bought."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, tzinfo
from urllib.parse import quote as encoded

import msgspec

from shop.catalog.model import Offer
from shop.checkout.model import Order, Parcel, State
from shop.checkout.order_numbers import grouped
from shop.checkout.placing.credit_notes import Credit
from shop.checkout.pricing.terms import Terms
from shop.formatting import day_of, days_between
from shop.i18n import gettext as _
from shop.i18n import ngettext, noted
from shop.web.checkout.summary_builder import summary_view
from shop.web.order.views import OrderView, OwnOrder, ParcelView
from shop.web.render.paths import product_path
from shop.web.render.pictures import Pictures
from shop.web.render.views import Link, Shell

REFUNDING = noted("What was charged or set aside goes back to your card.")
STATES: dict[State, tuple[str, str, tuple[str, ...]]] = {
    "pending": (
        "waiting",
        noted("We are waiting for your bank"),
        (
            noted(
                "Your order is not placed yet: the bank has not answered. We keep asking, even if you close this page."
            ),
            noted(
                "If it says yes, the order is placed. If it says no, nothing is charged and your cart stays as it is."
            ),
        ),
    ),
    "failed": ("failed", noted("This order was not placed"), (noted("What you wanted is still in your cart."),)),
    "placed": ("done", noted("Thank you"), (noted("Your order is placed."),)),
    "paid": ("done", noted("Thank you"), (noted("Your order is placed and paid."),)),
    "shipped": ("done", noted("Thank you"), (noted("Your order is on its way."),)),
    "cancelled": ("failed", noted("This order was cancelled"), (REFUNDING,)),
    "refunded": ("failed", noted("This order was refunded"), (REFUNDING,)),
}
"""Tone, heading and paragraphs of each state."""
CHALLENGED = (
    noted("Your bank asks you to confirm"),
    (
        noted(
            "Your order is not placed yet: your bank wants to know first that it is you. You have 15 minutes for that."
        ),
    ),
)
UNPAID = (
    noted("Your order waits for your payment"),
    (noted("It is placed as soon as you have paid on the page of our payment provider."),),
)
PROCESSING = (
    noted("Your payment is on its way"),
    (
        noted(
            "Your bank takes a few days for it. We write to you either way: when your order is placed, or if it is not."
        ),
        noted(
            "Until then we keep your items as far as we can. If one of them is sold meanwhile, your money goes back."
        ),
    ),
)
STATUSES: dict[State, str] = {
    "placed": "OrderProcessing",
    "paid": "OrderProcessing",
    "shipped": "OrderInTransit",
    "cancelled": "OrderCancelled",
    "refunded": "OrderReturned",
}
"""schema.org/OrderStatus of each firm state."""


STATE_NAMES: dict[State, str] = {
    "pending": noted("Waiting for your payment"),
    "failed": noted("Not placed"),
    "placed": noted("Placed"),
    "paid": noted("Paid"),
    "shipped": noted("On its way"),
    "cancelled": noted("Cancelled"),
    "refunded": noted("Refunded"),
}


def own_order(order: Order, zone: tzinfo) -> OwnOrder:
    """An order in the list of a browser's orders."""
    first, more = order.quote.lines[0].name, len(order.quote.lines) - 1
    return OwnOrder(
        number=grouped(order.number),
        path=order.path,
        date=datetime.fromtimestamp(order.created_at, zone).date().isoformat(),
        day=day_of(order.created_at, zone),
        state=_(STATE_NAMES[order.state]),
        items=ngettext("{name} and {count} more", "{name} and {count} more", more, name=first) if more else first,
        total=order.quote.total.format(),
    )


def title_of(order: Order) -> str:
    """Title of an order's page."""
    return _("Order {number}", number=grouped(order.number))


def order_view(
    order: Order,
    shell: Shell,
    origin: str,
    offers: Mapping[str, Offer],
    pictures: Pictures,
    terms: Terms,
    zone: tzinfo,
    *,
    has_invoice: bool,
    sends_email: bool,
    parcels: Sequence[Parcel] = (),
    credited: Sequence[Credit] = (),
) -> OrderView:
    """The view of an order. `origin`: 'https://shop.example'. `sends_email`: whether the shop sends confirmations.

    `zone`: that of its days.

    `offers`: by sku, for the pictures of its items; those that are no longer sold have none.
    """
    tone, heading, paragraphs = STATES[order.state]
    if order.challenge_path and order.state == "pending":
        heading, paragraphs = UNPAID if order.pays_elsewhere else CHALLENGED
    if order.processing and order.state == "pending":
        heading, paragraphs = PROCESSING
    if order.processing and order.state == "failed":
        paragraphs = ()
    failure = _(order.failure) if order.failure else _("Nothing was charged.") if order.state == "failed" else ""
    url = f"{origin}{order.path}"
    made = datetime.fromtimestamp(order.created_at, zone)
    return OrderView(
        shell=shell,
        number=grouped(order.number),
        state=order.state,
        tone=tone,
        heading=_(heading),
        paragraphs=(
            *((failure,) if failure else ()),
            *map(_, paragraphs),
            *_parcel_note(order, parcels),
            *_refund_note(order),
            *_email_note(order, sends_email=sends_email),
        ),
        waiting=order.state == "pending" and not order.processing,
        path=order.path,
        invoice_path=order.invoice_path if has_invoice else "",
        credit_notes=tuple(
            Link(
                _("Credit note, {amount}", amount=order.quote.money(each.amount).format()),
                order.credit_note_path(each.position),
            )
            for each in credited
        ),
        date=made.date().isoformat(),
        day=day_of(order.created_at, zone),
        email=order.buyer.email,
        address=order.buyer.address.lines,
        arrival=_arrival(order, made.date(), terms) if tone == "done" else "",
        payment=_payment(order),
        facts=order.buyer.facts,
        summary=summary_view(order.quote, offers, pictures),
        refunded=order.quote.money(order.refunded).format() if order.refunded else "",
        parcels=tuple(_parcel(order, parcel, zone) for parcel in parcels),
        url=url,
        mail_to=_mail_to(order, url),
        json_ld=_json_ld(order, origin) if order.firm else "",
        action=_action(order),
    )


def _arrival(order: Order, day: date, terms: Terms) -> str:
    days = terms.arrival(order.quote.country_code, order.quote.method, day)
    return _("Expected {days}", days=days_between(*days)) if days else ""


def _payment(order: Order) -> str:
    """'Visa ending in 4242'; in words where the provider does not tell which card it was."""
    if order.buyer.card:
        return order.buyer.card
    return _("On the page of our payment provider") if order.quote.totals.total else _("Nothing to pay")


def _parcel_note(order: Order, parcels: Sequence[Parcel]) -> tuple[str, ...]:
    if order.state == "shipped" or not any(not parcel.returned for parcel in parcels):
        return ()
    return (_("A part of it is on its way."),) if order.firm and order.state != "refunded" else ()


def _parcel(order: Order, parcel: Parcel, zone: tzinfo) -> ParcelView:
    day, names = day_of(parcel.at, zone), {line.sku: line.name for line in order.quote.lines}
    title = _("Came back on {day}", day=day) if parcel.returned else _("Sent on {day}", day=day)
    return ParcelView(title, tuple(f"{count} × {names[sku]}" for sku, count in parcel.skus.items()), parcel.carriage)


def _refund_note(order: Order) -> tuple[str, ...]:
    if order.refunded and order.waits_for_capture:
        return (_("{amount} of it will not be charged.", amount=order.quote.money(order.refunded).format()),)
    if not order.refunded or order.state not in ("paid", "shipped"):
        return ()
    return (_("{amount} of it goes back to you.", amount=order.quote.money(order.refunded).format()),)


def _email_note(order: Order, *, sends_email: bool) -> tuple[str, ...]:
    if not order.firm:
        return ()
    if not sends_email:
        return (_("This shop sends no e-mail: please keep the address of this page."),)
    return (_("A confirmation is on its way to {email}.", email=order.buyer.email),)


def _action(order: Order) -> Link | None:
    if order.state == "pending" and order.challenge_path:
        return Link(_("Pay now") if order.pays_elsewhere else _("Confirm with your bank"), order.confirm_path)
    has_goods = order.state == "failed" and not order.processing
    return Link(_("Back to the checkout"), "/checkout") if has_goods else None


def _mail_to(order: Order, url: str) -> str:
    subject = _("My order {number} at Neap", number=grouped(order.number))
    intro = _("This is where it is found:")
    body = f"{intro}\n{url}\n"
    return f"mailto:?subject={encoded(subject)}&body={encoded(body)}"


def _json_ld(order: Order, origin: str) -> str:
    """JSON-LD of schema.org Order, without personal data. '<' is escaped, because it goes into a script tag."""
    currency = order.quote.currency
    data = {
        "@context": "https://schema.org",
        "@type": "Order",
        "orderNumber": order.number,
        "orderDate": datetime.fromtimestamp(order.created_at, UTC).isoformat(),
        "orderStatus": f"https://schema.org/{STATUSES[order.state]}",
        "url": f"{origin}{order.path}",
        "merchant": {"@type": "Organization", "name": "Neap"},
        "price": str(order.quote.total.decimal),
        "priceCurrency": currency,
        "acceptedOffer": [
            {
                "@type": "Offer",
                "itemOffered": {
                    "@type": "Product",
                    "name": line.title,
                    "sku": line.sku,
                    "url": f"{origin}{product_path(line.handle)}",
                },
                "eligibleQuantity": {"@type": "QuantitativeValue", "value": line.quantity},
                "price": str(line.unit.decimal),
                "priceCurrency": currency,
            }
            for line in order.quote.lines
        ],
    }
    return msgspec.json.encode(data).decode().replace("<", "\\u003c")
