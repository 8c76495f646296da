"""Every URL of the application answers any input with less than 500, and never shows its own code.

The URLs are those of the running application, so a new one is tried without being listed here. `make fuzz` tries more.
"""

from __future__ import annotations

import asyncio
import os
import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, cast
from urllib.parse import quote, unquote, urlencode

import pytest
from argon2 import PasswordHasher
from httpx import ASGITransport
from hypothesis import HealthCheck, given, seed, settings
from hypothesis import strategies as st
from litestar import Litestar
from litestar.routes import BaseRoute, HTTPRoute
from sqlalchemy.ext.asyncio import AsyncEngine

from shop.app import create_app
from shop.checkout.payments.demo import DemoPayments
from shop.settings import Settings
from tests.fixtures.buyer import Buyer
from tests.fixtures.shop_app import HTMX, Client, in_no_time, running

EXAMPLES = int(os.environ.get("FUZZ_EXAMPLES", "8"))
"""How many odd requests each URL gets."""
SEED = int(os.environ.get("FUZZ_SEED", "1"))
PATIENCE = 10
PASSWORD = "correct horse"

NAMES = sorted(
    {
        name
        for file in (Path(__file__).parents[3] / "templates").rglob("*.html")
        for name in re.findall(r'name="([a-z_.-]+)"', file.read_text())
    }
    | {"street_address", "zip_code", "city", "country", "credit_card_number", "credit_card_cvv", "gift_note"}
    | {"credit_card_expiration_month", "credit_card_expiration_year", "vat_id", "phone", "shown", "return_to"}
    | {"page", "category", "price", "in_stock", "option.A", "key", "part", "sure", "quantity-0", "mail"}
)
ODD = [
    "",
    "0",
    "-1",
    "1",
    "1e999",
    "9" * 40,
    "NaN",
    "\0",
    "a\0b",
    "\r\n",
    "%00",
    "%",
    "%ff",
    "\ufeff",
    "\u202e",
    "é" * 300,
]
ODD += ["\ud800", "\U0001f600", "../../etc/passwd", "//evil.example", "{{7*7}}", "' OR 1=1--", "<script>", "x" * 70_000]
ODD += ["TIDE-MUG", "tide-mug", "EUR", "de", "yes", "paid", "ship", "refund", "resolve", "cancel", "ORDER"]
"""'ORDER' stands for the number of an order that exists."""
HEADERS = [
    "accept",
    "accept-encoding",
    "accept-language",
    "authorization",
    "content-encoding",
    "content-length",
    "cookie",
]
HEADERS += ["content-type", "host", "hx-current-url", "hx-request", "hx-target", "idempotency-key", "if-modified-since"]
HEADERS += [
    "if-none-match",
    "origin",
    "range",
    "referer",
    "sec-fetch-site",
    "traceparent",
    "x-forwarded-for",
    "x-request-id",
]
KINDS = ["application/x-www-form-urlencoded", "multipart/form-data", "multipart/form-data; boundary=x", "text/plain"]
KINDS += ["application/json", "", ";", "application/x-www-form-urlencoded; charset=utf-16", "\xff"]
BODIES = [b"", b"\0", b"\xff\xfe", b"{", b'{"csp-report": {}}', b"[1]", b"--x\r\n\r\n--x--", b"=&" * 99, b"a" * 70_000]
BODIES += [
    b'--x\r\nContent-Disposition: form-data; name="q"\r\nContent-Type: text/plain; charset=utf-7\r\n\r\n+2AA-\r\n--x--'
]
METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "FOO"]
LEAKS = ("Traceback (most", 'File "/', "site-packages", "sqlalchemy.", "SELECT ")


def encoded(pairs: list[tuple[str, str]]) -> bytes:
    """Pairs as a form or a query has them; lone surrogates as the bytes that some programs send for them."""
    return urlencode(
        [(name.encode("utf-8", "surrogatepass"), text.encode("utf-8", "surrogatepass")) for name, text in pairs]
    ).encode()


texts = st.sampled_from(ODD) | st.text(st.characters(codec="utf-8"), max_size=30)
values = st.binary(max_size=60).map(lambda raw: raw.translate(None, b"\r\n")) | texts.map(
    lambda text: text.encode("utf-8", "replace").translate(None, b"\r\n")[:2000]
)
fields = st.lists(st.tuples(st.sampled_from(NAMES) | texts, texts), max_size=6)
requests = st.fixed_dictionaries(
    {
        "method": st.sampled_from(METHODS),
        "own_method": st.booleans(),
        "parameter": texts,
        "query": fields.map(encoded) | st.binary(max_size=60),
        "headers": st.lists(st.tuples(st.sampled_from(HEADERS), values), max_size=4),
        "kind": st.sampled_from(KINDS),
        "body": fields.map(encoded) | st.sampled_from(BODIES) | st.binary(max_size=80),
        "ends": st.sampled_from(["whole", "whole", "whole", "in parts", "cut off"]),
        "htmx": st.booleans(),
        "signed_in": st.booleans(),
    }
)


