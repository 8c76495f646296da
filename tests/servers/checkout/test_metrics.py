"""What checkout counts."""

from __future__ import annotations

import contextlib

from prometheus_client import CollectorRegistry

from shop.checkout.metrics import OrderMetrics
from shop.checkout.payments.demo_cards import Outcome
from shop.checkout.placing.place_order import PlaceOrder
from shop.checkout.placing.recovery import OrderRecovery
from shop.errors import ShopError
from tests.fixtures.order_scene import CODE, STOCK, Scene


async def test_orders_are_counted_by_what_came_of_them(scene: Scene) -> None:
    registry = CollectorRegistry()
    metrics, process = OrderMetrics(registry), scene.process()
    placing, settler = PlaceOrder(process.workflow, metrics), OrderRecovery(process.workflow, metrics)

    async def order(outcome: Outcome = "approved", *, coupon: str = "", sku: str = "MUG") -> None:
        cart = await scene.cart(sku, cart_id=f"{outcome}-{sku}-{coupon}-{scene.clock()}", coupon=coupon)
        scene.passes(0.001)
        with contextlib.suppress(ShopError):
            await placing.place(await scene.submission(cart, outcome))

    for _ in range(STOCK["JUG"] // 2 + 1):
        await order(sku="JUG")
    for outcome in ("declined", "challenged", "lost-call"):
        await order(outcome)
    for _ in range(2):
        await order(coupon=CODE)
    await settler.settle_due()

    def count(result: str) -> float | None:
        return registry.get_sample_value("shop_orders_total", {"result": result})

    results = ("placed", "out_of_stock", "declined", "challenged", "unknown", "coupon_refused")
    assert [count(result) for result in results] == [6, 1, 1, 1, 1, 1]
    assert registry.get_sample_value("shop_place_order_seconds_count") == 11
    assert registry.get_sample_value("shop_payments_unknown_total") == 1
    assert registry.get_sample_value("shop_orders_unsettled") == 2
