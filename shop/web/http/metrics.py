"""Counts and times requests by the template of their route, never by the path: a product is no label.

Prometheus' own counters take a lock each time, which a page kept as bytes would feel. All requests of a process
are answered in one event loop, so plain numbers do, and become Prometheus' when they are asked for.
"""

from __future__ import annotations

import re
import time
from bisect import bisect_left
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable
from itertools import accumulate

from litestar.enums import ScopeType
from litestar.types import Message, Scope
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4
from prometheus_client.registry import Collector

from shop.web.http.reply import Reply, text
from shop.web.http.request import ShopRequest

SECONDS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5)
METHODS = frozenset(("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"))
"""Those that are labels; what else a client may invent is 'other'."""
_TYPE = re.compile(r":\w+}")
"""The type of a path parameter, which Litestar leaves out of a route's template."""

Handler = Callable[[ShopRequest], Awaitable[Reply]]


class Timing:
    """How long the handler of a route took, in the buckets of SECONDS and one for all that is longer."""

    def __init__(self) -> None:
        self.counts = [0] * (len(SECONDS) + 1)
        self.total = 0.0

    def observe(self, seconds: float) -> None:
        """Count one."""
        self.counts[bisect_left(SECONDS, seconds)] += 1
        self.total += seconds

    def buckets(self) -> list[tuple[str, float]]:
        """Prometheus' cumulative buckets."""
        return list(zip((*map(str, SECONDS), "+Inf"), accumulate(self.counts), strict=True))


class Metrics(Collector):
    """Keeps the numbers of one application, and serves them with whatever else is in its registry."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._registry = registry
        self._requests = Counter[tuple[str, str, int]]()
        self._timings: dict[str, Timing] = {}
        registry.register(self)

    async def count(self, message: Message, scope: Scope) -> None:
        """A before_send hook."""
        if message["type"] == "http.response.start" and scope["type"] == ScopeType.HTTP:
            method = scope["method"] if scope["method"] in METHODS else "other"
            self._requests[method, scope.get("path_template", "unknown"), message["status"]] += 1

    def timed(self, path: str, handler: Handler) -> Handler:
        """The handler, timed under its route's template."""
        timing = self._timings.setdefault(_TYPE.sub("}", path), Timing())

        async def timed_handler(request: ShopRequest) -> Reply:
            started = time.perf_counter()
            try:
                return await handler(request)
            finally:
                timing.observe(time.perf_counter() - started)

        return timed_handler

    def collect(self) -> Iterable[Metric]:
        """The numbers as Prometheus wants them."""
        requests = CounterMetricFamily(
            "shop_http_requests",
            "Requests answered, by method, route template and status",
            labels=("method", "route", "status"),
        )
        for (method, route, status), number in self._requests.items():
            requests.add_metric((method, route, str(status)), number)
        yield requests
        seconds = HistogramMetricFamily(
            "shop_http_request_seconds", "Time a handler took, by route template", labels=("route",)
        )
        for route, timing in self._timings.items():
            seconds.add_metric((route,), timing.buckets(), timing.total)
        yield seconds

    async def serve(self, request: ShopRequest) -> Reply:  # noqa: ARG002 - the same for every request
        """GET /metrics, in Prometheus' text format."""
        return text(generate_latest(self._registry).decode(), kind=CONTENT_TYPE_PLAIN_0_0_4)
