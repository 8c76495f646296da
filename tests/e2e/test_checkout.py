"""From the cart to the receipt, and what can come between."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import datetime
from functools import partial
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from playwright.sync_api import expect

from tests.e2e.shopper import APPROVED, ASKS_FIRST, DECLINED, ENTRIES, LOST_ANSWER, Shopper
from tests.fixtures.browser import PHONE, OpenShopper
from tests.fixtures.price_list import price_list
from tests.fixtures.shop_process import ShopProcess

GOODS = {
    "keel-pan": ("69.00", 500),
    "reed-vase": ("48.00", 500),
    "last-jug": ("42.00", 3),
    "tidal-bowl": ("20.00", 500),
}


@pytest.fixture(scope="module")
def shop_process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ShopProcess]:
    """A shop whose bank is soon given up, and whose shelves can be emptied."""
    shop = ShopProcess(tmp_path_factory.mktemp("checkout"), PAYMENT_SECONDS="1")
    shop.imports(price_list(shop.log.parent / "goods.csv", GOODS))
    shop.runs("coupons", "add", "ONCE-EACH", "--percent", "10", "--per-shopper", "1")
    shop.start()
    yield shop
    shop.stop()


class Books:
    """The shop's database, past the shop."""

    def __init__(self, shop: ShopProcess) -> None:
        self._file = Path(shop.environ["DATABASE_URL"].partition(":///")[2])
        self._before = self._all()

    def orders(self) -> list[str]:
        """The numbers of the orders since the test began."""
        return [number for number in self._all() if number not in self._before]

    def is_bought_out(self, sku: str) -> None:
        """What was set aside is given back, as after ten minutes, and others buy it all."""
        with closing(sqlite3.connect(self._file, timeout=30)) as database, database:
            database.execute("DELETE FROM reservations WHERE sku = ?", (sku,))
            database.execute("UPDATE variants SET stock = 0 WHERE sku = ?", (sku,))

    def has_a_coupon_for_everything(self, code: str) -> None:
        with closing(sqlite3.connect(self._file, timeout=5)) as database, database:
            terms = '{"percent": 10000, "free_shipping": true}'
            database.execute("INSERT OR IGNORE INTO coupons (code, terms, uses) VALUES (?, ?, 0)", (code, terms))

    def _all(self) -> list[str]:
        with closing(sqlite3.connect(self._file, timeout=30)) as database:
            return [number for (number,) in database.execute("SELECT number FROM orders WHERE state <> 'failed'")]


@pytest.fixture
def open_shopper(open_shopper: OpenShopper) -> OpenShopper:
    """Shoppers in Germany, to which shipping is free from 60 euros on."""
    return partial(open_shopper, locale="en-DE")


@pytest.fixture
def books(shop_process: ShopProcess) -> Books:
    return Books(shop_process)


@pytest.fixture
def at_checkout(open_shopper: OpenShopper) -> Shopper:
    """A shopper with a pan in the cart and everything typed."""
    shopper = open_shopper("/checkout", having=("Keel Pan",))
    shopper.fills_in()
    return shopper


def test_bought_with_the_mouse(open_shopper: OpenShopper, books: Books) -> None:
    shopper = open_shopper()
    shopper.adds("Keel Pan")
    shopper.drawer.get_by_role("link", name="View cart").click()
    shopper.checkout_link.click()
    for label, text in ENTRIES.items():
        shopper.field(label).click()
        shopper.page.keyboard.type(text)
    for country, total in (("United States", "€83.90"), ("Germany", "€69.00")):
        shopper.field("Country").select_option(country)
        expect(shopper.order_button).to_contain_text(total)
    shopper.places_the_order()
    number = shopper.sees_a_receipt()
    main = shopper.page.get_by_role("main")
    for words in ("Keel Pan", "€69.00", "Hauptstraße 1", "20095 Hamburg", "Visa ending in 4242", "shopper@example.com"):
        expect(main).to_contain_text(words)
    shopper.sees_badge(0)
    assert books.orders() == [number]
    expect(main.get_by_text("This shop sends no e-mail")).to_be_visible()
    expect(main.locator("img")).to_have_count(1)
    expect(main.get_by_text(re.compile(r"^Expected .*\d.*–.*\d"))).to_be_visible()
    shopper.page.evaluate("window.print = () => (window.isPrinted = true)")
    shopper.presses("Print")
    assert shopper.page.evaluate("window.isPrinted")
    main.get_by_role("link", name="Keep shopping").click()
    expect(shopper.titles().first).to_be_visible()


