"""The coupon of a cart, as people enter it."""

from __future__ import annotations

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from tests.fixtures.browser import OpenShopper

ASKING = "Do you have a coupon?"


def test_with_the_keyboard_nobody_loses_their_place(open_shopper: OpenShopper) -> None:
    shopper = open_shopper("/cart", having=("Keel Pan",))
    page, keyboard = shopper.page, shopper.page.keyboard
    page.get_by_text(ASKING).focus()
    keyboard.press("Enter")
    field = page.get_by_label("Coupon code")
    expect(field).to_be_focused()
    keyboard.type("no such")
    keyboard.press("Tab")
    keyboard.press("Enter")
    expect(field).to_be_focused()
    expect(field).to_have_value("no such")
    expect(field).to_have_accessible_description("There is no coupon “no such”. Please check how it is written.")
    assert not Axe().run(page).response["violations"]
    shopper.forgives()

    field.fill("welcome10")
    keyboard.press("Enter")
    shopper.sees_status("The coupon WELCOME10 takes")
    expect(page.get_by_role("button", name="Remove the coupon WELCOME10")).to_be_focused()
    assert not Axe().run(page).response["violations"]
    keyboard.press("Enter")
    shopper.sees_status("The coupon was removed.")
    expect(page.get_by_text(ASKING)).to_be_focused()


def test_without_javascript(open_shopper: OpenShopper) -> None:
    shopper = open_shopper(java_script_enabled=False)
    shopper.adds("Keel Pan")
    shopper.page.get_by_text(ASKING).click()
    for code, words in (("lasttide", "The coupon LASTTIDE ended on"), ("welcome10", "The coupon WELCOME10 takes")):
        shopper.page.get_by_label("Coupon code").fill(code)
        shopper.presses("Use coupon")
        expect(shopper.page.get_by_text(words)).to_be_visible()
    shopper.forgives()
    shopper.presses("Remove the coupon")
    expect(shopper.page.get_by_text(ASKING)).to_be_visible()
