"""Adds up the metrics of several processes: pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

import msgspec
from prometheus_client.core import Metric
from prometheus_client.registry import Collector

LARGEST = re.compile(
    r"shop_(?:carts_kept|kept_cart_lines|kept_cart_bytes|carts_expired|cart_standby_in_charge"
    r"|cart_changes_waiting|cart_archive_lag_seconds|orders_unsettled|order_unsettled_age_seconds|reserved_items"
    r"|emails_waiting|emails_refused|event_loop_lag_seconds|build)"
    r"|process_start_time_seconds|process_max_fds"
)
"""What every process sees alike, or where the worst counts: the largest value. Everything else is added up."""
LASTING = ("counter", "histogram")
"""Types whose values remain when a process has ended."""


class Sample(msgspec.Struct, frozen=True, array_like=True):
    """One value with its labels."""

    name: str
    labels: dict[str, str]
    value: float


class Family(msgspec.Struct, frozen=True, array_like=True):
    """A metric with all its labels, as a process sends it."""

    name: str
    type: str
    help: str
    samples: tuple[Sample, ...]


def families_of(collector: Collector) -> list[Family]:
    """What a registry has now."""
    return [
        Family(
            metric.name,
            metric.type,
            metric.documentation,
            tuple(Sample(s.name, s.labels, s.value) for s in metric.samples if not s.name.endswith("_created")),
        )
        for metric in collector.collect()
    ]


def merged(processes: Iterable[Sequence[Family]]) -> list[Family]:
    """The metrics of all processes as one."""
    found: dict[str, list[Family]] = {}
    for families in processes:
        for family in families:
            found.setdefault(family.name, []).append(family)
    return [_merged(same) for same in found.values()]


def _merged(same: Sequence[Family]) -> Family:
    combine = max if LARGEST.fullmatch(same[0].name) else _sum
    values: dict[tuple[str, tuple[tuple[str, str], ...]], float] = {}
    for family in same:
        for sample in family.samples:
            key = (sample.name, tuple(sample.labels.items()))
            values[key] = combine(values[key], sample.value) if key in values else sample.value
    samples = tuple(Sample(name, dict(labels), value) for (name, labels), value in values.items())
    return Family(same[0].name, same[0].type, same[0].help, samples)


def _sum(one: float, other: float) -> float:
    return one + other


def lasting(families: Iterable[Family]) -> list[Family]:
    """What still counts of a process that has ended: its counters, but not its gauges."""
    return [family for family in families if family.type in LASTING and not LARGEST.fullmatch(family.name)]


def as_metrics(families: Iterable[Family]) -> list[Metric]:
    """The families as prometheus_client exposes them."""
    metrics = []
    for family in families:
        metric = Metric(family.name, family.help, family.type)
        for sample in family.samples:
            metric.add_sample(sample.name, sample.labels, sample.value)
        metrics.append(metric)
    return metrics


def value(families: Iterable[Family], name: str, **labels: str) -> float:
    """The sum of all samples of this name that have these labels; 0 if there are none."""
    return sum(
        sample.value
        for family in families
        if name.startswith(family.name)
        for sample in family.samples
        if sample.name == name and labels.items() <= sample.labels.items()
    )