@pytest.mark.parametrize("script", [True, False])
def test_what_costs_nothing_asks_for_no_card(open_shopper: OpenShopper, books: Books, script: bool) -> None:
    books.has_a_coupon_for_everything("ALL")
    shopper = open_shopper(having=("Keel Pan",), java_script_enabled=script)
    assert shopper.page.request.post("/cart/coupon", form={"code": "ALL"}).ok
    shopper.opens("/checkout")
    expect(shopper.page.get_by_text("There is nothing to pay: no card is needed.")).to_be_visible()
    expect(shopper.field("Card number")).to_have_count(0)
    if script:
        shopper.page.get_by_role("radio", name="Express").check()
        expect(shopper.field("Card number")).to_be_visible()
        shopper.page.get_by_role("radio", name="Standard").check()
        expect(shopper.field("Card number")).to_have_count(0)
    for label in ("E-mail", "Full name", "Street address", "Postal code", "City"):
        shopper.field(label).fill(ENTRIES[label])
    shopper.places_the_order()
    receipt = shopper.sees_a_receipt()
    assert books.orders() == [receipt]


def test_an_address_that_seems_mistyped_is_asked_about_once(at_checkout: Shopper) -> None:
    email = at_checkout.field("E-mail")
    email.fill("kim@gmial.com")
    email.blur()
    expect(email).to_have_accessible_description(re.compile(r"Did you mean kim@gmail\.com\?"))
    expect(email).to_have_value("kim@gmial.com")
    at_checkout.places_the_order()
    at_checkout.sees_a_receipt()
    expect(at_checkout.page.get_by_role("main")).to_contain_text("kim@gmial.com")


def test_a_card_in_the_digits_of_ones_own_script_is_taken(at_checkout: Shopper) -> None:
    at_checkout.field("Card number").fill("\u200e٤٢٤٢ ٤٢٤٢ ٤٢٤٢ ٤٢٤٢")
    at_checkout.field("Month").fill("١٢")
    at_checkout.field("Security code").fill("१२३")
    at_checkout.places_the_order()
    at_checkout.sees_a_receipt()


def test_reload_and_the_way_back_order_nothing_more(at_checkout: Shopper, books: Books) -> None:
    at_checkout.places_the_order()
    number = at_checkout.sees_a_receipt()
    at_checkout.page.reload()
    assert at_checkout.sees_a_receipt() == number
    at_checkout.page.go_back()
    expect(at_checkout.page.get_by_role("main")).to_contain_text("Your cart is empty")
    at_checkout.page.go_forward()
    assert at_checkout.sees_a_receipt() == number
    assert books.orders() == [number]


def test_the_way_back_to_a_form_shows_what_it_comes_to_for_the_country_in_it(open_shopper: OpenShopper) -> None:
    shopper = open_shopper("/checkout", having=("Reed Vase",))
    shopper.field("Country").select_option("Canada")
    expect(shopper.page.get_by_text("Shipping, Canada")).to_be_visible()
    total = shopper.order_button.inner_text()
    shopper.opens("/cart")
    shopper.page.go_back()
    expect(shopper.field("Country")).to_have_value("CA")
    expect(shopper.order_button).to_have_text(total)


def test_large_amounts_stay_whole_on_a_narrow_phone(open_shopper: OpenShopper) -> None:
    shopper = open_shopper("/cart", having=("Keel Pan",), viewport={"width": 320, "height": 640})
    page = shopper.page
    assert page.request.post("/cart", form={"product_id": "keel-pan", "quantity": "40"}).ok
    assert page.request.post("/setCurrency", form={"currency_code": "TRY"}).ok
    shopper.opens("/cart")
    lines = page.locator(".summary__row dd").evaluate_all(
        """(amounts) => amounts.map((amount) => {
            const text = document.createRange();
            text.selectNodeContents(amount);
            return text.getClientRects().length;
        })"""
    )
    assert set(lines) == {1}, "no amount is broken over two lines"
    shopper.opens("/checkout")
    page.locator("#checkout-bill > summary").click()
    widths = page.locator(".bill__title, .bill__name").evaluate_all("(them) => them.map((one) => one.offsetWidth)")
    assert min(widths) > 90, "the words beside them keep their place"


def test_bought_with_the_keyboard_alone(open_shopper: OpenShopper, books: Books) -> None:
    shopper = open_shopper("/cart", having=("Keel Pan",))
    keyboard = shopper.page.keyboard
    shopper.tabs_to("link", "Checkout")
    keyboard.press("Enter")
    for label, text in ENTRIES.items():
        shopper.tabs_to("textbox", label)
        keyboard.type(text)
    keyboard.press("Tab")
    expect(shopper.order_button).to_be_focused()
    keyboard.press("Enter")
    assert [shopper.sees_a_receipt()] == books.orders()


