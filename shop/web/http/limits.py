"""Limits what one client may do in a while: begin carts, open checkouts, guess coupons, try cards, look up orders.

A client is an address (of IPv6 the network of a household), known by a hash only. Its first requests are counted in
this process; one that comes often is also counted in the Redis of the carts, if there is one, so that more workers do
not mean more tries. A shopper costs no round trip, and is never refused because the limiter does not work.
"""

from __future__ import annotations

import asyncio
import ipaddress
import logging
import math
import secrets
import time
from collections import Counter
from collections.abc import Iterable
from hashlib import blake2b
from typing import Protocol

import msgspec
from limits import RateLimitItem, RateLimitItemPerMinute
from limits.aio.storage import MemoryStorage
from litestar.types import HTTPScope
from prometheus_client.core import CounterMetricFamily, Metric
from prometheus_client.registry import Collector
from typing_extensions import override

from shop.errors import TooManyRequests

MINUTES = 10
SHARED_FROM = 4
"""A client that has used a quarter of its limit here is also counted in Redis."""
STORE_SECONDS = 0.2
AWAY_SECONDS = 5.0
"""How long a Redis that did not answer is left alone."""

log = logging.getLogger(__name__)


class Limit(msgspec.Struct, frozen=True):
    """At most `number` in ten minutes. `only_failures`: what succeeds does not count."""

    name: str
    number: int
    only_failures: bool = False

    @property
    def item(self) -> RateLimitItem:
        """The limit, as the library takes it."""
        return RateLimitItemPerMinute(self.number, MINUTES, namespace=self.name)


CARTS = Limit("carts", 3000)
"""New carts. High, because a mobile network or a school has one address; a flood is a hundred times faster."""
CHECKOUTS = Limit("checkouts", 600)
ORDERS = Limit("orders", 600)
CARDS = Limit("cards", 20, only_failures=True)
COUPONS = Limit("coupons", 60, only_failures=True)
LOOK_UPS = Limit("look_ups", 60, only_failures=True)
HANDOFFS = Limit("handoffs", 120)
ALERTS = Limit("alerts", 30)
SIGN_INS = Limit("sign_ins", 10, only_failures=True)
CSP_REPORTS = Limit("csp_reports", 100)

ROUTES: dict[tuple[str, str], tuple[Limit, ...]] = {
    ("GET", "/checkout"): (CHECKOUTS,),
    ("POST", "/checkout/summary"): (CHECKOUTS,),
    ("POST", "/cart/checkout"): (ORDERS, CARDS),
    ("POST", "/cart/coupon"): (COUPONS,),
    ("POST", "/order"): (LOOK_UPS,),
    ("GET", "/order/{number}"): (LOOK_UPS,),
    ("GET", "/cart/handoff"): (HANDOFFS,),
    ("GET", "/handoff/{token}"): (HANDOFFS,),
    ("POST", "/handoff/{token}"): (HANDOFFS,),
    ("POST", "/alerts"): (ALERTS,),
    ("POST", "/operations/sign-in"): (SIGN_INS,),
    ("POST", "/csp-reports"): (CSP_REPORTS,),
}
"""What is limited, by method and route. The limit of CARTS is checked where a cart begins."""
FAILED = frozenset((404, 422))
"""Statuses by which a try has failed, except for cards: there only a bank that declines counts."""


class SharedCounters(Protocol):
    """Counters of all processes."""

    async def incr(self, key: str, seconds: int, number: int = 1) -> int:
        """Add to a counter that ends after a time, and return its value."""


class ClientLimits(Collector):
    """Counts what clients do. `shared`: the counters of all processes, or None; `is_on`: LIMITS."""

    def __init__(self, *, shared: SharedCounters | None = None, is_on: bool = True, secret: str = "") -> None:
        self._is_on = is_on
        self._here = MemoryStorage()
        self._shared = shared
        self._away_until = 0.0
        self._key = (secret or secrets.token_hex(32)).encode()[:64]
        self._refused = Counter[str]()

    @staticmethod
    def concern(scope: HTTPScope) -> bool:
        """Whether requests to this route are limited: most are not, and need not await `check`."""
        return (scope["method"], scope.get("path_template", "")) in ROUTES

    async def check(self, scope: HTTPScope) -> None:
        """Count a request to one of ROUTES; raise TooManyRequests if it is one too many."""
        for limit in ROUTES.get((scope["method"], scope["path_template"]), ()):
            await (self.look(scope, limit) if limit.only_failures else self.count(scope, limit))

    async def check_failed(self, scope: HTTPScope, status: int) -> None:
        """Count a try that has failed."""
        for limit in ROUTES.get((scope["method"], scope.get("path_template", "")), ()):
            if limit.only_failures and limit is not CARDS and status in FAILED:
                await self.add(scope, limit)

    async def count(self, scope: HTTPScope, limit: Limit) -> None:
        """Count this; raise TooManyRequests if it is one too many."""
        if await self.add(scope, limit) > limit.number:
            self._refuse(scope, limit)

    async def look(self, scope: HTTPScope, limit: Limit) -> None:
        """Raise TooManyRequests if the client has used up the limit; count nothing."""
        if (client := self._client(scope)) and await self._here.get(limit.item.key_for(client)) >= limit.number:
            self._refuse(scope, limit)

    async def add(self, scope: HTTPScope, limit: Limit) -> int:
        """Count this, and return how many there have been; 0 if the client is not known."""
        if not (client := self._client(scope)):
            return 0
        key, seconds = limit.item.key_for(client), limit.item.get_expiry()
        here = await self._here.incr(key, seconds)
        share = math.ceil(limit.number / SHARED_FROM)
        if here < share or here > limit.number:
            return here
        total = await self._in_store(key, seconds, here if here == share else 1)
        if total > limit.number:
            await self._here.incr(key, seconds, limit.number)
        return max(here, total)

    async def _in_store(self, key: str, seconds: int, number: int) -> int:
        """The count in Redis after this one; 0 if that cannot be had in time."""
        if self._shared is None or time.monotonic() < self._away_until:
            return 0
        try:
            async with asyncio.timeout(STORE_SECONDS):
                return await self._shared.incr(key, seconds, number)
        except Exception as error:
            self._away_until = time.monotonic() + AWAY_SECONDS
            log.warning("Limits are counted in this process for now: %s", type(error).__name__)
            return 0

    def _refuse(self, scope: HTTPScope, limit: Limit) -> None:
        self._refused[limit.name] += 1
        log.warning("A client was refused: more than %d %s in %d minutes.", limit.number, limit.name, MINUTES)
        until = self._here.expirations.get(limit.item.key_for(self._client(scope)), 0.0)
        raise TooManyRequests(max(math.ceil(until - time.time()), 1))

    def _client(self, scope: HTTPScope) -> str:
        """A client's hash; '' if there is no address or nothing is limited."""
        client = scope.get("client")
        if not self._is_on or not client or not client[0]:
            return ""
        return blake2b(network_of(client[0]).encode(), key=self._key, digest_size=12).hexdigest()

    @override
    def collect(self) -> Iterable[Metric]:
        refused = CounterMetricFamily("shop_limited", "Requests refused because of a limit", labels=("limit",))
        for name, number in self._refused.items():
            refused.add_metric((name,), number)
        yield refused


def network_of(address: str) -> str:
    """An IPv4 address; of an IPv6 address, the /64 that a household has."""
    try:
        ip = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return address
    return str(ipaddress.ip_network((ip, 64), strict=False)) if ip.version == 6 else str(ip)
