"""Health checks: liveness for a supervisor, readiness for a load balancer."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import msgspec

from shop.cart.around.failover import FailoverCartService
from shop.cart.service import CartService
from shop.errors import ShopError, StoreBusy, StoreRefused, StoreUnavailable
from shop.web.http.reply import Reply, text
from shop.web.http.request import ShopRequest
from shop.web.operations.draining import Draining


class HealthHandlers:
    """Handles /healthz and /readyz. `read_catalog` reads something from the database, `can_write` writes nothing."""

    def __init__(
        self,
        carts: CartService,
        read_catalog: Callable[[], Awaitable[object]],
        can_write: Callable[[], Awaitable[bool]],
        draining: Draining,
    ) -> None:
        self._carts = carts
        self._read_catalog = read_catalog
        self._can_write = can_write
        self._draining = draining
        self._has_served = False

    async def alive(self, request: ShopRequest) -> Reply:  # noqa: ARG002 - the same for every request
        """GET /healthz: the process answers."""
        return text("ok\n")

    async def ready(self, request: ShopRequest) -> Reply:  # noqa: ARG002 - the same for every request
        """GET /readyz: 200 while this process can serve pages and carts, if only from what it has; else 503.

        All processes share one database: if they all said 503 while it is away, the whole shop would be taken off,
        though pages and carts go on. `catalog` is then 'kept', if this process has read it before, and `orders` 'away'.
        If the cart store is not ready, `reason` is 'settings' (waiting does not help), 'busy' or 'away'. The error
        messages are only in the log and in `shop doctor`: they name servers, and this URL is public.
        """
        self._draining.asked()
        (catalog, orders), (carts, reason) = await asyncio.gather(self._database_state(), self._carts_state())
        serves = catalog != "away" and carts != "away"
        status = "ending" if self._draining.is_ending else "ready" if serves else "away"
        state = {"status": status, "catalog": catalog, "carts": carts, "orders": orders}
        state |= {"reason": reason} if reason else {}
        ready = status == "ready"
        return text(msgspec.json.encode(state).decode(), status=200 if ready else 503, kind="application/json")

    async def _database_state(self) -> tuple[str, str]:
        """'ready', 'kept' or 'away' for the catalogue; 'ready', 'refused' (full, read-only) or 'away' for orders."""
        try:
            async with asyncio.timeout(DATABASE_SECONDS):
                await self._read_catalog()
                self._has_served = True
                return "ready", "ready" if await self._can_write() else "refused"
        except (ShopError, TimeoutError):
            return ("kept" if self._has_served else "away"), "away"

    async def _carts_state(self) -> tuple[str, str]:
        """'ready', 'standby' while a standby serves the carts, or 'away'; and the reason if the store is not ready."""
        standbys = [part for part in self._carts.parts() if isinstance(part, FailoverCartService)]
        try:
            await self._carts.ping()
        except StoreUnavailable as error:
            return "standby" if standbys else "away", _REASONS.get(type(error), "away")
        return ("standby", "away") if any(standby.standby_active for standby in standbys) else ("ready", "")


DATABASE_SECONDS = 2.0
_REASONS: dict[type[StoreUnavailable], str] = {StoreRefused: "settings", StoreBusy: "busy"}
