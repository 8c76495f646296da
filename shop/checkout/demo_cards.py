"""The demonstration bank's test cards: what each of these numbers does. docs/payments.md lists them too."""

from __future__ import annotations

from typing import Literal

import msgspec

Outcome = Literal["approved", "declined", "no-funds", "challenged", "slow", "lost-answer", "lost-call"]


class DemoCard(msgspec.Struct, frozen=True):
    """A number that the demonstration bank knows, as one types it, and what comes of paying with it."""

    number: str
    outcome: Outcome
    words: str

    @property
    def digits(self) -> str:
        """The number without spaces."""
        return self.number.replace(" ", "")


DEMO_CARDS = (
    DemoCard("4242 4242 4242 4242", "approved", "is approved, as is any number that is not in this list"),
    DemoCard("5555 5555 5555 4444", "approved", "is approved (Mastercard)"),
    DemoCard("3782 822463 10005", "approved", "is approved (American Express: a security code of 4 digits)"),
    DemoCard("4000 0000 0000 0002", "declined", "is declined"),
    DemoCard("4000 0000 0000 9995", "no-funds", "is declined for lack of funds"),
    DemoCard("4000 0000 0000 3220", "challenged", "is asked for: the bank wants the shopper to confirm the payment"),
    DemoCard("4000 0000 0000 1117", "slow", "is approved after 3 seconds"),
    DemoCard("4000 0000 0000 2222", "lost-answer", "is approved, but the bank's answer never arrives"),
    DemoCard("4000 0000 0000 3337", "lost-call", "never reaches the bank, which does not answer"),
)

_OUTCOMES = {card.digits: card.outcome for card in DEMO_CARDS}


def outcome_of(number: str) -> Outcome:
    """What comes of paying with a number (digits only)."""
    return _OUTCOMES.get(number, "approved")
