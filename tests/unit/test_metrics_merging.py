"""The metrics of several processes add up."""

from __future__ import annotations

import msgspec
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from shop.metrics.history import LAST, Figures, figures_of
from shop.metrics.merging import Family, as_metrics, families_of, lasting, merged, value


def a_process(adds: int, standby: int, lag: float) -> list[Family]:
    registry = CollectorRegistry()
    operations = Counter("shop_cart_operations", "", ("operation", "result"), registry=registry)
    operations.labels("Add", "ok").inc(adds)
    Gauge("shop_cart_standby_in_charge", "", registry=registry).set(standby)
    Gauge("shop_carts_in_memory", "", registry=registry).set(10)
    seconds = Histogram("shop_http_request_seconds", "", ("route",), buckets=(0.1, 1), registry=registry)
    seconds.labels("/cart").observe(lag)
    return families_of(registry)


def test_counters_are_added_up_and_states_are_the_worst() -> None:
    both = merged([a_process(89, 0, 0.05), a_process(111, 1, 0.5)])
    assert value(both, "shop_cart_operations_total", operation="Add") == 200
    assert value(both, "shop_cart_standby_in_charge") == 1
    assert value(both, "shop_carts_in_memory") == 20
    assert value(both, "shop_http_request_seconds_count") == 2
    assert value(both, "shop_http_request_seconds_bucket", le="0.1") == 1
    assert value(both, "shop_nothing_total") == 0


def test_only_counters_outlive_a_process() -> None:
    kept = lasting(a_process(5, 1, 0.5))
    assert {family.name for family in kept} == {"shop_cart_operations", "shop_http_request_seconds"}


def test_they_are_exposed_as_they_were() -> None:
    before = a_process(5, 1, 0.5)
    samples = {(s.name, tuple(s.labels.items())): s.value for metric in as_metrics(before) for s in metric.samples}
    assert samples["shop_cart_operations_total", (("operation", "Add"), ("result", "ok"))] == 5
    assert not [name for name, _ in samples if name.endswith("_created")]


def test_the_figures_of_a_moment() -> None:
    figures = figures_of(a_process(7, 1, 0.5), 1000.0, 2)
    assert (figures.at, figures.operations, figures.standby, figures.workers) == (1000.0, 7, 1, 2)
    assert dict(figures.buckets) == {0.1: 0, 1.0: 1, LAST: 1}
    assert msgspec.json.decode(msgspec.json.encode(figures), type=Figures) == figures
