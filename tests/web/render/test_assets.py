"""Static files: cached for ever under their hashed name, revalidated under their plain one."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from shop.resources import resource_dir
from shop.web.render import script
from shop.web.render.stylesheet import bundle, minify, older_colours
from tests.fixtures.codings import DECOMPRESS
from tests.fixtures.shop_app import Client

CSS = bundle(resource_dir("static") / "css" / "shop")


def without_links(css: bytes) -> bytes:
    """The rules without the URLs in them."""
    return re.sub(rb'url\("[^"]*"\)', b"url()", css)


async def stylesheet(shop: Client) -> str:
    found = re.search(r'href="(/static/css/shop\.[0-9a-f]{8}\.css)"', (await shop.get("/")).text)
    assert found is not None
    return found[1]


async def test_linked_files_may_be_cached_for_ever(shop: Client) -> None:
    reply = await shop.get(await stylesheet(shop))
    assert reply.status_code == 200
    assert without_links(reply.content) == without_links(CSS)
    assert reply.headers["content-type"] == "text/css; charset=utf-8"
    assert reply.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert "set-cookie" not in reply.headers


def test_a_style_sheet_is_bundled_in_the_order_of_file_names(tmp_path: Path) -> None:
    for name, rule in (("b", "p { margin: 0; }\n"), ("_layers", "@layer base;\n"), ("a", "a { color: red }\n")):
        (tmp_path / f"{name}.css").write_text(rule)
    assert bundle(tmp_path) == b"@layer base;a{color:red}p{margin:0}"


@pytest.mark.parametrize(
    ("css", "left"),
    [
        ("/* why */ a , b > c { color : red ; }", "a,b > c{color :red}"),
        (
            "a :hover { inline-size: calc(1rem + 2 * var(--gutter)); }",
            "a :hover{inline-size:calc(1rem + 2 * var(--gutter))}",
        ),
        ('q { content: "/*  , ;}" / ""; }', 'q{content:"/*  , ;}" / ""}'),
        ("@media (min-width: 1rem) and (hover) { a { b: c } }", "@media (min-width:1rem) and (hover){a{b:c}}"),
        (r"a::after { content: '\'  {' }", r"a::after{content:'\'  {'}"),
    ],
)
def test_minifying_removes_only_insignificant_characters(css: str, left: str) -> None:
    assert minify(css) == left


async def test_every_linked_file_exists(shop: Client) -> None:
    for path in ("/", "/product/tide-mug"):
        urls = set(re.findall(r'(?:href|src)="(/static/[^"]+)"', (await shop.get(path)).text))
        assert len(urls) >= 4
        for url in urls:
            reply = await shop.get(url)
            assert reply.status_code == 200, url
            assert "immutable" in reply.headers["cache-control"], url


async def test_files_linked_by_a_style_sheet_are_hashed_and_preloaded(shop: Client) -> None:
    linked = set(re.findall(r'url\("([^"]+)"\)', (await shop.get(await stylesheet(shop))).text))
    assert len(linked) == 2
    for url in linked:
        reply = await shop.get(url)
        assert reply.headers["content-type"] == "font/woff2"
        assert "immutable" in reply.headers["cache-control"]
    ahead = re.findall(r'<link rel="preload" href="([^"]+)" as="font"', (await shop.get("/")).text)
    assert set(ahead) <= linked
    assert ahead


async def test_a_plain_name_is_revalidated_each_time(shop: Client) -> None:
    reply = await shop.get("/static/css/shop.css")
    assert reply.headers["cache-control"] == "public, no-cache"
    again = await shop.get("/static/css/shop.css", headers={"If-None-Match": reply.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")


@pytest.mark.parametrize("name", ["css/shop.00000000.css", "js/shop.0123abcd.js", "site.ffffffff.webmanifest"])
async def test_a_page_of_another_release_gets_this_ones_files(shop: Client, name: str) -> None:
    plain = re.sub(r"\.[0-9a-f]{8}", "", name)
    reply = await shop.get(f"/static/{name}")
    assert (reply.status_code, reply.headers["cache-control"]) == (200, "public, no-cache")
    assert reply.content == (await shop.get(f"/static/{plain}")).content
    again = await shop.get(f"/static/{name}", headers={"If-None-Match": reply.headers["etag"]})
    assert again.status_code == 304


@pytest.mark.parametrize(("coding", "decompress"), DECOMPRESS.items())
async def test_text_is_sent_compressed(shop: Client, coding: str, decompress: Callable[[bytes], bytes]) -> None:
    url = await stylesheet(shop)
    for _ in range(2):
        async with shop.stream("GET", url, headers={"Accept-Encoding": coding}) as reply:
            raw = b"".join([piece async for piece in reply.aiter_raw()])
        assert reply.headers["content-encoding"] == coding
        assert reply.headers["vary"] == "Accept-Encoding"
        assert len(raw) < len(CSS) / 2
        assert without_links(decompress(raw)) == without_links(CSS)


async def test_a_coding_that_is_refused_is_not_sent(shop: Client) -> None:
    plain = await shop.get(await stylesheet(shop), headers={"Accept-Encoding": "gzip;q=0, identity"})
    assert "content-encoding" not in plain.headers
    picture = await shop.get("/static/img/icons/192.png", headers={"Accept-Encoding": "gzip, br, zstd"})
    assert "content-encoding" not in picture.headers


@pytest.mark.parametrize(
    "path",
    [
        "../pyproject.toml",
        "%2e%2e/shop/app.py",
        "css",
        "",
        "css/shop.0000000000000000.css",
        "css/gone.00000000.css",
        "css/shop/base.css",
    ],
)
async def test_nothing_else_is_served(shop: Client, path: str) -> None:
    assert (await shop.get(f"/static/{path}")).status_code == 404


def test_scripts_are_joined_without_imports_and_comments() -> None:
    modules = """// What it is.

