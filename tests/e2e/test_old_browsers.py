"""What Safari 15 does not have yet is done without: the shop works, and never says that it cannot be reached."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Route, expect

from tests.e2e.shopper import Shopper
from tests.fixtures.browser import OpenShopper
from tests.fixtures.price_list import PLENTY, selling
from tests.fixtures.shop_process import ShopProcess

TOO_NEW = """
for (const [owner, ...names] of [
    [AbortSignal, "any", "timeout"],
    [AbortSignal.prototype, "reason", "throwIfAborted"],
    [Array, "fromAsync"],
    [Array.prototype, "at", "findLast", "findLastIndex", "toReversed", "toSorted", "toSpliced", "with"],
    [Crypto.prototype, "randomUUID"],
    [Document.prototype, "startViewTransition", "activeViewTransition"],
    [Element.prototype, "moveBefore", "checkVisibility", "setHTML", "setHTMLUnsafe"],
    [HTMLDialogElement.prototype, "show", "showModal", "close", "requestClose", "open", "returnValue"],
    [HTMLElement.prototype, "popover", "showPopover", "hidePopover", "togglePopover", "inert"],
    [HTMLFormElement.prototype, "requestSubmit"],
    [Map, "groupBy"],
    [Navigator.prototype, "locks", "scheduling", "userActivation"],
    [Object, "groupBy", "hasOwn"],
    [Promise, "try", "withResolvers"],
    [Set.prototype, "union", "intersection", "difference", "isSubsetOf"],
    [String.prototype, "at", "isWellFormed", "toWellFormed"],
    [SubmitEvent.prototype, "submitter"],
    [URL, "canParse", "parse"],
    [URLSearchParams.prototype, "size"],
    [window, "BroadcastChannel", "navigation", "scheduler", "structuredClone", "Iterator", "EditContext"],
]) for (const name of names) delete owner[name];
const { fetch } = window;
window.fetch = (url, { keepalive, priority, ...options } = {}) => fetch(url, options);
"""
"""JavaScript: takes out of Chromium what came after Safari 15.0 and may be called by name."""


@pytest.fixture(scope="module")
def shop_process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ShopProcess]:
    """A shop with enough of each product for what these tests set aside."""
    with selling(PLENTY, tmp_path_factory.mktemp("old")) as shop:
        yield shop


@pytest.fixture
def shopper(open_shopper: OpenShopper) -> Shopper:
    """A shopper with an old browser, on the front page."""
    shopper = open_shopper("/about")
    shopper.page.add_init_script(TOO_NEW)
    shopper.opens("/")
    assert shopper.page.evaluate(
        "[AbortSignal.any, AbortSignal.timeout, [].at, window.BroadcastChannel].every(x => !x)"
    )
    return shopper


def test_a_cart_is_filled_changed_and_taken_to_the_checkout(shopper: Shopper) -> None:
    page = shopper.page
    shopper.adds("Keel Pan")
    shopper.sees_lines("Keel Pan")  # without dialogs the cart's page comes instead of the drawer
    shopper.presses("One more of Keel Pan")
    shopper.sees_badge(2)
    shopper.removes("Keel Pan")
    shopper.sees_badge(0)
    shopper.presses("Undo")
    shopper.sees_quantity("Keel Pan", 2)
    shopper.quantity("Keel Pan").fill("4")
    shopper.checkout_link.click()
    expect(page.get_by_role("complementary", name="Your order")).to_contain_text("4 × €69.00")
    shopper.fills_in()
    shopper.places_the_order()
    shopper.sees_a_receipt()


def test_search_and_currency(shopper: Shopper) -> None:
    page = shopper.page
    shopper.searches_for("vase")
    expect(page.locator("#search-panel")).to_contain_text("Reed Vase")
    page.keyboard.press("ArrowUp")
    page.get_by_role("combobox", name="Currency").select_option("GBP")
    expect(page.get_by_role("main")).to_contain_text("£")


def test_a_network_that_fails_is_told_as_such(shopper: Shopper) -> None:
    shopper.page.route("**/cart", lambda route: route.abort("internetdisconnected"))
    shopper.adds("Keel Pan")
    shopper.sees_status("not yet in your cart; we keep trying")
    shopper.page.unroute("**/cart")
    shopper.presses("Try again")
    shopper.sees_lines("Keel Pan")
    shopper.forgives()


NEW_IN_CSS = re.compile("light-dark|has(?=[(])|popover-open|starting-style|view-transition|animation-timeline")


@pytest.mark.parametrize(("scheme", "paper", "button"), [("light", 247, 30), ("dark", 20, 140)])
def test_what_style_sheets_lack_leaves_colours_and_controls(
    open_shopper: OpenShopper, scheme: str, paper: int, button: int
) -> None:
    """A name that no browser knows stands for what an older one does not know."""

    def older(route: Route) -> None:
        reply = route.fetch()
        route.fulfill(response=reply, body=NEW_IN_CSS.sub(r"no-\g<0>", reply.text()))

    shopper = open_shopper("/healthz", viewport={"width": 390, "height": 844}, color_scheme=scheme)
    page = shopper.page
    page.route("**/static/css/shop*.css", older)
    shopper.opens("/product/keel-pan")
    red = "(element) => Number(getComputedStyle(element).backgroundColor.match(/[0-9]+/)[0])"
    add = page.get_by_role("button", name="Add to cart", exact=True)
    assert page.locator("html").evaluate(red) == paper
    assert add.evaluate(red) == button
    expect(page.get_by_role("link", name="Find an order").first).to_be_visible()  # the menu is a part of the page
    expect(page.get_by_role("button", name=re.compile("^Enlarge"))).to_have_count(0)
    page.unroute("**/static/css/shop*.css")


@pytest.mark.parametrize("missing", ["AbortController", "XPathEvaluator"])
def test_where_htmx_cannot_run_forms_are_plain(open_shopper: OpenShopper, missing: str) -> None:
    shopper = open_shopper("/about")
    shopper.page.add_init_script(f"delete window.{missing}")
    shopper.opens("/")
    shopper.adds("Keel Pan")
    shopper.sees_lines("Keel Pan")
    shopper.sees_badge(1)
    shopper.forgives()
