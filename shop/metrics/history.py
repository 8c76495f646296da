"""The figures of the last hour, for the page /operations."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import msgspec

from shop.metrics.merging import Family, Sample, value

SAMPLE_SECONDS = 10.0
LAST = 1e9
"""The upper bound of a histogram's last bucket: JSON has no infinity."""
KEPT = 361
"""An hour of samples."""


class Figures(msgspec.Struct, frozen=True, omit_defaults=True):
    """What was counted until a moment, and what was the case then."""

    at: float
    """Seconds since the epoch."""
    requests: float = 0
    errors: float = 0
    """Requests answered 5xx."""
    operations: float = 0
    refused: float = 0
    """Operations of carts that no store took."""
    hits: float = 0
    reads: float = 0
    expired: float = 0
    evicted: float = 0
    begun: float = 0
    orders: float = 0
    takeovers: float = 0
    restored: float = 0
    buckets: tuple[tuple[float, float], ...] = ()
    """Upper bound in seconds -> requests answered within it."""
    kept: float = 0
    lines: float = 0
    bytes: float = 0
    standby: float = 0
    waiting: float = 0
    reserved: float = 0
    unsettled: float = 0
    unsettled_age: float = 0
    emails: float = 0
    lag: float = 0
    workers: int = 0


def figures_of(families: Sequence[Family], at: float, workers: int) -> Figures:
    """The figures in the metrics of all processes."""

    def of(name: str, **labels: str) -> float:
        return value(families, name, **labels)

    return Figures(
        at=at,
        requests=of("shop_http_requests_total"),
        errors=sum(sample.value for sample in _samples(families, "shop_http_requests") if _failed(sample.labels)),
        operations=of("shop_cart_operations_total"),
        refused=of("shop_cart_operations_total", result="unavailable")
        + of("shop_cart_operations_total", result="error"),
        hits=of("shop_cart_reads_total", result="hit"),
        reads=of("shop_cart_reads_total"),
        expired=of("shop_carts_expired_total"),
        evicted=of("shop_carts_evicted_total"),
        begun=of("shop_carts_begun_total"),
        orders=of("shop_orders_total", result="placed"),
        takeovers=of("shop_cart_standby_takeovers_total"),
        restored=of("shop_carts_restored_total"),
        buckets=_buckets(families),
        kept=of("shop_carts_kept"),
        lines=of("shop_kept_cart_lines"),
        bytes=of("shop_kept_cart_bytes"),
        standby=of("shop_cart_standby_in_charge"),
        waiting=of("shop_cart_changes_waiting"),
        reserved=of("shop_reserved_items"),
        unsettled=of("shop_orders_unsettled"),
        unsettled_age=of("shop_order_unsettled_age_seconds"),
        emails=of("shop_emails_waiting"),
        lag=of("shop_event_loop_lag_seconds"),
        workers=workers,
    )


def _samples(families: Iterable[Family], name: str) -> Iterable[Sample]:
    return (sample for family in families if family.name == name for sample in family.samples)


def _failed(labels: dict[str, str]) -> bool:
    return labels.get("status", "").startswith("5")


def _buckets(families: Iterable[Family]) -> tuple[tuple[float, float], ...]:
    """The histogram of all routes' times."""
    counts: dict[float, float] = {}
    for sample in _samples(families, "shop_http_request_seconds"):
        if sample.name.endswith("_bucket"):
            bound = min(float(sample.labels["le"]), LAST)
            counts[bound] = counts.get(bound, 0) + sample.value
    return tuple(sorted(counts.items()))
