"""Pages for one shopper are compressed on sending, if that pays and the client accepts it."""

from __future__ import annotations

import gzip

import pytest

from tests.fixtures.shop_app import HTMX, Client

PLAIN, PACKED = {"Accept-Encoding": "identity"}, {"Accept-Encoding": "br, gzip"}


@pytest.fixture
async def full(shop: Client) -> Client:
    """A shopper with a mug in the cart."""
    await shop.post("/cart", data={"product_id": "tide-mug"})
    return shop


@pytest.mark.parametrize("path", ["/cart", "/logout", "/styleguide"])
async def test_the_compressed_page_equals_the_plain_page(full: Client, path: str) -> None:
    plain = await full.get(path, headers=PLAIN)
    async with full.stream("GET", path, headers=PACKED) as packed:
        raw = b"".join([piece async for piece in packed.aiter_raw()])
    assert packed.headers["content-encoding"] == "gzip"
    assert "Accept-Encoding" in packed.headers["vary"]
    assert packed.headers.get_list("content-length") == [str(len(raw))]
    assert len(raw) < len(plain.content) / 2
    assert gzip.decompress(raw) == plain.content
    assert "content-encoding" not in plain.headers
    assert int(plain.headers["content-length"]) == len(plain.content)


async def test_a_short_reply_is_not_compressed(full: Client) -> None:
    reply = await full.post("/checkout/check", data={"email": "x"}, headers={**HTMX, **PACKED})
    assert reply.status_code == 200
    assert 0 < len(reply.content) < 2000
    assert "content-encoding" not in reply.headers


async def test_a_head_request_gets_the_headers_of_the_page(full: Client) -> None:
    head, page = [await full.request(method, "/cart", headers=PACKED) for method in ("HEAD", "GET")]
    assert head.content == b""
    assert [head.headers[name] for name in ("content-length", "content-encoding")] == [
        page.headers[name] for name in ("content-length", "content-encoding")
    ]


async def test_a_language_in_the_address_is_stored_with_a_compressed_page(full: Client) -> None:
    reply = await full.get("/cart?lang=de", headers=PACKED)
    assert reply.headers["content-encoding"] == "gzip"
    assert "language=de" in reply.headers["set-cookie"]
