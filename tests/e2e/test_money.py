"""The life of an order that is paid on a page of the payment provider, as its shopper sees it on the receipt."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import expect

from tests.e2e.shopper import ENTRIES, Shopper
from tests.fixtures.banks import SECRET_KEY, STRIPE_CARDS, WEBHOOK_SECRET
from tests.fixtures.browser import OpenShopper
from tests.fixtures.price_list import price_list
from tests.fixtures.shop_process import ShopProcess

CARD = ("Card number", "Month", "Year", "Security code")


@pytest.fixture(scope="module")
def shop_process(tmp_path_factory: pytest.TempPathFactory, localstripe_url: str) -> Iterator[ShopProcess]:
    """A shop with a double of Stripe."""
    shop = ShopProcess(
        tmp_path_factory.mktemp("money"),
        PAYMENTS_URL=f"stripe:?api={localstripe_url}",
        STRIPE_SECRET_KEY=SECRET_KEY,
        STRIPE_WEBHOOK_SECRET=WEBHOOK_SECRET,
        CAPTURE="shipping",
    )
    shop.imports(price_list(shop.log.parent / "goods.csv", {"keel-pan": ("69.00", 9), "reed-vase": ("48.00", 9)}))
    shop.start()
    yield shop
    shop.stop()


def orders(open_shopper: OpenShopper) -> Shopper:
    """A shopper who is on the page of the payment provider."""
    shopper = open_shopper("/checkout", having=("Keel Pan", "Reed Vase"), locale="en-DE")
    for label, text in ENTRIES.items():
        if label not in CARD:
            shopper.field(label).fill(text)
    shopper.page.get_by_role("button", name="Continue to payment").click()
    expect(shopper.page.get_by_role("heading", name="Pay")).to_be_visible()
    return shopper


def pays(shopper: Shopper, card: str) -> None:
    shopper.page.get_by_label("Card number").fill(STRIPE_CARDS[card])
    shopper.page.get_by_role("button", name="Pay").click()


def test_an_order_is_paid_and_sent_and_comes_back_in_parts(
    open_shopper: OpenShopper, shop_process: ShopProcess
) -> None:
    shopper = orders(open_shopper)
    pays(shopper, "declined")
    expect(shopper.page.get_by_text("Your card was declined.")).to_be_visible()
    pays(shopper, "confirmed")
    number = shopper.sees_a_receipt()

    def after(*command: str, says: tuple[str, ...]) -> None:
        shop_process.runs("orders", command[0], number, *command[1:])
        shopper.page.reload()
        for words in says:
            expect(shopper.page.get_by_role("main")).to_contain_text(words)

    after("refund", "--amount", "8", "--yes", says=("€8.00 of it will not be charged.", "Refunded: €8.00"))
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


def test_an_order_that_is_cancelled_says_so(open_shopper: OpenShopper, shop_process: ShopProcess) -> None:
    shopper = orders(open_shopper)
    pays(shopper, "approved")
    shop_process.runs("orders", "cancel", shopper.sees_a_receipt(), "--yes")
    shopper.page.reload()
    expect(shopper.page.get_by_role("heading", name="This order was cancelled")).to_be_visible()
