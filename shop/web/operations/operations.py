"""The page for operators, behind a password: what the shop does, and how its parts are. Its texts are English."""

from __future__ import annotations

import asyncio
import time

from shop.cart.around.failover import FailoverCartService
from shop.cart.redis.slow_log import SlowCommand
from shop.errors import ShopError
from shop.metrics.collector import read_history
from shop.operator_password import matches
from shop.parts import Parts
from shop.web.http.forms import read_form
from shop.web.http.reply import NO_STORE, Reply, go_to, html
from shop.web.http.request import ShopRequest
from shop.web.operations.operations_builder import operations_view
from shop.web.operations.sign_in import PATH, OperatorAccess, OperatorSessions
from shop.web.operations.views import State
from shop.web.render.storefront import Storefront

LOOK_SECONDS = 2.0


class OperationsHandlers:
    """Handles /operations. Without OPERATOR_PASSWORD there is no such page."""

    def __init__(self, site: Storefront, parts: Parts, sessions: OperatorSessions, access: OperatorAccess) -> None:
        self._site = site
        self._parts = parts
        self._hash = parts.settings.operator_password
        self._sessions = sessions
        self._access = access
        self._checking = asyncio.Semaphore(1)

    async def show(self, request: ShopRequest) -> Reply:
        """GET /operations: the page, or the form to sign in. Raises NotFound without a password."""
        if refusal := self._access.refusal(request):
            return refusal
        *states, slow = await asyncio.gather(self._database_state(), self._carts_state(), self._slow_commands())
        view = operations_view(read_history(self._parts.settings.metrics_sockets), states, time.time(), slow)
        name = "operations/_figures.html" if request.wants_fragment else "operations/page.html"
        return html(self._site.templates.fragments(name, view), cache=NO_STORE)

    async def sign_in(self, request: ShopRequest) -> Reply:
        """POST /operations/sign-in: password. Its hash is checked in a thread, one at a time: that takes long."""
        self._access.require_password()
        password = (await read_form(request)).fields.get("password", "")[:1000]
        async with self._checking:
            is_right = await asyncio.to_thread(matches, self._hash, password)
        if not is_right:
            return self._access.form(wrong=True)
        return go_to(request, PATH, headers=(self._sessions.begin(request),))

    async def sign_out(self, request: ShopRequest) -> Reply:
        """POST /operations/sign-out."""
        self._access.require_password()
        return go_to(request, PATH, headers=(self._sessions.end(request),))

    async def _database_state(self) -> State:
        try:
            async with asyncio.timeout(LOOK_SECONDS):
                accepts = await self._parts.accepts_changes()
        except (ShopError, TimeoutError) as error:
            return State("Database", "bad", str(error) or "It does not answer.")
        return (
            State("Database", "good", "It answers and takes changes.")
            if accepts
            else State("Database", "bad", "It takes no changes: it is full or read-only.")
        )

    async def _slow_commands(self) -> list[SlowCommand]:
        try:
            async with asyncio.timeout(LOOK_SECONDS):
                return await self._parts.slow_commands()
        except TimeoutError:
            return []

    async def _carts_state(self) -> State:
        standbys = [part for part in self._parts.carts.parts() if isinstance(part, FailoverCartService)]
        try:
            async with asyncio.timeout(LOOK_SECONDS):
                await self._parts.carts.ping()
        except (ShopError, TimeoutError) as error:
            words = "The standby serves them. " if standbys else ""
            return State("Carts", "fair" if standbys else "bad", f"{words}{error or 'The store does not answer.'}")
        if any(standby.standby_active for standby in standbys):
            return State("Carts", "fair", "The standby serves them; the store is back.")
        return State("Carts", "good", "The store answers and takes changes.")
