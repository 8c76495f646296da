"""Calls of Stripe: which errors mean no, and which that nothing is known."""

from __future__ import annotations

import logging
from typing import Any

import stripe

from shop.errors import PaymentRefused, PaymentUnavailable

log = logging.getLogger(__name__)


async def asked(call: Any, *, refuses: bool = False) -> Any:
    """Stripe's answer. Raises PaymentUnavailable; with `refuses` also stripe.InvalidRequestError."""
    try:
        return await call
    except stripe.InvalidRequestError as error:
        if refuses:
            raise
        log.error("Stripe refuses what is asked: %s", error.code or error.http_status)  # noqa: TRY400 - see above
        raise unavailable() from error
    except (stripe.AuthenticationError, stripe.PermissionError) as error:
        log.error("Stripe refuses STRIPE_SECRET_KEY.")  # noqa: TRY400 - the reason is in the sentence
        raise unavailable() from error
    except stripe.StripeError as error:
        raise unavailable() from error


async def step(call: Any) -> None:
    """A step of a payment. Raises PaymentRefused if Stripe refuses it, and PaymentUnavailable."""
    try:
        await asked(call, refuses=True)
    except stripe.InvalidRequestError as error:
        raise PaymentRefused(f"Stripe refuses this: {error.code or error.http_status}.") from error


def unavailable() -> PaymentUnavailable:
    """The error for a payment of which nothing is known now."""
    return PaymentUnavailable("The bank does not answer. Whether the payment was made is not known yet.")
