"""Checks PAYMENTS_URL: that the provider is installed and set up, and for Stripe that it takes the key."""

from __future__ import annotations

from sqlalchemy.ext.asyncio import create_async_engine

from shop.checkout.payments.connect import is_demo, provider_of
from shop.errors import ConfigurationError, PaymentUnavailable
from shop.operations.findings import Finding, note, ok, problem, warning
from shop.settings import Settings

PART = "PAYMENTS_URL"


async def check_payments(settings: Settings) -> list[Finding]:
    """The findings about the payment provider. Asks it nothing that moves money."""
    engine = create_async_engine("sqlite+aiosqlite://")  # nothing is looked up
    try:
        provider = provider_of(settings, engine)
    except ConfigurationError as error:
        return [problem(PART, "settings", str(error))]
    finally:
        await engine.dispose()
    try:
        if is_demo(settings.payments_url):
            return [ok(PART, "provider", "The demo bank: no money moves.")]
        return [*_key_findings(settings), await _answer(provider)]
    finally:
        await provider.close()


def _key_findings(settings: Settings) -> list[Finding]:
    if not settings.stripe_secret_key:
        return []
    found = []
    if "_test_" in settings.stripe_secret_key and settings.public_url:
        says = "STRIPE_SECRET_KEY is a test key: no money moves."
        found.append(warning("STRIPE_SECRET_KEY", "mode", says, "Set it to the key of live mode."))
    if not settings.stripe_webhook_secret:
        says = "STRIPE_WEBHOOK_SECRET is not set: an order whose shopper does not come back is placed late."
        advice = "Add the webhook at Stripe, and set its secret: docs/payments.md says how."
        found.append(warning("STRIPE_WEBHOOK_SECRET", "secret", says, advice))
    return found


async def _answer(provider: object) -> Finding:
    """Whether a provider that can be asked answers."""
    check = getattr(provider, "check", None)
    if check is None:
        return note(PART, "answer", "This provider has no check: the first payment shows whether it answers.")
    try:
        await check()
    except PaymentUnavailable as error:
        advice = "Correct STRIPE_SECRET_KEY, or let the shop reach Stripe."
        return problem(PART, "answer", str(error), advice)
    return ok(PART, "answer", "Stripe answers, and takes the key.")
