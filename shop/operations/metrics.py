"""Counts and times requests by the template of their route, never by the path: a product is no label."""

from __future__ import annotations

import re
import time
from collections.abc import Awaitable, Callable

from litestar.enums import ScopeType
from litestar.types import Message, Scope
from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4

from shop.web.respond import Reply, text
from shop.web.visit import WebRequest

SECONDS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5)

_TYPE = re.compile(r":\w+}")
"""The type of a path parameter, which Litestar leaves out of a route's template."""

Handler = Callable[[WebRequest], Awaitable[Reply]]


class Metrics:
    """Keeps the numbers of one application in its own registry, and serves them."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._registry = registry
        self._requests = Counter(
            "shop_http_requests",
            "Requests answered, by method, route template and status",
            ("method", "route", "status"),
            registry=registry,
        )
        self._seconds = Histogram(
            "shop_http_request_seconds",
            "Time a handler took, by route template",
            ("route",),
            buckets=SECONDS,
            registry=registry,
        )
        self._counters: dict[tuple[str, str, int], Counter] = {}

    async def count(self, message: Message, scope: Scope) -> None:
        """A before_send hook."""
        if message["type"] == "http.response.start" and scope["type"] == ScopeType.HTTP:
            key = (scope["method"], scope.get("path_template", "unknown"), message["status"])
            counter = self._counters.get(key)
            if counter is None:
                counter = self._counters[key] = self._requests.labels(key[0], key[1], str(key[2]))
            counter.inc()

    def timed(self, path: str, handler: Handler) -> Handler:
        """The handler, timed under its route's template."""
        seconds = self._seconds.labels(_TYPE.sub("}", path))

        async def timed_handler(request: WebRequest) -> Reply:
            started = time.perf_counter()
            try:
                return await handler(request)
            finally:
                seconds.observe(time.perf_counter() - started)

        return timed_handler

    async def serve(self, request: WebRequest) -> Reply:  # noqa: ARG002 - the same for every request
        """GET /metrics, in Prometheus' text format."""
        return text(generate_latest(self._registry).decode(), kind=CONTENT_TYPE_PLAIN_0_0_4)
