"""Looks at everything that the shop needs and says how it is, within seconds. It changes nothing.

One thing is written, to see that a store of carts takes it: a cart of a second, which is deleted at once.
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Mapping
from typing import Any

from shop.cart.connect import connect
from shop.catalog.exchange_rates import read_rates
from shop.checkout.mail.smtp import sender_of
from shop.checkout.pricing.terms import read_terms
from shop.errors import ConfigurationError
from shop.operations.cart_store import look_at
from shop.operations.database_findings import look_at_database, missing_file
from shop.operations.findings import Finding, Report, problem
from shop.operations.mail_findings import look_at_mail_server
from shop.operations.order_findings import look_at_orders
from shop.operations.settings_findings import settings_findings, wrong
from shop.settings import Settings

DATABASE_SECONDS = 1.5
MAIL_SECONDS = 5.0
STORE_SECONDS = 5.0
"""A bound for stores of many servers; a single server is waited for as long as a shopper waits."""


async def examine(settings: Settings, env_file: Mapping[str, str]) -> Report:
    """Look at settings, database and every store of carts. Raises nothing for what is wrong with them."""
    archived = settings.cart_archive and missing_file(settings.database_url) is None
    stores = {
        "REDIS_URL": settings.redis_url,
        "DATABASE_URL (archive)": settings.database_url if archived else "",
        "CART_MOVE_FROM": settings.cart_move_from,
    }
    looks = [in_time("DATABASE_URL", _look_at_tables(settings), DATABASE_SECONDS)]
    if settings.smtp_url:
        looks.append(in_time("SMTP_URL", look_at_mail_server(settings.smtp_url), MAIL_SECONDS))
    looks += [in_time(name, look_at(url, name, settings), STORE_SECONDS) for name, url in stores.items() if url]
    alone = [*settings_findings(settings, env_file), *await _as_a_whole(settings)]
    found = [finding for findings in await asyncio.gather(*looks) for finding in findings]
    told = {finding.says for finding in found}
    return Report((*(finding for finding in alone if finding.says not in told), *found))


async def _look_at_tables(settings: Settings) -> list[Finding]:
    return [*await look_at_database(settings.database_url), *await look_at_orders(settings)]


async def in_time(name: str, look: Coroutine[Any, Any, list[Finding]], seconds: float) -> list[Finding]:
    """What a look has found; that it took too long, or that a setting is wrong, is a finding too."""
    try:
        async with asyncio.timeout(seconds):
            return await look
    except TimeoutError:
        return [problem(name, "answer", f"No answer within {seconds} seconds: it hangs, or the way to it is cut.")]
    except ConfigurationError as error:
        return [problem(name, "settings", str(error))]


async def _as_a_whole(settings: Settings) -> list[Finding]:
    try:
        await try_wiring(settings)
    except ConfigurationError as error:
        return [wrong(error)]
    return []


async def try_wiring(settings: Settings) -> None:
    """Raise the ConfigurationError that a shop with these settings would start with. Contacts nothing."""
    read_terms(settings.checkout_terms).check(read_rates(settings.exchange_rates), settings.currency)
    sender_of(settings)
    await connect(settings).close()
