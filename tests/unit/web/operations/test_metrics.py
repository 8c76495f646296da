"""The histogram of handler times."""

from __future__ import annotations

import pytest
from litestar.testing import RequestFactory
from litestar.types import HTTPScope
from prometheus_client import CollectorRegistry

from shop.web.operations.metrics import BUCKETS, Metrics, Timing


def test_a_time_counts_in_its_bucket_and_all_larger_ones() -> None:
    timing = Timing()
    for seconds in (0.0001, 0.001, 0.0011, 100.0):
        timing.observe(seconds)
    buckets = dict(timing.buckets())

    assert (buckets["0.0005"], buckets["0.001"], buckets["0.0025"]) == (1, 2, 3)
    assert (buckets[str(BUCKETS[-1])], buckets["+Inf"]) == (3, 4)
    assert timing.total == pytest.approx(100.0022)


def test_a_request_is_timed_from_its_handler_to_the_start_of_its_response() -> None:
    registry = CollectorRegistry()
    metrics = Metrics(registry)
    handled, unknown = scope_at("/product/{handle}"), scope_at("/nowhere")
    metrics.count(200, handled, 0.002)
    metrics.count(404, unknown)

    def timed(route: str) -> float | None:
        return registry.get_sample_value("shop_http_request_seconds_count", {"route": route})

    assert (timed("/product/{handle}"), timed("/nowhere")) == (1, None)
    labels = {"method": "GET", "route": "/nowhere", "status": "404"}
    assert registry.get_sample_value("shop_http_requests_total", labels) == 1


def scope_at(template: str) -> HTTPScope:
    scope = RequestFactory().get("/").scope
    scope["path_template"] = template
    scope["state"] = {}
    return scope