def test_bought_without_javascript(open_shopper: OpenShopper, books: Books) -> None:
    shopper = open_shopper("/checkout", having=("Keel Pan",), java_script_enabled=False)
    shopper.fills_in(card_number="4242 4242 4242 4241", city="")
    shopper.places_the_order()
    shopper.sees_alert("There are 2 problems")
    shopper.forgives()
    expect(shopper.field("Street address")).to_have_value("Hauptstraße 1")
    expect(shopper.field("Card number")).to_have_value("")
    shopper.field("City").fill("Hamburg")
    shopper.fills_in_the_card()
    shopper.places_the_order()
    assert [shopper.sees_a_receipt()] == books.orders()


def test_bought_on_a_phone(open_shopper: OpenShopper, books: Books) -> None:
    shopper = open_shopper("/cart", having=("Keel Pan", "Reed Vase"), **PHONE)
    shopper.checkout_link.tap()
    shopper.page.get_by_role("heading", name="Your order").tap()
    expect(shopper.page.get_by_text("Reed Vase")).to_be_visible()
    shopper.fills_in()
    shopper.order_button.tap()
    assert [shopper.sees_a_receipt()] == books.orders()


def test_a_declined_card_and_then_another(at_checkout: Shopper, books: Books) -> None:
    at_checkout.fills_in_the_card(DECLINED)
    at_checkout.places_the_order()
    at_checkout.sees_alert("The payment was declined")
    expect(at_checkout.page.get_by_role("main")).to_contain_text("Nothing was charged")
    expect(at_checkout.field("City")).to_have_value("Hamburg")
    assert books.orders() == []
    at_checkout.forgives()
    at_checkout.fills_in_the_card(APPROVED)
    at_checkout.places_the_order()
    assert [at_checkout.sees_a_receipt()] == books.orders()


def test_a_gift_note_stays_while_the_form_is_checked_and_comes_back(at_checkout: Shopper) -> None:
    note, page = at_checkout.page.get_by_role("textbox", name="Gift note"), at_checkout.page
    note.fill("For Kim.\n\nSleep well.")
    at_checkout.field("City").fill("")
    at_checkout.places_the_order()
    at_checkout.sees_alert("There is one problem")
    expect(note).to_have_value("For Kim.\n\nSleep well.")
    note.fill("For Lee.\nSleep well.")
    at_checkout.field("City").fill("Lyon")
    with page.expect_response(lambda reply: reply.url.endswith("/checkout/check")):
        at_checkout.field("City").blur()
    at_checkout.field("Country").select_option("France")
    expect(at_checkout.page.get_by_role("main")).to_contain_text("Shipping, France")
    expect(note).to_have_value("For Lee.\nSleep well.")
    at_checkout.forgives()
    at_checkout.places_the_order()
    at_checkout.sees_a_receipt()
    expect(page.get_by_role("region", name="Delivery and payment")).to_contain_text(
        re.compile(r"Gift note\s*For Lee\.Sleep well\.")
    )


def test_until_when_things_are_set_aside_is_the_time_on_the_wall(open_shopper: OpenShopper) -> None:
    shopper = open_shopper("/checkout", having=("Reed Vase",), timezone_id="Asia/Tokyo")
    shopper.fills_in(card_number=DECLINED)
    shopper.places_the_order()
    shopper.sees_alert("The payment was declined")
    shopper.forgives()
    clock = shopper.page.locator("#checkout-summary time")
    moment = datetime.fromisoformat(clock.get_attribute("datetime") or "")
    there = moment.astimezone(ZoneInfo("Asia/Tokyo")).strftime("%I:%M").lstrip("0")
    expect(clock).to_have_text(re.compile(rf"^{there}\s[AP]M$"))
    shopper.field("Country").select_option("Canada")
    expect(shopper.page.get_by_text("Shipping, Canada")).to_be_visible()
    expect(clock).to_have_text(re.compile(rf"^{there}\s[AP]M$"))


def test_sold_out_meanwhile(open_shopper: OpenShopper, books: Books) -> None:
    shopper = open_shopper("/checkout", having=("Tidal Bowl", "Keel Pan"))
    shopper.fills_in()
    books.is_bought_out("tidal-bowl")
    shopper.places_the_order()
    shopper.sees_alert("Some items are no longer available")
    expect(shopper.page.get_by_role("main")).to_contain_text("Nothing was ordered or charged")
    shopper.forgives()
    shopper.page.get_by_role("main").get_by_role("link", name="Change your cart").first.click()
    shopper.removes("Tidal Bowl")
    shopper.checkout_link.click()
    shopper.fills_in()
    shopper.places_the_order()
    assert [shopper.sees_a_receipt()] == books.orders()


