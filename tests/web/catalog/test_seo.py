"""What search engines and those who share a link read, held against what people see."""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator
from decimal import Decimal
from html import unescape
from typing import Any

import msgspec
import pytest

from shop.catalog.model import Image
from shop.money import Money
from shop.settings import Settings
from tests.fixtures.fixed_catalog import FixedCatalog, product, product_in_colours
from tests.fixtures.shop_app import Client, MakeClient

SITE = "https://neap.example"


@pytest.fixture
def catalog() -> FixedCatalog:
    bowl = product_in_colours("shoal", "Moss", "Fog")
    first, second = bowl.variants
    variants = (
        msgspec.structs.replace(first, price=Money(1900, "EUR"), compare_at=Money(2400, "EUR")),
        msgspec.structs.replace(second, stock=0),
    )
    pictured = msgspec.structs.replace(
        bowl, variants=variants, images=(Image("https://pictures.example/bowl.jpg", "A bowl"),), vendor="Neap"
    )
    return FixedCatalog(pictured, product("tide-mug", 1900, description="<p>A mug &amp; a handle.</p>"))


@pytest.fixture
async def public(make_client: MakeClient) -> AsyncIterator[Client]:
    """The shop under an address that it knows."""
    async with make_client(SITE, settings=Settings(public_url=SITE)) as client:
        yield client


def described(text: str) -> dict[str, dict[str, Any]]:
    """What a page says in JSON-LD, by type."""
    scripts = re.findall(r'<script type="application/ld\+json">(.*?)</script>', text, re.DOTALL)
    things = [json.loads(script) for script in scripts]
    assert all(thing["@context"] == "https://schema.org" for thing in things)
    return {thing["@type"]: thing for thing in things}


def meta(text: str) -> dict[str, str]:
    """A page's <meta> by name or property."""
    found = re.findall(r'<meta (?:name|property)="([^"]+)" content="([^"]*)"', text)
    return {name: unescape(content) for name, content in found}


async def page(client: Client, path: str) -> str:
    reply = await client.get(path)
    assert reply.status_code == 200
    return reply.text


async def test_the_offer_that_machines_read_is_the_one_that_is_shown(public: Client) -> None:
    text = await page(public, "/product/tide-mug")
    offer = described(text)["Product"]["offers"]
    assert offer == {
        "@type": "Offer",
        "sku": "TIDE-MUG",
        "price": "19.00",
        "priceCurrency": "EUR",
        "availability": "https://schema.org/InStock",
        "itemCondition": "https://schema.org/NewCondition",
        "url": f"{SITE}/product/tide-mug",
    }
    shown = re.search(r'class="price__now">([^<]+)<', text)
    assert shown is not None
    assert shown[1] == Money(int(Decimal(offer["price"]) * 100), offer["priceCurrency"]).format()
    assert "In stock" in text


async def test_an_offer_follows_the_currency(public: Client) -> None:
    reply = await public.get("/product/tide-mug", headers={"Cookie": "currency=USD"})
    offer = described(reply.text)["Product"]["offers"]
    assert offer["priceCurrency"] == "USD"
    assert f">${offer['price']}<" in reply.text


async def test_variants_are_offered_one_by_one_and_together(public: Client) -> None:
    text = await page(public, "/product/shoal")
    thing = described(text)["Product"]
    offers = thing["offers"]
    assert (offers["@type"], offers["offerCount"]) == ("AggregateOffer", 2)
    assert (offers["lowPrice"], offers["highPrice"], offers["priceCurrency"]) == ("19.00", "24.00", "EUR")
    moss, fog = offers["offers"]
    assert moss["priceSpecification"]["price"] == "24.00"
    assert (moss["availability"][-7:], fog["availability"][-10:]) == ("InStock", "OutOfStock")
    for offer in (moss, fog):
        path = offer["url"].removeprefix(SITE)
        there = await page(public, path)
        assert f'value="{offer["sku"]}"' in there or "Sold out" in there
    assert thing["image"] == ["https://pictures.example/bowl.jpg"]
    assert thing["brand"]["name"] == "Neap"


