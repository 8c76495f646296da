"""An order as operators are told of it, by `shop orders show` and on the page /operations. In English."""

from __future__ import annotations

from datetime import UTC, datetime

from shop.checkout.model import Order, OrderEvent
from shop.checkout.payments.provider import Payment


def facts_of(order: Order, payment: Payment | None) -> dict[str, str]:
    """What is known of an order, by name. A value may be '', and one that shoppers typed may hold any character."""
    quote = order.quote
    sums, method = quote.totals, quote.method_title
    taxes = ", ".join(f"{tax.title} {quote.money(tax.amount).format()}" for tax in sums.all_taxes)
    return {
        "Coupon": f"{quote.coupon}, {quote.money(sums.discount).format()} off" if quote.coupon else "",
        "Shipping": ", ".join(filter(None, (method, quote.money(sums.shipping).format()))),
        "Total": quote.total.format() + (f", {'of which ' if sums.tax_included else ''}{taxes}" if sums.tax else ""),
        "No tax": sums.untaxed_words or sums.untaxed,
        "Payment": _payment(order, payment),
        "Reference": order.payment_reference,
        "Refunded": _refunded(order),
        "Dispute": order.dispute,
        "E-mail": order.buyer.email,
        "Address": ", ".join(order.buyer.address.lines),
        **{fact.label: "\n  ".join(fact.lines) for fact in order.buyer.facts},
        "Failure": order.failure,
        "Cart": f"{quote.cart_id}, revision {quote.revision}",
        "Changed": f"{minute(order.changed_at)} UTC",
    }


def state_of(order: Order) -> str:
    """'paid'; 'refunded, not settled'."""
    return order.state if order.settled else f"{order.state}, not settled"


def told(event: OrderEvent) -> str:
    """'2026-11-30 14:05 UTC: shipped by ada (DHL 0034…)'."""
    by, why = f" by {event.who}" if event.who else "", f" ({event.why})" if event.why else ""
    return f"{minute(event.at)} UTC: {event.what}{by}{why}"


def minute(at: int) -> str:
    """'2026-11-30 14:05', in UTC, of seconds since the epoch."""
    return f"{datetime.fromtimestamp(at, UTC):%Y-%m-%d %H:%M}"


def _refunded(order: Order) -> str:
    refunded = order.quote.money(order.refunded).format()
    return f"{refunded} in parts, {order.unrefunded.format()} left" if order.refunded else ""


def _payment(order: Order, payment: Payment | None) -> str:
    if not order.quote.totals.total:
        return "nothing to pay"
    return ", ".join(filter(None, (order.buyer.card, payment.status if payment else "never made")))
