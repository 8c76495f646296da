"""robots.txt, and the sitemap of small and large catalogues."""

from __future__ import annotations

from typing import Any, cast
from xml.etree import ElementTree as ET

import msgspec
from httpx import ASGITransport, AsyncClient
from litestar import Litestar, get

from shop.catalog.model import Image
from shop.settings import Settings
from shop.web.http.request import ShopRequest
from shop.web.pages.sitemap import MAX_URLS, SitemapHandlers
from tests.fixtures.fixed_catalog import FixedCatalog, product
from tests.fixtures.shop_app import Client, MakeClient
from tests.fixtures.storefront import a_storefront

NAMESPACE = "{http://www.sitemaps.org/schemas/sitemap/0.9}"
XHTML = "{http://www.w3.org/1999/xhtml}"
IMAGE = "{http://www.google.com/schemas/sitemap-image/1.1}"


def locations(text: str) -> list[str]:
    return [str(found.text) for found in ET.fromstring(text).iter(f"{NAMESPACE}loc")]


async def test_robots_txt_excludes_carts_and_links_the_sitemap(shop: Client) -> None:
    text = (await shop.get("/robots.txt")).text
    assert "Disallow: /cart" in text
    assert "Sitemap: http://shop.test/sitemap.xml" in text


async def test_the_sitemap_has_every_page(shop: Client) -> None:
    reply = await shop.get("/sitemap.xml")
    assert reply.headers["content-type"] == "application/xml; charset=utf-8"
    found = locations(reply.text)
    assert "http://shop.test/" in found
    assert "http://shop.test/product/tide-mug" in found
    assert "http://shop.test/?category=mugs" in found
    assert "<lastmod>1970-01-01</lastmod>" in reply.text


async def test_the_sitemap_uses_the_public_address(make_client: MakeClient) -> None:
    settings = Settings(public_url="https://shop.example/")
    async with make_client("http://10.0.0.7", settings=settings) as shop:
        assert "https://shop.example/product/tide-mug" in locations((await shop.get("/sitemap.xml")).text)
        assert (
            '<link rel="canonical" href="https://shop.example/product/tide-mug">'
            in (await shop.get("/product/tide-mug")).text
        )


async def test_every_page_has_an_entry_per_language_with_links_to_the_others(make_client: MakeClient) -> None:
    settings = Settings(public_url="https://shop.example", languages="en de")
    async with make_client("https://shop.example", settings=settings) as shop:
        text = (await shop.get("/sitemap.xml")).text
        mug = {"en": "https://shop.example/product/tide-mug", "de": "https://shop.example/product/tide-mug?lang=de"}
        for url in ET.fromstring(text).iter(f"{NAMESPACE}url"):
            named = {str(link.get("hreflang")): link.get("href") for link in url.iter(f"{XHTML}link")}
            assert url.findtext(f"{NAMESPACE}loc") in named.values()
            assert named.keys() == {"en", "de", "x-default"}
        assert set(mug.values()) <= set(locations(text))
        assert '<html lang="de"' in (await shop.get(mug["de"])).text


async def test_products_have_their_pictures_except_drawings(shop: Client, catalog: FixedCatalog) -> None:
    images = (Image("https://pictures.example/a.jpg?b&c"), Image("img/fallback.svg"))
    catalog.replace(msgspec.structs.replace(product("bowl"), images=images))
    found = ET.fromstring((await shop.get("/sitemap.xml")).text).iter(f"{IMAGE}loc")
    assert [picture.text for picture in found] == ["https://pictures.example/a.jpg?b&c"]


async def test_a_large_catalogue_has_an_index_of_parts() -> None:
    catalog = FixedCatalog(*(product(f"p{number}") for number in range(1202)))
    site, _ = a_storefront(catalog, Settings(languages="en"))
    app = Litestar([get("/sitemap.xml")(SitemapHandlers(site, max_urls=600).sitemap)], request_class=ShopRequest)
    async with AsyncClient(transport=ASGITransport(cast("Any", app)), base_url="http://shop.test") as shop:
        parts = locations((await shop.get("/sitemap.xml")).text)
        assert parts == [f"http://shop.test/sitemap.xml?part={part}" for part in (1, 2, 3)]
        named = [locations((await shop.get(part)).text) for part in parts]
        for part in ("0", "4", "x", "-1", "01"):
            assert (await shop.get(f"/sitemap.xml?part={part}")).status_code != 200

    products = [url for part in named for url in part if "/product/" in url]
    assert products == [f"http://shop.test/product/p{number}" for number in range(1202)]
    assert len(named[0]) - 600 == len({"/", "/about", "/help", "/?category=mugs"})
    assert MAX_URLS + 1000 <= 50_000
