"""The contract of every payment provider."""

from __future__ import annotations

from typing import Any, Literal, Protocol

import msgspec

from shop.money import Money

Status = Literal["authorised", "challenged", "declined", "captured", "voided", "refunded"]


class Card(msgspec.Struct, frozen=True):
    """A checked card. It is passed to the provider and never stored, logged or shown."""

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
        """The last four digits, the only part of the number that may be stored."""
        return self.number[-4:]


class Payment(msgspec.Struct, frozen=True):
    """A payment as its provider reports it."""

    key: str
    status: Status
    amount: Money
    message: str = ""
    """Why it was declined, for the shopper: a translatable message."""
    challenge_path: str = ""
    """The path on this site where the shopper confirms a challenged payment."""


class PaymentProvider(Protocol):
    """Moves money. Every call carries an idempotency key, which identifies the payment.

    Every method may raise PaymentUnavailable: the outcome is unknown then, and a retry is safe.
    """

    async def authorise(self, key: str, amount: Money, card: Card) -> Payment:
        """Authorise the amount: authorised, declined, or challenged if the bank asks the shopper first.

        A key that was authorised, declined or voided before returns the same result again, whatever the card.
        """

    async def capture(self, key: str) -> Payment:
        """Capture the authorised amount; a no-op if it is captured. Raises PaymentRefused if nothing is authorised."""

    async def void(self, key: str) -> Payment:
        """Release the authorisation, if any. The key cannot be authorised afterwards.

        Raises PaymentRefused if the payment is captured.
        """

    async def refund(self, key: str) -> Payment:
        """Refund the full amount; a no-op if it is refunded. Raises PaymentRefused if nothing is captured."""

    async def find(self, key: str) -> Payment | None:
        """The current payment; None if the provider does not know the key."""
