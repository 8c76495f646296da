"""Pages compressed with a dictionary that the browser has (RFC 9842): shared bytes only, and what differs."""

from __future__ import annotations

import base64
import hashlib
import re
import sys

import httpx
import pytest

from shop.settings import Settings
from tests.fixtures.fixed_catalog import FixedCatalog
from tests.fixtures.shop_app import HTMX, Client, MakeClient

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

PLAIN = {"Accept-Encoding": "identity"}
BROWSER = {"Accept-Encoding": "gzip, deflate, br, zstd", "Sec-Fetch-Mode": "navigate"}
WITH_ONE = {**BROWSER, "Accept-Encoding": "gzip, deflate, br, zstd, dcb, dcz"}
PRODUCT, OTHER = "/product/tide-mug", "/product/last-jug"


def name_of(dictionary: bytes) -> str:
    """The header that a browser with the dictionary sends."""
    return f":{base64.b64encode(hashlib.sha256(dictionary).digest()).decode()}:"


async def fetched(shop: Client, path: str = PRODUCT) -> bytes:
    """The dictionary that a page names."""
    page = await shop.get(path, headers=BROWSER)
    link = re.fullmatch('<(/dictionary/[0-9a-f]{16})>; rel="compression-dictionary"', page.headers["link"])
    assert link is not None
    reply = await shop.get(link[1])
    assert reply.status_code == 200
    assert reply.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert reply.headers["use-as-dictionary"] == 'match="/*", match-dest=("document")'
    assert "set-cookie" not in reply.headers
    return reply.content


async def received(shop: Client, path: str, dictionary: bytes) -> tuple[httpx.Response, bytes]:
    """A page as a browser with the dictionary is sent it: the reply, and what it makes of that."""
    headers = {**WITH_ONE, "Available-Dictionary": name_of(dictionary)}
    reply = await shop.get(path, headers=headers)
    assert reply.headers["content-encoding"] == "dcz"
    assert reply.content[:40] == b"\x5e\x2a\x4d\x18\x20\0\0\0" + hashlib.sha256(dictionary).digest()
    return reply, zstd.decompress(reply.content[40:], zstd_dict=zstd.ZstdDict(dictionary, is_raw=True))


@pytest.mark.parametrize("path", [PRODUCT, OTHER, "/", "/?q=mug", "/help"])
async def test_a_page_is_sent_as_what_differs_from_the_dictionary(shop: Client, path: str) -> None:
    dictionary = await fetched(shop)
    for count in ("", "3", "42"):
        shop.cookies.set("cart_count", count)
        reply, page = await received(shop, path, dictionary)
        plain = await shop.get(path, headers=PLAIN)
        assert page == plain.content
        assert "Available-Dictionary" in reply.headers["vary"]
        assert "link" not in reply.headers, "it has the dictionary"


async def test_the_next_product_takes_no_more_than_3_kb(shop: Client) -> None:
    reply, _ = await received(shop, OTHER, await fetched(shop))
    assert len(reply.content) < 3000


async def test_a_dictionary_has_nothing_of_a_visitor(make_client: MakeClient) -> None:
    async with make_client(settings=Settings(secret_key="another")) as nobody:
        common = await fetched(nobody)
    async with make_client() as shopper:
        for _ in range(3):
            await shopper.post("/cart", data={"product_id": "last-jug"})
        await shopper.post("/setCurrency", data={"currency_code": "JPY"})
        assert await fetched(shopper, OTHER) == common, "the same in every process, for everyone"


async def test_each_language_has_its_own(make_client: MakeClient) -> None:
    async with make_client(settings=Settings(languages="en de")) as shop:
        english = await fetched(shop)
        german = {**WITH_ONE, "Accept-Language": "de", "Available-Dictionary": name_of(english)}
        reply = await shop.get(PRODUCT, headers=german)
    assert reply.headers["content-encoding"] == "dcz", "better than none"
    assert reply.headers["link"]


async def test_a_changed_catalogue_makes_another_and_knows_the_first(shop: Client, catalog: FixedCatalog) -> None:
    first = await fetched(shop)
    catalog.remove("tide-mug")
    second = await fetched(shop, OTHER)
    assert second != first
    for dictionary in (first, second):
        await received(shop, OTHER, dictionary)


@pytest.mark.parametrize(
    ("headers", "coding"),
    [
        ({**WITH_ONE, "Available-Dictionary": name_of(b"unknown")}, "br"),
        ({**WITH_ONE, "Available-Dictionary": "nonsense"}, "br"),
        ({"Accept-Encoding": "gzip"}, "gzip"),
    ],
)
async def test_any_other_client_is_sent_the_page_as_before(shop: Client, headers: dict[str, str], coding: str) -> None:
    await fetched(shop)
    reply = await shop.get(PRODUCT, headers=headers)
    assert reply.headers["content-encoding"] == coding
    assert reply.text == (await shop.get(PRODUCT, headers=PLAIN)).text


async def test_only_a_page_in_a_browser_that_knows_the_coding_has_it(shop: Client) -> None:
    dictionary = await fetched(shop)
    headers = {"Accept-Encoding": "br", "Available-Dictionary": name_of(dictionary)}
    reply = await shop.get(PRODUCT, headers=headers)
    assert reply.headers["content-encoding"] == "br"
    assert "link" not in reply.headers
    part = await shop.get(
        "/?q=mug", headers={**HTMX, "Accept-Encoding": "dcz", "Available-Dictionary": name_of(dictionary)}
    )
    assert "content-encoding" not in part.headers, "a part of a page is small"


async def test_an_unknown_dictionary_is_not_found(shop: Client) -> None:
    assert (await shop.get("/dictionary/0123456789abcdef")).status_code == 404
