"""What a store keeps: how many carts, how large they are, how many have expired."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from typing_extensions import override

from shop.cart import codec
from shop.cart.around.failover import FailoverCartService
from shop.cart.around.forwarding import ForwardingCartService
from shop.cart.around.moving import MovingCartService
from shop.cart.around.tiered import TieredCartService
from shop.cart.memory import MemoryCartService
from shop.cart.service import CartService
from shop.errors import StoreRefused
from shop.metrics.sampling import Sampled

MOST = 500
"""Carts that are looked at. A scan is in no order, so the first ones are like the others."""


class Census(Sampled):
    """Looks at some carts of the store in which live carts are kept."""

    def __init__(self, carts: CartService) -> None:
        self._store = live_store(carts)
        self._kept = 0
        self._lines = self._bytes = 0.0
        self._expired = 0

    @override
    async def look(self) -> None:
        lines, sizes = [], []
        if isinstance(self._store, MemoryCartService):
            self._store.drop_expired()
        async for cart in self._store.scan():
            lines.append(len(cart.lines))
            sizes.append(len(codec.encode(cart)))
            if len(lines) == MOST:
                break
        looked_at = len(lines)
        self._lines = sum(lines) / looked_at if looked_at else 0.0
        self._bytes = sum(sizes) / looked_at if looked_at else 0.0
        counted = await self._store.count() if looked_at == MOST else None
        self._kept = looked_at if counted is None else counted
        with suppress(StoreRefused):  # a user that may not ask the server: the other figures are known
            self._expired = await self._store.count_expired()

    @override
    def collect(self) -> Iterable[Metric]:
        yield GaugeMetricFamily("shop_carts_kept", "Carts in the store of live carts, about", value=self._kept)
        yield GaugeMetricFamily("shop_kept_cart_lines", "Average lines of the carts that are kept", value=self._lines)
        yield GaugeMetricFamily(
            "shop_kept_cart_bytes",
            "Average bytes of the kept carts, without the store's overhead",
            value=self._bytes,
        )
        yield CounterMetricFamily(
            "shop_carts_expired", "Carts that expired in the store, as it counts them itself", value=self._expired
        )


def live_store(carts: CartService) -> CartService:
    """The store that live carts are in, without what wraps it."""
    match carts:
        case MovingCartService():
            return live_store(carts.new)
        case TieredCartService():
            return live_store(carts.hot)
        case FailoverCartService():
            return live_store(carts.primary)
        case ForwardingCartService():
            return live_store(carts.inner)
    return carts
