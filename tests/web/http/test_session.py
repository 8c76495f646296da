"""The session cookie: none before the first add, bound to the host, and deleted on logout."""

from __future__ import annotations

from http.cookies import Morsel, SimpleCookie

import msgspec
import pytest
from httpx import Response

from shop.cart.model import Add, Cart, Change, new_change_id
from shop.money import Money
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

    assert set(cookies) == {"neap_session", "cart_count", "cart_latest"}
    session, count = cookies["neap_session"], cookies["cart_count"]
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

        assert set(cookies) == {"__Host-neap_session", "cart_count", "cart_latest"}
        assert all(cookie["secure"] for cookie in cookies.values())
        assert "max-age=" in reply.headers["strict-transport-security"]

        planted = {"Cookie": f"neap_session={'A' * 43}"}
        assert 'class="badge"><' in (await shop.get("/cart", headers=planted)).text


async def test_the_store_key_is_a_hash_of_the_token(shop: Client, carts: CountingCarts) -> None:
    token = cookies_of(await shop.post("/cart", data=MUG))["neap_session"].value
    (kept,) = [cart async for cart in carts.scan()]

    assert kept.id == cart_id(token)
    assert len(kept.id) == 22
    assert kept.id not in token
    assert token not in kept.id


async def test_every_change_renews_the_cookies_and_keeps_the_session(shop: Client) -> None:
    first = cookies_of(await shop.post("/cart", data=MUG))
    second = cookies_of(await shop.post("/cart", data=MUG, headers=HTMX))
    assert second["neap_session"].value == first["neap_session"].value
    assert second["cart_count"].value == "2"


async def test_two_visitors_have_two_carts(make_client: MakeClient) -> None:
    async with make_client() as one, make_client() as other:
        await one.post("/cart", data=MUG)
        assert 'class="badge"><' in (await other.get("/cart")).text
        await other.post("/cart", data=MUG)
        assert one.cookies["neap_session"] != other.cookies["neap_session"]


@pytest.mark.parametrize(
    "forged", ["", "short", "A" * 42, "A" * 44, "A" * 42 + "=", "../" + "A" * 40, "A" * 42 + '"', "x" * 5000]
)
async def test_a_forged_cookie_is_ignored_and_replaced(shop: Client, carts: CountingCarts, forged: str) -> None:
    headers = {"Cookie": f"neap_session={forged}"}

    assert "set-cookie" not in (await shop.get("/cart", headers=headers)).headers
    assert not carts.calls
    token = cookies_of(await shop.post("/cart", data=MUG, headers=headers))["neap_session"].value
    assert token != forged
    assert len(token) == 43


HTTPS = Settings(public_url="https://shop.test")


def with_cookie(*pairs: tuple[str, str]) -> dict[str, str]:
    return {"Cookie": "; ".join(f"{name}={value}" for name, value in pairs)}


async def quantity(shop: Client, headers: dict[str, str]) -> str:
    return (await shop.get("/cart", headers=headers)).text.partition('class="badge">')[2].partition("<")[0]


@pytest.fixture
async def token(shop: Client) -> str:
    """The token of a shopper with a mug, whose browser has been left."""
    token = cookies_of(await shop.post("/cart", data=MUG))["neap_session"].value
    shop.cookies.clear()
    return token


async def test_a_number_that_we_never_made_begins_no_cart(shop: Client, carts: CountingCarts) -> None:
    chosen = "A" * 43
    reply = await shop.post("/cart", data=MUG, headers=with_cookie(("neap_session", chosen)))
    assert cookies_of(reply)["neap_session"].value != chosen
    assert (await carts.get(cart_id(chosen))).revision == 0


async def test_another_spelling_of_a_number_is_not_ours(shop: Client, token: str, carts: CountingCarts) -> None:
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    spelled = token[:-1] + alphabet[alphabet.index(token[-1]) ^ 1]
    await shop.post("/cart", data=MUG, headers=with_cookie(("neap_session", spelled)))
    assert (await carts.get(cart_id(spelled))).revision == 0


@pytest.mark.parametrize("name", ["session", "__Host-session"])
async def test_a_cart_of_the_release_before_is_kept_under_its_number(
    make_client: MakeClient, carts: CountingCarts, name: str
) -> None:
    old = "t" * 43
    await carts.apply(cart_id(old), Add(new_change_id(), 1_800_000_000, "TIDE-MUG", 1, Money(1900, "EUR")))
    async with make_client(settings=HTTPS if name.startswith("__Host-") else Settings()) as shop:
        assert await quantity(shop, with_cookie((name, old))) == "1"
        cookies = cookies_of(await shop.post("/cart", data=MUG, headers=with_cookie((name, old))))
    new = name.replace("session", "neap_session")
    assert (cookies[new].value, cookies["cart_count"].value) == (old, "2")
    assert (cookies[name].value, cookies[name]["max-age"]) == ("", "0")


async def test_the_cart_is_kept_when_https_begins_and_when_the_proxy_no_longer_says_so(
    make_client: MakeClient, token: str
) -> None:
    async with make_client(settings=HTTPS) as shop:
        cookies = cookies_of(await shop.post("/cart", data=MUG, headers=with_cookie(("neap_session", token))))
    assert (cookies["__Host-neap_session"].value, cookies["cart_count"].value) == (token, "2")
    assert cookies["neap_session"]["max-age"] == "0"
    async with make_client() as shop:  # the browser still connects by https, or it would not send this name
        cookies = cookies_of(await shop.post("/cart", data=MUG, headers=with_cookie(("__Host-neap_session", token))))
    assert (cookies["__Host-neap_session"].value, cookies["cart_count"].value) == (token, "3")
    assert cookies["__Host-neap_session"]["secure"]


