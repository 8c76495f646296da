"""Health checks: liveness for a supervisor, readiness for a load balancer."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import msgspec

from shop.cart.around.failover import FailoverCartService
from shop.cart.service import CartService
from shop.errors import ShopError, StoreBusy, StoreRefused, StoreUnavailable
from shop.web.http.reply import Reply, text
from shop.web.http.request import ShopRequest


class HealthHandlers:
    """Handles /healthz and /readyz. `read_catalog` reads something from the catalogue's store."""

    def __init__(self, carts: CartService, read_catalog: Callable[[], Awaitable[object]]) -> None:
        self._carts = carts
        self._read_catalog = read_catalog

    async def alive(self, request: ShopRequest) -> Reply:  # noqa: ARG002 - the same for every request
        """GET /healthz: the process answers."""
        return text("ok\n")

    async def ready(self, request: ShopRequest) -> Reply:  # noqa: ARG002 - the same for every request
        """GET /readyz: 200 while pages and carts can be served, from the standby if necessary; else 503.

        If the cart store is not ready, `reason` is 'settings' (waiting does not help), 'busy' or 'away'. The error
        messages are only in the log and in `shop doctor`: they name servers, and this URL is public.
        """
        catalog, (carts, reason) = await self._catalog_state(), await self._carts_state()
        ready = catalog == "ready" and carts != "away"
        state = {"status": "ready" if ready else "away", "catalog": catalog, "carts": carts}
        state |= {"reason": reason} if reason else {}
        return text(msgspec.json.encode(state).decode(), status=200 if ready else 503, kind="application/json")

    async def _catalog_state(self) -> str:
        try:
            await self._read_catalog()
        except ShopError:
            return "away"
        return "ready"

    async def _carts_state(self) -> tuple[str, str]:
        """'ready', 'standby' while a standby serves the carts, or 'away'; and the reason if the store is not ready."""
        standbys = [part for part in self._carts.parts() if isinstance(part, FailoverCartService)]
        try:
            await self._carts.ping()
        except StoreUnavailable as error:
            return "standby" if standbys else "away", _REASONS.get(type(error), "away")
        return ("standby", "away") if any(standby.standby_active for standby in standbys) else ("ready", "")


_REASONS: dict[type[StoreUnavailable], str] = {StoreRefused: "settings", StoreBusy: "busy"}
