"""Counts and times requests by route template, never by path: a label per product would be unbounded.

Prometheus' own counters take a lock per update, a measurable cost for a cached page. All requests of a process run
in one event loop, so plain numbers suffice; a scrape converts them to Prometheus metrics.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Iterable
from itertools import accumulate

from litestar.types import HTTPScope
from prometheus_client import CollectorRegistry
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.registry import Collector

from shop.web.render.page_cache import PageCache

BUCKETS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5)
"""Upper bounds of the histogram's buckets, in seconds."""
METHODS = frozenset(("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"))
"""Methods with a label of their own; all others are counted as 'other'."""


class Timing:
    """A histogram of one route's times until a response starts: a count for each of BUCKETS, and one for more."""

    def __init__(self) -> None:
        self.counts = [0] * (len(BUCKETS) + 1)
        self.total = 0.0

    def observe(self, seconds: float) -> None:
        """Count one request."""
        self.counts[bisect_left(BUCKETS, seconds)] += 1
        self.total += seconds

    def buckets(self) -> list[tuple[str, float]]:
        """The cumulative buckets for Prometheus: upper bound and count."""
        return list(zip((*map(str, BUCKETS), "+Inf"), accumulate(self.counts), strict=True))


class Metrics(Collector):
    """Collects the request metrics of one application."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._requests = Counter[tuple[str, str, int]]()
        self._timings = defaultdict[str, Timing](Timing)
        registry.register(self)

    def count(self, status: int, scope: HTTPScope, seconds: float | None = None) -> None:
        """Count a response as it starts, and the seconds since its handler was called; None if none was."""
        method = scope["method"] if scope["method"] in METHODS else "other"
        route = scope.get("path_template", "unknown")
        self._requests[method, route, status] += 1
        if seconds is not None:
            self._timings[route].observe(seconds)

    def collect(self) -> Iterable[Metric]:
        """The metrics, for the registry."""
        requests = CounterMetricFamily(
            "shop_http_requests",
            "Requests answered, by method, route template and status",
            labels=("method", "route", "status"),
        )
        for (method, route, status), number in self._requests.items():
            requests.add_metric((method, route, str(status)), number)
        yield requests
        seconds = HistogramMetricFamily(
            "shop_http_request_seconds", "Time until the response starts, by route template", labels=("route",)
        )
        for route, timing in self._timings.items():
            seconds.add_metric((route,), timing.buckets(), timing.total)
        yield seconds


class PageCacheMetrics(Collector):
    """What the cache of rendered pages holds, and how well it works."""

    def __init__(self, pages: PageCache) -> None:
        self._pages = pages

    def collect(self) -> Iterable[Metric]:
        """The metrics, for the registry."""
        asked = CounterMetricFamily("shop_page_cache_reads", "Cached pages asked for", labels=("result",))
        asked.add_metric(("hit",), self._pages.hits)
        asked.add_metric(("miss",), self._pages.misses)
        yield asked
        yield CounterMetricFamily("shop_page_cache_evictions", "Pages dropped to make room", value=self._pages.evicted)
        yield GaugeMetricFamily("shop_page_cache_bytes", "Memory of the cached pages", value=self._pages.bytes)
