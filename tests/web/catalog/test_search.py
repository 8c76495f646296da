"""The panel below the search field: what a search finds as one types, kept like a page."""

from __future__ import annotations

import re

import pytest

from tests.fixtures.fixed_catalog import FixedCatalog
from tests.fixtures.shop_app import HTMX, Client, CountingCarts


async def test_the_panel_shows_products_with_their_prices_and_the_way_to_all_of_them(shop: Client) -> None:
    reply = await shop.get("/search?q=mug", headers=HTMX)
    assert reply.status_code == 200
    assert 'href="/product/tide-mug"' in reply.text
    assert "€19.00" in reply.text
    assert 'href="/?q=mug"' in reply.text
    assert "<html" not in reply.text


async def test_the_panel_shows_the_categories_whose_name_holds_what_was_typed(shop: Client) -> None:
    assert 'href="/?category=bowls"' in (await shop.get("/search?q=OWL", headers=HTMX)).text
    assert "category=" not in (await shop.get("/search?q=tide", headers=HTMX)).text


async def test_the_panel_says_how_many_there_are_for_the_ear(shop: Client) -> None:
    text = (await shop.get("/search?q=tide", headers=HTMX)).text
    assert re.search(r'hx-target="#status"[^>]*><p class="visually-hidden">1 product<', text)


async def test_nothing_found_says_so_and_nothing_typed_says_nothing(shop: Client) -> None:
    assert "Nothing here matches “xyl”" in (await shop.get("/search?q=xyl", headers=HTMX)).text
    for path in ("/search", "/search?q=", "/search?q=%20"):
        assert (await shop.get(path, headers=HTMX)).text.strip() == ""


async def test_what_was_typed_is_shown_as_it_was_typed(shop: Client) -> None:
    text = (await shop.get("/search", params={"q": "<b>&"}, headers=HTMX)).text
    assert "“&lt;b&gt;&amp;”" in text


@pytest.mark.parametrize(("path", "where"), [("/search?q=mug", "/?q=mug"), ("/search", "/")])
async def test_who_comes_without_htmx_is_sent_to_the_grid(shop: Client, path: str, where: str) -> None:
    reply = await shop.get(path)
    assert (reply.status_code, reply.headers["location"]) == (303, where)


async def test_an_answer_is_kept_like_a_page(shop: Client, catalog: FixedCatalog, carts: CountingCarts) -> None:
    cold = await shop.get("/search?q=mug", headers=HTMX)
    asked = catalog.calls
    warm = await shop.get("/search?q=mug", headers=HTMX)
    assert (warm.text, catalog.calls) == (cold.text, asked)
    assert not carts.calls
    assert "set-cookie" not in warm.headers
    yen = await shop.get("/search?q=mug", headers={**HTMX, "Cookie": "currency=JPY"})
    assert "¥3,088" in yen.text


@pytest.mark.parametrize(
    ("q", "path"),
    [
        ("returns", "/help#delivery"),
        ("Delivery", "/help#delivery"),
        ("retu", "/help#delivery"),
        ("gdpr", "/help#privacy"),
    ],
)
async def test_pages_of_help_are_found(shop: Client, q: str, path: str) -> None:
    for text in ((await shop.get(f"/search?q={q}", headers=HTMX)).text, (await shop.get(f"/?q={q}")).text):
        assert f'class="onward" href="{path}"' in text
    assert "/help#" not in (await shop.get("/search?q=mug", headers=HTMX)).text


async def test_help_is_found_in_the_language_of_the_page(shop: Client) -> None:
    german = {**HTMX, "Cookie": "language=de"}
    assert 'href="/help#delivery"' in (await shop.get("/search?q=Rückgabe", headers=german)).text
