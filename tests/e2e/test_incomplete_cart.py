"""A checkout of a cart that cannot be read whole: its store is away, and the shop has been restarted since."""

from __future__ import annotations

import time
from collections.abc import Iterator

import httpx
import pytest
from playwright.sync_api import expect

from shop.demo.valkey import Valkey
from tests.fixtures.browser import OpenShopper
from tests.fixtures.price_list import PLENTY, selling
from tests.fixtures.shop_process import ShopProcess

BACK_SECONDS = 10
"""In which the shop notices that the store is back."""

TOLD_MILLISECONDS = 40_000
"""In which the page has tried four times, each of which waits a few seconds for the rest of the cart."""


@pytest.fixture(scope="module")
def store() -> Iterator[Valkey]:
    """The store of the carts, which only this module's shop uses."""
    store = Valkey()
    store.start()
    yield store
    store.stop()


@pytest.fixture(scope="module")
def shop_process(tmp_path_factory: pytest.TempPathFactory, store: Valkey) -> Iterator[ShopProcess]:
    """A shop that keeps its carts in the store, and its keys when it is restarted."""
    settings = {"REDIS_URL": store.url, "SECRET_KEY": "kept when it restarts"}
    with selling(PLENTY, tmp_path_factory.mktemp("incomplete"), **settings) as shop:
        yield shop


def is_back(shop: ShopProcess) -> bool:
    """Whether the shop uses the store again."""
    return "\nshop_cart_standby_in_charge 0" in httpx.get(f"{shop.url}/metrics").text


@pytest.mark.parametrize("javascript", [True, False])
def test_it_is_not_ordered_until_it_can_be_read(
    open_shopper: OpenShopper, shop_process: ShopProcess, store: Valkey, javascript: bool
) -> None:
    shopper = open_shopper("/checkout", having=("Keel Pan",), java_script_enabled=javascript)
    shopper.fills_in()
    store.hang()
    try:
        shop_process.stop()
        shop_process.start()
        shopper.places_the_order()
        expect(shopper.alert("This did not work")).to_be_focused(timeout=TOLD_MILLISECONDS)
        main = shopper.page.get_by_role("main")
        expect(main).to_contain_text("Some of your cart cannot be shown just now, so it cannot be ordered.")
        expect(main).to_contain_text("Nothing was ordered or charged. Please try again in a moment.")
        expect(shopper.field("City")).to_have_value("Hamburg")
    finally:
        store.resume()
    shopper.forgives()
    deadline = time.monotonic() + BACK_SECONDS
    while not is_back(shop_process) and time.monotonic() < deadline:
        time.sleep(0.05)
    shopper.fills_in_the_card()
    shopper.places_the_order()
    shopper.sees_a_receipt()
