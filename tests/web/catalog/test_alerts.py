"""Asking to be told when something is back."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncEngine

from shop.checkout.schema import outbox, stock_alerts
from shop.database import fetch
from shop.settings import Settings
from tests.fixtures.catalog import a_product, fill, variant
from tests.fixtures.shop_app import Client, MakeClient

WANTED = {"variant_id": "REED-VASE", "email": "ada@example.com"}


@pytest.fixture
async def client(make_client: MakeClient, sqlite_url: str, sqlite_engine: AsyncEngine) -> AsyncIterator[Client]:
    """A shop with a vase that is sold out, and a mug that is not."""
    await fill(
        sqlite_engine,
        a_product("reed-vase", variant("REED-VASE", price=4800, stock=0)),
        a_product("tide-mug", variant("TIDE-MUG", price=1900, stock=9)),
    )
    async with make_client(settings=Settings(database_url=sqlite_url), catalog=None) as client:
        yield client


async def test_one_asks_confirms_and_takes_it_back(client: Client, sqlite_engine: AsyncEngine) -> None:
    assert 'action="/alerts"' in (await client.get("/product/reed-vase")).text
    asked = await client.post("/alerts", data=WANTED)
    assert asked.status_code == 200
    assert "Please look into your mailbox" in asked.text
    (alert,) = await fetch(sqlite_engine, select(stock_alerts))
    (letter,) = await fetch(sqlite_engine, select(outbox))
    assert f"http://shop.test/alerts/{alert.token}" in letter.plain
    path = f"/alerts/{alert.token}"
    page = await client.get(path)
    assert (page.headers["cache-control"], "Yes, tell me" in page.text) == ("no-store", True)
    assert 'name="robots" content="noindex"' in page.text
    confirmed = await client.post(path)
    assert (confirmed.status_code, confirmed.headers["location"]) == (303, path)
    assert "We will tell you" in (await client.get(path)).text
    assert "Your address is deleted" in (await client.post(f"{path}/stop")).text
    assert (await client.get(path)).status_code == 404
    assert await fetch(sqlite_engine, select(stock_alerts)) == []


async def test_a_mistyped_address_is_asked_for_again(client: Client, sqlite_engine: AsyncEngine) -> None:
    reply = await client.post("/alerts", data=WANTED | {"email": "ada"})
    assert reply.status_code == 422
    assert "An e-mail address looks like name@example.com." in reply.text
    assert 'value="ada"' in reply.text
    assert await fetch(sqlite_engine, select(outbox)) == []


async def test_what_can_be_bought_is_not_waited_for(client: Client, sqlite_engine: AsyncEngine) -> None:
    assert 'action="/alerts"' not in (await client.get("/product/tide-mug")).text
    reply = await client.post("/alerts", data=WANTED | {"variant_id": "TIDE-MUG"})
    assert (reply.status_code, reply.headers["location"]) == (303, "/product/tide-mug?variant_id=TIDE-MUG")
    assert (await client.post("/alerts", data=WANTED | {"variant_id": "NOTHING"})).status_code == 404
    assert await fetch(sqlite_engine, select(stock_alerts)) == []


async def test_without_an_address_for_links_nobody_can_ask(
    make_client: MakeClient, sqlite_url: str, client: Client
) -> None:
    settings = Settings(database_url=sqlite_url, smtp_url="smtp://localhost:1", mail_from="shop@example.com")
    async with make_client(settings=settings, catalog=None) as shop:
        assert 'action="/alerts"' not in (await shop.get("/product/reed-vase")).text
        assert (await shop.post("/alerts", data=WANTED)).status_code == 404
