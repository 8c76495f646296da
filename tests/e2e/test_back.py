"""The way back to a page that the browser has kept as it was left: the cache that Playwright turns off."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Playwright, expect

from tests.e2e.shopper import ASKS_FIRST, Shopper
from tests.fixtures.browser import ARGUMENTS, OpenShopper, chromium_path
from tests.fixtures.price_list import PLENTY, selling
from tests.fixtures.shop_process import ShopProcess


@pytest.fixture(scope="module")
def shop_process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ShopProcess]:
    """A shop with enough of each product for what these tests set aside."""
    with selling(PLENTY, tmp_path_factory.mktemp("back")) as shop:
        yield shop


@pytest.fixture(scope="module")
def browser(playwright: Playwright) -> Iterator[Browser]:
    browser = playwright.chromium.launch(
        executable_path=chromium_path(), args=ARGUMENTS, ignore_default_args=["--disable-back-forward-cache"]
    )
    yield browser
    browser.close()


def comes_back(shopper: Shopper) -> None:
    """Go back to a page that is the same document as before."""
    shopper.page.go_back(wait_until="commit")
    shopper.page.wait_for_function("window.isKept")


def test_back_from_the_bank_the_button_is_free_and_the_order_is_named(open_shopper: OpenShopper) -> None:
    shopper = open_shopper("/checkout", having=("Reed Vase",), locale="en-DE")
    shopper.page.evaluate("window.isKept = true")
    shopper.fills_in(card_number=ASKS_FIRST)
    shopper.places_the_order()
    expect(shopper.page.get_by_role("heading", name="Is this payment yours?")).to_be_visible()
    comes_back(shopper)
    expect(shopper.page.get_by_role("main")).to_contain_text("is still waiting for your bank")
    expect(shopper.page.get_by_text("Placing your order and asking the bank.")).to_be_hidden()
    expect(shopper.order_button).to_be_enabled()
    shopper.places_the_order()
    expect(shopper.page.get_by_role("heading", name="Is this payment yours?")).to_be_visible()


def test_another_shipping_method_leaves_the_country_that_was_filled_in(open_shopper: OpenShopper) -> None:
    shopper = open_shopper("/checkout", having=("Reed Vase",), locale="en-DE")
    before = shopper.order_button.inner_text()
    shopper.page.get_by_role("radio", name="Express").check()
    expect(shopper.order_button).not_to_have_text(before)
    expect(shopper.field("Country")).to_have_value("DE")


def test_back_to_a_cart_whose_change_was_sent_by_another_page(open_shopper: OpenShopper) -> None:
    shopper = open_shopper("/cart", having=("Keel Pan",))
    shopper.page.evaluate("window.isKept = true")
    shopper.presses("One more of Keel Pan")
    shopper.page.get_by_role("link", name="Neap, to the front page").click()
    shopper.sees_badge(2)
    comes_back(shopper)
    shopper.sees_badge(2)
    shopper.sees_quantity("Keel Pan", 2)
