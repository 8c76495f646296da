"""What goes well with a cart, in the cart's page and in the drawer."""

from __future__ import annotations

import re
from typing import Any

import pytest
from playwright.sync_api import Route, expect

from tests.e2e.shopper import Shopper
from tests.fixtures.browser import PHONE, OpenShopper

HEADING = "Goes well with your cart"
TO_THEIR_PLACE = "document.querySelector('main .recommended')?.scrollIntoView({ block: 'center' })"


def sees_recommendations(shopper: Shopper) -> None:
    """A busy machine misses the moment in which they are to come; whoever comes back has them then."""
    heading = shopper.page.get_by_role("main").get_by_role("heading", name=HEADING)
    for _ in range(10):
        shopper.page.evaluate(TO_THEIR_PLACE)
        try:
            expect(heading).to_be_visible(timeout=1_500)
        except AssertionError:
            shopper.page.reload()
        else:
            return
    raise AssertionError("nothing is ever recommended")


def knows(shopper: Shopper, *handles: str) -> None:
    """Ask until the shop knows what goes with these: what it finds too late is there for the next one who asks."""
    for _ in range(100):
        if shopper.page.request.get(f"/recommended?handles={','.join(handles)}").status == 200:
            return
    raise AssertionError("nothing is ever recommended")


def test_what_is_added_from_there_is_in_the_cart_at_once(open_shopper: OpenShopper) -> None:
    shopper = open_shopper("/cart", having=("Keel Pan",))
    knows(shopper, "keel-pan")
    main = shopper.page.get_by_role("main")
    sees_recommendations(shopper)
    asked: list[str] = []
    shopper.page.on("request", lambda request: asked.append(request.url))
    shopper.page.get_by_role("button", name="One more of Keel Pan").click()
    shopper.sees_badge(2)
    expect(main.get_by_role("heading", name=HEADING)).to_be_visible()
    assert [url for url in asked if "/cart/lines/" in url]
    assert not [url for url in asked if "/recommended" in url], "the cart holds the same things"

    button = main.get_by_role("button", name=re.compile("^Add (.*) to cart")).first
    title = button.inner_text().removeprefix("Add ").removesuffix(" to cart")
    knows(shopper, title.lower().replace(" ", "-"), "keel-pan")
    button.click()
    shopper.sees_lines("Keel Pan", title)
    shopper.sees_badge(3)
    expect(shopper.drawer).to_be_hidden()
    sees_recommendations(shopper)
    expect(main.get_by_role("button", name=f"Add {title} to cart")).to_have_count(0)


def test_the_drawer_has_it_too(open_shopper: OpenShopper) -> None:
    shopper = open_shopper("/product/keel-pan")
    knows(shopper, "keel-pan")
    shopper.presses("Add to cart")
    expect(shopper.drawer.get_by_role("heading", name=HEADING)).to_be_visible()
    shopper.drawer.get_by_role("button", name=re.compile("^Add .* to cart")).first.click()
    shopper.sees_badge(2)
    expect(shopper.drawer.get_by_role("heading", name="In your cart")).to_be_focused()


def test_what_comes_late_moves_no_button_on_a_phone(open_shopper: OpenShopper) -> None:
    shopper = open_shopper(having=("Keel Pan", "Reed Vase"), **PHONE)
    held: list[Route] = []
    shopper.page.route("**/recommended*", lambda route: held.append(route))
    shopper.opens("/cart")
    with shopper.page.expect_request("**/recommended*"):
        shopper.page.evaluate(TO_THEIR_PLACE)
    before = shopper.checkout_link.bounding_box()
    held[0].fulfill(body=f"<h2>{HEADING}</h2>" + "<p>A bowl</p>" * 20, content_type="text/html")
    expect(shopper.page.get_by_role("heading", name=HEADING)).to_be_attached()
    assert shopper.checkout_link.bounding_box() == before


@pytest.mark.parametrize("size", [PHONE, {"viewport": {"width": 1440, "height": 900}}], ids=["phone", "desk"])
def test_nothing_moves_when_they_come(open_shopper: OpenShopper, size: dict[str, Any]) -> None:
    shopper = open_shopper("/cart", having=("Keel Pan", "Reed Vase"), **size)
    knows(shopper, "reed-vase", "keel-pan")
    shopper.page.add_init_script(
        """window.moved = 0;
        new PerformanceObserver((list) => list.getEntries().forEach((shift) => (moved += shift.value)))
            .observe({ type: "layout-shift", buffered: true });"""
    )
    shopper.page.reload()
    sees_recommendations(shopper)
    shopper.page.evaluate("new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(drawn)))")
    assert shopper.page.evaluate("moved") == 0
