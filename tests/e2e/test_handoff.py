"""A cart goes on on a phone, without JavaScript there, and comes back out of it."""

from __future__ import annotations

import re

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from tests.fixtures.browser import PHONE, OpenShopper


def test_a_cart_goes_on_on_a_phone(open_shopper: OpenShopper) -> None:
    desk = open_shopper("/cart", having=("Keel Pan", "Reed Vase"))
    desk.page.get_by_role("link", name="Continue on your phone").click()
    expect(desk.page.get_by_role("img", name="QR code")).to_be_visible()
    assert not Axe().run(desk.page).response["violations"]
    link = desk.page.get_by_text(re.compile("^http.*/handoff/")).inner_text()

    phone = open_shopper(link, having=("Reed Vase", "Cove Teapot"), java_script_enabled=False, **PHONE)
    expect(phone.page.get_by_role("heading", name="Bring this item to this device?")).to_be_visible()
    phone.page.get_by_role("button", name="Bring to this device").dblclick()
    expect(phone.page.get_by_role("heading", name="Your cart is here")).to_be_visible()
    phone.page.get_by_role("link", name="To your cart").click()
    phone.sees_lines("Reed Vase", "Cove Teapot", "Keel Pan")
    phone.sees_badge(3)

    phone.page.go_back()
    phone.presses("Remove it again")
    phone.sees_lines("Reed Vase", "Cove Teapot")
    desk.opens("/cart")
    desk.sees_lines("Keel Pan", "Reed Vase")
