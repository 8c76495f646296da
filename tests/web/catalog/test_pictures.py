"""Photographs as pages show them: every file that is named is there, and a browser can choose."""

from __future__ import annotations

import re

import msgspec
import pytest

from shop.catalog.model import Image
from tests.fixtures.fixed_catalog import FixedCatalog, product
from tests.fixtures.shop_app import HTMX, Client

PHOTOGRAPH = Image("img/products/tide-mug-moss.jpg", "Moss green mug")
TYPES = {"avif": "image/avif", "webp": "image/webp", "jpg": "image/jpeg"}


@pytest.fixture
def catalog() -> FixedCatalog:
    detail = Image("img/products/tide-mug-detail.jpg", "The foot of a mug")
    return FixedCatalog(msgspec.structs.replace(product("mug"), images=(PHOTOGRAPH, detail)))


@pytest.mark.parametrize("path", ["/", "/product/mug", "/recent?handles=mug"])
async def test_every_file_that_a_page_names_is_there_for_ever(shop: Client, path: str) -> None:
    text = (await shop.get(path)).text
    named = set(re.findall(r'/static/img/products/[^" ,]+', text))
    assert {"avif", "webp"} <= {url.rpartition(".")[2] for url in named}
    for url in named:
        reply = await shop.get(url)
        assert reply.status_code == 200
        assert reply.headers["content-type"] == TYPES[url.rpartition(".")[2]]
        assert "immutable" in reply.headers["cache-control"]
        assert "content-encoding" not in reply.headers, "it is compressed already"


async def test_each_width_says_how_wide_it_is_and_the_page_how_wide_it_is_shown(shop: Client) -> None:
    text = (await shop.get("/product/mug")).text
    sources = re.findall(r'<source type="image/(\w+)" srcset="([^"]+)" sizes="([^"]+)">', text)
    assert [kind for kind, _, _ in sources[:2]] == ["avif", "webp"]
    for _, srcset, sizes in sources:
        widths = [int(width) for width in re.findall(r"-(\d+)\.[0-9a-f]{8}\.\w+ (?:\1)w", srcset)]
        assert widths == sorted(widths)
        assert len(widths) == srcset.count(",") + 1
        assert sizes.endswith("vw")


async def test_the_first_picture_is_hurried_and_the_others_wait(shop: Client) -> None:
    text = (await shop.get("/product/mug")).text
    first, second = re.findall(r'<img class="picture__image"[^>]*>', text)[:2]
    assert 'fetchpriority="high"' in first
    assert "lazy" not in first
    assert 'loading="lazy"' in second
    assert 'width="960" height="960"' in first
    assert text.count('src="data:image/webp;base64,') == 2


async def test_a_thumbnail_is_one_small_file(shop: Client) -> None:
    drawer = (await shop.post("/cart", data={"product_id": "mug"}, headers=HTMX)).text
    shown = re.findall(r"<img[^>]*>", drawer)
    assert len(shown) == 1
    assert re.search(r'src="/static/img/products/tide-mug-moss-320\.[0-9a-f]{8}\.webp" alt="Moss green mug"', shown[0])
    assert "srcset" not in drawer


async def test_a_blurred_stand_in_is_allowed(shop: Client) -> None:
    policy = (await shop.get("/")).headers["content-security-policy"]
    assert "img-src 'self' data: https:;" in policy
