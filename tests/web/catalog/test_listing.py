"""The pages that are the same for everyone: they read no cart, set no cookie, and are kept rendered."""

from __future__ import annotations

from collections.abc import Callable

import msgspec
import pytest

from tests.fixtures.codings import DECOMPRESS
from tests.fixtures.fixed_catalog import FixedCatalog, product
from tests.fixtures.shop_app import HTMX, Client, CountingCarts, MakeClient

PAGES = ["/", "/?q=mug", "/?category=bowls", "/product/tide-mug", "/product/throw?variant_id=THROW-SAND", "/about"]
PAGES += ["/help"]


@pytest.mark.parametrize("path", PAGES)
async def test_a_browse_page_reads_no_cart_and_sets_no_cookie(shop: Client, carts: CountingCarts, path: str) -> None:
    await shop.post("/cart", data={"product_id": "tide-mug"})
    carts.calls.clear()

    reply = await shop.get(path)

    assert reply.status_code == 200
    assert "set-cookie" not in reply.headers
    assert not carts.calls
    assert 'class="badge">1<' in reply.text


@pytest.mark.parametrize("path", PAGES)
async def test_a_warm_page_asks_the_catalogue_nothing(shop: Client, catalog: FixedCatalog, path: str) -> None:
    cold = await shop.get(path)
    asked = catalog.calls
    warm = await shop.get(path)

    assert asked > 0
    assert catalog.calls == asked
    assert warm.text == cold.text


@pytest.mark.parametrize(
    ("cookie", "shown"),
    [("3", "3"), ("0", ""), ("9999", "9999"), ("10000", ""), ("-1", ""), ("<b>", ""), ("03", ""), ("٣", ""), ("", "")],
)
async def test_the_badge_comes_from_the_cookie_if_it_is_a_count(shop: Client, cookie: str, shown: str) -> None:
    for _ in range(2):
        reply = await shop.get("/", headers=[(b"Cookie", f"cart_count={cookie}".encode())])
        assert f'id="cart-badge" class="badge">{shown}<' in reply.text


async def test_each_currency_has_its_own_page(shop: Client) -> None:
    prices: dict[str, str] = {}
    for code in ("EUR", "JPY", "EUR", "XXX"):
        reply = await shop.get("/product/tide-mug", headers={"Cookie": f"currency={code}"})
        prices.setdefault(code, reply.text.partition('class="price__now">')[2].partition("<")[0])
    assert prices == {"EUR": "€19.00", "JPY": "¥3,088", "XXX": "€19.00"}


async def test_a_new_version_of_the_catalogue_is_shown_at_once(shop: Client, catalog: FixedCatalog) -> None:
    assert "€19.00" in (await shop.get("/product/tide-mug")).text
    catalog.replace(product("tide-mug", 2500))
    assert "€25.00" in (await shop.get("/product/tide-mug")).text
    assert "€25.00" in (await shop.get("/")).text


