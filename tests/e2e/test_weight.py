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
PATHS = ("/", "/?category=tableware", "/product/tide-mug", "/product/harbour-jar", "/cart", "/about")


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
