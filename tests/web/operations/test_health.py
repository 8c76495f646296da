"""Health checks and metrics."""

from __future__ import annotations

import pytest

from shop.cart.connect import with_standby
from shop.errors import StoreBusy, StoreRefused, StoreUnavailable
from tests.fixtures.shop_app import Client, CountingCarts, MakeClient
from tests.web.pages.test_errors import BrokenCatalog


class AwayCarts(CountingCarts):
    def __init__(self, error: type[StoreUnavailable] = StoreUnavailable) -> None:
        super().__init__()
        self.error = error

    async def ping(self, shard: int | None = None) -> None:
        raise self.error("Redis at 10.0.0.1:6379 says something.")


async def test_a_shop_that_can_serve_is_ready(shop: Client) -> None:
    assert (await shop.get("/healthz")).text == "ok\n"
    reply = await shop.get("/readyz")
    assert reply.status_code == 200
    assert reply.json() == {"status": "ready", "catalog": "ready", "carts": "ready"}


@pytest.mark.parametrize(
    ("error", "reason"), [(StoreUnavailable, "away"), (StoreRefused, "settings"), (StoreBusy, "busy")]
)
async def test_the_shop_is_ready_while_a_standby_serves_the_carts(
    make_client: MakeClient, error: type[StoreUnavailable], reason: str
) -> None:
    async with make_client(carts=with_standby(AwayCarts(error), max_carts=10)) as shop:
        reply = await shop.get("/readyz")
    assert reply.status_code == 200
    assert (reply.json()["carts"], reply.json()["reason"]) == ("standby", reason)
    assert "10.0.0.1" not in reply.text


async def test_the_shop_is_not_ready_without_carts_or_catalogue(make_client: MakeClient) -> None:
    async with make_client(carts=AwayCarts()) as shop:
        reply = await shop.get("/readyz")
        assert (reply.status_code, reply.json()["carts"]) == (503, "away")
        assert (await shop.get("/healthz")).status_code == 200
    async with make_client(catalog=BrokenCatalog(StoreUnavailable("away"))) as shop:
        reply = await shop.get("/readyz")
        assert (reply.status_code, reply.json()["catalog"]) == (503, "away")


async def test_requests_are_counted_by_route_not_by_path(shop: Client) -> None:
    for path in ("/product/tide-mug", "/product/last-jug", "/product/nothing", "/x/y", "/z"):
        await shop.get(path)
    await shop.request("INVENTED", "/")
    text = (await shop.get("/metrics")).text

    assert 'shop_http_requests_total{method="GET",route="/product/{handle}",status="200"} 2.0' in text
    assert 'shop_http_requests_total{method="GET",route="/product/{handle}",status="404"} 1.0' in text
    assert 'shop_http_requests_total{method="GET",route="unknown",status="404"} 2.0' in text
    assert 'shop_http_request_seconds_count{route="/product/{handle}"} 3.0' in text
    assert 'method="other",route="unknown",status="405"' in text
    assert "tide-mug" not in text
    assert "INVENTED" not in text


async def test_the_metrics_include_cart_operations(shop: Client) -> None:
    await shop.post("/cart", data={"product_id": "tide-mug"})
    assert "shop_cart_operations_total" in (await shop.get("/metrics")).text
