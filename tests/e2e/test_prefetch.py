"""A page is fetched while the pointer rests on its link, and is there at the click."""

from __future__ import annotations

import time

import httpx
import pytest
from playwright.sync_api import Browser, Page
from prometheus_client.parser import text_string_to_metric_families

from tests.fixtures.shop_process import ShopProcess, metrics_ports

PATIENCE = 10
FETCHED_AHEAD = ("/", "/?category=tableware", "/?q=mug&page=2", "/product/tide-mug", "/about", "/help", "/help#privacy")
NEVER = (
    *("/cart", "/cart/handoff", "/checkout", "/payment/abc", "/order", "/order/ABCD", "/handoff/abc", "/logout"),
    *("/setCurrency", "/operations", "/?lang=de", "/product/tide-mug?lang=de", "/?category=tableware&lang=de"),
    *("/static/img/logo.svg", "https://elsewhere.test/", "https://elsewhere.test/product/tide-mug"),
)
MATCHES = """async (address) => {
    const rules = performance.getEntriesByType("resource").find((entry) => entry.name.includes("/speculation-rules."));
    const { prefetch: [{ where }] } = await (await fetch(rules.name)).json();
    const holds = (part) =>
        part.and?.every(holds) ?? part.or?.some(holds) ?? (part.not && !holds(part.not))
        ?? new URLPattern(part.href_matches, rules.name).test(address, location.href);
    return holds(where);
}"""
"""Whether the rules hold for an address, by the browser's own patterns."""


@pytest.fixture
def page(browser: Browser, shop_url: str) -> Page:
    """The front page for somebody who was never here."""
    page = browser.new_context(base_url=shop_url).new_page()
    page.goto("/", wait_until="networkidle")
    return page


def product_pages(shop: ShopProcess) -> float:
    text = httpx.get(f"http://127.0.0.1:{metrics_ports[shop.port]}/metrics").text
    samples = [each for family in text_string_to_metric_families(text) for each in family.samples]
    named = {"route": "/product/{handle}", "status": "200"}
    return sum(each.value for each in samples if named.items() <= each.labels.items())


def test_a_product_is_there_at_the_click(page: Page, shop_process: ShopProcess) -> None:
    before = product_pages(shop_process)
    link = page.get_by_role("link", name="Tide Mug").first
    link.hover()
    deadline = time.monotonic() + PATIENCE
    while product_pages(shop_process) == before:
        assert time.monotonic() < deadline, "nothing was fetched ahead"
        time.sleep(0.05)
    link.click()
    page.wait_for_url("**/product/tide-mug")
    delivered = page.evaluate("performance.getEntriesByType('navigation')[0].deliveryType")
    assert delivered == "navigational-prefetch"
    assert product_pages(shop_process) == before + 1
    assert page.context.cookies() == []


def test_only_pages_for_everyone_are_fetched_ahead(page: Page) -> None:
    assert {path: page.evaluate(MATCHES, path) for path in FETCHED_AHEAD} == dict.fromkeys(FETCHED_AHEAD, True)
    assert {path: page.evaluate(MATCHES, path) for path in NEVER} == dict.fromkeys(NEVER, False)
