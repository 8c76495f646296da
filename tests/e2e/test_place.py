"""The place that a shopper has reached is kept, or what was asked for comes into view; and nothing is covered."""

from __future__ import annotations

import re
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.fixtures.browser import PHONE, OpenShopper

SMALL_PHONE = {**PHONE, "viewport": {"width": 320, "height": 568}}
PAD: dict[str, Any] = {"viewport": {"width": 1024, "height": 768}}
DESK: dict[str, Any] = {"viewport": {"width": 1440, "height": 900}}
SIZES = {"phone": PHONE, "small": SMALL_PHONE, "pad": PAD, "desk": DESK}
SETTLED = "new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(drawn)))"
COVERED = """[...document.querySelectorAll("main :is(a, button, input, select, summary)")].filter((one) => {
    const { left, right, top, bottom, width } = one.getBoundingClientRect();
    const [x, y] = [(left + right) / 2, (top + bottom) / 2];
    if (!width || x < 0 || y < 0 || x >= innerWidth || y >= innerHeight) return false;
    return document.elementFromPoint(x, y)?.closest("#status");
}).map((one) => one.outerHTML)"""
"""JavaScript: what a toast has taken the place of, for a finger."""


def scroll_to(page: Page, height: int) -> None:
    page.evaluate(f"scrollTo({{ top: {height}, behavior: 'instant' }})")
    page.evaluate(SETTLED)


def top_of(one: Locator) -> float:
    box = one.bounding_box()
    assert box is not None
    return box["y"]


@pytest.mark.parametrize(
    ("size", "height", "by"),
    [
        ("phone", 300, "click"),
        ("phone", 450, "key"),
        ("small", 450, "click"),
        ("pad", 150, "key"),
        ("desk", 150, "click"),
        ("desk", 150, "key"),
    ],
)
def test_a_colour_is_chosen_where_one_is(open_shopper: OpenShopper, size: str, height: int, by: str) -> None:
    shopper = open_shopper("/product/tide-mug", **SIZES[size])
    page, clay = shopper.page, shopper.page.get_by_role("link", name="Clay")
    scroll_to(page, height)
    clay.scroll_into_view_if_needed()
    clay.focus()
    page.evaluate(SETTLED)
    before, seen_at = page.evaluate("scrollY"), top_of(clay)
    assert before > 0
    if by == "key":
        page.keyboard.press("Enter")
    else:
        clay.click()
    expect(clay).to_have_attribute("aria-current", "true")
    page.evaluate(SETTLED)
    assert (page.evaluate("scrollY"), top_of(clay)) == (before, seen_at)


def test_a_size_is_chosen_where_one_is(open_shopper: OpenShopper) -> None:
    page = open_shopper("/product/shoal-bowl", **PHONE).page
    large = page.get_by_role("group", name="Size").get_by_role("link", name="Large")
    scroll_to(page, 500)
    large.focus()
    page.evaluate(SETTLED)
    before = page.evaluate("scrollY")
    large.click()
    expect(large).to_have_attribute("aria-current", "true")
    page.evaluate(SETTLED)
    assert page.evaluate("scrollY") == before


def test_a_quantity_that_was_typed_stays_when_a_colour_is_chosen(open_shopper: OpenShopper) -> None:
    shopper = open_shopper("/product/tide-mug", **PHONE)
    shopper.quantity("Tide Mug").fill("3")
    shopper.page.get_by_role("link", name="Clay").click()
    expect(shopper.page.get_by_role("link", name="Clay")).to_have_attribute("aria-current", "true")
    shopper.sees_quantity("Tide Mug", 3)
    shopper.presses("Add to cart")
    shopper.sees_badge(3)
    expect(shopper.drawer).to_contain_text("Clay")


