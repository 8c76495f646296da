"""Words as people type them: plurals, mistakes, colours, questions, and prices in the currency that is shown."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.e2e.shopper import Shopper
from tests.fixtures.browser import PHONE, OpenShopper

GERMAN = {"locale": "de-DE", "viewport": {"width": 1280, "height": 800}}


@pytest.mark.parametrize(
    ("words", "found", "options"),
    [
        ("mugs", "Tide Mug", {}),
        ("teepot", "Cove Teapot", {}),
        ("blue mug", "Tide Mug", PHONE),
        ("Lampen", "Dusk Lamp", GERMAN),
        ("Schuessel", "Shoal Bowl", GERMAN),
    ],
)
def test_what_is_typed_is_found(open_shopper: OpenShopper, words: str, found: str, options: dict[str, object]) -> None:
    shopper = open_shopper("/about", **options)
    shopper.searches_for(words)
    panel = shopper.page.get_by_role("search")
    expect(panel.get_by_role("link", name=re.compile(found)).first).to_be_visible()
    shopper.search_field.press("Enter")
    expect(shopper.titles().first).to_have_text(found)


def test_a_mistake_is_named_and_put_right(shopper: Shopper) -> None:
    shopper.opens("/?q=teepot")
    shopper.page.get_by_role("main").get_by_role("link", name="Did you mean “teapot”?").click()
    expect(shopper.search_field).to_have_value("teapot")
    expect(shopper.titles().first).to_have_text("Cove Teapot")


def test_a_question_is_answered_by_the_help(open_shopper: OpenShopper) -> None:
    shopper = open_shopper(**PHONE)
    shopper.searches_for("returns")
    shopper.page.get_by_role("search").get_by_role("link", name="Delivery and returns").click()
    expect(shopper.page).to_have_url(re.compile("/help#delivery$"))


def test_a_price_range_is_in_the_currency_that_is_shown(open_shopper: OpenShopper) -> None:
    shopper = open_shopper("/?category=kitchen")
    page = shopper.page
    page.get_by_role("combobox", name="Currency").select_option("JPY")
    expect(page.get_by_role("main")).to_contain_text("¥")
    page.get_by_role("textbox", name="Lowest price").fill("２０００")
    page.get_by_role("textbox", name="Highest price").fill("3000")
    page.get_by_role("button", name="Show", exact=True).click()
    expect(page.get_by_role("link", name="Remove filter ¥2,000 to ¥3,000")).to_be_visible()
    prices = page.get_by_role("main").get_by_role("article").get_by_text(re.compile(r"^¥[\d,]+$")).all_inner_texts()
    assert prices
    assert all(2000 <= int(re.sub(r"\D", "", price)) <= 3000 for price in prices)
