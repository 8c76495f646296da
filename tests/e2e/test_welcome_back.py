"""A shopper comes back after their cart has gone to sleep."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import msgspec
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Locator, expect

from shop.cart import codec
from tests.e2e.shopper import Shopper
from tests.fixtures.browser import PHONE, TIMEOUT_MILLISECONDS
from tests.fixtures.shop_process import ShopProcess

PRICES = {"tide-mug": 1900, "net-bag": 900, "cove-pot": 4200}
LONG = 2 * 24 * 3600
"""For how many seconds the carts have slept."""
DEVICES: dict[str, dict[str, Any]] = {"desk": {}, "phone": PHONE, "no script": {"java_script_enabled": False}}


@pytest.fixture(scope="module")
def sleepy_shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ShopProcess]:
    """A shop whose carts go to sleep after an hour."""
    shop = ShopProcess(tmp_path_factory.mktemp("sleepy"), CART_TTL="3600", CART_ARCHIVE="on")
    shop.sells(PRICES)
    shop.start()
    yield shop
    shop.stop()


@pytest.fixture(scope="module")
def sleepers(browser: Browser, sleepy_shop: ShopProcess) -> dict[str, list[Shopper]]:
    """By device, some with a mug and a bag in a cart that sleeps; the mug's price has gone up meanwhile."""
    shoppers: dict[str, list[Shopper]] = {device: [] for device in DEVICES}
    for device in [*DEVICES, *DEVICES]:
        context = browser.new_context(base_url=sleepy_shop.url, reduced_motion="reduce", **DEVICES[device])
        context.set_default_timeout(TIMEOUT_MILLISECONDS)
        shoppers[device].append(Shopper(context.new_page()))
        shoppers[device][-1].comes_with("Tide Mug", "Net Bag")
    sleepy_shop.stop()
    put_to_sleep(sleepy_shop)
    sleepy_shop.sells({"tide-mug": 2300})
    sleepy_shop.start()
    return shoppers


def put_to_sleep(shop: ShopProcess) -> None:
    """Date every cart in the archive of a closed shop back; nothing else is left of its carts in memory."""
    with closing(sqlite3.connect(shop.environ["DATABASE_URL"].partition(":///")[2])) as database, database:
        for cart_id, state in database.execute("SELECT id, state FROM carts").fetchall():
            cart = codec.decode(cart_id, state)
            earlier = msgspec.structs.replace(cart, changed_at=cart.changed_at - LONG)
            database.execute("UPDATE carts SET state = ? WHERE id = ?", (codec.encode(earlier), cart_id))


@pytest.fixture(params=["phone", "no script"])
def shopper(request: pytest.FixtureRequest, sleepers: dict[str, list[Shopper]]) -> Iterator[Shopper]:
    """Somebody whose cart sleeps, and who has not been back."""
    shopper = sleepers[request.param].pop()
    yield shopper
    assert shopper.complaints == []
    shopper.page.context.close()


def welcome(shopper: Shopper) -> Locator:
    return shopper.page.get_by_role("main").get_by_role("region", name="Welcome back")


def test_the_cart_page_says_so_until_it_is_put_away(shopper: Shopper) -> None:
    shopper.opens("/cart")
    expect(welcome(shopper)).to_contain_text(re.compile(r"Your cart of \d+ \w+ \d{4} is here again\."))
    expect(welcome(shopper)).to_contain_text(re.compile(r"Tide Mug: the price went up from €\S+ to €\S+\."))
    shopper.sees_lines("Tide Mug", "Net Bag")
    shopper.presses("Hide this message")
    expect(welcome(shopper)).to_have_count(0)
    shopper.sees_lines("Tide Mug", "Net Bag")
    shopper.opens("/cart")
    expect(welcome(shopper)).to_have_count(0)


def test_an_add_wakes_the_cart_and_says_so(shopper: Shopper, request: pytest.FixtureRequest) -> None:
    shopper.opens("/product/cove-pot")
    shopper.page.get_by_role("button", name=re.compile("^Add")).first.click()
    if "no script" not in request.node.name:
        expect(shopper.drawer.get_by_role("region", name="Welcome back")).to_be_visible()
        shopper.sees_status(re.compile("3 items in your cart. Welcome back. Your cart of .* is here again."))
        shopper.drawer.get_by_role("link", name="View cart").click()
    expect(welcome(shopper)).to_be_visible()
    shopper.sees_lines("Tide Mug", "Net Bag", "Cove Pot")
    shopper.sees_badge(3)


@pytest.mark.parametrize("shopper", ["desk"], indirect=True)
def test_everyone_can_read_it(shopper: Shopper) -> None:
    shopper.opens("/cart")
    assert Axe().run(shopper.page).response["violations"] == []
    shopper.presses("Hide this message")
    expect(shopper.page.get_by_role("heading", name="Your cart", exact=True)).to_be_focused()
