"""The test cards of the demo provider, and the outcome of each. docs/payments.md lists them too."""

from __future__ import annotations

from typing import Literal

import msgspec

from shop.i18n import noted

Outcome = Literal["approved", "declined", "no-funds", "challenged", "processing", "slow", "lost-answer", "lost-call"]


class DemoCard(msgspec.Struct, frozen=True):
    """A test card: its number as typed, and the outcome of a payment with it."""

    number: str
    outcome: Outcome
    description: str
    """A translatable message."""

    @property
    def digits(self) -> str:
        """The number without spaces."""
        return self.number.replace(" ", "")


DEMO_CARDS = (
    DemoCard("4242 4242 4242 4242", "approved", noted("Approved, as is every number that is not listed")),
    DemoCard("5555 5555 5555 4444", "approved", noted("Approved (Mastercard)")),
    DemoCard("3782 822463 10005", "approved", noted("Approved (American Express: its security code has 4 digits)")),
    DemoCard("4000 0000 0000 0002", "declined", noted("Declined")),
    DemoCard("4000 0000 0000 9995", "no-funds", noted("Declined for lack of funds")),
    DemoCard("4000 0000 0000 3220", "challenged", noted("The bank asks you to confirm the payment")),
    DemoCard("4000 0000 0000 4442", "processing", noted("The bank takes days")),
    DemoCard("4000 0000 0000 1117", "slow", noted("Approved after 3 seconds")),
    DemoCard("4000 0000 0000 2222", "lost-answer", noted("Approved, but the bank's answer gets lost")),
    DemoCard("4000 0000 0000 3337", "lost-call", noted("The bank never hears of it, and does not answer")),
)

_OUTCOMES = {card.digits: card.outcome for card in DEMO_CARDS}


def outcome_of(number: str) -> Outcome:
    """The outcome of a payment with a card number (digits only)."""
    return _OUTCOMES.get(number, "approved")
