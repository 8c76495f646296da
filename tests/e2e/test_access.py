"""Everyone can use it: keyboard alone, a phone, a screen reader's view of every page, light and dark."""

from __future__ import annotations

import re

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import ViewportSize, expect

from tests.e2e.shopper import ASKS_FIRST, Shopper
from tests.fixtures.browser import PHONE, OpenShopper

PAGES = {
    "front": "/",
    "category": "/?category=kitchen&in_stock=1",
    "nothing found": "/?q=" + "xylophone" * 8,
    "product": "/product/keel-pan",
    "options": "/product/shoal-bowl",
    "sold out": "/product/heron-floor-lamp",
    "cart": "/cart",
    "about": "/about",
    "help": "/help",
    "forget": "/logout",
    "find an order": "/order",
    "not found": "/nowhere",
}
DESK: ViewportSize = {"width": 1280, "height": 720}
NARROW: ViewportSize = {"width": 320, "height": 640}
"""What is left of a desk's window at 400% (WCAG 2.2, 1.4.10)."""
HAVING = ("Keel Pan", "Cove Teapot", "Gull Reading Lamp")


def violations(shopper: Shopper) -> list[str]:
    found = Axe().run(shopper.page).response["violations"]
    return [f"{one['id']}: {node['html']} {node['failureSummary']}" for one in found for node in one["nodes"]]


@pytest.mark.parametrize(("scheme", "size"), [("light", DESK), ("dark", NARROW)])
def test_every_page_is_accessible_and_fits(open_shopper: OpenShopper, scheme: str, size: ViewportSize) -> None:
    shopper = open_shopper("/cart", having=HAVING, color_scheme=scheme, viewport=size)
    shopper.removes("Cove Teapot")
    shopper.presses("Save for later Gull Reading Lamp")
    expect(shopper.page.get_by_role("region", name="Saved for later")).to_be_visible()
    found: dict[str, list[str]] = {}
    for name, path in PAGES.items():
        shopper.opens(path)
        found[name] = violations(shopper)
        fits(shopper, name)
    shopper.opens("/")
    shopper.adds("Keel Pan")
    expect(shopper.drawer).to_be_visible()
    found["drawer"] = violations(shopper)
    assert {name: list(what) for name, what in found.items() if what} == {}
    shopper.forgives()  # the page that is not there


@pytest.mark.parametrize(("scheme", "size"), [("light", DESK), ("dark", NARROW)])
def test_the_way_through_the_checkout_is_accessible_and_fits(
    open_shopper: OpenShopper, scheme: str, size: ViewportSize
) -> None:
    shopper = open_shopper("/checkout", having=("Keel Pan",), locale="en-IE", color_scheme=scheme, viewport=size)
    found: dict[str, list[str]] = {}

    def look(state: str, heading: str) -> None:
        expect(shopper.page.get_by_role("heading", name=heading).first).to_be_visible()
        found[state] = violations(shopper)
        fits(shopper, state)

    look("checkout", "Checkout")
    shopper.places_the_order()
    look("nothing typed", "things have to be put right")
    shopper.fills_in(card_number=ASKS_FIRST)
    shopper.places_the_order()
    look("bank", "Is this payment yours?")
    shopper.opens(shopper.page.url.replace("/payment/", "/order/"))
    look("waiting", "Your bank asks you to confirm")
    shopper.page.get_by_role("link", name="Confirm with your bank").click()
    shopper.presses("Refuse it")
    look("failed", "This order was not placed")
    shopper.page.get_by_role("link", name="Back to the checkout").click()
    shopper.fills_in()
    shopper.places_the_order()
    look("receipt", "Thank you")
    assert {state: what for state, what in found.items() if what} == {}
    shopper.forgives()  # nothing typed


def fits(shopper: Shopper, name: str) -> None:
    width, most = shopper.page.evaluate("[document.documentElement.scrollWidth, innerWidth]")
    assert width <= most, f"{name} is {width} pixels wide"


def test_the_whole_way_with_the_keyboard(shopper: Shopper) -> None:
    keyboard = shopper.page.keyboard
    keyboard.press("Tab")
    expect(shopper.page.get_by_role("link", name="Skip to the content")).to_be_focused()
    keyboard.press("Enter")
    shopper.tabs_to("button", "Add Cove Teapot to cart")
    keyboard.press("Enter")
    expect(shopper.drawer).to_be_visible()
    shopper.tabs_to("link", "View cart")
    keyboard.press("Enter")
    shopper.sees_lines("Cove Teapot")
    shopper.tabs_to("button", "One more of Cove Teapot")
    keyboard.press("Space")
    shopper.sees_badge(2)
    expect(shopper.page.get_by_role("button", name="One more of Cove Teapot")).to_be_focused()
    shopper.tabs_to("button", "Remove Cove Teapot")
    keyboard.press("Enter")
    shopper.sees_badge(0)
    expect(shopper.page.get_by_role("heading", name="Your cart", exact=True)).to_be_focused()
    shopper.tabs_to("button", "Undo")
    keyboard.press("Enter")
    shopper.sees_quantity("Cove Teapot", 2)


def test_on_a_phone(open_shopper: OpenShopper) -> None:
    shopper = open_shopper(**PHONE)
    shopper.page.get_by_text("Filter", exact=True).tap()
    shopper.page.get_by_role("radio", name=re.compile("^Kitchen")).tap()
    expect(shopper.titles()).to_have_count(6)
    expect(shopper.page.get_by_role("radio", name=re.compile("^Kitchen"))).to_be_visible()
    shopper.page.get_by_text("Show 6 products").tap()
    expect(shopper.page.get_by_role("radio", name=re.compile("^Kitchen"))).to_be_hidden()
    shopper.add_button("Keel Pan").tap()
    shopper.drawer.get_by_role("link", name="View cart").tap()
    shopper.page.get_by_role("button", name="One more of Keel Pan").tap()
    shopper.sees_badge(2)
    shopper.page.get_by_role("button", name="Remove Keel Pan").tap()
    shopper.presses("Undo")
    shopper.sees_quantity("Keel Pan", 2)


@pytest.mark.parametrize("path", ["/", "/product/shoal-bowl", "/cart", "/checkout"])
def test_what_a_finger_touches_is_large_enough(open_shopper: OpenShopper, path: str) -> None:
    shopper = open_shopper(path, having=("Keel Pan",), **PHONE)
    small = shopper.page.evaluate(
        """(touched) => [...document.querySelectorAll(touched)]
            .filter((one) => one.checkVisibility())
            .map((one) => [one.outerHTML.slice(0, 90), (one.closest("label") ?? one).getBoundingClientRect().height])
            .filter(([, height]) => height < 44)""",
        "button, select, summary, nav a, .option__value, input:not([type=hidden])",
    )
    assert small == []
