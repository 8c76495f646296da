"""The whole way with JavaScript switched off."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.e2e.shopper import Shopper
from tests.fixtures.browser import OpenShopper


@pytest.fixture
def shopper(open_shopper: OpenShopper) -> Shopper:
    return open_shopper(java_script_enabled=False)


def test_find_add_change_remove_undo_and_empty(shopper: Shopper) -> None:
    shopper.search_field.fill("pan")
    shopper.search_field.press("Enter")
    expect(shopper.page).to_have_url(re.compile("q=pan"))
    shopper.adds("Keel Pan")
    shopper.sees_lines("Keel Pan")
    shopper.sees_badge(1)

    shopper.quantity("Keel Pan").fill("3")
    shopper.presses("Update Keel Pan")
    shopper.sees_badge(3)
    shopper.sees_quantity("Keel Pan", 3)

    shopper.removes("Keel Pan")
    expect(shopper.page.get_by_text("Your cart is empty.")).to_be_visible()
    shopper.presses("Undo")
    shopper.sees_quantity("Keel Pan", 3)

    shopper.page.get_by_role("button", name="Save for later Keel Pan").click()
    shopper.presses("Move to cart Keel Pan")
    shopper.sees_badge(3)

    shopper.page.get_by_text("Empty the cart").click()
    shopper.presses("Empty it")
    shopper.sees_badge(0)


def test_filter_and_order_with_the_apply_button(shopper: Shopper) -> None:
    shopper.page.get_by_role("checkbox", name=re.compile("^Kitchen")).check()
    shopper.page.get_by_role("combobox", name="Sort by").select_option("Price, low to high")
    shopper.presses("Apply")
    expect(shopper.titles()).to_have_count(6)
    expect(shopper.titles().first).to_have_text("Oar Spoon")
    shopper.page.get_by_role("checkbox", name=re.compile("^Kitchen")).uncheck()
    shopper.presses("Apply")
    expect(shopper.titles()).not_to_have_count(6)


def test_an_option_is_chosen_and_added(shopper: Shopper) -> None:
    shopper.page.get_by_role("article").get_by_role("link", name="Shoal Bowl").click()
    shopper.page.get_by_role("group", name="Colour").get_by_role("link", name="Clay").click()
    shopper.page.get_by_role("group", name="Size").get_by_role("link", name="Large").click()
    shopper.quantity("Shoal Bowl").fill("2")
    shopper.presses("Add to cart")
    expect(shopper.page.get_by_text("Clay / Large", exact=True)).to_be_visible()
    shopper.sees_quantity("Shoal Bowl", 2)


def test_a_refusal_is_said_beside_the_button_and_keeps_what_was_typed(open_shopper: OpenShopper) -> None:
    shopper = open_shopper("/product/cove-teapot", having=("Cove Teapot",), java_script_enabled=False)
    shopper.quantity("Cove Teapot").fill("3")
    shopper.presses("Add to cart")
    expect(shopper.page.get_by_role("alert")).to_contain_text("Only 3")
    shopper.sees_quantity("Cove Teapot", 3)
    shopper.forgives()


def test_the_currency_has_a_button(shopper: Shopper) -> None:
    shopper.page.get_by_role("combobox", name="Currency").select_option("GBP")
    shopper.presses("Change currency")
    expect(shopper.page.get_by_role("main")).to_contain_text("£")


def test_a_double_click_adds_once(shopper: Shopper) -> None:
    shopper.comes_with("Reed Vase")
    shopper.add_button("Keel Pan").dblclick()
    # The second click gives the first one's navigation up, so only where it all ends can be waited for.
    expect(shopper.page).to_have_url(re.compile("/cart$"))
    shopper.opens("/cart")
    shopper.sees_quantity("Keel Pan", 1)
    shopper.sees_badge(2)


def test_the_cart_is_forgotten_after_asking(open_shopper: OpenShopper) -> None:
    shopper = open_shopper("/cart", having=("Keel Pan",), java_script_enabled=False)
    shopper.page.get_by_role("link", name="Forget this cart").click()
    shopper.sees_badge(1)
    shopper.presses("Forget this cart")
    shopper.sees_badge(0)


def test_what_needs_javascript_is_not_shown(open_shopper: OpenShopper) -> None:
    shopper = open_shopper("/product/keel-pan", java_script_enabled=False)
    expect(shopper.page.get_by_role("button", name="One more of Keel Pan")).to_be_hidden()
    expect(shopper.page.get_by_role("button", name="Change currency")).to_be_visible()
