"""What a first view weighs and whether anything moves: figures that are the same on every machine."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, Request

from tests.fixtures.browser import PHONE

PIXEL_4: dict[str, Any] = {**PHONE, "viewport": {"width": 412, "height": 823}, "device_scale_factor": 1.75}
"""Lighthouse's phone."""
KB = 1024
MOST = {"all": 120 * KB, "script": 20 * KB, "stylesheet": 15 * KB}
"""Bytes over the wire, headers included, of the first view of a product page."""
FIRST_FLIGHT = 10 * 1460
"""Bytes that a server sends before it hears that the first have arrived (RFC 6928)."""
PATHS = ("/", "/?category=tableware", "/product/tide-mug", "/product/harbour-jar", "/cart", "/about")

WIDTHS = """[...document.querySelectorAll(".picture:has(source)")].map((frame) => {
    const source = frame.querySelector("source");
    const fits = source.sizes.split(", ").find((size) => matchMedia(size.match(/[(].*[)]/)?.[0] ?? "all").matches);
    const [, length, unit] = fits.match(/([0-9.]+)(vw|rem)$/);
    return [frame.getBoundingClientRect().width, length * (unit === "vw" ? innerWidth / 100 : 16)];
})"""
"""How wide each picture is shown, and how wide its `sizes` say, in CSS pixels."""


@pytest.fixture(scope="module")
def shows_pictures() -> bool:
    return True


@pytest.fixture
def first_view(browser: Browser, shop_url: str) -> Page:
    """A page of a browser that has never been here."""
    return browser.new_context(base_url=shop_url, **PIXEL_4).new_page()


def test_the_first_view_of_a_product_is_light(first_view: Page) -> None:
    weights: Counter[str] = Counter()
    requests: list[Request] = []
    first_view.on("requestfinished", lambda request: requests.append(request))
    first_view.goto("/product/tide-mug", wait_until="networkidle")
    for request in requests:
        sizes = request.sizes()
        size = sizes["responseBodySize"] + sizes["responseHeadersSize"]
        weights.update({"all": size, request.resource_type: size})
    assert {"document", "script", "stylesheet", "image"} <= weights.keys()
    assert {kind: weights[kind] for kind in MOST if weights[kind] > MOST[kind]} == {}, weights
    first_view.context.close()


@pytest.mark.parametrize("language", ["en", "de", "ar"])
def test_a_page_needs_one_round_trip(browser: Browser, shop_url: str, language: str) -> None:
    page = browser.new_context(base_url=shop_url, locale=language, **PIXEL_4).new_page()
    sizes = {}
    for path in PATHS:
        arrived = page.goto(path)
        assert arrived
        assert page.locator("html").get_attribute("lang") == language
        size = arrived.request.sizes()
        sizes[path] = size["responseHeadersSize"] + size["responseBodySize"]
    assert {path: size for path, size in sizes.items() if size > FIRST_FLIGHT} == {}
    page.context.close()


def test_nothing_moves_while_a_page_arrives(first_view: Page) -> None:
    moved = {}
    first_view.add_init_script(
        """window.moved = 0;
        new PerformanceObserver((list) => list.getEntries().forEach((shift) => (moved += shift.value)))
            .observe({ type: "layout-shift", buffered: true });"""
    )
    for path in PATHS:
        first_view.goto(path, wait_until="networkidle")
        first_view.evaluate("scrollTo(0, document.body.scrollHeight)")
        first_view.wait_for_load_state("networkidle")
        first_view.evaluate("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
        moved[path] = first_view.evaluate("moved")
    assert moved == dict.fromkeys(PATHS, 0)
    first_view.context.close()


def test_pictures_are_asked_for_as_wide_as_they_are_shown(first_view: Page) -> None:
    """What `sizes` says and what the style sheet does are the same: one decides which file is fetched."""
    off = {}
    for path in ("/", "/?category=tableware", "/product/tide-mug", "/about"):
        first_view.goto(path)
        for width in (320, 412, 768, 1024, 1280, 1920):
            first_view.set_viewport_size({"width": width, "height": 823})
            for shown, said in first_view.evaluate(WIDTHS):
                if not 0.97 <= said / shown <= 1.12:
                    off[path, width] = (shown, said)
    assert off == {}
    first_view.context.close()
