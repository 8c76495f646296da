"""Several tabs, and the way back: every page shows the same cart."""

from __future__ import annotations

import re

from playwright.sync_api import expect

from tests.e2e.shopper import Shopper
from tests.fixtures.browser import OpenShopper


def test_another_tab_follows(shopper: Shopper) -> None:
    cart = shopper.opens_another_tab("/cart")
    shopper.adds("Keel Pan")
    cart.sees_lines("Keel Pan")
    cart.sees_badge(1)
    cart.page.get_by_role("button", name="One more of Keel Pan").click()
    shopper.sees_badge(2)


def test_the_way_back_shows_the_badge_as_it_is_now(open_shopper: OpenShopper) -> None:
    shopper = open_shopper()
    shopper.page.get_by_role("link", name="Keel Pan").click()
    shopper.presses("Add to cart")
    expect(shopper.drawer).to_be_visible()
    shopper.page.go_back()
    expect(shopper.page).to_have_url(re.compile(r"/$"))
    shopper.sees_badge(1)


def test_the_way_back_shows_the_cart_as_it_is_now(open_shopper: OpenShopper) -> None:
    shopper = open_shopper("/cart", having=("Keel Pan",))
    shopper.page.get_by_role("link", name="Neap, to the front page").click()
    shopper.adds("Reed Vase")
    shopper.closes_the_drawer()
    shopper.page.go_back()
    shopper.sees_lines("Keel Pan", "Reed Vase")
    shopper.sees_badge(2)


def test_the_way_back_to_a_choice_is_a_whole_page(shopper: Shopper) -> None:
    kitchen = shopper.page.get_by_role("checkbox", name=re.compile("^Kitchen"))
    kitchen.check()
    expect(shopper.page).to_have_url(re.compile("category=kitchen"))
    shopper.page.get_by_role("article").get_by_role("link", name="Keel Pan").click()
    expect(shopper.page.get_by_role("heading", name="Keel Pan", level=1)).to_be_visible()
    shopper.page.go_back()
    expect(kitchen).to_be_checked()
    expect(shopper.page.get_by_role("contentinfo")).to_be_visible()
