"""The contract of every payment provider.

A provider never sees a card's number from the shop. It takes a token, which its own fields made of what the shopper
typed, or it has a page of its own where the shopper pays.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, Protocol

import msgspec

from shop.checkout.model import Dispute
from shop.money import Money

Status = Literal["authorised", "challenged", "processing", "declined", "captured", "voided", "refunded"]
"""processing: the shopper has done their part, and the bank takes days.
captured: also if a part was refunded; refunded: nothing of what was captured is left."""
REST = "rest"
"""The id of the refund of all that is left of a payment."""


class PaymentToken(msgspec.Struct, frozen=True):
    """What a provider's own fields made of a card. It is passed to the provider and never stored, logged or shown."""

    value: str
    card_brand: str = ""
    """'Visa'; '' if the shop does not know it, as is card_last4."""
    card_last4: str = ""

    def __repr__(self) -> str:
        return "PaymentToken(…)"

    __str__ = __repr__


class PaymentRequest(msgspec.Struct, frozen=True, kw_only=True):
    """What a shopper is to pay."""

    key: str
    """Identifies the payment: the order's number."""
    amount: Money
    token: str = ""
    """PaymentToken.value; '' where the shopper pays on the provider's page."""
    return_url: str = ""
    """The absolute URL to which the provider's page sends the shopper back; '' if the shop does not know its own."""
    email: str = ""
    language: str = "en"


class Payment(msgspec.Struct, frozen=True):
    """A payment as its provider reports it. Amounts are of one currency."""

    key: str
    status: Status
    amount: Money
    """What was authorised, or is to be."""
    message: str = ""
    """Why it was declined, for the shopper: a translatable message."""
    challenge_path: str = ""
    """Where the shopper pays or confirms a challenged payment: a path on this site, or a URL of the provider."""
    captured: int = 0
    """Minor units, as is refunded."""
    refunded: int = 0
    reference: str = ""
    """The provider's own id of the payment; '' if it has none yet."""
    card_brand: str = ""
    """'Visa'; '' if the provider does not say, as is card_last4."""
    card_last4: str = ""


class PaymentEvent(msgspec.Struct, frozen=True):
    """A message of a provider about a payment. It only says that something happened: `find` says what is true now."""

    id: str
    key: str
    """The key of the payment; '' if the message has none."""
    kind: str
    """The provider's own word."""
    note: str = ""
    """What an operator has to know, such as a dispute; '' for nothing."""
    reference: str = ""
    """Payment.reference, for a message that lacks the key."""
    dispute: Dispute = ""
    """What the message says of a dispute; '' for a message about something else."""


class PaymentProvider(Protocol):
    """Moves money. Every call carries an idempotency key, which identifies the payment.

    Every method that is awaited may raise PaymentUnavailable: the outcome is unknown then, and a retry is safe.
    """

    name: str
    """A part of the path to which it sends its messages: /payments/NAME/events."""
    pages: tuple[str, ...]
    """The origins of its own pages, which the Content-Security-Policy has to let a form lead to."""
    seconds: int
    """How long a shopper has to pay or to confirm, from the creation of the order."""

    async def authorise(self, request: PaymentRequest) -> Payment:
        """Authorise the amount: authorised, declined, or challenged if the shopper has to do something first.

        Or processing: the answer comes in days, by `find`.

        A key that was authorised, declined or voided before returns the same result again, whatever the token.
        """

    async def capture(self, key: str, amount: int | None = None) -> Payment:
        """Capture the authorised amount, or a part of it (minor units): the rest is released.

        A no-op if it is captured. Raises PaymentRefused if nothing, or less than the part, is authorised.
        """

    async def void(self, key: str) -> Payment:
        """Release the authorisation, if any. The key cannot be authorised afterwards.

        Raises PaymentRefused if the payment is captured.
        """

    async def refund(self, key: str, refund: str, amount: int | None = None) -> Payment:
        """Refund a part of what was captured (minor units), or all that is left of it; a no-op for a known `refund`.

        `refund` identifies it among those of the payment. Raises PaymentRefused if nothing, or less than the part, is
        left; that is no error where all that is left was to be refunded, and is.
        """

    async def find(self, key: str) -> Payment | None:
        """The current payment; None if the provider does not know the key."""

    def event(self, headers: Mapping[str, str], body: bytes) -> PaymentEvent:
        """The message in a request to /payments/NAME/events; names of headers are in lower case.

        Raises EventRefused for one that the provider has not signed, and NotFound if it sends none.
        """

    async def close(self) -> None:
        """Close its connections. It is not called again afterwards."""
