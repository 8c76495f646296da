"""A product's page in all its states, and what was viewed lately."""

from __future__ import annotations

import json
import re
from html import unescape

import msgspec
import pytest

from shop.catalog.model import Image, Product, Review, Reviews, Variant
from shop.money import Money
from tests.fixtures.fixed_catalog import FixedCatalog, product, product_in_colours
from tests.fixtures.shop_app import Client, Clock, MakeClient

PICTURES = tuple(Image(f"https://pictures.example/{name}.jpg", name) for name in ("moss", "clay", "detail"))


def pictured() -> Product:
    """Moss and Clay with a picture each, and one of a detail."""
    bowl = product_in_colours("bowl", "Moss", "Clay", "Linen stripe")
    shown = (*(msgspec.structs.replace(bowl.variants[index], image=index) for index in (0, 1)), bowl.variants[2])
    return msgspec.structs.replace(bowl, variants=shown, images=PICTURES)


@pytest.fixture
def catalog() -> FixedCatalog:
    return FixedCatalog(
        pictured(),
        product("mug", description="<p>A mug.</p> <ul><li>Stoneware</li></ul>"),
        product("old-jug", stock=0),
        product("held-jug", stock=0, reserved=1),
    )


async def read(shop: Client, path: str) -> str:
    reply = await shop.get(path)
    assert reply.status_code == 200
    return unescape(reply.text)


def slides(text: str) -> list[str]:
    return re.findall(r'class="gallery__slide".*?alt="([^"]*)"', text, re.DOTALL)


@pytest.mark.parametrize(
    ("sku", "order"),
    [
        ("BOWL-MOSS", ["moss", "detail", "clay"]),
        ("BOWL-CLAY", ["clay", "detail", "moss"]),
        ("BOWL-LINEN STRIPE", ["detail", "moss", "clay"]),
    ],
)
async def test_the_pictures_of_what_is_chosen_come_first(shop: Client, sku: str, order: list[str]) -> None:
    text = await read(shop, f"/product/bowl?variant_id={sku}")
    assert slides(text) == order
    assert text.count('fetchpriority="high"') == 1


async def test_a_colour_that_we_know_is_shown_and_others_are_words(shop: Client) -> None:
    text = await read(shop, "/product/bowl")
    assert re.search(r'class="option__value swatch swatch--moss" [^>]*aria-current="true"[^>]*>Moss<', text)
    assert re.search(r'class="option__value swatch swatch--clay" [^>]*>Clay<', text)
    assert re.search(r'class="option__value" [^>]*>Linen stripe<', text)


async def test_a_material_that_is_called_like_a_colour_is_words(shop: Client, catalog: FixedCatalog) -> None:
    catalog.replace(msgspec.structs.replace(pictured(), options=("Material",)))
    text = await read(shop, "/product/bowl")
    assert re.search(r'class="option__value" [^>]*>Clay<', text)
    assert "swatch--" not in text


async def test_one_picture_needs_no_thumbnails(shop: Client) -> None:
    text = await read(shop, "/product/mug")
    assert len(slides(text)) == 1
    assert "gallery__thumb" not in text
    assert "gallery__count" not in text


async def test_a_description_of_our_form_is_read_before_one_chooses_and_its_list_after(shop: Client) -> None:
    text = await read(shop, "/product/mug")
    assert text.index("<p>A mug.</p>") < text.index('action="/cart"') < text.index("<ul><li>Stoneware</li></ul>")
    assert "Material, size and care" in text


async def test_any_other_description_stays_whole(shop: Client) -> None:
    text = await read(shop, "/product/bowl")
    assert text.index('action="/cart"') < text.index("<p>In colours.</p>")
    assert ">Description<" in text
    assert "offer__lead" not in text


@pytest.mark.parametrize(("handle", "words"), [("old-jug", "Sold out"), ("held-jug", "reserved for another order")])
async def test_what_cannot_be_bought_says_why_and_leads_on(shop: Client, handle: str, words: str) -> None:
    text = await read(shop, f"/product/{handle}")
    assert words in text
    assert 'class="offer__add"' not in text
    assert '<a class="button button--quiet" href="/?category=mugs">See more in Mugs</a>' in text


