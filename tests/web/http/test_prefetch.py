"""Pages that are fetched before the click: only those that are the same for everyone, and without a trace."""

from __future__ import annotations

import re

import pytest
from litestar import Litestar

from shop.app import create_app
from shop.settings import Settings
from shop.web.http.prefetch import ROUTES
from tests.fixtures.shop_app import HTMX, Client, CountingCarts, MakeClient

AHEAD = {"Sec-Purpose": "prefetch", "Sec-Fetch-Site": "same-origin", "Sec-Fetch-Mode": "navigate"}
PERSONAL = (
    *("/cart", "/cart/handoff", "/checkout", "/payment/abc", "/order", "/order/ABCD", "/handoff/abc"),
    *("/logout", "/operations", "/styleguide"),
)


async def test_every_page_names_the_rules(shop: Client) -> None:
    url = ""
    for path in ("/", "/?category=always", "/product/tide-mug", "/cart", "/help", "/nothing"):
        header = (await shop.get(path)).headers["speculation-rules"]
        named = re.fullmatch(r'"(/static/speculation-rules\.[0-9a-f]{8}\.json)"', header)
        assert named is not None, path
        url = named[1]
    rules = await shop.get(url)
    assert rules.headers["content-type"] == "application/speculationrules+json"
    assert rules.json().keys() == {"prefetch"}
    assert "speculation-rules" not in (await shop.get("/?q=mug", headers=HTMX)).headers
    assert "speculation-rules" not in (await shop.get("/static/css/shop.css")).headers


@pytest.mark.parametrize("path", ["/", "/?q=mug", "/product/tide-mug", "/about", "/help"])
async def test_a_page_for_everyone_is_the_same_when_it_is_fetched_ahead(
    shop: Client, carts: CountingCarts, path: str
) -> None:
    ahead = await shop.get(path, headers=AHEAD)
    assert ahead.status_code == 200
    assert "set-cookie" not in ahead.headers
    assert ahead.text == (await shop.get(path)).text
    assert carts.calls.total() == 0


@pytest.mark.parametrize("purpose", ["prefetch", "prefetch;prerender", "prefetch;anonymous-client-ip"])
@pytest.mark.parametrize("path", PERSONAL)
async def test_a_personal_page_is_never_fetched_ahead(
    shop: Client, carts: CountingCarts, path: str, purpose: str
) -> None:
    await shop.post("/cart", data={"product_id": "tide-mug"})
    carts.calls.clear()
    ahead = await shop.get(path, headers={**AHEAD, "Sec-Purpose": purpose})
    assert (ahead.status_code, ahead.headers["cache-control"], ahead.content) == (503, "no-store", b"")
    assert "set-cookie" not in ahead.headers
    assert carts.calls.total() == 0


async def test_the_language_of_an_address_is_not_stored_before_the_click(make_client: MakeClient) -> None:
    async with make_client(settings=Settings(languages="en de")) as shop:
        ahead = await shop.get("/?lang=de", headers=AHEAD)
        assert (ahead.status_code, ahead.headers.get("set-cookie")) == (503, None)
        assert "language=de" in (await shop.get("/?lang=de")).headers["set-cookie"]


def test_each_route_that_may_be_fetched_ahead_exists() -> None:
    assert {template for template in ROUTES if template not in templates(create_app(Settings()))} == set()


def templates(app: Litestar) -> set[str]:
    return {re.sub(r":\w+\}", "}", route.path_format) for route in app.routes}