async def test_a_product_without_a_picture_claims_none(public: Client, catalog: FixedCatalog) -> None:
    catalog.replace(msgspec.structs.replace(product("bare"), images=()))
    text = await page(public, "/product/bare")
    assert "img/fallback" in text
    assert "image" not in described(text)["Product"]


async def test_the_trail_is_the_breadcrumb(public: Client) -> None:
    text = await page(public, "/product/shoal")
    trail = described(text)["BreadcrumbList"]["itemListElement"]
    assert [step["position"] for step in trail] == [1, 2, 3]
    assert [(step["name"], step["item"]) for step in trail] == [
        ("Shop", f"{SITE}/"),
        ("Bowls", f"{SITE}/?category=bowls"),
        ("Shoal", f"{SITE}/product/shoal"),
    ]
    for step in trail[:-1]:
        assert f'<a href="{step["item"].removeprefix(SITE)}">{step["name"]}</a>' in text


async def test_the_front_page_says_who_we_are_and_how_we_are_searched(public: Client) -> None:
    things = described(await page(public, "/"))
    assert things["Organization"]["url"] == f"{SITE}/"
    assert (await public.get(things["Organization"]["logo"])).status_code == 200
    template = things["WebSite"]["potentialAction"]["target"]["urlTemplate"]
    found = await page(public, template.replace("{search_term_string}", "mug"))
    assert "Tide Mug" in found
    assert "WebSite" not in described(found)


async def test_a_category_has_a_trail_too(public: Client) -> None:
    trail = described(await page(public, "/?category=bowls"))["BreadcrumbList"]["itemListElement"]
    assert [step["item"] for step in trail] == [f"{SITE}/", f"{SITE}/?category=bowls"]


async def test_a_shared_link_has_a_card(public: Client) -> None:
    said = meta(await page(public, "/product/shoal?variant_id=SHOAL-FOG"))
    assert said["og:title"] == "Shoal"
    assert said["og:url"] == f"{SITE}/product/shoal"
    assert said["og:image"] == "https://pictures.example/bowl.jpg"
    assert said["og:image:alt"] == "A bowl"
    assert said["og:description"] == said["description"] == "In colours."
    assert said["twitter:card"] == "summary_large_image"


async def test_a_card_without_a_picture_is_only_words(public: Client) -> None:
    said = meta(await page(public, "/product/tide-mug"))
    assert said["og:title"] == "Tide Mug"
    assert said["description"] == "A mug & a handle."
    assert "og:image" not in said


async def test_a_shop_that_does_not_know_its_address_promises_none(shop: Client) -> None:
    text = await page(shop, "/product/shoal")
    assert not [name for name in meta(text) if name.startswith(("og:", "twitter:"))]
    assert '<link rel="canonical" href="/product/shoal">' in text
    assert described(text)["Product"]["url"] == "/product/shoal"


@pytest.mark.parametrize("path", ["/", "/?category=bowls", "/?page=2&category=bowls", "/about", "/help"])
async def test_a_page_has_a_title_a_description_and_one_address(public: Client, path: str) -> None:
    text = await page(public, path)
    assert len(re.findall("<title>", text)) == 1
    assert 10 < len(meta(text)["description"]) <= 200
    assert len(re.findall('rel="canonical"', text)) == 1
    assert "robots" not in meta(text)


@pytest.mark.parametrize("path", ["/?q=mug", "/cart", "/checkout", "/order", "/logout"])
async def test_what_is_for_one_visitor_is_not_for_search_engines(public: Client, path: str) -> None:
    text = await page(public, path)
    assert meta(text)["robots"] == "noindex"
    assert 'rel="canonical"' not in text
    assert "og:url" not in meta(text)


async def test_a_page_names_itself_in_every_language(public: Client) -> None:
    text = await page(public, "/product/shoal")
    named = dict(re.findall(r'<link rel="alternate" hreflang="([^"]+)" href="([^"]+)">', text))
    assert named["x-default"] == named["en"] == f"{SITE}/product/shoal"
    assert named["de"] == f"{SITE}/product/shoal?lang=de"
    german = await page(public, named["de"].removeprefix(SITE))
    assert '<html lang="de"' in german
    assert f'<link rel="canonical" href="{named["de"]}">' in german
    assert dict(re.findall(r'hreflang="([^"]+)" href="([^"]+)"', german)) == named
