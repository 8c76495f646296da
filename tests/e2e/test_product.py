"""A product's page: its pictures, its colours, and what was looked at before it."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.e2e.shopper import Shopper
from tests.fixtures.browser import PHONE, OpenShopper


@pytest.fixture(scope="module")
def shows_pictures() -> bool:
    return True


def test_pictures_turn_by_key_and_by_thumbnail_and_come_when_they_are_looked_at(open_shopper: OpenShopper) -> None:
    page = open_shopper("/product/tide-mug").page
    first, second = page.locator("#picture-1"), page.locator("#picture-2")
    picture = second.locator(".picture__image")
    expect(picture).to_have_js_property("currentSrc", "")  # nobody has turned to it

    page.get_by_role("group", name="Pictures of Tide Mug").press("ArrowRight")
    expect(first).not_to_be_in_viewport()
    expect(second).to_be_in_viewport()
    expect(picture).not_to_have_js_property("naturalWidth", 0)
    page.get_by_role("link", name="Picture 1 of").click()
    expect(second).not_to_be_in_viewport()
    expect(first).to_be_in_viewport()
    expect(page).to_have_url(re.compile(r"/product/tide-mug$"))


@pytest.mark.parametrize("path", ["/product/distant-dish", "/?category=elsewhere"])
def test_a_picture_that_does_not_load_is_replaced(open_shopper: OpenShopper, path: str) -> None:
    shopper = open_shopper(path)
    picture = shopper.page.get_by_role("img", name="A dish whose picture is on another server")
    expect(picture).to_have_attribute("src", re.compile(r"^/static/img/fallback\..*svg$"))
    expect(picture).to_have_js_property("complete", True)
    assert picture.evaluate("(one) => one.naturalWidth") > 0


def test_a_colour_brings_its_picture_and_says_price_and_stock(open_shopper: OpenShopper) -> None:
    shopper = open_shopper("/product/tide-mug")
    page = shopper.page
    first = page.locator("#picture-1 .picture__image")
    expect(first).to_have_attribute("alt", re.compile("^Moss"))
    page.get_by_role("link", name="Clay").click()
    expect(first).to_have_attribute("alt", re.compile("Clay"))
    expect(page.get_by_role("link", name="Clay")).to_have_attribute("aria-current", "true")
    shopper.sees_status("€24.00, In stock")


def test_the_quantity_that_was_typed_stays_with_another_colour(open_shopper: OpenShopper) -> None:
    shopper = open_shopper("/product/tide-mug")
    shopper.page.get_by_label("Quantity of Tide Mug").fill("3")
    shopper.page.get_by_role("link", name="Clay").click()
    shopper.sees_status("€24.00, In stock")
    expect(shopper.page.get_by_label("Quantity of Tide Mug")).to_have_value("3")
    shopper.presses("Add to cart")
    shopper.sees_badge(3)


def test_the_way_into_the_cart_stays_on_a_phone_while_one_chooses(open_shopper: OpenShopper) -> None:
    page = open_shopper("/product/tide-mug", **PHONE).page
    add = page.get_by_role("button", name="Add to cart", exact=True)
    expect(add).to_be_in_viewport(ratio=1)
    page.get_by_role("link", name="Deep").scroll_into_view_if_needed()
    expect(add).to_be_in_viewport(ratio=1)


def test_what_was_viewed_comes_back_and_can_be_forgotten(shopper: Shopper) -> None:
    page = shopper.page
    recent = page.get_by_role("region", name="Recently viewed")
    for handle in ("keel-pan", "reed-vase", "tide-mug"):
        page.goto(f"/product/{handle}")
        expect(page.locator("#recent")).to_be_attached()
    page.locator("#recent").scroll_into_view_if_needed()
    expect(recent.get_by_role("heading", level=3)).to_have_text(["Reed Vase", "Keel Pan"])

    recent.get_by_role("button", name="Add Keel Pan to cart").click()
    expect(shopper.drawer).to_contain_text("Keel Pan")
    page.keyboard.press("Escape")
    recent.get_by_role("button", name="Clear this list").click()
    expect(recent).to_have_count(0)
    page.reload()
    page.locator("#recent").scroll_into_view_if_needed()
    assert page.evaluate("JSON.parse(localStorage.viewed)") == ["tide-mug"]
