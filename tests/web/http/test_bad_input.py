"""Any input gets a 2xx, 3xx or 4xx, never a 5xx."""

from __future__ import annotations

from urllib.parse import quote

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.fixtures.shop_app import HTMX, Client

PATHS = ["/cart", "/cart/lines/TIDE-MUG", "/cart/lines/X/remove", "/cart/lines/X/save", "/cart/saved/X/move"]
PATHS += ["/cart/saved/X/remove", "/cart/empty", "/cart/undo", "/setCurrency", "/logout"]
NAMES = ["product_id", "variant_id", "quantity", "of", "currency_code", "return_to"]
ODD = ["tide-mug", "throw", "-1", "0", "99999999999", "\x00", "%00", "é" * 300]
texts = st.text(max_size=40) | st.sampled_from(ODD)
forms = st.dictionaries(st.sampled_from(NAMES) | st.text(max_size=5), texts, max_size=6)
SEARCH = ["q", "page", "sort", "category", "min_price", "in_stock", "price", "option.A"]
KINDS = ["application/x-www-form-urlencoded", "multipart/form-data", "multipart/form-data; boundary=x", "text/plain"]
KINDS += ["application/json", "", ";", "application/x-www-form-urlencoded; charset=utf-16", "\xff"]
quick = settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])


@pytest.mark.parametrize("path", PATHS)
@quick
@given(form=forms, htmx=st.booleans())
async def test_any_form_gets_no_server_error(shop: Client, path: str, form: dict[str, str], htmx: bool) -> None:
    reply = await shop.post(path, data=form, headers=HTMX if htmx else {})
    assert reply.status_code < 500


@quick
@given(body=st.binary(max_size=200), kind=st.sampled_from(KINDS), path=st.sampled_from(PATHS))
async def test_any_body_gets_no_server_error(shop: Client, body: bytes, kind: str, path: str) -> None:
    reply = await shop.post(path, content=body, headers=[(b"content-type", kind.encode("latin-1"))])
    assert reply.status_code < 500


@quick
@given(query=st.binary(max_size=80), cookie=st.binary(max_size=80), htmx=st.booleans())
async def test_any_query_and_cookie_get_no_server_error(shop: Client, query: bytes, cookie: bytes, htmx: bool) -> None:
    headers = [(b"cookie", cookie), *((name.encode(), value.encode()) for name, value in HTMX.items() if htmx)]
    assert (await shop.get(f"/?{quote(query, safe='=&+%')}", headers=headers)).status_code == 200


@quick
@given(names=st.lists(st.sampled_from(SEARCH)), value=texts)
async def test_any_search_gets_no_server_error(shop: Client, names: list[str], value: str) -> None:
    reply = await shop.get("/", params=dict.fromkeys(names, value))
    assert reply.status_code in ({200, 404} if "category" in names else {200})


@pytest.mark.parametrize(
    "path", ["/product/%ff", "/product/%", "/cart/lines/%25ff/remove", "//", "/product/" + "x" * 5000]
)
async def test_odd_paths_get_no_server_error(shop: Client, path: str) -> None:
    for method in ("GET", "POST"):
        assert (await shop.request(method, path)).status_code < 500


async def test_a_body_that_is_too_large_is_refused(shop: Client) -> None:
    reply = await shop.post("/cart", data={"product_id": "x" * 70_000})
    assert reply.status_code == 413
    assert "A form may be at most 64 KB" in reply.text


async def test_a_form_with_too_many_fields_is_refused(shop: Client) -> None:
    reply = await shop.post("/cart", data={f"f{number}": "x" for number in range(101)})
    assert reply.status_code == 422
    assert "at most 100 fields" in reply.text


async def test_the_first_of_repeated_fields_counts(shop: Client) -> None:
    headers = {"Content-Type": "application/x-www-form-urlencoded", **HTMX}
    reply = await shop.post("/cart", content="product_id=tide-mug&quantity=2&quantity=5", headers=headers)
    assert "Added 2 × Tide Mug." in reply.text
