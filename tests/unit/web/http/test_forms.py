"""Reading a form: its values, and the errors for malformed input."""

from __future__ import annotations

from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st
from litestar.testing import RequestFactory
from litestar.types import HTTPDisconnectEvent, HTTPRequestEvent

from shop.errors import InvalidInput
from shop.web.http.forms import MAX_COUNT, Form, read_form
from shop.web.http.request import ShopRequest


@pytest.mark.parametrize(
    ("value", "count"),
    [
        ("1", 1),
        (" 12 ", 12),
        ("007", 7),
        ("999999999", MAX_COUNT),
        ("9" * 10, MAX_COUNT),
        ("1e300", MAX_COUNT),
        ("+1", 1),
        ("1.0", 1),
        ("1e3", 1000),
        ("٣", 3),
        ("\u200f３\u200b", 3),
        ("", 5),
        ("  ", 5),
        ("\u200b", 5),
    ],
)
def test_a_count_is_a_whole_number(value: str, count: int) -> None:
    assert Form({"quantity": value}).count("quantity", default=5) == count


@pytest.mark.parametrize("value", ["-1", "1.5", "1e-3", "½", "0x1", "1_000", "x", ""])
def test_anything_else_is_refused_with_the_fields_name(value: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        Form({"quantity": value}).count("quantity")
    assert refused.value.field == "quantity"


@pytest.mark.parametrize("value", ["a\x00b", "\x1b[2J", "a\x7f"])
def test_control_characters_are_refused(value: str) -> None:
    with pytest.raises(InvalidInput):
        Form({"name": value}).text("name")


async def test_an_incomplete_form_is_a_client_error() -> None:
    events: list[HTTPRequestEvent | HTTPDisconnectEvent] = [
        {"type": "http.request", "body": b"product_id=tide", "more_body": True},
        {"type": "http.disconnect"},
    ]

    async def receive() -> HTTPRequestEvent | HTTPDisconnectEvent:
        return events.pop(0)

    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    scope = RequestFactory().get("/cart", headers=headers).scope
    with pytest.raises(InvalidInput, match="did not arrive in full"):
        await read_form(ShopRequest(scope, receive=receive))


@given(st.dictionaries(st.text(min_size=1, max_size=20), st.text(max_size=40), max_size=10))
async def test_an_urlencoded_form_round_trips(fields: dict[str, str]) -> None:
    assert (await read(urlencode(fields).encode())).fields == fields


@given(st.binary(max_size=100))
async def test_any_body_yields_a_form_or_a_client_error(body: bytes) -> None:
    await read(body)


async def read(body: bytes) -> Form:
    async def receive() -> HTTPRequestEvent:
        return {"type": "http.request", "body": body, "more_body": False}

    scope = RequestFactory().get("/cart", headers={"Content-Type": "application/x-www-form-urlencoded"}).scope
    return await read_form(ShopRequest(scope, receive=receive))
