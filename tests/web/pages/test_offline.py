"""The offline page, the service worker that caches it, and the web app manifest."""

from __future__ import annotations

import json
import re
from struct import unpack

from tests.fixtures.shop_app import Client

BEGINNING = re.compile(r"const OFFLINE = (\{.*?\});\n")


async def worker(shop: Client, language: str = "en") -> dict[str, str | list[str]]:
    """The constants of the worker, in a language."""
    found = BEGINNING.match((await shop.get("/service-worker.js", headers={"Accept-Language": language})).text)
    assert found
    known: dict[str, str | list[str]] = json.loads(found[1])
    return known


async def test_the_worker_caches_its_files_that_exist(shop: Client) -> None:
    known = await worker(shop)
    page = await shop.get(str(known["page"]))
    assert page.status_code == 200
    files = known["files"]
    assert isinstance(files, list)
    style, script, *fonts = files
    assert re.findall(r'(?:src|href)="([^"#]+)"', page.text) == ["data:,", style, script, "/"]
    for path in files:
        assert (await shop.get(path)).status_code == 200
    rules = (await shop.get(style)).text
    assert [path for path in fonts if path.rpartition("/")[2] in rules] == fonts


async def test_the_page_is_the_same_for_everyone(shop: Client) -> None:
    before = (await shop.get("/offline")).text
    await shop.post("/cart", data={"product_id": "tide-mug"})
    after = await shop.get("/offline")
    assert after.text == before
    assert "The shop keeps your cart" in after.text
    assert '<meta name="robots" content="noindex">' in after.text


async def test_a_different_page_changes_the_worker(shop: Client) -> None:
    english, german = await worker(shop), await worker(shop, "de")
    assert english == await worker(shop)
    assert english["version"] != german["version"]


async def test_an_unchanged_worker_is_not_sent_again(shop: Client) -> None:
    reply = await shop.get("/service-worker.js")
    assert reply.headers["content-type"].startswith("text/javascript")
    assert reply.headers["cache-control"] == "private, max-age=3600"
    again = await shop.get("/service-worker.js", headers={"If-None-Match": reply.headers["etag"]})
    assert again.status_code == 304


async def test_the_manifest_has_a_name_and_icons_of_their_declared_size(shop: Client) -> None:
    front = (await shop.get("/")).text
    manifest = await shop.get(re.findall(r'<link rel="manifest" href="([^"]+)">', front)[0])
    assert manifest.headers["content-type"] == "application/manifest+json"
    icons = manifest.json()["icons"]
    icons += [{"src": src, "sizes": "180x180"} for src in re.findall(r'"apple-touch-icon" href="([^"]+)"', front)]
    assert {icon["sizes"] for icon in icons} >= {"192x192", "512x512", "180x180"}
    assert [icon["purpose"] for icon in icons if "purpose" in icon] == ["maskable"]
    for icon in icons:
        picture = await shop.get(icon["src"])
        assert picture.status_code == 200
        if icon["sizes"] != "any":
            assert "{}x{}".format(*unpack(">II", picture.content[16:24])) == icon["sizes"]  # PNG, 11.2.2
