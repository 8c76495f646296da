"""What is looked at once before the shop opens, whatever the number of its workers."""

from __future__ import annotations

from shop.errors import ConfigurationError
from shop.operations.cart_store import look_at
from shop.operations.doctor import STORE_SECONDS, in_time, try_wiring
from shop.operations.findings import Finding, Level
from shop.operations.settings_findings import NO_STORE
from shop.settings import Settings


async def before_opening(settings: Settings) -> list[Finding]:
    """What somebody has to mend about the store of carts; that it is away the shop says itself when it starts.

    Raises ConfigurationError for settings that no shop can start with; with CART_REQUIRE_STORE also where the store
    does not take a change now.
    """
    await try_wiring(settings)
    if not settings.redis_url:
        if settings.cart_require_store:
            raise ConfigurationError(NO_STORE)
        return []
    found = await in_time("REDIS_URL", look_at(settings.redis_url, "REDIS_URL", settings), STORE_SECONDS)
    if settings.cart_require_store:
        for finding in found:
            if finding.about in ("answer", "changes") and finding.level is Level.PROBLEM:
                raise ConfigurationError(f"CART_REQUIRE_STORE is on, so the shop stays closed. {finding.says}")
    return [f for f in found if f.level in (Level.WARNING, Level.PROBLEM) and f.about != "answer"]