async def test_delivery_costs_what_the_terms_say(shop: Client, catalog: FixedCatalog) -> None:
    text = await read(shop, "/product/mug")
    assert re.search(r"To the European Union.*?3 to 5 working days.*?€4\.90.*?free from €60\.00", text, re.DOTALL)

    heavy = Variant(sku="SOFA", options=(), price=Money(90000, "EUR"), weight=40_000)
    catalog.replace(Product("sofa", "Sofa", "<p>Long.</p>", (heavy,)))
    text = await read(shop, "/product/sofa")
    european = re.search(r"To the European Union.*?To the rest of Europe", text, re.DOTALL)
    assert european is not None
    assert "Free" in european[0]
    assert "Express" not in european[0]  # it carries 20 kg


class TestRecent:
    async def test_shows_what_is_asked_for_in_its_order(self, shop: Client) -> None:
        text = await read(shop, "/recent?handles=mug,nothing,bowl,mug,%00")
        assert re.findall(r'class="card__link" href="([^"]+)"', text) == ["/product/mug", "/product/bowl"]
        assert "<html" not in text

    @pytest.mark.parametrize("query", ["", "?handles=", "?handles=,,", "?handles=nothing", f"?handles={'x' * 3000}"])
    async def test_is_empty_where_there_is_nothing_to_show(self, shop: Client, query: str) -> None:
        assert (await read(shop, f"/recent{query}")).strip() == ""

    async def test_is_bounded(self, shop: Client, catalog: FixedCatalog) -> None:
        catalog.replace(*(product(f"p{number}") for number in range(20)))
        text = await read(shop, "/recent?handles=" + ",".join(f"p{number}" for number in range(20)))
        assert text.count('class="card__link"') == 8

    async def test_is_kept_until_the_catalogue_changes(self, shop: Client, catalog: FixedCatalog) -> None:
        first = await shop.get("/recent?handles=mug")
        assert "€19.00" in first.text
        again = await shop.get("/recent?handles=mug", headers={"If-None-Match": first.headers["etag"]})
        assert again.status_code == 304
        catalog.replace(product("mug", 2500))
        assert "€25.00" in await read(shop, "/recent?handles=mug")

    async def test_follows_currency_and_language_and_sets_no_cookie(self, shop: Client) -> None:
        reply = await shop.get("/recent?handles=mug", headers={"Cookie": "currency=JPY; language=de"})
        assert "¥" in reply.text
        assert "set-cookie" not in reply.headers


async def test_the_cost_and_the_days_of_delivery_are_beside_the_button(make_client: MakeClient, clock: Clock) -> None:
    clock.now = 1_796_079_000  # Monday 30 November 2026, 21:30 UTC
    async with make_client(catalog=FixedCatalog(product("mug"), product("pan", 6900))) as shop:
        for path, words in (
            ("/product/mug", "€4.90 to the European Union, Thu 3 Dec\N{THIN SPACE}–\N{THIN SPACE}Mon 7 Dec"),
            ("/product/pan", "Free to the European Union, Thu 3 Dec\N{THIN SPACE}–\N{THIN SPACE}Mon 7 Dec"),
        ):
            assert words in await read(shop, path)
        clock.now += 24 * 3600
        assert "Fri 4 Dec\N{THIN SPACE}–\N{THIN SPACE}Tue 8 Dec" in await read(shop, "/product/mug")


async def test_reviews_are_shown_and_told_to_search_engines_if_there_are_any(
    shop: Client, catalog: FixedCatalog
) -> None:
    catalog.written["mug"] = Reviews(
        3, 14, (Review("mug", 5, "Ada", "Lovely", "Holds tea.\n\n</script><b>Twice.", "2026-05-01"),)
    )
    page = (await shop.get("/product/mug")).text
    for words in ("4.7 of 5", "3 reviews", "★★★★★", "Lovely", "<p>Holds tea.</p>", "1 May 2026", "&lt;b&gt;Twice."):
        assert words in page
    data = json.loads(re.findall(r'<script type="application/ld\+json">(.*?)</script>', page)[0])
    assert data["aggregateRating"] == {"@type": "AggregateRating", "ratingValue": "4.7", "reviewCount": 3}
    assert data["review"][0]["reviewRating"] == {"@type": "Rating", "ratingValue": 5}
    without = (await shop.get("/product/old-jug")).text
    assert "aggregateRating" not in without
    assert "review" not in without


async def test_a_picture_opens_in_a_sheet_without_script(shop: Client) -> None:
    text = await read(shop, "/product/bowl")
    assert text.count('class="gallery__zoom"') == text.count('class="sheet zoom"') == 3
    assert 'popovertarget="zoom-1"' in text
