"""The contract of every payment provider."""

from __future__ import annotations

from typing import Any, Literal, Protocol

import msgspec

from shop.money import Money

Status = Literal["authorised", "challenged", "declined", "captured", "voided", "refunded"]


class Card(msgspec.Struct, frozen=True):
    """A card as it was typed and checked. It is handed to a provider and never stored, logged or shown."""

    number: str
    """Digits only."""
    month: int
    year: int
    """Four digits."""
    cvv: str

    def __repr__(self) -> str:
        return "Card(…)"

    def __rich_repr__(self) -> list[tuple[str, Any]]:
        return []

    @property
    def last4(self) -> str:
        """What may be kept of the number."""
        return self.number[-4:]


class Payment(msgspec.Struct, frozen=True):
    """What a provider knows of a payment."""

    key: str
    status: Status
    amount: Money
    message: str = ""
    """Why it was declined, for the shopper: a message that is translated where it is shown."""
    challenge_path: str = ""
    """Where the shopper confirms a challenged payment with their bank: a path on this site."""


class PaymentProvider(Protocol):
    """Moves money. A payment is named by a key of ours: every call with the same key is the same call.

    Every method may raise PaymentUnavailable: it is then unknown whether it was done, and asking again is safe.
    """

    async def authorise(self, key: str, amount: Money, card: Card) -> Payment:
        """Set the amount aside: authorised, declined, or challenged where the shopper's bank asks them first.

        A key that was authorised, declined or voided before gets that answer again, whatever the card.
        """

    async def capture(self, key: str) -> Payment:
        """Take what was authorised; captured before: a no-op. Raises PaymentRefused where nothing is authorised."""

    async def void(self, key: str) -> Payment:
        """Let go of what was authorised, if anything was; nothing can be authorised under the key from then on.

        Raises PaymentRefused where it is captured.
        """

    async def refund(self, key: str) -> Payment:
        """Give all of it back; refunded before: a no-op. Raises PaymentRefused where nothing is captured."""

    async def find(self, key: str) -> Payment | None:
        """The payment as it is now; None where the provider has never heard of it."""
