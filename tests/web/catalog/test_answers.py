"""What a listing and the search panel say of a search that was not found as it was typed."""

from __future__ import annotations

import msgspec
import pytest

from shop.catalog.model import Facet, FacetValue, Page, Query
from tests.fixtures.fixed_catalog import FixedCatalog, product
from tests.fixtures.shop_app import HTMX, Client

MUG = product("tide-mug").listing
FOUND = Page(Query(), (MUG,), (), total=1, pages=1)


class Answering(FixedCatalog):
    """Gives the same page for every query."""

    given = FOUND

    async def page(self, query: Query, language: str = "", currency: str = "") -> Page:
        return msgspec.structs.replace(self.given, query=query)

    async def related(self, handle: str, limit: int = 4) -> tuple[()]:
        return ()


@pytest.fixture
def catalog() -> Answering:
    return Answering(product("tide-mug"))


async def both(shop: Client, q: str) -> list[str]:
    """The search panel and the grid."""
    return [(await shop.get(path, headers=HTMX)).text for path in (f"/search?q={q}", f"/?q={q}")]


async def test_what_was_meant_is_one_click_away(shop: Client, catalog: Answering) -> None:
    catalog.given = msgspec.structs.replace(FOUND, corrected="mug")
    for text in await both(shop, "mgu"):
        assert 'href="/?q=mug">Did you mean “mug”?</a>' in text
        assert 'href="/product/tide-mug"' in text


async def test_products_with_only_some_of_the_words_are_shown_as_such(shop: Client, catalog: Answering) -> None:
    catalog.given = msgspec.structs.replace(FOUND, partial=True)
    for text in await both(shop, "purple+mug"):
        assert "Nothing here matches all of these words." in text
        assert 'href="/product/tide-mug"' in text


async def test_a_page_is_never_empty(shop: Client, catalog: Answering) -> None:
    catalog.given = Page(Query(), (), (), total=0, pages=1, popular=(MUG,))
    for text in await both(shop, "xyl"):
        assert "Nothing here matches “xyl”." in text
        assert "You may like these:" in text
        assert 'href="/product/tide-mug"' in text


async def test_rare_values_of_a_facet_are_one_click_away(shop: Client, catalog: Answering) -> None:
    sizes = Facet("Size", "Size", (FacetValue("S", "S", 3), FacetValue("L", "L", 2)), more=7)
    catalog.given = msgspec.structs.replace(FOUND, facets=(sizes,))
    text = (await shop.get("/?q=mug")).text
    assert 'href="/?q=mug&amp;all=Size" rel="nofollow">7 more</a>' in text
    assert '<input type="hidden" name="all" value="Size">' in (await shop.get("/?q=mug&all=Size")).text


async def test_of_very_many_products_it_says_how_many_there_are_at_least(shop: Client, catalog: Answering) -> None:
    sizes = Facet("Size", "Size", (FacetValue("S", "S", 203),), at_least=True)
    catalog.given = msgspec.structs.replace(FOUND, facets=(sizes,), total=1000, at_least=True)
    panel, grid = await both(shop, "mug")
    assert "1,000+ products" in panel
    assert "1,000+ products" in grid
    assert '<span class="facet__count">203+</span>' in grid


async def test_prices_are_chosen_in_the_currency_that_is_shown(shop: Client, catalog: Answering) -> None:
    band = Facet("price", "Price", (FacetValue("2000-5000", "2000-5000", 1),))
    catalog.given = msgspec.structs.replace(FOUND, facets=(band,))
    yen = {"Cookie": "currency=JPY"}
    text = (await shop.get("/?q=mug", headers=yen)).text
    assert "¥2,000 to ¥5,000" in text
    assert '<input type="hidden" name="price_in" value="JPY">' in text
    typed = (await shop.get("/?q=mug&min_price=2000&price_in=JPY", headers=yen)).text
    assert 'name="min_price"' in typed
    assert 'value="2000"' in typed
    converted = (await shop.get("/?q=mug&min_price=2000&price_in=JPY")).text
    assert 'value="12"' in converted
    assert 'name="price_in"' not in converted
    assert (await shop.get("/?q=mug&min_price=2000&price_in=XXX", headers=yen)).status_code == 200


async def test_a_category_that_does_not_exist_is_not_found(shop: Client) -> None:
    for path in ("/?category=Call+now", "/?category=mugs&category=elsewhere"):
        reply = await shop.get(path)
        assert reply.status_code == 404
        assert "Call now" not in reply.text
    assert (await shop.get("/?category=mugs")).status_code == 200
