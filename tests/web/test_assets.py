"""Static files: kept for ever under a name that says their content, asked for again under their plain one."""

from __future__ import annotations

import re
import zlib

import pytest

from shop.resources import resource_dir
from tests.fixtures.shop_app import Client

CSS = resource_dir("static") / "css" / "shop.css"


async def stylesheet(shop: Client) -> str:
    found = re.search(r'href="(/static/css/shop\.[0-9a-f]{16}\.css)"', (await shop.get("/")).text)
    assert found is not None
    return found[1]


async def test_what_a_page_links_may_be_kept_for_ever(shop: Client) -> None:
    reply = await shop.get(await stylesheet(shop))
    assert reply.status_code == 200
    assert reply.content == CSS.read_bytes()
    assert reply.headers["content-type"] == "text/css; charset=utf-8"
    assert reply.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert "set-cookie" not in reply.headers


async def test_every_file_that_a_page_links_is_there(shop: Client) -> None:
    for path in ("/", "/product/tide-mug"):
        urls = set(re.findall(r'(?:href|src)="(/static/[^"]+)"', (await shop.get(path)).text))
        assert len(urls) >= 4
        for url in urls:
            reply = await shop.get(url)
            assert reply.status_code == 200, url
            assert "immutable" in reply.headers["cache-control"], url


async def test_the_plain_name_is_asked_for_again_each_time(shop: Client) -> None:
    reply = await shop.get("/static/css/shop.css")
    assert reply.headers["cache-control"] == "public, no-cache"
    again = await shop.get("/static/css/shop.css", headers={"If-None-Match": reply.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")


async def test_text_is_sent_compressed(shop: Client) -> None:
    url = await stylesheet(shop)
    async with shop.stream("GET", url, headers={"Accept-Encoding": "gzip"}) as reply:
        raw = b"".join([piece async for piece in reply.aiter_raw()])
    assert reply.headers["content-encoding"] == "gzip"
    assert reply.headers["vary"] == "Accept-Encoding"
    assert len(raw) < CSS.stat().st_size / 2
    assert zlib.decompress(raw, 31) == CSS.read_bytes()

    plain = await shop.get(url, headers={"Accept-Encoding": "gzip;q=0, identity"})
    assert "content-encoding" not in plain.headers


@pytest.mark.parametrize(
    "path", ["../pyproject.toml", "%2e%2e/shop/app.py", "css", "", "css/shop.0000000000000000.css"]
)
async def test_nothing_else_is_served(shop: Client, path: str) -> None:
    assert (await shop.get(f"/static/{path}")).status_code == 404
