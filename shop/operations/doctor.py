"""Checks everything that the shop needs, within seconds: the work of `shop doctor`.

It changes nothing, except that it writes a test cart with a TTL of one second to each cart store and deletes it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Mapping
from typing import Any

from shop.cart.connect import connect
from shop.catalog.exchange_rates import read_rates
from shop.checkout.mail.smtp import merchant_address, sender_of
from shop.checkout.pricing.terms import read_terms
from shop.database import missing_file
from shop.errors import ConfigurationError
from shop.operations.cart_store import check_cart_store
from shop.operations.database_findings import check_database
from shop.operations.findings import Finding, Report, problem
from shop.operations.live_findings import live_findings
from shop.operations.mail_findings import check_mail_server
from shop.operations.order_findings import check_orders
from shop.operations.payment_findings import check_payments
from shop.operations.settings_findings import settings_findings, settings_problem
from shop.settings import Settings

DATABASE_SECONDS = 1.5
MAIL_SECONDS = 5.0
PAYMENT_CHECK_SECONDS = 5.0
STORE_SECONDS = 5.0
"""An upper bound for stores with many servers; a single server has the same timeout as in a request."""


async def examine(settings: Settings, env_file: Mapping[str, str], *, live: bool = False) -> Report:
    """Check the settings, the database, the mail server, the payment provider and every cart store.

    What is wrong becomes a finding.

    `live`: also what is still a demonstration; it is looked for in any case where PUBLIC_URL is set.
    """
    archived = settings.cart_archive and missing_file(settings.database_url) is None
    stores = {
        "REDIS_URL": settings.redis_url,
        "DATABASE_URL (archive)": settings.database_url if archived else "",
        "CART_MOVE_FROM": settings.cart_move_from,
    }
    checks = [with_timeout("DATABASE_URL", _check_tables(settings), DATABASE_SECONDS)]
    if live or settings.public_url:
        checks.append(with_timeout("Live", live_findings(settings), DATABASE_SECONDS))
    checks.append(with_timeout("PAYMENTS_URL", check_payments(settings), PAYMENT_CHECK_SECONDS))
    if settings.smtp_url:
        checks.append(with_timeout("SMTP_URL", check_mail_server(settings.smtp_url), MAIL_SECONDS))
    checks += [
        with_timeout(name, check_cart_store(url, name, settings), STORE_SECONDS) for name, url in stores.items() if url
    ]
    from_settings = [*settings_findings(settings, env_file), *await _wiring_findings(settings)]
    found = [finding for findings in await asyncio.gather(*checks) for finding in findings]
    known = {finding.says for finding in found}
    return Report((*(finding for finding in from_settings if finding.says not in known), *found))


async def _check_tables(settings: Settings) -> list[Finding]:
    return [*await check_database(settings.database_url), *await check_orders(settings)]


async def with_timeout(name: str, check: Coroutine[Any, Any, list[Finding]], seconds: float) -> list[Finding]:
    """The findings of a check. A timeout becomes a finding, and so does a wrong setting."""
    try:
        async with asyncio.timeout(seconds):
            return await check
    except TimeoutError:
        return [
            problem(name, "answer", f"No answer within {seconds} seconds: the server hangs, or the network is down.")
        ]
    except ConfigurationError as error:
        return [problem(name, "settings", str(error))]


async def _wiring_findings(settings: Settings) -> list[Finding]:
    try:
        await validate_settings(settings)
    except ConfigurationError as error:
        return [settings_problem(error)]
    return []


async def validate_settings(settings: Settings) -> None:
    """Raise the ConfigurationError that would stop a shop with these settings. Connects to nothing."""
    read_terms(settings.checkout_terms).check(read_rates(settings.exchange_rates), settings.currency)
    sender_of(settings)
    merchant_address(settings)
    await connect(settings).close()