async def test_what_the_browser_has_already_is_not_sent_again(shop: Client) -> None:
    first = await shop.get("/")
    again = await shop.get("/", headers={"If-None-Match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert again.headers["etag"] == first.headers["etag"]
    assert again.headers["vary"] == first.headers["vary"]

    headers = {"If-None-Match": first.headers["etag"], "Cookie": "cart_count=2"}
    assert (await shop.get("/", headers=headers)).status_code == 200
    assert (await shop.get("/", headers={"If-None-Match": '"other"'})).status_code == 200


async def test_a_page_for_one_visitor_is_kept_by_no_shared_cache(shop: Client) -> None:
    reply = await shop.get("/")
    assert reply.headers["cache-control"] == "private, no-cache"
    assert {"HX-Request", "Cookie", "Accept-Encoding"} <= set(reply.headers["vary"].split(", "))


@pytest.mark.parametrize(("coding", "decompress"), DECOMPRESS.items())
@pytest.mark.parametrize("count", ["", "7", "123"])
async def test_the_compressed_page_is_the_page(
    shop: Client, count: str, coding: str, decompress: Callable[[bytes], bytes]
) -> None:
    headers = {"Cookie": f"cart_count={count}"}
    plain = await shop.get("/", headers={**headers, "Accept-Encoding": "identity"})
    async with shop.stream("GET", "/", headers={**headers, "Accept-Encoding": f"deflate, {coding}"}) as packed:
        raw = b"".join([piece async for piece in packed.aiter_raw()])

    assert packed.headers["content-encoding"] == coding
    assert "Accept-Encoding" in packed.headers["vary"]
    assert packed.headers["etag"] == plain.headers["etag"]
    assert int(packed.headers["content-length"]) == len(raw) < len(plain.content) / 2
    assert decompress(raw) == plain.content
    assert "content-encoding" not in plain.headers


async def test_htmx_gets_the_listing_alone_and_a_page_when_it_wants_one(shop: Client) -> None:
    fragment = await shop.get("/?q=mug", headers=HTMX)
    assert "<html" not in fragment.text
    assert 'id="listing"' in fragment.text
    assert "<title>" in fragment.text

    for header in ({"HX-Request-Type": "full"}, {"HX-History-Restore-Request": "true"}, {"HX-Boosted": "true"}):
        assert "<html" in (await shop.get("/?q=mug", headers={**HTMX, **header})).text


async def test_a_variant_is_chosen_in_the_address(shop: Client) -> None:
    text = (await shop.get("/product/throw?variant_id=THROW-SAND")).text
    assert 'name="variant_id" value="THROW-SAND"' in text
    assert 'href="/product/throw?variant_id=THROW-MOSS"' in text
    unknown = (await shop.get("/product/throw?variant_id=PINK")).text
    assert 'name="variant_id" value="THROW-MOSS"' in unknown


async def test_head_answers_like_get_without_a_body(shop: Client) -> None:
    got, head = await shop.get("/"), await shop.head("/")
    assert head.status_code == 200
    assert head.content == b""
    for name in ("x-request-id", "server-timing"):
        del head.headers[name], got.headers[name]
    assert head.headers == got.headers


@pytest.mark.parametrize("path", ["/nothing", "/product/nothing", "/product/%00", "/static/nothing.css", "/cart/lines"])
async def test_what_is_not_there_is_said_kindly(shop: Client, path: str) -> None:
    reply = await shop.get(path)
    assert reply.status_code == 404
    assert "We could not find that" in reply.text
    assert 'href="/cart"' in reply.text


async def test_the_front_page_shows_where_to_start_above_the_whole_grid(shop: Client) -> None:
    front = (await shop.get("/")).text
    start, everything = front.index('id="featured-title"'), front.index('id="everything"')
    assert start < everything
    for part in (front[start:everything], front[everything:]):
        assert 'href="/product/tide-mug"' in part
    assert 'class="tiles__link" href="/?category=mugs"' in front
    for path in ("/?category=mugs", "/?q=mug", "/?sort=name", "/?in_stock=1"):
        assert "featured-title" not in (await shop.get(path)).text


async def test_a_search_is_shown_as_it_was_typed(shop: Client) -> None:
    reply = await shop.get("/", params={"q": '  "mug" <b> \x00'})
    assert reply.status_code == 200
    assert "&#34;mug&#34; &lt;b&gt;" in reply.text
    assert "\x00" not in reply.text


@pytest.mark.parametrize("headers", [{}, HTMX], ids=["page", "htmx"])
async def test_an_unknown_category_is_not_found_and_not_repeated(shop: Client, headers: dict[str, str]) -> None:
    reply = await shop.get("/", params={"category": "Closing down: all free at evil.example"}, headers=headers)
    assert reply.status_code == 404
    assert "evil.example" not in reply.text
    assert (await shop.get("/?category=mugs", headers=headers)).status_code == 200


async def test_a_category_begins_with_a_sentence_and_a_scene(make_client: MakeClient) -> None:
    mug = msgspec.structs.replace(product("mug"), categories=("Tableware",))
    async with make_client(catalog=FixedCatalog(mug)) as shop:
        page = (await shop.get("/", params={"category": "tableware"})).text
        words = "Stoneware and glass for every day, in colours that go with each other."
        assert f'<p class="listing__lead">{words}</p>' in page
        assert f'<meta name="description" content="{words}"' in page
        assert "A table in the morning sun" in page
        assert words not in (await shop.get("/", params={"category": "tableware", "q": "mug"})).text
