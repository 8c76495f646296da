"""The session cookie: none before the first add, bound to the host, and deleted on logout."""

from __future__ import annotations

from http.cookies import Morsel, SimpleCookie

import pytest
from httpx import Response

from shop.settings import Settings
from shop.web.http.session import cart_id
from tests.fixtures.shop_app import HTMX, Client, CountingCarts, MakeClient

MUG = {"product_id": "tide-mug"}


def cookies_of(reply: Response) -> dict[str, Morsel[str]]:
    jar: SimpleCookie = SimpleCookie()
    for line in reply.headers.get_list("set-cookie"):
        jar.load(line)
    return dict(jar)


async def test_the_cookies_of_an_add(shop: Client) -> None:
    cookies = cookies_of(await shop.post("/cart", data=MUG))

    assert set(cookies) == {"session", "cart_count"}
    session, count = cookies["session"], cookies["cart_count"]
    for cookie in (session, count):
        assert (cookie["path"], cookie["samesite"]) == ("/", "Lax")
        assert cookie["max-age"] == str(Settings().cart_ttl)
        assert not cookie["domain"]
        assert not cookie["secure"]
    assert session["httponly"]
    assert not count["httponly"]
    assert len(session.value) == 43
    assert count.value == "1"


@pytest.mark.parametrize(
    ("base_url", "settings"),
    [("https://shop.test", Settings()), ("http://inside.test", Settings(public_url="https://shop.test"))],
)
async def test_under_https_the_cookie_is_bound_to_the_host(
    make_client: MakeClient, base_url: str, settings: Settings
) -> None:
    async with make_client(base_url, settings=settings) as shop:
        reply = await shop.post("/cart", data=MUG)
        cookies = cookies_of(reply)

        assert set(cookies) == {"__Host-session", "cart_count"}
        assert all(cookie["secure"] for cookie in cookies.values())
        assert "max-age=" in reply.headers["strict-transport-security"]

        planted = {"Cookie": f"session={'A' * 43}"}
        assert 'class="badge"><' in (await shop.get("/cart", headers=planted)).text


async def test_the_store_key_is_a_hash_of_the_token(shop: Client, carts: CountingCarts) -> None:
    token = cookies_of(await shop.post("/cart", data=MUG))["session"].value
    (kept,) = [cart async for cart in carts.scan()]

    assert kept.id == cart_id(token)
    assert len(kept.id) == 22
    assert kept.id not in token
    assert token not in kept.id


async def test_every_change_renews_the_cookies_and_keeps_the_session(shop: Client) -> None:
    first = cookies_of(await shop.post("/cart", data=MUG))
    second = cookies_of(await shop.post("/cart", data=MUG, headers=HTMX))
    assert second["session"].value == first["session"].value
    assert second["cart_count"].value == "2"


async def test_two_visitors_have_two_carts(make_client: MakeClient) -> None:
    async with make_client() as one, make_client() as other:
        await one.post("/cart", data=MUG)
        assert 'class="badge"><' in (await other.get("/cart")).text
        await other.post("/cart", data=MUG)
        assert one.cookies["session"] != other.cookies["session"]


@pytest.mark.parametrize(
    "forged", ["", "short", "A" * 42, "A" * 44, "A" * 42 + "=", "../" + "A" * 40, "A" * 42 + '"', "x" * 5000]
)
async def test_a_forged_cookie_is_ignored_and_replaced(shop: Client, carts: CountingCarts, forged: str) -> None:
    headers = {"Cookie": f"session={forged}"}

    assert "set-cookie" not in (await shop.get("/cart", headers=headers)).headers
    assert not carts.calls
    token = cookies_of(await shop.post("/cart", data=MUG, headers=headers))["session"].value
    assert token != forged
    assert len(token) == 43


async def test_the_cart_page_corrects_a_wrong_count(shop: Client) -> None:
    await shop.post("/cart", data=MUG)
    shop.cookies.set("cart_count", "7", domain="shop.test", path="/")

    cookies = cookies_of(await shop.get("/cart"))
    assert (set(cookies), cookies["cart_count"].value) == ({"cart_count"}, "1")


async def test_logout_asks_for_confirmation(shop: Client) -> None:
    await shop.post("/cart", data=MUG)
    reply = await shop.get("/logout")

    assert reply.status_code == 200
    assert '<form class="prose__acts" action="/logout" method="post">' in reply.text
    assert "set-cookie" not in reply.headers
    assert 'class="badge">1<' in (await shop.get("/cart")).text


async def test_logout_deletes_cart_and_cookies(shop: Client, carts: CountingCarts) -> None:
    await shop.post("/cart", data=MUG)
    await shop.post("/setCurrency", data={"currency_code": "USD"})

    reply = await shop.post("/logout")

    assert (reply.status_code, reply.headers["location"]) == (303, "/")
    cookies = cookies_of(reply)
    assert set(cookies) == {"session", "cart_count", "currency", "language", "welcome"}
    assert all(cookie["max-age"] == "0" for cookie in cookies.values())
    assert len(carts) == 0
    assert dict(shop.cookies) == {}


async def test_logout_without_a_session_is_no_error(shop: Client) -> None:
    assert (await shop.post("/logout")).status_code == 303
