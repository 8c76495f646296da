"""Each request has an id, a line in the log, and a cause if it was answered 503."""

from __future__ import annotations

import logging
import re
import sqlite3

import pytest
from sqlalchemy.exc import OperationalError

from shop.database import translated_errors
from shop.errors import StoreUnavailable
from shop.logs import ACCESS
from tests.fixtures.shop_app import Client, MakeClient
from tests.web.pages.test_errors import BrokenCatalog

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"


@pytest.mark.parametrize(
    ("headers", "id_"),
    [
        ({"X-Request-ID": "abc-1"}, "abc-1"),
        ({"traceparent": f"00-{TRACE}-00f067aa0ba902b7-01"}, TRACE),
        ({"X-Request-ID": "abc-1", "traceparent": f"00-{TRACE}-00f067aa0ba902b7-01"}, "abc-1"),
    ],
)
async def test_an_id_is_taken_and_sent_back(shop: Client, headers: dict[str, str], id_: str) -> None:
    for path in ("/", "/nowhere", "/static/nothing"):
        assert (await shop.get(path, headers=headers)).headers["x-request-id"] == id_


async def test_a_browsers_tools_are_told_how_long_it_took(shop: Client) -> None:
    for path in ("/", "/nowhere"):
        assert re.fullmatch(r"shop;dur=\d+\.\d\d", (await shop.get(path)).headers["server-timing"])


@pytest.mark.parametrize("given", ["", "two words", "x" * 200, "a\tb"])
async def test_another_is_made(shop: Client, given: str) -> None:
    ids = {(await shop.get("/", headers={"X-Request-ID": given})).headers["x-request-id"] for _ in range(2)}
    assert len(ids) == 2
    assert given not in ids


async def test_a_request_has_a_line_with_its_template(shop: Client, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, ACCESS)
    await shop.post("/cart", data={"product_id": "tide-mug"}, headers={"X-Request-ID": "abc"})
    await shop.get("/product/no-such-thing")
    await shop.get("/a/secret/path")
    found = [record.__dict__["fields"] for record in caplog.records if record.name == ACCESS]
    assert [(f["method"], f["route"], f["status"]) for f in found] == [
        ("POST", "/cart", 303),
        ("GET", "/product/{handle}", 404),
        ("GET", "unknown", 404),
    ]
    assert found[0]["cart_operations"] == 1
    assert found[0]["ms"] > 0
    said = " ".join(record.getMessage() for record in caplog.records if record.name.startswith("shop"))
    assert "no-such-thing" not in said
    assert "secret" not in said


async def test_the_cause_of_a_503_is_logged_and_not_shown(
    make_client: MakeClient, caplog: pytest.LogCaptureFixture
) -> None:
    try:
        async with translated_errors():
            raise OperationalError("INSERT", {}, sqlite3.OperationalError("database or disk is full"))
    except StoreUnavailable as error:
        raised = error
    async with make_client(catalog=BrokenCatalog(raised)) as shop:
        reply = await shop.get("/product/tide-mug")
    assert reply.status_code == 503
    assert "disk" not in reply.text
    assert "503 at GET /product/{handle}: The shop's database does not answer: database or disk is full" in caplog.text