async def test_another_key_keeps_the_carts(make_client: MakeClient, token: str) -> None:
    async with make_client(settings=Settings(secret_key="another")) as shop:
        cookies = cookies_of(await shop.post("/cart", data=MUG, headers=with_cookie(("neap_session", token))))
    assert (cookies["neap_session"].value, cookies["cart_count"].value) == (token, "2")


@pytest.mark.parametrize("value", ["of-another-application", "B" * 43])
@pytest.mark.parametrize("name", ["session", "neap_session"])
async def test_another_applications_cookie_does_no_harm(shop: Client, token: str, name: str, value: str) -> None:
    for headers in (
        with_cookie((name, value), ("neap_session", token)),
        with_cookie(("neap_session", token), (name, value)),
    ):
        assert await quantity(shop, headers) == "1"
    deleted = cookies_of(await shop.post("/cart", data=MUG, headers=with_cookie(("session", value))))
    assert "session" not in deleted


async def test_several_cookie_fields_are_one(shop: Client, token: str) -> None:
    reply = await shop.get("/cart", headers=[("Cookie", f"neap_session={token}"), ("Cookie", "language=de")])
    assert 'class="badge">1<' in reply.text
    assert '<html lang="de"' in reply.text


async def test_a_first_change_that_is_sent_again_meets_the_cart_that_it_made(shop: Client) -> None:
    headers = {**HTMX, "Idempotency-Key": "0123456789abcdef" * 2, "Cookie": ""}
    first, again = [cookies_of(await shop.post("/cart", data=MUG, headers=headers)) for _ in range(2)]
    assert first["neap_session"].value == again["neap_session"].value
    assert again["cart_count"].value == "1"


async def test_a_key_that_could_be_guessed_names_no_session(shop: Client) -> None:
    headers = {**HTMX, "Idempotency-Key": "1", "Cookie": ""}
    first, again = [cookies_of(await shop.post("/cart", data=MUG, headers=headers)) for _ in range(2)]
    assert first["neap_session"].value != again["neap_session"].value


async def test_who_was_answered_from_the_journal_has_every_process_consult_it(
    shop: Client, carts: CountingCarts, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown: list[tuple[str, bytes, int, bool]] = []
    monkeypatch.setattr(
        CountingCarts, "shown", lambda _, cart, latest, at, *, journalled: shown.append((cart, latest, at, journalled))
    )
    assert "cart_journal" not in cookies_of(await shop.post("/cart", data=MUG))
    (session,) = [value for name, value in shop.cookies.items() if "session" in name]
    cart = await carts.get(cart_id(session))
    await shop.get("/cart")
    assert shown == [(cart.id, cart.changes[-32:], cart.changed_at, False)]
    monkeypatch.setattr(CountingCarts, "uses_standby", lambda _, __: True)
    hint = cookies_of(await shop.post("/cart", data=MUG))["cart_journal"]
    assert (hint["max-age"], hint["httponly"]) == ("60", True)
    cart = await carts.get(cart_id(session))
    await shop.get("/cart")
    assert shown[-1] == (cart.id, cart.changes[-32:], cart.changed_at, True)


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
    assert set(cookies) == {
        "neap_session",
        "cart_count",
        "cart_latest",
        "cart_seen",
        "cart_journal",
        "currency",
        "language",
        "welcome",
        "orders",
    }
    assert all(cookie["max-age"] == "0" for cookie in cookies.values())
    assert [cart.lines async for cart in carts.scan()] == [()]
    assert dict(shop.cookies) == {}


async def test_logout_without_a_session_is_no_error(shop: Client) -> None:
    assert (await shop.post("/logout")).status_code == 303


async def test_a_forged_cookie_of_what_was_shown_counts_for_nothing(
    shop: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown: list[str] = []
    monkeypatch.setattr(CountingCarts, "shown", lambda _, cart, *__, **___: shown.append(cart))
    cookies = cookies_of(await shop.post("/cart", data=MUG))
    session, signed = cookies["neap_session"].value, cookies["cart_latest"].value
    shop.cookies.clear()
    for forged in (signed[:-1] + ("0" if signed[-1] != "0" else "1"), f"{'0' * 16}.9999999999.{'0' * 16}", "x"):
        await shop.get("/cart", headers={"Cookie": f"neap_session={session}; cart_latest={forged}"})
    assert not shown
    await shop.get("/cart", headers={"Cookie": f"neap_session={session}; cart_latest={signed}"})
    assert shown == [cart_id(session)]


async def test_a_reply_with_less_than_was_shown_keeps_what_was_shown(make_client: MakeClient) -> None:
    class BehindCarts(CountingCarts):
        is_behind = False

        async def apply(self, cart_id: str, change: Change) -> Cart:
            cart = await super().apply(cart_id, change)
            return msgspec.structs.replace(cart, changes=cart.latest_change, behind=True) if self.is_behind else cart

    carts = BehindCarts()
    async with make_client(carts=carts) as shop:
        shown = cookies_of(await shop.post("/cart", data=MUG))["cart_latest"].value.partition(".")[0]
        carts.is_behind = True
        later = cookies_of(await shop.post("/cart", data=MUG))["cart_latest"].value.partition(".")[0]
    assert later.startswith(shown)
    assert len(later) == 2 * len(shown)
