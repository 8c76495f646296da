"""Everyone can use it: keyboard alone, a phone, a screen reader's view of every page, light and dark."""

from __future__ import annotations

import re
from collections.abc import Iterable
from itertools import cycle
from typing import Literal

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, ViewportSize, expect

from tests.e2e.shopper import Shopper
from tests.e2e.states import STATES
from tests.fixtures.browser import PHONE, OpenShopper

Scheme = Literal["light", "dark"]
DESK: ViewportSize = {"width": 1280, "height": 720}
PAD: ViewportSize = {"width": 820, "height": 1180}
NARROW: ViewportSize = {"width": 320, "height": 640}
"""What is left of a desk's window at 400% (WCAG 2.2, 1.4.10)."""
SCHEMES: tuple[Scheme, ...] = ("light", "dark")
LOOKS: tuple[tuple[ViewportSize, Scheme], ...] = ((DESK, "light"), (NARROW, "dark"), (PAD, "light"), (DESK, "dark"))
"""States take turns at these; `make access` looks at each state in all three sizes, light and dark."""
FADED = """Promise.all(document.getAnimations().filter((one) => one instanceof CSSTransition)
    .map((one) => one.finished.catch(() => "cut off by another")))"""
DOUBLED = "document.documentElement.style.fontSize = '200%'"


@pytest.fixture(scope="module")
def shows_pictures() -> bool:
    return True


@pytest.mark.parametrize(("state", "look"), [*zip(STATES, cycle(LOOKS))], ids=[*STATES])
def test_every_state_is_accessible_and_fits(
    state: str, look: tuple[ViewportSize, Scheme], open_shopper: OpenShopper
) -> None:
    shopper = open_shopper("/healthz", locale="en-DE")
    STATES[state](shopper)
    shopper.complaints.clear()  # some states are refusals
    assert faults(shopper.page, [look]) == []


def test_words_of_twice_the_size_fit(open_shopper: OpenShopper) -> None:
    shopper = open_shopper("/", having=("Keel Pan", "Reed Vase"), viewport=DESK)
    for path in ("/", "/product/shoal-bowl", "/cart", "/checkout", "/help"):
        shopper.opens(path)
        shopper.page.evaluate(DOUBLED)
        assert too_wide(shopper.page) == []


@pytest.mark.parametrize(
    ("path", "marks", "part"), [("/", ".facet__swatch", ""), ("/product/tide-mug", ".offer .swatch", "::before")]
)
def test_colours_are_told_apart_where_the_system_chooses_all_others(
    open_shopper: OpenShopper, path: str, marks: str, part: str
) -> None:
    page = open_shopper(path, forced_colors="active", viewport={"width": 1280, "height": 720}).page
    shown = page.locator(marks).evaluate_all(
        "(marks, part) => marks.map((mark) => getComputedStyle(mark, part || null).backgroundColor)", part
    )
    assert len(set(shown)) == len(shown) > 3


def faults(page: Page, looks: Iterable[tuple[ViewportSize, Scheme]]) -> list[str]:
    """What axe complains of and what does not fit, in each size and colour scheme."""
    found = []
    for size, scheme in looks:
        page.set_viewport_size(size)
        page.emulate_media(color_scheme=scheme)
        page.evaluate(FADED)
        found += [f"{size['width']} {scheme}: {words}" for words in (*violations(page), *too_wide(page))]
    return found


def violations(page: Page) -> list[str]:
    found = Axe().run(page).response["violations"]
    return [f"{one['id']}: {node['html']} {node['failureSummary']}" for one in found for node in one["nodes"]]


def too_wide(page: Page) -> list[str]:
    width, most = page.evaluate("[document.documentElement.scrollWidth, innerWidth]")
    return [f"the page is {width} pixels wide"] if width > most else []


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
    shopper.page.wait_for_url("/cart")  # with its script, which the stepper needs
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
    shopper.page.get_by_role("button", name="Filter").tap()
    shopper.page.get_by_role("checkbox", name=re.compile("^Kitchen")).tap()
    expect(shopper.titles()).to_have_count(6)
    expect(shopper.page.get_by_role("checkbox", name=re.compile("^Kitchen"))).to_be_visible()
    shopper.page.get_by_text("Show 6 products").tap()
    expect(shopper.page.get_by_role("checkbox", name=re.compile("^Kitchen"))).to_be_hidden()
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
