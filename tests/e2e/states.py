"""Every page in every state that a shopper can meet: a name, and the way there.

What looks at pages goes by this list: the tests of access and of looks, the validator and `make screens`. A way begins
with a shopper whom nobody knows yet and ends where the state is to be seen.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from playwright.sync_api import expect

from tests.e2e.shopper import ASKS_FIRST, DECLINED, Shopper

Way = Callable[[Shopper], None]
STATES: dict[str, Way] = {}


def state(name: str) -> Callable[[Way], Way]:
    """Note a way under the name of the state it leads to."""

    def note(way: Way) -> Way:
        STATES[name] = way
        return way

    return note


def page(name: str, path: str, *having: str) -> None:
    """Note a state that is nothing but a page, with things in the cart."""

    def way(shopper: Shopper) -> None:
        shopper.comes_with(*having)
        shopper.opens(path)

    STATES[name] = way


page("home", "/")
page("grid", "/?category=tableware")
page("filtered", "/?category=kitchen&in_stock=1&sort=price")
page("nothing-found", "/?q=" + "xylophone" * 8)
page("product", "/product/tide-mug")
page("product-reduced", "/product/drift-throw?variant_id=DRIFT-THROW-CLAY")
page("product-options", "/product/shoal-bowl")
page("product-sold-out", "/product/heron-floor-lamp")
page("cart", "/cart", "Reed Vase", "Keel Pan", "Gull Reading Lamp")
page("cart-empty", "/cart")
page("checkout", "/checkout", "Keel Pan", "Oar Spoon")
page("checkout-empty", "/checkout")
page("find-an-order", "/order")
page("about", "/about")
page("help", "/help")
page("forget", "/logout")
page("not-found", "/nowhere")
page("handoff", "/cart/handoff", "Keel Pan", "Cove Teapot")
page("handoff-broken", "/handoff/half-a-link")
page("offline", "/offline")
page("styleguide", "/styleguide")


@state("menu")
def _menu(shopper: Shopper) -> None:
    shopper.opens("/")
    shopper.page.evaluate("document.getElementById('menu').showPopover()")
    expect(shopper.page.get_by_role("dialog", name="Menu")).to_be_visible()


@state("filters")
def _filters(shopper: Shopper) -> None:
    shopper.opens("/?category=kitchen")
    shopper.page.evaluate("document.getElementById('filters-panel').showPopover()")
    expect(shopper.page.get_by_role("dialog", name="Filter")).to_be_visible()


@state("search-panel")
def _search_panel(shopper: Shopper) -> None:
    shopper.opens("/about")
    shopper.searches_for("can")
    expect(shopper.page.get_by_role("link", name=re.compile("^Lull Candle")).first).to_be_visible()


@state("cart-changed")
def _cart_changed(shopper: Shopper) -> None:
    shopper.comes_with("Keel Pan", "Cove Teapot", "Gull Reading Lamp")
    shopper.opens("/cart")
    shopper.removes("Cove Teapot")
    shopper.presses("Save for later Gull Reading Lamp")
    expect(shopper.page.get_by_role("region", name="Saved for later")).to_be_visible()
    shopper.status.evaluate("(status) => status.replaceChildren()")  # it leaves by itself, sooner or later


@state("drawer")
def _drawer(shopper: Shopper) -> None:
    shopper.comes_with("Keel Pan")
    shopper.opens("/product/cove-teapot")
    shopper.presses("Add to cart")
    expect(shopper.drawer).to_be_visible()


@state("handoff-asks")
def _handoff_asks(shopper: Shopper) -> None:
    shopper.comes_with("Keel Pan", "Cove Teapot", "Reed Vase", "Reed Vase")
    shopper.opens("/cart/handoff")
    link = shopper.page.get_by_text(re.compile("^http.*/handoff/")).inner_text()
    shopper.page.context.clear_cookies()  # which makes it another device
    shopper.comes_with("Reed Vase")
    shopper.opens(link)


@state("handoff-done")
def _handoff_done(shopper: Shopper) -> None:
    _handoff_asks(shopper)
    shopper.presses("Bring to this device")
    expect(shopper.page.get_by_role("heading", name="Your cart is here")).to_be_visible()


@state("checkout-refused")
def _checkout_refused(shopper: Shopper) -> None:
    shopper.comes_with("Keel Pan")
    shopper.opens("/checkout")
    shopper.fills_in(city="", card_number="4242 4242 4242 4241")
    shopper.places_the_order()
    shopper.sees_alert("There are 2 problems")


@state("checkout-declined")
def _checkout_declined(shopper: Shopper) -> None:
    shopper.comes_with("Keel Pan")
    shopper.opens("/checkout")
    shopper.fills_in(card_number=DECLINED)
    shopper.places_the_order()
    shopper.sees_alert("The payment was declined")


@state("bank")
def _bank(shopper: Shopper) -> None:
    shopper.comes_with("Keel Pan")
    shopper.opens("/checkout")
    shopper.fills_in(card_number=ASKS_FIRST)
    shopper.places_the_order()
    expect(shopper.page.get_by_role("heading", name="Is this payment yours?")).to_be_visible()


@state("waiting")
def _waiting(shopper: Shopper) -> None:
    _bank(shopper)
    shopper.opens(shopper.page.url.replace("/payment/", "/order/"))
    expect(shopper.page.get_by_role("heading", name="Your bank asks you to confirm")).to_be_visible()


@state("receipt")
def _receipt(shopper: Shopper) -> None:
    shopper.comes_with("Keel Pan", "Oar Spoon")
    shopper.opens("/checkout")
    shopper.fills_in()
    shopper.places_the_order()
    shopper.sees_a_receipt()


@state("order-failed")
def _order_failed(shopper: Shopper) -> None:
    _bank(shopper)
    shopper.presses("Refuse it")
    expect(shopper.page.get_by_role("heading", name="This order was not placed")).to_be_visible()
