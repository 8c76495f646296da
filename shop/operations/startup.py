"""The checks that `shop run` makes once before it starts its workers."""

from __future__ import annotations

from shop.errors import ConfigurationError
from shop.operations.cart_store import check_cart_store
from shop.operations.doctor import STORE_SECONDS, validate_settings, with_timeout
from shop.operations.findings import Finding, Level
from shop.operations.settings_findings import NO_STORE
from shop.settings import Settings


async def startup_findings(settings: Settings) -> list[Finding]:
    """Warnings and problems of the cart store. Leaves out that it is down: the shop logs that itself when it starts.

    Raises ConfigurationError for settings that no shop can start with, and with CART_REQUIRE_STORE also if the store
    does not accept a change now.
    """
    await validate_settings(settings)
    if not settings.redis_url:
        if settings.cart_require_store:
            raise ConfigurationError(NO_STORE)
        return []
    found = await with_timeout("REDIS_URL", check_cart_store(settings.redis_url, "REDIS_URL", settings), STORE_SECONDS)
    if settings.cart_require_store:
        for finding in found:
            if finding.about in ("answer", "changes") and finding.level is Level.PROBLEM:
                raise ConfigurationError(f"CART_REQUIRE_STORE is on, so the shop does not start. {finding.says}")
    return [f for f in found if f.level in (Level.WARNING, Level.PROBLEM) and f.about != "answer"]
