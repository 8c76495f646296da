"""Health checks."""

from __future__ import annotations

from unittest.mock import AsyncMock

import pytest

from shop.cart.connect import with_standby
from shop.errors import StoreBusy, StoreRefused, StoreUnavailable
from tests.fixtures.fixed_catalog import FixedCatalog
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
    assert reply.json() == {"status": "ready", "catalog": "ready", "carts": "ready", "orders": "ready"}


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


async def test_a_database_that_goes_away_takes_no_process_out_that_has_read_the_catalogue(
    make_client: MakeClient, catalog: FixedCatalog, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with make_client() as shop:
        assert (await shop.get("/readyz")).json()["orders"] == "ready"
        monkeypatch.setattr("shop.parts.accepts_changes", AsyncMock(return_value=False))
        reply = await shop.get("/readyz")
        assert (reply.status_code, reply.json()["orders"]) == (200, "refused")
        monkeypatch.setattr("shop.parts.accepts_changes", AsyncMock(side_effect=StoreUnavailable("away")))
        reply = await shop.get("/readyz")
    assert reply.status_code == 200
    assert reply.json() == {"status": "ready", "catalog": "kept", "carts": "ready", "orders": "away"}
