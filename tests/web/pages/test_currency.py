"""Choosing a currency, and the redirect afterwards: never to another site."""

from __future__ import annotations

import pytest

from tests.fixtures.shop_app import HTMX, Client


async def test_the_choice_is_stored_and_leads_back(shop: Client) -> None:
    form = {"currency_code": "JPY", "return_to": "/product/tide-mug?variant_id=X"}
    reply = await shop.post("/setCurrency", data=form)

    assert (reply.status_code, reply.headers["location"]) == (303, form["return_to"])
    assert "currency=JPY; Path=/" in reply.headers["set-cookie"]
    assert "¥3,088" in (await shop.get("/product/tide-mug")).text


async def test_a_plain_client_needs_only_the_code(shop: Client) -> None:
    reply = await shop.post("/setCurrency", data={"currency_code": "usd"})
    assert (reply.status_code, reply.headers["location"]) == (303, "/")


@pytest.mark.parametrize("code", ["", "XXX", "CHF", "EURO", "<b>", "\x00"])
@pytest.mark.parametrize("headers", [HTMX, {}], ids=["htmx", "plain"])
async def test_an_unknown_code_is_refused(shop: Client, headers: dict[str, str], code: str) -> None:
    reply = await shop.post("/setCurrency", data={"currency_code": code}, headers=headers)
    assert reply.status_code == 422
    assert "set-cookie" not in reply.headers


@pytest.mark.parametrize(
    ("referrer", "path"),
    [
        ("http://shop.test/?q=mug&page=2", "/?q=mug&page=2"),
        ("http://shop.test", "/"),
        ("http://shop.test//evil.test/", "/"),
        ("http://evil.test/product/x", "/"),
        ("http://[broken", "/"),
    ],
)
async def test_without_return_to_a_referring_page_of_this_site_counts(shop: Client, referrer: str, path: str) -> None:
    reply = await shop.post("/setCurrency", data={"currency_code": "USD"}, headers={"Referer": referrer})
    assert reply.headers["location"] == path


@pytest.mark.parametrize(
    "elsewhere",
    [
        "https://evil.test/",
        "//evil.test/",
        "/\\evil.test/",
        "\\\\evil.test",
        "/\t/evil.test",
        "/%0d%0aSet-Cookie:x=1\r\nX: y",
        "javascript:alert(1)",
        "evil.test",
        "/" + "a" * 5000,
    ],
)
async def test_no_form_sends_the_browser_to_another_site(shop: Client, elsewhere: str) -> None:
    reply = await shop.post("/setCurrency", data={"currency_code": "USD", "return_to": elsewhere})
    assert reply.status_code in (303, 422)
    assert reply.headers.get("location", "/") == "/"


async def test_htmx_is_redirected_by_its_own_header(shop: Client) -> None:
    form = {"currency_code": "USD", "return_to": "/about"}
    reply = await shop.post("/setCurrency", data=form, headers=HTMX)
    assert (reply.status_code, reply.headers["hx-redirect"]) == (204, "/about")
