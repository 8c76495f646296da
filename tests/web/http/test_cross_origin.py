"""Changes are accepted from the shop's own pages and from clients that are not browsers."""

from __future__ import annotations

import pytest
from litestar.routes import HTTPRoute

from shop.app import create_app
from shop.settings import Settings
from tests.fixtures.shop_app import HTMX, Client, CountingCarts, MakeClient

ALLOWED: list[dict[str, str]] = [
    {},
    {"Sec-Fetch-Site": "same-origin"},
    {"Sec-Fetch-Site": "none"},
    {"Sec-Fetch-Site": "same-origin", "Origin": "http://evil.test"},
    {"Origin": "http://shop.test"},
    {"Origin": "https://shop.test"},
    {"Origin": "HTTP://SHOP.TEST"},
]
REFUSED = [
    {"Sec-Fetch-Site": "cross-site"},
    {"Sec-Fetch-Site": "same-site"},
    {"Sec-Fetch-Site": "anything else"},
    {"Sec-Fetch-Site": "cross-site", "Origin": "http://shop.test"},
    {"Origin": "http://evil.test"},
    {"Origin": "http://shop.test.evil.test"},
    {"Origin": "http://shop.test:8080"},
    {"Origin": "http://shop.test@evil.test"},
    {"Origin": "null"},
    {"Origin": "http://[broken"},
]


@pytest.mark.parametrize("headers", ALLOWED)
async def test_our_own_pages_may_change_the_cart(shop: Client, headers: dict[str, str]) -> None:
    assert (await shop.post("/cart", data={"product_id": "tide-mug"}, headers=headers)).status_code == 303


@pytest.mark.parametrize("headers", REFUSED)
async def test_another_site_may_not(shop: Client, carts: CountingCarts, headers: dict[str, str]) -> None:
    reply = await shop.post("/cart", data={"product_id": "tide-mug"}, headers=headers)
    assert reply.status_code == 403
    assert "came from another site" in reply.text
    assert "set-cookie" not in reply.headers
    assert len(carts) == 0


async def test_htmx_gets_the_refusal_as_a_fragment(shop: Client) -> None:
    reply = await shop.post("/cart", headers={**HTMX, "Sec-Fetch-Site": "cross-site"})
    assert reply.status_code == 403
    assert '<hx-partial hx-target="#status"' in reply.text


async def test_behind_a_proxy_the_public_host_is_ours_too(make_client: MakeClient) -> None:
    settings = Settings(public_url="https://shop.example")
    async with make_client("http://10.0.0.7:8000", settings=settings) as shop:
        for origin, status in (("https://shop.example", 303), ("http://10.0.0.7:8000", 303), ("https://a.test", 403)):
            reply = await shop.post("/setCurrency", data={"currency_code": "USD"}, headers={"Origin": origin})
            assert reply.status_code == status


@pytest.mark.parametrize(
    ("public_url", "origin", "status"),
    [
        ("https://shop.example:443", "https://shop.example", 303),
        ("https://münchen.example/", "https://xn--mnchen-3ya.example", 303),
        ("https://shop.example", "http://shop.example", 403),
        ("https://shop.example", "https://shop.example:8443", 403),
    ],
)
async def test_the_public_address_is_compared_as_an_origin(
    make_client: MakeClient, public_url: str, origin: str, status: int
) -> None:
    async with make_client("http://shop.example", settings=Settings(public_url=public_url)) as shop:
        reply = await shop.post("/setCurrency", data={"currency_code": "USD"}, headers={"Origin": origin})
    assert reply.status_code == status


@pytest.mark.parametrize("headers", REFUSED)
async def test_reads_are_not_guarded(shop: Client, headers: dict[str, str]) -> None:
    assert (await shop.get("/product/tide-mug", headers=headers)).status_code == 200


async def test_no_route_that_changes_something_is_unguarded(shop: Client) -> None:
    paths = [
        route.path
        for route in create_app(Settings()).routes
        if isinstance(route, HTTPRoute) and set(route.methods) - {"GET", "HEAD", "OPTIONS"}
    ]
    assert len(paths) >= 10
    for path in paths:
        reply = await shop.post(path.replace("{sku:str}", "X"), headers={"Sec-Fetch-Site": "cross-site"})
        assert reply.status_code == 403, path
