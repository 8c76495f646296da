"""Text of a catalogue or a visitor is escaped everywhere."""

from __future__ import annotations

import json
import re

import pytest

from tests.fixtures.fixed_catalog import FixedCatalog, product
from tests.fixtures.shop_app import HTMX, Client

EVIL = "</script><script>alert(1)</script>\" onload='x' &amp; <b>\u2028"
PAGES = ["/", "/?q=script", "/product/evil", "/cart"]


@pytest.fixture
def catalog() -> FixedCatalog:
    return FixedCatalog(product("evil", title=EVIL, description="<p>Safe.</p>"))


@pytest.mark.parametrize("path", PAGES)
async def test_a_title_is_escaped(shop: Client, path: str) -> None:
    await shop.post("/cart", data={"product_id": "evil"})
    text = (await shop.get(path)).text
    assert "<script>alert" not in text
    assert "<b>" not in text
    assert '" onload=' not in text.replace('\\"', "")
    assert "&lt;script&gt;" in text


async def test_a_title_is_escaped_in_fragments(shop: Client) -> None:
    for path, form in (("/cart", {"product_id": "evil"}), ("/cart/lines/EVIL/remove", {})):
        text = (await shop.post(path, data=form, headers=HTMX)).text
        assert "<script>" not in text
        assert "&lt;script&gt;" in text


async def test_json_ld_has_the_title_and_cannot_be_broken_out_of(shop: Client) -> None:
    text = (await shop.get("/product/evil")).text
    found = re.search(r'<script type="application/ld\+json">(.*?)</script>', text, re.DOTALL)
    assert found is not None
    data = json.loads(found[1])

    assert data["@type"] == "Product"
    assert data["name"] == EVIL
    assert "<" not in found[1]
    assert "\u2028" not in found[1]


@pytest.mark.parametrize("text", ['"><script>alert(1)</script>', "' autofocus onfocus=alert(1) x='"])
async def test_a_search_text_is_escaped(shop: Client, text: str) -> None:
    reply = await shop.get("/", params={"q": text})
    assert "<script>alert" not in reply.text
    assert "' autofocus" not in reply.text
    assert 'id="cart-badge" class="badge"><' in reply.text
