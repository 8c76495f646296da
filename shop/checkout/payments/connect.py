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

DEMO = "demo"
GROUP = "shop.payments"


def provider_of(url: str, engine: AsyncEngine, clock: Callable[[], float] = time.time) -> PaymentProvider:
    """The provider of a URL. Raises ConfigurationError for a scheme without a provider.

    The demo provider keeps its ledger in the shop's own database, `engine`.
    """
    if is_demo(url):
        return DemoPayments(engine, clock)
    scheme, installed = _scheme(url), entry_points(group=GROUP)
    if scheme not in installed.names:
        known = ", ".join(f"{name}:" for name in (DEMO, *sorted(installed.names)))
        raise ConfigurationError(
            f"PAYMENTS_URL begins with {scheme!r}, and no payment provider of that name is installed. "
            f"There are: {known}"
        )
    provider: PaymentProvider = installed[scheme].load()(url)
    return provider


def is_demo(url: str) -> bool:
    """Whether a URL names the demo provider, which has pages in this shop."""
    return _scheme(url) == DEMO


def _scheme(url: str) -> str:
    return url.partition(":")[0].lower()
