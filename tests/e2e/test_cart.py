"""A cart, from the first add to the last undo, by mouse."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.e2e.shopper import Shopper
from tests.fixtures.browser import PHONE, OpenShopper


@pytest.fixture
def at_cart(open_shopper: OpenShopper) -> Shopper:
    """A shopper on the cart page, with three things in the cart."""
    shopper = open_shopper("/cart", having=("Cove Teapot", "Keel Pan", "Reed Vase"))
    shopper.sees_lines("Cove Teapot", "Keel Pan", "Reed Vase")
    return shopper


def test_an_add_opens_the_drawer_and_counts(shopper: Shopper) -> None:
    shopper.sees_badge(0)
    shopper.adds("Keel Pan")
    expect(shopper.drawer).to_be_visible()
    expect(shopper.drawer.get_by_role("link", name="Keel Pan")).to_be_visible()
    expect(shopper.drawer).to_contain_text("€69.00")
    shopper.sees_status("Keel Pan")
    shopper.sees_badge(1)


def test_the_drawer_closes_and_gives_the_focus_back(shopper: Shopper) -> None:
    for close in ("Close", "Keep shopping"):
        shopper.adds("Keel Pan")
        shopper.drawer.get_by_role("button", name=close).click()
        expect(shopper.drawer).to_be_hidden()
        expect(shopper.add_button("Keel Pan")).to_be_focused()
    shopper.adds("Keel Pan")
    expect(shopper.drawer).to_be_visible()
    shopper.page.mouse.click(20, 400)
    expect(shopper.drawer).to_be_hidden()
    shopper.sees_badge(3)


def test_the_drawer_leads_to_the_cart(shopper: Shopper) -> None:
    shopper.adds("Keel Pan")
    shopper.drawer.get_by_role("link", name="View cart").click()
    shopper.sees_lines("Keel Pan")


def test_the_drawer_is_changed_where_it_is(shopper: Shopper) -> None:
    shopper.comes_with("Reed Vase")
    shopper.opens("/product/keel-pan")
    shopper.presses("Add to cart")
    drawer = shopper.drawer
    drawer.get_by_role("button", name="One more of Keel Pan").click()
    shopper.sees_badge(3)
    expect(drawer).to_contain_text("2 × €69.00")
    expect(drawer.get_by_role("button", name="One more of Keel Pan")).to_be_focused()
    drawer.get_by_role("button", name="Remove Reed Vase").click()
    expect(drawer.get_by_role("button", name="Remove Reed Vase")).to_have_count(0)
    expect(drawer.get_by_role("status")).to_contain_text("Removed Reed Vase.")
    shopper.sees_badge(2)
    drawer.get_by_role("button", name="Undo").click()
    expect(drawer.get_by_role("button", name="Remove Reed Vase")).to_be_visible()
    drawer.get_by_role("spinbutton", name="Quantity of Keel Pan").fill("500")
    drawer.get_by_role("spinbutton", name="Quantity of Keel Pan").press("Enter")
    expect(drawer.get_by_role("status").get_by_text(re.compile("^Only .* of Keel Pan left"))).to_be_visible()
    expect(drawer.get_by_role("spinbutton", name="Quantity of Keel Pan")).to_have_value("2")
    shopper.closes_the_drawer()
    expect(shopper.status).to_be_attached()
    expect(shopper.page.get_by_role("heading", name="Keel Pan", level=1)).to_be_visible()
    shopper.sees_badge(3)
    shopper.forgives()


def test_a_reduced_line_says_what_it_was_and_what_is_saved(open_shopper: OpenShopper) -> None:
    shopper = open_shopper("/cart", having=("Keel Pan", "Keel Pan"))
    line = shopper.page.get_by_role("main").get_by_role("listitem").filter(has_text="Keel Pan").first
    expect(line).to_contain_text("€69.00 each before €85.00")
    expect(line).to_contain_text("You save €32.00.")


def test_a_coupons_field_that_is_opened_has_the_focus(at_cart: Shopper) -> None:
    at_cart.page.get_by_text("Do you have a coupon?").click()
    expect(at_cart.page.get_by_role("textbox", name="Coupon code")).to_be_focused()


def test_on_a_phone_the_way_to_the_checkout_stays_at_hand_and_hides_nothing(open_shopper: OpenShopper) -> None:
    shopper = open_shopper("/cart", having=("Cove Teapot", "Keel Pan", "Reed Vase", "Oar Spoon"), **PHONE)
    bar = shopper.page.locator(".cart__bar")
    expect(bar.get_by_role("link", name="Checkout")).to_be_in_viewport(ratio=1)
    for name in ("Remove Cove Teapot", "Remove Reed Vase", "Remove Oar Spoon"):
        button = shopper.page.get_by_role("button", name=name)
        button.focus()
        place, edge = button.bounding_box(), bar.bounding_box()
        assert place is not None
        assert edge is not None
        assert place["y"] + place["height"] <= edge["y"], name
    expect(bar.get_by_role("link", name="Checkout")).to_be_in_viewport(ratio=1)


LONG: tuple[str, ...] = (
    "Keel Pan",
    "Spray Salt Pot",
    "Mooring Rail",
    "Reed Vase",
    "Beacon Lantern",
    "Galley Towels",
    "Pebble Mortar",
)
LONG += ("Raft Tray", "Mist Tablecloth", "Oar Spoon", "Hull Shelf", "Ember Dish", "Pool Glasses", "Strand Apron")


def test_a_change_in_a_long_cart_keeps_the_place(open_shopper: OpenShopper) -> None:
    shopper = open_shopper("/cart", having=LONG, **PHONE)
    more = shopper.page.get_by_role("button", name="One more of Pebble Mortar")
    more.scroll_into_view_if_needed()
    before = more.bounding_box()
    more.tap()
    shopper.sees_badge(len(LONG) + 1)
    shopper.page.evaluate("new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(drawn)))")
    assert more.bounding_box() == before


def test_a_quantity_steps_and_is_typed(at_cart: Shopper) -> None:
    more = at_cart.page.get_by_role("button", name="One more of Keel Pan")
    for _ in range(3):
        more.click()
    at_cart.sees_badge(6)
    at_cart.sees_quantity("Keel Pan", 4)
    expect(more).to_be_focused()
    at_cart.sees_status("Keel Pan: 4.")
    at_cart.quantity("Keel Pan").fill("2")
    at_cart.quantity("Keel Pan").press("Enter")
    at_cart.sees_badge(4)
    expect(at_cart.page.get_by_text("€138.00", exact=True)).to_be_visible()


def test_steps_taken_while_a_change_is_under_way_are_not_lost(at_cart: Shopper) -> None:
    more = at_cart.page.get_by_role("button", name="One more of Keel Pan")
    with at_cart.page.expect_request("**/cart/lines/**"):
        more.click()
    at_cart.page.get_by_role("button", name="One more of Keel Pan").click()
    at_cart.page.get_by_role("button", name="One more of Reed Vase").click()
    at_cart.sees_badge(6)
    at_cart.sees_quantity("Keel Pan", 3)
    at_cart.sees_quantity("Reed Vase", 2)


def test_one_less_than_one_removes(at_cart: Shopper) -> None:
    at_cart.page.get_by_role("button", name="One less of Keel Pan").click()
    at_cart.sees_lines("Cove Teapot", "Reed Vase")


def test_a_removal_moves_the_focus_on_and_can_be_undone(at_cart: Shopper) -> None:
    at_cart.removes("Keel Pan")
    at_cart.sees_lines("Cove Teapot", "Reed Vase")
    expect(at_cart.page.get_by_role("button", name="Remove Reed Vase")).to_be_focused()
    at_cart.sees_badge(2)
    at_cart.presses("Undo")
    at_cart.sees_lines("Cove Teapot", "Keel Pan", "Reed Vase")
    expect(at_cart.page.get_by_role("heading", name="Your cart", exact=True)).to_be_focused()
    at_cart.sees_badge(3)


def test_the_last_removal_leaves_an_empty_cart_and_a_way_on(open_shopper: OpenShopper) -> None:
    shopper = open_shopper("/cart", having=("Keel Pan",))
    shopper.removes("Keel Pan")
    expect(shopper.page.get_by_text("Your cart is empty.").first).to_be_visible()
    expect(shopper.page.get_by_role("heading", name="Your cart", exact=True)).to_be_focused()
    shopper.sees_badge(0)
    expect(shopper.page.get_by_role("main").get_by_role("link", name="Look around")).to_be_visible()


def test_the_cart_is_emptied_after_asking(at_cart: Shopper) -> None:
    everything_out = at_cart.page.get_by_role("button", name="Empty it")
    expect(everything_out).to_be_hidden()
    at_cart.page.get_by_text("Empty the cart").click()
    everything_out.click()
    at_cart.sees_badge(0)
    at_cart.presses("Undo")
    at_cart.sees_lines("Cove Teapot", "Keel Pan", "Reed Vase")


def test_what_was_opened_stays_open_when_the_cart_changes(at_cart: Shopper) -> None:
    everything_out = at_cart.page.get_by_role("button", name="Empty it")
    at_cart.page.get_by_text("Empty the cart").click()
    expect(everything_out).to_be_visible()
    at_cart.page.get_by_role("button", name="One more of Keel Pan").click()
    expect(at_cart.page.get_by_role("main")).to_contain_text("€138.00")
    expect(everything_out).to_be_visible()


def test_a_line_is_saved_for_later_and_comes_back(at_cart: Shopper) -> None:
    at_cart.page.get_by_role("button", name="Save for later Keel Pan").click()
    at_cart.sees_lines("Cove Teapot", "Reed Vase")
    saved = at_cart.page.get_by_role("region", name="Saved for later")
    expect(saved.get_by_role("heading", name="Keel Pan")).to_be_visible()
    at_cart.sees_badge(2)
    saved.get_by_role("button", name="Move to cart").click()
    at_cart.sees_badge(3)
    expect(saved).to_be_hidden()


def test_more_than_there_is_is_refused_in_words(shopper: Shopper) -> None:
    shopper.opens("/product/cove-teapot")
    shopper.quantity("Cove Teapot").fill("3")
    shopper.presses("Add to cart")
    shopper.closes_the_drawer()
    shopper.presses("Add to cart")
    expect(shopper.page.get_by_role("main").get_by_text(re.compile("Only 3"))).to_have_count(2)
    shopper.sees_status("Only 3")
    expect(shopper.drawer).to_be_hidden()
    shopper.sees_badge(3)
    shopper.forgives()
