"""A cart service with metrics for /metrics (Prometheus' naming and base units)."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Iterable, Sequence
from functools import cache
from typing import TypeVar

from prometheus_client import CollectorRegistry, Counter, Histogram
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector
from typing_extensions import override

from shop import tracing
from shop.cart.around.failover import FailoverCartService
from shop.cart.around.forwarding import ForwardingCartService
from shop.cart.around.moving import MovingCartService
from shop.cart.around.tiered import TieredCartService
from shop.cart.memory import MemoryCartService
from shop.cart.model import Cart, Change
from shop.cart.service import CartService
from shop.cart.stored import StoredCarts
from shop.errors import InvalidInput, StoreUnavailable
from shop.logs import current

SECONDS = (0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.1, 0.5, 1.0)

_T = TypeVar("_T")


class MeteredCartService(ForwardingCartService):
    """Passes every call to `inner` and records operations, durations, hits and cart sizes in `registry`."""

    def __init__(self, inner: CartService, registry: CollectorRegistry) -> None:
        super().__init__(inner)
        operations = Counter(
            "shop_cart_operations",
            "Calls of the cart service by operation and result",
            ("operation", "result"),
            registry=registry,
        )
        seconds = Histogram(
            "shop_cart_operation_seconds",
            "Duration of calls of the cart service",
            ("operation",),
            buckets=SECONDS,
            registry=registry,
        )
        reads = Counter("shop_cart_reads", "Carts read: existing (hit) or not (miss)", ("result",), registry=registry)
        self._begun = Counter("shop_carts_begun", "Carts that got their first line", registry=registry)
        self._hit, self._miss = reads.labels("hit"), reads.labels("miss")
        # labels() costs more than counting, so its results are cached.
        self._operations = cache(operations.labels)
        self._seconds = cache(seconds.labels)
        registry.register(_ServiceCollector(inner))

    @override
    async def get(self, cart_id: str) -> Cart:
        cart = await self._measured("get", self.inner.get(cart_id))
        (self._hit if cart.revision else self._miss).inc()
        return cart

    @override
    async def apply(self, cart_id: str, change: Change) -> Cart:
        cart = await self._measured(type(change).__name__, self.inner.apply(cart_id, change))
        if cart.revision == 1:
            self._begun.inc()
        return cart

    @override
    async def transform(self, cart_id: str, fold: Callable[[Cart], Cart], *, aged: bool = False) -> Cart:
        return await self._measured("transform", self.inner.transform(cart_id, fold, aged=aged))

    @override
    async def put(self, cart: Cart, *, aged: bool = False) -> Cart:
        return await self._measured("put", self.inner.put(cart, aged=aged))

    @override
    async def replay(self, cart_id: str, changes: Sequence[Change]) -> Cart:
        return await self._measured("replay", self.inner.replay(cart_id, changes))

    async def _measured(self, operation: str, call: Awaitable[_T]) -> _T:
        started = time.perf_counter()
        result = "error"
        if (request := current.get()) is not None:
            request.cart_operations += 1
        try:
            with tracing.span(f"cart {operation}"):
                value = await call
            result = "ok"
            return value  # noqa: TRY300 - the result is counted in every case
        except InvalidInput:
            result = "refused"
            raise
        except StoreUnavailable:
            result = "unavailable"
            raise
        finally:
            self._seconds(operation).observe(time.perf_counter() - started)
            self._operations(operation, result).inc()


class _ServiceCollector(Collector):
    """Reads the counters of the cart services when the metrics are collected."""

    def __init__(self, service: CartService) -> None:
        self._service = service

    @override
    def collect(self) -> Iterable[Metric]:
        for service in self._service.parts():
            yield from _numbers(service)


def _numbers(service: CartService) -> Iterable[Metric]:
    """The metrics of one service, from its own counters."""
    if isinstance(service, MemoryCartService):
        yield GaugeMetricFamily("shop_carts_in_memory", "Carts in the memory of this process", value=len(service))
        yield CounterMetricFamily("shop_carts_evicted", "Carts evicted from memory to make room", value=service.evicted)
    if isinstance(service, StoredCarts):
        yield CounterMetricFamily(
            "shop_carts_unreadable", "Stored values that were no carts and were put aside", value=service.unreadable
        )
    if isinstance(service, FailoverCartService):
        yield GaugeMetricFamily(
            "shop_cart_standby_in_charge",
            "1 while the standby answers for the store",
            value=float(service.standby_active),
        )
        yield GaugeMetricFamily(
            "shop_cart_changes_waiting", "Carts with changes in the journal, at most 64", value=service.backlog
        )
        yield GaugeMetricFamily(
            "shop_cart_changes_in_memory",
            "Changes that only the memory of this process holds, because the database is away too",
            value=service.journal.in_memory,
        )
        yield CounterMetricFamily("shop_cart_standby_takeovers", "Failovers to the standby", value=service.failovers)
        yield CounterMetricFamily(
            "shop_cart_changes_replayed", "Changes of outages replayed to the store", value=service.replayed
        )
        yield CounterMetricFamily(
            "shop_carts_restored", "Carts restored in a store that had lost changes", value=service.repaired
        )
    if isinstance(service, TieredCartService):
        archiving = service.write_behind
        yield GaugeMetricFamily(
            "shop_carts_to_archive", "Carts waiting to be written to the archive", value=archiving.backlog
        )
        yield GaugeMetricFamily(
            "shop_cart_archive_lag_seconds", "Age of the oldest unarchived change", value=archiving.lag
        )
        yield CounterMetricFamily("shop_carts_archived", "Carts written to the archive", value=archiving.written)
        yield CounterMetricFamily(
            "shop_carts_not_archived",
            "Carts dropped because the queue to the archive was full",
            value=archiving.dropped,
        )
        yield CounterMetricFamily("shop_carts_woken", "Carts restored from the archive", value=service.restored)
        yield CounterMetricFamily("shop_carts_purged", "Expired carts deleted from the archive", value=service.purged)
    if isinstance(service, MovingCartService):
        yield CounterMetricFamily(
            "shop_carts_moved", "Carts, or newer changes of them, moved from the old store", value=service.moved
        )
