"""The life of an order as its shopper sees it: with the demo bank, and with a page of a payment provider."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

import pytest
from playwright.sync_api import expect

from tests.e2e.shopper import APPROVED, ASKS_FIRST, DECLINED, ENTRIES, Shopper
from tests.fixtures.banks import SECRET_KEY, WEBHOOK_SECRET
from tests.fixtures.browser import OpenShopper
from tests.fixtures.price_list import PLENTY, selling
from tests.fixtures.shop_process import ShopProcess

CARD = ("Card number", "Month", "Year", "Security code")


class Demo:
    """The demo bank: cards are entered in the checkout, and charged at once."""

    settings: ClassVar[dict[str, str]] = {}
    refunded = "€8.00 of it goes back to you."

    def orders(self, shopper: Shopper, card: str) -> None:
        shopper.fills_in(card_number=card)
        shopper.places_the_order()

    def is_declined(self, shopper: Shopper) -> None:
        shopper.sees_alert("The payment was declined")

    def pays(self, shopper: Shopper, card: str) -> None:
        shopper.fills_in_the_card(card)
        shopper.places_the_order()

    def confirms(self, shopper: Shopper) -> None:
        shopper.presses("Approve the payment")


class Stripe:
    """A double of Stripe: cards are entered on its page, and charged when the goods are shipped."""

    refunded = "€8.00 of it will not be charged."

    def __init__(self, url: str) -> None:
        self.settings = {
            "PAYMENTS_URL": f"stripe:?api={url}",
            "STRIPE_SECRET_KEY": SECRET_KEY,
            "STRIPE_WEBHOOK_SECRET": WEBHOOK_SECRET,
            "CAPTURE": "shipping",
        }

    def orders(self, shopper: Shopper, card: str) -> None:
        for label, text in ENTRIES.items():
            if label not in CARD:
                shopper.field(label).fill(text)
        shopper.presses("Continue to payment")
        self.pays(shopper, card)

    def is_declined(self, shopper: Shopper) -> None:
        expect(shopper.page.get_by_text("Your card was declined.")).to_be_visible()

    def pays(self, shopper: Shopper, card: str) -> None:
        shopper.page.get_by_label("Card number").fill(card)
        shopper.presses("Pay")

    def confirms(self, shopper: Shopper) -> None:
        shopper.presses("Confirm")


Bank = Demo | Stripe


@pytest.fixture(scope="module", params=["demo", "stripe"])
def bank(request: pytest.FixtureRequest) -> Bank:
    return Demo() if request.param == "demo" else Stripe(request.getfixturevalue("localstripe_url"))


@pytest.fixture(scope="module")
def shop_process(tmp_path_factory: pytest.TempPathFactory, bank: Bank) -> Iterator[ShopProcess]:
    """A shop with this payment provider."""
    with selling(PLENTY, tmp_path_factory.mktemp("money"), **bank.settings) as shop:
        yield shop


@pytest.fixture
def shopper(open_shopper: OpenShopper) -> Shopper:
    return open_shopper("/checkout", having=("Keel Pan", "Reed Vase"), locale="en-DE")


def test_an_order_is_paid_and_sent_and_comes_back_in_parts(
    shopper: Shopper, bank: Bank, shop_process: ShopProcess
) -> None:
    bank.orders(shopper, DECLINED)
    bank.is_declined(shopper)
    shopper.forgives()
    bank.pays(shopper, ASKS_FIRST)
    bank.confirms(shopper)
    number = shopper.sees_a_receipt()

    def after(*command: str, says: tuple[str, ...]) -> None:
        shop_process.runs("orders", command[0], number, *command[1:])
        shopper.page.reload()
        for words in says:
            expect(shopper.page.get_by_role("main")).to_contain_text(words)

    after("refund", "--amount", "8", "--yes", says=(bank.refunded, "Refunded: €8.00"))
    after(
        *("ship", "--lines", "keel-pan", "--carrier", "DHL", "--tracking", "0034"),
        says=("A part of it is on its way.", "1 × Keel Pan", "DHL 0034", "Your order is placed and paid."),
    )
    after("ship", says=("Your order is on its way.", "1 × Reed Vase"))
    after("return", "--lines", "reed-vase", "--restock", says=("Came back on",))
    after("refund", "--lines", "reed-vase", "--yes", says=("Refunded: €56.00",))
    after("refund", "--yes", says=("This order was refunded",))
    shop_process.runs("shopper", "erase", ENTRIES["E-mail"], "--yes")
    gone = shopper.page.request.get(shopper.page.url)
    assert (gone.status, "Is this your order?" in gone.text()) == (404, True)


def test_an_order_that_is_cancelled_says_so(shopper: Shopper, bank: Bank, shop_process: ShopProcess) -> None:
    bank.orders(shopper, APPROVED)
    shop_process.runs("orders", "cancel", shopper.sees_a_receipt(), "--yes")
    shopper.page.reload()
    expect(shopper.page.get_by_role("heading", name="This order was cancelled")).to_be_visible()