@pytest.mark.parametrize(
    ("size", "path"),
    [*((size, "/") for size in SIZES), ("phone", "/?category=kitchen"), ("desk", "/?category=kitchen")],
)
def test_a_sort_order_brings_the_first_results_into_view(open_shopper: OpenShopper, size: str, path: str) -> None:
    shopper = open_shopper(path, **SIZES[size])
    order = shopper.page.get_by_role("combobox", name="Sort by")
    order.scroll_into_view_if_needed()
    order.select_option("Price, low to high")
    expect(shopper.titles().first).to_have_text("Oar Spoon" if "kitchen" in path else "Sea Stack Candle")
    expect(shopper.page.get_by_role("article").first).to_be_in_viewport()
    expect(order).to_be_in_viewport(ratio=1)


@pytest.mark.parametrize("size", ["pad", "desk"])
def test_a_filter_far_down_brings_its_results_into_view(open_shopper: OpenShopper, size: str) -> None:
    shopper = open_shopper("/", **SIZES[size])
    moss = shopper.page.get_by_role("checkbox", name=re.compile("^Moss"))
    moss.scroll_into_view_if_needed()
    moss.check()
    expect(shopper.page).to_have_url(re.compile("Moss"))
    expect(shopper.page.get_by_role("article").first).to_be_in_viewport()
    expect(moss).to_be_in_viewport()
    expect(moss).to_be_focused()


def test_filters_of_a_phone_bring_their_results_into_view(open_shopper: OpenShopper) -> None:
    shopper = open_shopper("/", **PHONE)
    shopper.presses("Filter")
    sheet = shopper.page.get_by_role("dialog", name="Filter")
    deep = sheet.get_by_role("checkbox", name=re.compile("^Deep"))
    deep.check()
    show = sheet.get_by_role("button", name=re.compile(r"^Show \d+ products?$"))
    expect(shopper.page).to_have_url(re.compile("Deep"))
    expect(deep).to_be_checked()
    expect(deep).to_be_focused()
    expect(sheet).to_be_visible()
    show.click()
    expect(sheet).to_be_hidden()
    expect(shopper.page.get_by_role("article").first).to_be_in_viewport()


@pytest.mark.parametrize("size", ["phone", "desk"])
def test_the_header_makes_room_going_down_and_comes_back_going_up(open_shopper: OpenShopper, size: str) -> None:
    page = open_shopper("/product/tide-mug", **SIZES[size]).page
    cart = page.get_by_role("link", name="Cart", exact=True)
    scroll_to(page, 700)
    expect(cart).not_to_be_in_viewport()
    scroll_to(page, 600)
    expect(cart).to_be_in_viewport(ratio=1)


def test_what_has_the_focus_is_not_under_the_header(open_shopper: OpenShopper) -> None:
    page = open_shopper("/product/tide-mug", **PHONE).page
    page.get_by_role("link", name="Picture 1 of").or_(page.get_by_role("link", name="Shop")).first.focus()
    scroll_to(page, 2000)
    for name in ("Deep", "Moss"):
        chosen = page.get_by_role("link", name=name)
        chosen.focus()
        page.evaluate(SETTLED)
        covered = chosen.evaluate(
            "(one) => { const box = one.getBoundingClientRect();"
            " return !one.contains(document.elementFromPoint(box.x + box.width / 2, box.y + box.height / 2)); }"
        )
        assert not covered, name


@pytest.mark.parametrize("size", ["phone", "small", "pad"])
def test_a_change_in_the_cart_covers_no_control(open_shopper: OpenShopper, size: str) -> None:
    shopper = open_shopper("/cart", having=("Keel Pan", "Reed Vase", "Oar Spoon"), **SIZES[size])
    shopper.presses("One more of Keel Pan")
    shopper.sees_badge(4)
    shopper.sees_status("Keel Pan: 2.")
    assert shopper.page.evaluate(COVERED) == []
    shopper.removes("Reed Vase")
    shopper.sees_status("Removed Reed Vase.")
    assert shopper.page.evaluate(COVERED) == []
    shopper.checkout_link.click()
    expect(shopper.order_button).to_be_visible()