@pytest.fixture
async def app(stocked_url: str, sqlite_engine: AsyncEngine) -> AsyncIterator[Litestar]:
    """The shop with everything that a setting switches on."""
    settings = Settings(
        database_url=stocked_url,
        secret_key="a secret of thirty-two characters",
        operator_password=PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash(PASSWORD),
        security_contact="mailto:security@shop.example",
        csp_reports=True,
        limits=False,
    )
    app = create_app(settings, payments=DemoPayments(sqlite_engine, sleep=in_no_time))
    async with running(app):
        yield app


@pytest.fixture
async def client(app: Litestar) -> AsyncIterator[Client]:
    async with Client(transport=ASGITransport(cast("Any", app)), base_url="http://shop.test") as client:
        yield client


@pytest.fixture
async def number(buyer: Buyer) -> str:
    """The number of an order."""
    reply = await buyer.orders(await buyer.opens())
    return str(reply.headers["location"]).removeprefix("/order/").partition("?")[0]


@pytest.fixture
async def cookies(client: Client, number: str) -> bytes:
    """The cookies of an operator who has ordered something. `number`: that was before."""
    await client.post("/operations/sign-in", data={"password": PASSWORD})
    return "; ".join(f"{name}={value}" for name, value in client.cookies.items()).encode()


@seed(SEED)
@settings(max_examples=EXAMPLES, database=None, suppress_health_check=list(HealthCheck))
@given(odd=requests)
async def test_any_input_gets_an_answer_below_500(
    app: Litestar, number: str, cookies: bytes, odd: dict[str, Any]
) -> None:
    for route in app.routes:
        scope = scope_of(route, odd, number, cookies)
        status, body = await answer_of(app, scope, odd["body"], odd["ends"])
        assert status < 500, (scope["method"], scope["path"], status)
        assert not any(leak in body for leak in LEAKS), (scope["method"], scope["path"], body)


def scope_of(route: BaseRoute, request: dict[str, Any], number: str, cookies: bytes) -> dict[str, Any]:
    """The scope of a request to a route, as uvicorn makes it."""
    parameter = request["parameter"].replace("ORDER", number)
    raw = re.sub(
        r"\{[^}]*\}", lambda _: quote(parameter.encode("utf-8", "surrogatepass"), safe=""), route.path_format
    ).encode()
    headers = [(b"host", b"shop.test"), (b"content-type", request["kind"].encode("latin-1"))]
    headers += [(name.encode(), value) for name, value in HTMX.items()] if request["htmx"] else []
    headers += [(b"cookie", cookies)] if request["signed_in"] else []
    return {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": "1.1",
        "method": max(cast("HTTPRoute", route).methods) if request["own_method"] else request["method"],
        "scheme": "http",
        "path": unquote(raw.decode("ascii")),
        "raw_path": raw,
        "query_string": request["query"].translate(None, b" \r\n#"),
        "root_path": "",
        "headers": headers + [(name.encode(), value) for name, value in request["headers"]],
        "client": ("127.0.0.1", 4711),
        "server": ("127.0.0.1", 80),
        "state": {},
        "extensions": {},
    }


async def answer_of(app: Litestar, scope: dict[str, Any], body: bytes, ends: str) -> tuple[int, str]:
    """Status and body of the answer; 0 if the client has gone before."""
    half = len(body) // 2
    events: list[dict[str, Any]] = [{"type": "http.request", "body": body, "more_body": False}]
    if ends != "whole":
        events = [{"type": "http.request", "body": body[:half], "more_body": True}, *events]
        events[-1] = {"type": "http.request", "body": body[half:], "more_body": False}
    if ends == "cut off":
        events[-1] = {"type": "http.disconnect"}
    sent: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        return events.pop(0) if events else {"type": "http.disconnect"}

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    async with asyncio.timeout(PATIENCE):
        await app(cast("Any", scope), cast("Any", receive), cast("Any", send))
    status = next((message["status"] for message in sent if message["type"] == "http.response.start"), 0)
    return status, b"".join(message.get("body", b"") for message in sent).decode(
        "utf-8", "replace"
    ) if status >= 400 else ""