import { on } from "./basics.js";

const WAIT = 3; // milliseconds
export const url = "https://shop.test"; // an address
  // A reason.
export let count = 0;
export async function go() {
  return `a // b`;
}
"""
    assert (
        script.join(modules)
        == 'const WAIT=3;const url="https://shop.test";let count=0;async function go(){return`a // b`;}'
    )


SCRIPTS = sorted((resource_dir("static") / "js" / "shop").glob("*.js"))


def test_joined_scripts_have_no_name_for_two_things() -> None:
    declared = [
        name
        for file in SCRIPTS
        for name in re.findall(r"^(?:export )?(?:async )?(?:const|let|function) (\w+)", file.read_text(), re.MULTILINE)
    ]
    assert len(set(declared)) == len(declared)


def test_joined_scripts_import_what_the_others_export() -> None:
    exported = {
        name
        for file in SCRIPTS
        for name in re.findall(r"^export (?:async )?(?:const|let|function) (\w+)", file.read_text(), re.MULTILINE)
    }
    imported = {
        name
        for file in SCRIPTS
        for names in re.findall(r"^import \{ ([^}]*) \} from", file.read_text(), re.MULTILINE)
        for name in names.split(", ")
    }
    assert imported == exported


def test_browsers_without_light_dark_get_both_colours() -> None:
    css = ":root{--ink:light-dark(#111,rgb(1 2 3 / .5));--gap:1rem}"
    assert older_colours(css) == (
        "@supports not (color:light-dark(red,red)){:root{--ink:#111}"
        "@media (prefers-color-scheme:dark){:root{--ink:rgb(1 2 3 / .5)}}}"
    )
    assert older_colours(":root{--gap:1rem}") == ""


def test_every_colour_of_two_schemes_has_a_name() -> None:
    """So that each has its values for older browsers too."""
    files = (resource_dir("static") / "css").rglob("*.css")
    lines = [line.strip() for file in files for line in file.read_text().splitlines() if ": light-dark(" in line]
    assert lines
    assert [line for line in lines if not line.startswith(("--", "@supports"))] == []