@pytest.mark.parametrize("size", ["phone", "small", "desk"])
def test_a_refusal_covers_no_control_and_is_in_our_words(open_shopper: OpenShopper, size: str) -> None:
    shopper = open_shopper("/cart", having=("Cove Teapot",), **SIZES[size])
    shopper.quantity("Cove Teapot").fill("500")
    shopper.quantity("Cove Teapot").press("Enter")
    shopper.sees_status("Only 3 of Cove Teapot left.")
    shopper.sees_quantity("Cove Teapot", 1)
    assert shopper.page.evaluate(COVERED) == []
    shopper.forgives()


def test_a_refused_add_is_said_beside_its_button_on_a_phone(open_shopper: OpenShopper) -> None:
    shopper = open_shopper("/product/cove-teapot", **PHONE)
    shopper.quantity("Cove Teapot").fill("500")
    shopper.presses("Add to cart")
    expect(shopper.page.get_by_role("main").get_by_text("Only 3 of Cove Teapot left.")).to_be_in_viewport(ratio=1)
    assert shopper.page.evaluate(COVERED) == []
    shopper.forgives()


def test_the_bar_of_a_phone_says_what_is_added(open_shopper: OpenShopper) -> None:
    shopper = open_shopper("/product/tide-mug", **PHONE)
    bar = shopper.page.locator(".offer__chosen")
    expect(bar).to_be_in_viewport(ratio=1)
    expect(bar).to_have_text("Moss €24.00")
    shopper.page.get_by_role("link", name="Deep").click()
    expect(bar).to_have_text("Deep €24.00")


@pytest.mark.parametrize(("width", "columns"), [(390, 2), (768, 3), (1024, 3), (1440, 4)])
def test_a_grid_has_as_many_columns_as_fit(open_shopper: OpenShopper, width: int, columns: int) -> None:
    page = open_shopper("/", viewport={"width": width, "height": 900}).page
    cards = page.get_by_role("main").get_by_role("article")
    tops = [top_of(card) for card in cards.all()[: columns + 1]]
    assert len(set(tops[:columns])) == 1
    assert tops[columns] > tops[0]


SPLIT = r"""[...document.querySelectorAll("body *")].flatMap((one) => [...one.childNodes]).flatMap((text) => {
    if (text.nodeType !== 3 || !text.parentElement.checkVisibility({ contentVisibilityAuto: true })) return [];
    return [...text.data.matchAll(/[^\s\u200b\/@.-]+(?:[.,]\d+)*/g)].filter((word) => {
        const range = document.createRange();
        range.setStart(text, word.index);
        range.setEnd(text, word.index + word[0].length);
        const parts = [...range.getClientRects()].filter((box) => box.width > 1);
        return new Set(parts.map((box) => Math.round(box.top))).size > 1;
    }).map((word) => word[0]);
})"""
"""JavaScript: the words and numbers that go on in the next line."""


@pytest.mark.parametrize("path", ["/", "/help", "/product/drift-throw", "/cart", "/checkout"])
@pytest.mark.parametrize("size", ["small", "desk"])
def test_no_word_and_no_number_is_split(open_shopper: OpenShopper, size: str, path: str) -> None:
    page = open_shopper(path, having=("Keel Pan",), **SIZES[size]).page
    for each in page.locator("details").all():
        each.evaluate("(one) => (one.open = true)")
    assert page.evaluate(SPLIT) == []


def test_a_header_without_javascript_is_whole(open_shopper: OpenShopper) -> None:
    page = open_shopper("/?category=kitchen", java_script_enabled=False, **DESK).page
    for name in ("Change language", "Change currency"):
        box = page.get_by_role("button", name=name).bounding_box()
        assert box is not None
        assert box["height"] < 50, name
    links = page.get_by_role("navigation", name="Categories").first.get_by_role("link").all()
    assert len({top_of(link) for link in links if link.is_visible()}) == 1
