"""Metrics of checkout."""

from __future__ import annotations

import logging
import time
from collections.abc import Awaitable

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from shop.checkout.model import Order
from shop.checkout.order_numbers import masked
from shop.errors import (
    CartOrdered,
    CouponRefused,
    OutOfStock,
    PaymentDeclined,
    QuoteChanged,
    ShopError,
    StoreBusy,
    StoreUnavailable,
    unforeseen,
)

SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
_RESULTS: dict[type[ShopError], str] = {
    OutOfStock: "out_of_stock",
    QuoteChanged: "quote_changed",
    CartOrdered: "ordered_before",
    CouponRefused: "coupon_refused",
    PaymentDeclined: "declined",
    StoreBusy: "busy",
    StoreUnavailable: "unavailable",
}

log = logging.getLogger(__name__)


class OrderMetrics:
    """Counts orders in a registry; by default in one that is not exported."""

    def __init__(self, registry: CollectorRegistry | None = None) -> None:
        registry = registry or CollectorRegistry()
        self._placed = Counter(
            "shop_orders",
            "Orders submitted, by what came of it; equal submits at once count once",
            ("result",),
            registry=registry,
        )
        self._seconds = Histogram(
            "shop_place_order_seconds", "Time that placing an order took", buckets=SECONDS, registry=registry
        )
        self._unknown = Counter(
            "shop_payments_unknown", "Payments whose outcome was not known in time", registry=registry
        )
        self._open = Gauge(
            "shop_orders_unsettled", "Orders that wait for a payment, a shopper or a cart", registry=registry
        )
        self._revenue = Counter(
            "shop_revenue", "Totals of the orders placed, in units of the currency", ("currency",), registry=registry
        )

    async def placing(self, work: Awaitable[Order]) -> Order:
        """Time and count one submit."""
        started, result = time.perf_counter(), "error"
        try:
            order = await work
            result = _outcome(order)
            if result == "placed":
                total = order.quote.total
                self._revenue.labels(total.currency).inc(float(total.decimal))
            return order  # noqa: TRY300 - the result is counted in every case
        except ShopError as error:
            result = next((words for kind, words in _RESULTS.items() if isinstance(error, kind)), "refused")
            raise
        finally:
            self._seconds.observe(time.perf_counter() - started)
            self._placed.labels(result).inc()

    def unknown(self, order: Order, error: Exception) -> None:
        """Count and log an order whose payment has an unknown outcome."""
        self._unknown.inc()
        words = "Order %s: payment outcome unknown, will ask the provider again: %s"
        log.warning(words, masked(order.number), error, exc_info=unforeseen(error))

    def open(self, count: int) -> None:
        """Set the number of unsettled orders."""
        self._open.set(count)


def _outcome(order: Order) -> str:
    if order.challenge_path:
        return "challenged"
    if order.state == "pending":
        return "processing" if order.processing else "unknown"
    return "placed"
