"""Where the shop cannot be reached: one page that says so, and never a page or a cart of yesterday."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from tests.fixtures.browser import OpenShopper
from tests.fixtures.proxy import Mode, Proxy
from tests.fixtures.shop_process import ShopProcess

KEPT = """caches.keys()
  .then(([name]) => caches.open(name))
  .then((cache) => cache.keys())
  .then((requests) => requests.map(({ url }) => new URL(url).pathname))"""
"""JavaScript: the paths of all that is kept."""


@pytest.fixture(scope="module")
def network(shop_process: ShopProcess) -> Iterator[Proxy]:
    """What lies between the shoppers of this module and the shop."""
    proxy = Proxy(shop_process.port)
    proxy.start()
    yield proxy
    proxy.stop()


@pytest.fixture(scope="module")
def shop_url(network: Proxy) -> str:
    return f"http://127.0.0.1:{network.port}"


def test_offline_and_back(open_shopper: OpenShopper, network: Proxy, shop_process: ShopProcess) -> None:
    shopper = open_shopper("/cart", having=("Keel Pan",), service_workers="allow")
    page = shopper.page
    page.evaluate("navigator.serviceWorker.ready")
    page.wait_for_load_state("networkidle")
    page.add_init_script("window.setInterval = () => 0")  # so that it waits for a click
    network.become(Mode.REFUSE)
    with pytest.raises(httpx.TransportError):
        httpx.get(page.url)
    page.reload()
    expect(page.get_by_role("heading", name="The shop cannot be reached")).to_be_visible()
    expect(page.get_by_text("Keel Pan")).to_have_count(0)
    assert page.locator("main").evaluate("(main) => getComputedStyle(main).display") == "grid", (
        "its style sheet is there"
    )
    assert not Axe().run(page).response["violations"]

    (session,) = [each["value"] for each in page.context.cookies() if each["name"] == "neap_session"]
    elsewhere = httpx.post(
        f"{shop_process.url}/cart", data={"product_id": "reed-vase"}, cookies={"neap_session": session}
    )
    assert elsewhere.status_code == 303
    network.become(Mode.PASS)
    page.get_by_role("link", name="Try again").click()
    shopper.sees_lines("Keel Pan", "Reed Vase")
    shopper.sees_badge(2)
    first, *others = page.evaluate(KEPT)
    assert first == "/offline"
    assert {path.rpartition(".")[2] for path in others} == {"css", "js", "woff2"}


def test_the_page_comes_back_by_itself(open_shopper: OpenShopper, network: Proxy) -> None:
    shopper = open_shopper("/cart", having=("Keel Pan",), service_workers="allow")
    page = shopper.page
    page.evaluate("navigator.serviceWorker.ready")
    page.wait_for_load_state("networkidle")
    network.become(Mode.REFUSE)
    page.reload()
    expect(page.get_by_role("heading", name="The shop cannot be reached")).to_be_visible()
    page.wait_for_function("document.fonts.check('1rem Figtree')")
    network.become(Mode.PASS)
    expect(page.get_by_role("heading", name="Your cart", exact=True)).to_be_visible()
    shopper.complaints.clear()  # each look at a shop that is away is noted
