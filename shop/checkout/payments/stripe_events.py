"""Messages of Stripe: whether they are signed, and what they are about."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec
import stripe

from shop.checkout.model import Dispute
from shop.checkout.payments.provider import PaymentEvent
from shop.errors import EventRefused

SIGNED_SECONDS = 300
"""How old the signature of a message may be. Stripe signs anew what it sends again."""
CLOSED: Mapping[str, Dispute] = {"lost": "lost", "won": "won", "warning_closed": "won"}
"""What became of a dispute, by Stripe's word."""
NOTED = {
    "charge.dispute.created": "The shopper's bank disputes the payment: answer it at Stripe.",
    "charge.dispute.closed": "The dispute of the payment is closed: Stripe says with which result.",
    "refund.failed": "A refund has failed: Stripe says why. The money did not go back.",
}
"""What an operator is told of an event, by its type."""


def read_event(headers: Mapping[str, str], body: bytes, webhook_secret: str) -> PaymentEvent:
    """The message in a request; names of headers are in lower case. Raises EventRefused for one that is not signed."""
    if not webhook_secret:
        raise EventRefused("STRIPE_WEBHOOK_SECRET is not set.")
    try:
        signature = headers.get("stripe-signature", "")
        stripe.WebhookSignature.verify_header(body.decode(), signature, webhook_secret, SIGNED_SECONDS)
        event = msgspec.json.decode(body, type=_Event)
    except (stripe.SignatureVerificationError, ValueError, IndexError, msgspec.DecodeError) as error:
        raise EventRefused("This message is not signed by Stripe.") from error
    about, dispute = event.data.object, event.dispute
    return PaymentEvent(event.id, about.order, event.type, NOTED.get(event.type, ""), about.reference, dispute)


class _EventObject(msgspec.Struct, frozen=True):
    """What an event is about: a session, a PaymentIntent, a charge, a refund or a dispute."""

    metadata: dict[str, str] | None = None
    client_reference_id: str | None = None
    payment_intent: str | dict[str, Any] | None = None
    status: str | None = None

    @property
    def reference(self) -> str:
        return self.payment_intent if isinstance(self.payment_intent, str) else ""

    @property
    def order(self) -> str:
        return (self.metadata or {}).get("order", "") or self.client_reference_id or ""


class _EventData(msgspec.Struct, frozen=True):
    object: _EventObject


class _Event(msgspec.Struct, frozen=True):
    id: str
    type: str
    data: _EventData

    @property
    def dispute(self) -> Dispute:
        if self.type == "charge.dispute.closed":
            return CLOSED.get(self.data.object.status or "", "")
        return "open" if self.type == "charge.dispute.created" else ""
