"""Opens the payment provider of PAYMENTS_URL. The shop and its commands use the same one.

A package adds a provider through an entry point of the group `shop.payments`. Its name is the scheme of the URL; its
object is a function that takes the URL and returns a PaymentProvider.

    [project.entry-points."shop.payments"]
    acme = "acme_payments:provider"        # PAYMENTS_URL=acme://api.acme.example?account=7
"""

from __future__ import annotations

import time
from collections.abc import Callable
from importlib.metadata import entry_points

from sqlalchemy.ext.asyncio import AsyncEngine

from shop.checkout.payments.demo import DemoPayments
from shop.checkout.payments.provider import PaymentProvider
from shop.errors import ConfigurationError
from shop.settings import Settings

DEMO = "demo"
STRIPE = "stripe"
GROUP = "shop.payments"


def provider_of(settings: Settings, engine: AsyncEngine, clock: Callable[[], float] = time.time) -> PaymentProvider:
    """The provider of PAYMENTS_URL. Raises ConfigurationError for a scheme without a provider.

    The providers of the shop itself keep what they know in its own database, `engine`.
    """
    url = settings.payments_url
    if is_demo(url):
        return DemoPayments(engine, clock)
    scheme, installed = _scheme(url), entry_points(group=GROUP)
    if scheme == STRIPE:
        return _stripe(settings, engine, clock)
    if scheme not in installed.names:
        known = ", ".join(f"{name}:" for name in (DEMO, STRIPE, *sorted(installed.names)))
        raise ConfigurationError(
            f"PAYMENTS_URL begins with {scheme!r}, and no payment provider of that name is installed. "
            f"There are: {known}"
        )
    provider: PaymentProvider = installed[scheme].load()(url)
    return provider


def _stripe(settings: Settings, engine: AsyncEngine, clock: Callable[[], float]) -> PaymentProvider:
    try:
        from shop.checkout.payments.stripe import StripePayments, read_stripe_url
    except ModuleNotFoundError as error:
        raise ConfigurationError("PAYMENTS_URL is stripe:, which needs an extra: pip install 'shop[stripe]'") from error
    address = read_stripe_url(settings.payments_url)
    return StripePayments(address, settings.stripe_secret_key, settings.stripe_webhook_secret, engine, clock)


def is_demo(url: str) -> bool:
    """Whether a URL names the demo provider, which has pages in this shop."""
    return _scheme(url) == DEMO


def _scheme(url: str) -> str:
    return url.partition(":")[0].lower()
