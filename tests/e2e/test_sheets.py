"""The menu and the filters of a narrow screen: dialogs that hold the focus and close in every way one would try."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Locator, Page, ViewportSize, expect

from tests.e2e.shopper import Shopper
from tests.fixtures.browser import PHONE, OpenShopper

NARROW: ViewportSize = {"width": 390, "height": 844}
OPENERS = {"Menu": "/", "Filter": "/?category=kitchen"}


def opened(shopper: Shopper, name: str) -> Locator:
    shopper.opens(OPENERS[name])
    opener(shopper.page, name).click()
    sheet = shopper.page.get_by_role("dialog", name=name)
    expect(sheet).to_be_visible()
    return sheet


def opener(page: Page, name: str) -> Locator:
    return page.get_by_role("button", name=re.compile(f"^{name}"))


@pytest.mark.parametrize("name", OPENERS)
def test_a_sheet_closes_and_gives_the_focus_back(open_shopper: OpenShopper, name: str) -> None:
    shopper = open_shopper("/healthz", **PHONE)
    for way in ("Escape", "Close", "beside"):
        sheet = opened(shopper, name)
        expect(sheet.get_by_role("heading", name=name)).to_be_visible()
        expect(sheet.get_by_role("button", name="Close")).to_be_focused()
        if way == "Escape":
            shopper.page.keyboard.press("Escape")
        elif way == "Close":
            sheet.get_by_role("button", name="Close").click()
        else:
            shopper.page.set_viewport_size({"width": 700, "height": 844})  # so that there is something beside the menu
            shopper.page.mouse.click(690, 20)
        expect(sheet).to_be_hidden()
        if way != "beside":
            expect(opener(shopper.page, name)).to_be_focused()
        shopper.page.set_viewport_size(NARROW)


@pytest.mark.parametrize("name", OPENERS)
def test_the_focus_stays_in_an_open_sheet(open_shopper: OpenShopper, name: str) -> None:
    shopper = open_shopper("/healthz", **PHONE)
    sheet = opened(shopper, name)
    for key in ["Tab"] * 40 + ["Shift+Tab"] * 3:
        shopper.page.keyboard.press(key)
        assert sheet.evaluate("(sheet) => sheet.contains(document.activeElement)"), key


def test_the_menu_leads_everywhere(open_shopper: OpenShopper) -> None:
    menu = opened(open_shopper("/healthz", **PHONE), "Menu")
    for name in ("Kitchen", "Your orders", "Help", "About"):
        expect(menu.get_by_role("link", name=name, exact=True)).to_be_visible()
    menu.get_by_role("link", name="Help").click()
    expect(menu.page.get_by_role("heading", name="Help", level=1)).to_be_visible()


@pytest.mark.parametrize("name", OPENERS)
def test_a_sheet_opens_without_javascript(open_shopper: OpenShopper, name: str) -> None:
    shopper = open_shopper(OPENERS[name], java_script_enabled=False, **PHONE)
    opener(shopper.page, name).click()
    sheet = shopper.page.get_by_role("group", name=name)
    expect(sheet.get_by_text("Kitchen", exact=True)).to_be_visible()
    shopper.page.keyboard.press("Escape")
    expect(sheet).to_be_hidden()


def test_filters_are_cleared_in_their_sheet(open_shopper: OpenShopper) -> None:
    shopper = open_shopper("/healthz", **PHONE)
    opened(shopper, "Filter").get_by_role("link", name="Clear all").click()
    expect(shopper.page).to_have_url(re.compile(r"/$"))


def test_on_a_wide_screen_both_are_parts_of_the_page(open_shopper: OpenShopper) -> None:
    page = open_shopper("/?category=kitchen", viewport={"width": 1440, "height": 900}).page
    for name in OPENERS:
        expect(opener(page, name)).to_be_hidden()
        expect(page.get_by_role("dialog", name=name)).to_have_count(0)
    expect(page.get_by_role("navigation", name="Categories").get_by_role("link", name="Kitchen")).to_be_visible()
    expect(page.get_by_role("checkbox", name=re.compile("^Kitchen"))).to_be_checked()


@pytest.mark.parametrize(("name", "button"), [("Currency", "Change currency"), ("Language", "Change language")])
def test_a_list_that_keys_walk_through_waits_for_its_button(shopper: Shopper, name: str, button: str) -> None:
    page = shopper.page
    page.evaluate("window.isSame = true")
    choice = page.get_by_role("combobox", name=name)
    before = choice.input_value()
    choice.focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    expect(choice).not_to_have_value(before)
    chosen = choice.input_value()
    expect(page.get_by_role("button", name=button)).to_be_visible()
    expect(choice).to_be_focused()
    assert page.evaluate("window.isSame")
    with page.expect_navigation():
        page.get_by_role("button", name=button).click()
    expect(page.locator(f"#{name.lower()}")).to_have_value(chosen)
