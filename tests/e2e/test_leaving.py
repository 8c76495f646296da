"""A change outlives its page: whatever the shopper does next, it is in the cart, once; until then nobody says it is."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Page, Request, Route, expect

from tests.e2e.shopper import Shopper
from tests.fixtures.browser import OpenShopper
from tests.fixtures.price_list import PLENTY, selling
from tests.fixtures.shop_process import ShopProcess

CHANGES = re.compile(r"/cart($|/lines/)")
HOUR = 3600


@pytest.fixture(scope="module")
def shop_process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ShopProcess]:
    """A shop with enough of each product for what these tests set aside."""
    with selling(PLENTY, tmp_path_factory.mktemp("leaving")) as shop:
        yield shop


def slow(page: Page, latency: int, upload: int = -1) -> None:
    """Make each request of a page take longer: milliseconds; bytes per second, -1 for no limit."""
    conditions = {"offline": False, "latency": latency, "downloadThroughput": -1, "uploadThroughput": upload}
    page.context.new_cdp_session(page).send("Network.emulateNetworkConditions", conditions)


def break_changes(page: Page) -> None:
    """Let no change of the cart through."""
    page.route(CHANGES, lambda route: route.abort() if route.request.method == "POST" else route.continue_())


@pytest.fixture
def at_cart(open_shopper: OpenShopper) -> Shopper:
    """A shopper on the cart page, with one pan."""
    return open_shopper("/cart", having=("Keel Pan",))


def types(shopper: Shopper, quantity: str) -> None:
    field = shopper.quantity("Keel Pan")
    field.select_text()
    field.press_sequentially(quantity)


@pytest.mark.parametrize("latency", [0, 150, 600])
def test_a_typed_quantity_is_ordered(at_cart: Shopper, latency: int) -> None:
    slow(at_cart.page, latency)
    types(at_cart, "5")
    at_cart.checkout_link.click()
    expect(at_cart.page.get_by_role("complementary", name="Your order")).to_contain_text("5 × €69.00")


def test_a_step_just_before_the_checkout_is_ordered(at_cart: Shopper) -> None:
    slow(at_cart.page, 600)
    with at_cart.page.expect_request(CHANGES):
        at_cart.presses("One more of Keel Pan")
    at_cart.presses("One more of Keel Pan")
    at_cart.checkout_link.click()
    expect(at_cart.page.get_by_role("complementary", name="Your order")).to_contain_text("3 × €69.00")


def follows_a_link(page: Page) -> None:
    page.get_by_role("link", name="Neap, to the front page").click()


def types_an_address(page: Page) -> None:
    page.goto("/about", wait_until="commit")


def reloads(page: Page) -> None:
    page.reload()


def closes(page: Page) -> None:
    page.close(run_before_unload=True)


@pytest.mark.parametrize(
    ("leave", "latency"),
    [(follows_a_link, 300), (types_an_address, 300), (reloads, 300), (closes, 300), (follows_a_link, 0), (closes, 0)],
)
def test_steps_just_before_one_leaves_are_kept(at_cart: Shopper, leave: Callable[[Page], None], latency: int) -> None:
    witness = at_cart.opens_another_tab("/about")
    slow(at_cart.page, latency)
    for _ in range(3):
        at_cart.presses("One more of Keel Pan")
    leave(at_cart.page)
    witness.sees_badge(4) if leave is not closes else sees_later(witness, 4)


def sees_later(witness: Shopper, quantity: int) -> None:
    """Nobody tells a tab of what another has sent with its last breath."""
    deadline = time.monotonic() + 20
    while f'"badge">{quantity}<' not in witness.page.request.get("/cart").text():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_an_add_offline_is_made_by_the_next_page_once(open_shopper: OpenShopper) -> None:
    shopper = open_shopper(service_workers="allow")
    page = shopper.page
    page.evaluate("navigator.serviceWorker.ready")
    page.wait_for_load_state("networkidle")
    page.context.set_offline(True)
    shopper.adds("Keel Pan")
    shopper.sees_status("Your change is not yet in your cart; we keep trying.")
    expect(page.get_by_role("link", name=re.compile("Cart.*a change is on its way"))).to_be_visible()
    page.evaluate("location.assign('/product/keel-pan')")  # no click: being offline does not stop Chromium's prefetch
    expect(page.get_by_role("heading", name="The shop cannot be reached")).to_be_visible()
    page.context.set_offline(False)  # the page of the pan comes by itself
    shopper.sees_status("Added Keel Pan. 1 item in your cart.")
    shopper.sees_badge(1)
    shopper.forgives()
    shopper.opens("/cart")
    shopper.sees_badge(1)
    assert page.evaluate("sessionStorage.outbox") is None


def test_two_first_adds_offline_meet_in_one_cart(open_shopper: OpenShopper) -> None:
    shopper = open_shopper()
    shopper.page.context.set_offline(True)
    shopper.adds("Keel Pan")
    shopper.adds("Reed Vase")
    shopper.sees_status("cannot be reached")
    shopper.page.context.set_offline(False)
    shopper.sees_badge(2)
    shopper.forgives()
    shopper.opens("/cart")
    shopper.sees_lines("Keel Pan", "Reed Vase")


def test_a_link_on_a_slow_line_does_not_cancel_an_add(shopper: Shopper) -> None:
    slow(shopper.page, 50, upload=1000)
    shopper.adds("Keel Pan")
    shopper.page.get_by_role("link", name="About", exact=True).evaluate("(link) => link.click()")
    expect(shopper.page).to_have_url(re.compile("about"))
    shopper.sees_badge(1)
    slow(shopper.page, 0)
    shopper.opens("/cart")
    shopper.sees_lines("Keel Pan")
    shopper.sees_quantity("Keel Pan", 1)


def test_an_add_whose_page_left_before_the_answer_counts_once(shopper: Shopper) -> None:
    keys: list[str] = []
    shopper.page.on("request", lambda request: keys.append(key_of(request)))
    slow(shopper.page, 2000)
    shopper.adds("Keel Pan")
    shopper.page.goto("/about")
    shopper.sees_badge(1)
    shopper.opens("/cart")
    shopper.sees_quantity("Keel Pan", 1)
    assert len(set(filter(None, keys))) == 1


def key_of(request: Request) -> str:
    return request.headers.get("idempotency-key", "")


def test_a_copy_of_the_tab_sends_nothing_twice(at_cart: Shopper) -> None:
    break_changes(at_cart.page)
    at_cart.presses("One more of Keel Pan")
    at_cart.sees_status("cannot be reached")
    at_cart.page.context.add_init_script("window.copied = Object.keys(sessionStorage)")
    with at_cart.page.expect_popup() as opened:
        at_cart.page.evaluate("open('/product/keel-pan')")
    copy = Shopper(opened.value)
    copy.page.wait_for_load_state()
    assert "outbox" in copy.page.evaluate("copied")
    copy.sees_badge(2)
    at_cart.page.unroute(CHANGES)
    for tab in (at_cart, copy):
        tab.page.evaluate("dispatchEvent(new Event('online'))")
        tab.sees_badge(2)
    at_cart.sees_quantity("Keel Pan", 2)
    at_cart.forgives()


def test_the_checkout_says_what_is_still_on_its_way_and_makes_it_after_all(at_cart: Shopper) -> None:
    page = at_cart.page
    break_changes(page)
    types(at_cart, "5")
    at_cart.checkout_link.click()
    at_cart.sees_status("A change is not yet in your cart; we keep trying: Keel Pan")
    expect(page).to_have_url(re.compile("/cart$"))
    page.unroute(CHANGES)
    at_cart.presses("Continue without it")
    expect(page.get_by_role("complementary", name="Your order")).to_contain_text("5 × €69.00")
    at_cart.forgives()


def test_a_refused_quantity_is_told_and_not_ordered(at_cart: Shopper) -> None:
    types(at_cart, "99999")
    at_cart.checkout_link.click()
    at_cart.sees_status(re.compile("Only|at most", re.IGNORECASE))
    expect(at_cart.page).to_have_url(re.compile("/cart$"))
    at_cart.sees_quantity("Keel Pan", 1)
    at_cart.checkout_link.click()
    expect(at_cart.page.get_by_role("complementary", name="Your order")).to_contain_text("1 × €69.00")
    at_cart.forgives()


def test_a_network_that_wants_a_log_in_has_not_changed_the_cart(shopper: Shopper) -> None:
    portal = re.compile("/cart$")
    shopper.page.route(portal, lambda route: route.fulfill(body="<h1>Welcome to our trains</h1>"))
    shopper.adds("Keel Pan")
    shopper.sees_status("cannot be reached")
    shopper.page.unroute(portal)
    shopper.presses("Try again")
    shopper.sees_badge(1)


def leaves_behind(shopper: Shopper, seconds: int) -> None:
    """Have an add in the outbox that was made so long ago."""
    change = {"url": "/cart", "body": "product_id=keel-pan&quantity=1", "key": "old", "what": "Keel Pan"}
    change["at"] = (time.time() - seconds) * 1000  # type: ignore[assignment]
    shopper.page.evaluate("(text) => sessionStorage.setItem('outbox', text)", json.dumps([change]))


def test_what_is_an_hour_old_is_asked_about(shopper: Shopper) -> None:
    leaves_behind(shopper, HOUR + 60)
    shopper.opens("/about")
    shopper.sees_status("A change from a while ago did not reach your cart: Keel Pan")
    shopper.sees_badge(0)
    shopper.presses("Make it now")
    shopper.sees_badge(1)
    leaves_behind(shopper, HOUR + 60)
    shopper.opens("/about")
    shopper.presses("Leave it")
    expect(shopper.status).to_be_empty()
    shopper.sees_badge(1)


def test_a_cart_that_is_forgotten_does_not_come_back(shopper: Shopper) -> None:
    break_changes(shopper.page)
    shopper.adds("Keel Pan")
    shopper.sees_status("cannot be reached")
    shopper.opens("/logout")
    shopper.page.get_by_role("main").get_by_role("button", name="Forget this cart").click()
    expect(shopper.page).to_have_url(re.compile("/$"))
    shopper.page.unroute(CHANGES)
    shopper.opens("/cart")
    shopper.sees_badge(0)
    assert shopper.page.evaluate("sessionStorage.outbox") is None
    shopper.forgives()


def test_a_storage_that_is_switched_off_is_done_without(open_shopper: OpenShopper) -> None:
    shopper = open_shopper("/about")
    shopper.page.add_init_script("Object.defineProperty(window, 'sessionStorage', { get() { throw new Error() } })")
    shopper.opens("/")
    shopper.adds("Keel Pan")
    shopper.sees_badge(1)


def test_a_search_that_fails_shows_no_other_words_products(shopper: Shopper) -> None:
    panel = shopper.page.locator("#search-panel")
    shopper.searches_for("vase")
    expect(panel).to_contain_text("Reed Vase")

    def fail(route: Route) -> None:
        route.abort("internetdisconnected")

    shopper.page.route("**/search*", fail)
    shopper.search_field.fill("")
    shopper.searches_for("glass")
    expect(panel).to_be_empty()
    assert not [complaint for complaint in shopper.complaints if "htmx" in complaint]
    shopper.forgives()
