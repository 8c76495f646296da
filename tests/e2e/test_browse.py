"""Looking around: search, filters, order, the way back, options, currency."""

from __future__ import annotations

import re
from urllib.parse import parse_qs, urlsplit

from playwright.sync_api import expect

from tests.e2e.shopper import Shopper
from tests.fixtures.browser import OpenShopper


def test_a_search_shows_what_it_finds_as_one_types(shopper: Shopper) -> None:
    shopper.searches_for("candle")
    panel = shopper.page.get_by_role("search")
    expect(panel.get_by_role("link", name=re.compile("^Lull Candle"))).to_contain_text("€34.00")
    expect(panel.get_by_role("link", name="Candles & scent")).to_be_visible()
    expect(shopper.search_field).to_be_focused()
    shopper.sees_status(re.compile(r"\d+ products"))

    shopper.page.keyboard.press("Escape")
    expect(panel.get_by_role("link")).to_have_count(0)
    expect(shopper.search_field).to_have_value("candle")


def test_the_arrow_keys_walk_through_what_is_found(shopper: Shopper) -> None:
    shopper.searches_for("keel")
    panel, press = shopper.page.get_by_role("search"), shopper.page.keyboard.press
    expect(panel.get_by_role("link")).to_have_count(2)
    press("ArrowUp")
    expect(panel.get_by_role("link", name=re.compile("^All results"))).to_be_focused()
    press("ArrowDown")
    expect(shopper.search_field).to_be_focused()
    press("ArrowDown")
    press("Enter")
    expect(shopper.page.get_by_role("heading", name="Keel Pan", level=1)).to_be_visible()


def test_what_is_found_goes_away_with_the_focus(shopper: Shopper) -> None:
    shopper.searches_for("keel")
    found = shopper.page.get_by_role("search").get_by_role("link", name=re.compile("^Keel Pan"))
    expect(found).to_be_visible()
    shopper.page.get_by_role("heading", level=1).click()
    expect(found).to_be_hidden()
    shopper.search_field.focus()
    expect(found).to_be_visible()


def test_a_search_is_a_page_of_its_own(shopper: Shopper) -> None:
    shopper.searches_for("candle")
    shopper.page.keyboard.press("Enter")
    expect(shopper.page.get_by_role("heading", level=1)).to_contain_text("candle")
    expect(shopper.page).to_have_url(re.compile(r"/\?q=candle$"))
    expect(shopper.page).to_have_title(re.compile("candle"))
    expect(shopper.search_field).to_have_value("candle")
    expect(shopper.titles().filter(has_text="Lull Candle")).to_be_visible()
    expect(shopper.titles().filter(has_text="Keel Pan")).to_have_count(0)


def test_a_search_that_finds_nothing_offers_ways_on(shopper: Shopper) -> None:
    shopper.searches_for("xylophone")
    expect(shopper.page.get_by_role("search")).to_contain_text("Nothing here matches “xylophone”.")
    shopper.page.keyboard.press("Enter")
    expect(shopper.page.get_by_role("main")).to_contain_text("Nothing here matches “xylophone”.")
    shopper.page.get_by_role("main").get_by_role("link", name="Tableware").click()
    expect(shopper.titles().filter(has_text="Cove Teapot")).to_be_visible()


def test_filters_order_and_the_way_back(shopper: Shopper) -> None:
    page = shopper.page
    page.get_by_role("checkbox", name=re.compile("^Kitchen")).check()
    expect(shopper.titles()).to_have_count(6)
    expect(page.get_by_role("checkbox", name=re.compile("^Kitchen"))).to_be_focused()
    page.get_by_role("combobox", name="Sort by").select_option("Price, low to high")
    expect(shopper.titles().first).to_have_text("Oar Spoon")
    assert asked(page.url) == {"category": ["kitchen"], "sort": ["price-asc"]}

    page.go_back()
    expect(page).to_have_url(re.compile(r"category=kitchen&sort=featured|category=kitchen$"))
    expect(shopper.titles().first).not_to_have_text("Oar Spoon")
    page.go_back()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Plain things")
    expect(page.get_by_role("checkbox", name=re.compile("^Kitchen"))).not_to_be_checked()
    page.go_forward()
    expect(shopper.titles()).to_have_count(6)


def test_a_chosen_filter_is_taken_away(open_shopper: OpenShopper) -> None:
    shopper = open_shopper("/?category=kitchen&in_stock=1")
    shopper.page.get_by_role("link", name="Remove filter Kitchen").click()
    expect(shopper.page).to_have_url(re.compile(r"/\?in_stock=1$"))
    expect(shopper.page.get_by_role("checkbox", name=re.compile("^In stock"))).to_be_checked()


def test_pages_are_links(shopper: Shopper) -> None:
    first = shopper.titles().first.inner_text()
    shopper.page.get_by_role("navigation", name="Pages").get_by_role("link", name="Next").click()
    expect(shopper.page).to_have_url(re.compile(r"page=2"))
    expect(shopper.titles().first).not_to_have_text(first)


def test_an_option_changes_price_and_stock(open_shopper: OpenShopper) -> None:
    shopper = open_shopper("/product/tide-mug")
    colours = shopper.page.get_by_role("group", name="Colour")
    colours.get_by_role("link", name="Deep").click()
    expect(shopper.page.get_by_role("main").get_by_text("Only 4 left")).to_be_visible()
    expect(shopper.page).to_have_url(re.compile("variant_id=TIDE-MUG-DEEP"))
    expect(colours.get_by_role("link", name="Deep")).to_be_focused()
    shopper.presses("Add to cart")
    expect(shopper.drawer).to_contain_text("Deep")


def test_an_option_that_is_sold_out_says_so(open_shopper: OpenShopper) -> None:
    shopper = open_shopper("/product/dune-cushion")
    shopper.page.get_by_role("link", name="Ochre (sold out)").click()
    expect(shopper.page.get_by_text("Sold out", exact=True)).to_be_visible()
    expect(shopper.page.get_by_role("button", name="Add to cart", exact=True)).to_have_count(0)


def test_prices_follow_the_currency_and_the_place_is_kept(shopper: Shopper) -> None:
    shopper.page.get_by_role("checkbox", name=re.compile("^Kitchen")).check()
    expect(shopper.page).to_have_url(re.compile("category=kitchen"))
    shopper.page.get_by_role("combobox", name="Currency").select_option("JPY")
    expect(shopper.page.get_by_role("main")).to_contain_text("¥")
    expect(shopper.page).to_have_url(re.compile("category=kitchen"))
    expect(shopper.page.get_by_role("main")).not_to_contain_text("€14.00")


def asked(url: str) -> dict[str, list[str]]:
    return parse_qs(urlsplit(url).query)