def test_a_price_that_changed_is_confirmed_first(at_checkout: Shopper, books: Books, shop_process: ShopProcess) -> None:
    shop_process.imports(price_list(shop_process.log.parent / "dearer.csv", {"keel-pan": ("79.00", 500)}))
    at_checkout.places_the_order()
    at_checkout.sees_alert("Please check once more")
    expect(at_checkout.page.get_by_role("main")).to_contain_text("Keel Pan: €69.00 before, now €79.00")
    assert books.orders() == []
    at_checkout.forgives()
    expect(at_checkout.order_button).to_have_text("Confirm and place order · €79.00")
    at_checkout.places_the_order()
    number = at_checkout.sees_a_receipt()
    expect(at_checkout.page.get_by_role("main")).to_contain_text("€79.00")
    assert books.orders() == [number]
    shop_process.imports(price_list(shop_process.log.parent / "goods.csv", {"keel-pan": ("69.00", 500)}))


@pytest.mark.parametrize("javascript", [True, False])
def test_a_double_click_orders_once(open_shopper: OpenShopper, books: Books, javascript: bool) -> None:
    shopper = open_shopper("/checkout", having=("Reed Vase",), java_script_enabled=javascript)
    shopper.fills_in()
    shopper.order_button.dblclick()
    number = shopper.sees_a_receipt()
    assert books.orders() == [number]


def test_the_bank_asks_first_and_what_is_added_meanwhile_stays(at_checkout: Shopper, books: Books) -> None:
    at_checkout.fills_in_the_card(ASKS_FIRST)
    at_checkout.places_the_order()
    expect(at_checkout.page.get_by_role("heading", name="Is this payment yours?")).to_be_visible()
    other = at_checkout.opens_another_tab("/product/reed-vase")
    other.presses("Add to cart")
    other.closes_the_drawer()
    at_checkout.presses("Approve the payment")
    assert [at_checkout.sees_a_receipt()] == books.orders()
    at_checkout.opens("/cart")
    at_checkout.sees_lines("Reed Vase")


def test_the_bank_asks_first_and_the_shopper_refuses(at_checkout: Shopper, books: Books) -> None:
    at_checkout.fills_in_the_card(ASKS_FIRST)
    at_checkout.places_the_order()
    at_checkout.presses("Refuse it")
    expect(at_checkout.page.get_by_role("heading", name="This order was not placed")).to_be_visible()
    expect(at_checkout.page.get_by_role("main")).to_contain_text("Nothing was charged")
    assert books.orders() == []
    at_checkout.page.get_by_role("link", name="Back to the checkout").click()
    at_checkout.fills_in()
    at_checkout.places_the_order()
    assert [at_checkout.sees_a_receipt()] == books.orders()


def test_an_answer_of_the_bank_that_gets_lost_is_asked_for_again(at_checkout: Shopper, books: Books) -> None:
    at_checkout.fills_in_the_card(LOST_ANSWER)
    at_checkout.places_the_order()
    expect(at_checkout.page.get_by_role("heading", name="We are waiting for your bank")).to_be_visible()
    expect(at_checkout.page.get_by_role("main")).to_contain_text("Your order is not placed yet")
    # Nobody reloads it.
    expect(at_checkout.page.get_by_role("heading", name="Thank you")).to_be_visible()
    assert [at_checkout.sees_a_receipt()] == books.orders()
    at_checkout.sees_badge(0)


def test_a_coupon_from_the_cart_to_the_receipt_once(open_shopper: OpenShopper, books: Books) -> None:
    shopper = open_shopper()
    orders_with_a_coupon(shopper)
    number = shopper.sees_a_receipt()
    for words in ("ONCE-EACH", "€62.10"):
        expect(shopper.page.get_by_role("main")).to_contain_text(words)
    orders_with_a_coupon(shopper)
    shopper.sees_alert("Please check once more")
    main = shopper.page.get_by_role("main")
    expect(main).to_contain_text("The coupon ONCE-EACH has already been used with this e-mail address.")
    shopper.forgives()
    assert books.orders() == [number]
    expect(shopper.order_button).to_have_text("Confirm and place order · €69.00")
    shopper.places_the_order()
    shopper.sees_a_receipt()
    assert len(books.orders()) == 2


def orders_with_a_coupon(shopper: Shopper) -> None:
    shopper.comes_with("Keel Pan")
    shopper.opens("/cart")
    shopper.page.get_by_text("Do you have a coupon?").click()
    shopper.page.get_by_label("Coupon code").fill("once-each")
    shopper.presses("Use coupon")
    shopper.sees_status("The coupon ONCE-EACH takes")
    shopper.checkout_link.click()
    shopper.fills_in(email="coupon@example.com")
    expect(shopper.order_button).to_have_text("Place order · €62.10")
    shopper.places_the_order()
