"""A gift note goes with the order it was written for: to the receipt and the e-mail, and into no log."""

from __future__ import annotations

import json
import logging
import re

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from shop.checkout.mail.outbox import Outbox
from shop.checkout.payments.demo import DemoPayments
from shop.checkout.payments.provider import Payment, PaymentRequest
from shop.checkout.placing.orders import Orders
from shop.settings import Settings
from tests.fixtures.buyer import BARE, Buyer, error_in
from tests.fixtures.order_scene import a_card
from tests.fixtures.shop_app import HTMX, NAVIGATION, Client, MakeClient

NOTE = "For <b>Kim</b> & co.\r\n\r\nSleep well.  "
KEPT = "For <b>Kim</b> & co.\n\nSleep well."
SHOWN = "For &lt;b&gt;Kim&lt;/b&gt; &amp; co."


async def notes(database: AsyncEngine) -> list[str]:
    """Those of all orders, the newest first."""
    return [order.buyer.gift_note for order in await Orders(database).page()]


def typed(text: str) -> str:
    """What the field of a page holds, as HTML."""
    (note,) = re.findall(r'<textarea[^>]*name="gift_note"[^>]*>([^<]*)</textarea>', text)
    return str(note)


async def test_the_field_says_what_it_takes_and_need_not_be_filled_in(buyer: Buyer, client: Client) -> None:
    page = await buyer.opens()
    (field,) = re.findall(r'<textarea[^>]*id="gift_note"[^>]*>', page.text)
    assert 'maxlength="300"' in field
    assert 'aria-describedby="gift_note-error gift_note-hint"' in field
    assert "required" not in field
    assert 'id="gift_note-hint">We put it in the parcel. At most 300 characters.<' in page.text
    receipt = await client.get((await buyer.orders(page)).headers["location"])
    assert "Gift note" not in receipt.text
    await buyer.adds("tide-mug")
    assert (await client.post("/cart/checkout", data=BARE)).status_code == 303, "a program does not know of it"


async def test_it_is_on_the_receipt_and_in_the_email_as_text(buyer: Buyer, client: Client) -> None:
    receipt = await client.get((await buyer.orders(await buyer.opens(), gift_note=NOTE)).headers["location"])
    assert f"<bdi>{SHOWN}</bdi><br><bdi></bdi><br><bdi>Sleep well.</bdi></p>" in receipt.text
    assert "Kim" not in json.dumps(re.findall(r"application/ld\+json.*?</script>", receipt.text, re.DOTALL))
    (letter,) = await Outbox(buyer.database).latest(9)
    assert KEPT in letter.email.plain
    assert SHOWN in letter.email.html


@pytest.mark.parametrize("headers", [NAVIGATION, HTMX])
async def test_one_that_is_too_long_comes_back_as_it_was_typed(buyer: Buyer, headers: dict[str, str]) -> None:
    page = await buyer.opens()
    buyer.headers = headers
    note = "For Kim\n" + "x" * 300
    refused = await buyer.orders(page, gift_note=note)
    assert refused.status_code == 422
    assert error_in(refused, "gift_note") == "This is too long: at most 300 characters."
    assert '<a href="#gift_note">This is too long' in refused.text
    assert typed(refused.text) == note
    assert await buyer.states() == []


async def test_it_comes_back_with_another_fault_and_with_a_declined_card(buyer: Buyer) -> None:
    refused = await buyer.orders(await buyer.opens(), gift_note=NOTE, city="")
    assert typed(refused.text).startswith(SHOWN)
    declined = await buyer.orders(refused, gift_note="For Kim", credit_card_number=a_card("declined").number)
    assert typed(declined.text) == "For Kim"
    assert (await buyer.orders(declined, gift_note="For Kim, too")).status_code == 303
    assert sorted(await notes(buyer.database)) == ["For Kim", "For Kim, too"], "the order that failed had its own"


async def test_it_outlives_the_question_of_the_bank(buyer: Buyer, client: Client) -> None:
    card = a_card("challenged").number
    asked = await buyer.orders(await buyer.opens(), gift_note=NOTE, credit_card_number=card)
    path = asked.headers["location"]
    assert path.startswith("/payment/")
    answered = await buyer.submits_to(path, answer="approve")
    assert SHOWN in (await client.get(answered.headers["location"])).text
    assert await notes(buyer.database) == [KEPT]


@pytest.mark.parametrize("outcome", ["approved", "challenged"])
async def test_another_note_is_no_other_order_of_the_same_cart(buyer: Buyer, outcome: str) -> None:
    """A firm order may be in the parcel already: the second submit leads to it. One that waits for its shopper ends."""
    page, card = await buyer.opens(), a_card("challenged" if outcome == "challenged" else "approved").number
    replies = [await buyer.orders(page, credit_card_number=card, gift_note=note) for note in ("For Kim", "For Lee", "")]
    orders = 1 if outcome == "approved" else 3
    assert len({reply.headers["location"] for reply in replies}) == orders
    assert sorted(await notes(buyer.database)) == sorted(["For Kim", "For Lee", ""][:orders])
    assert sorted(await buyer.states()) == (["paid"] if outcome == "approved" else ["failed", "failed", "pending"])
    assert await buyer.charges() == (1 if outcome == "approved" else 0)


class BrokenPayments(DemoPayments):
    """A provider with a mistake in it."""

    async def authorise(self, request: PaymentRequest) -> Payment:
        raise RuntimeError("A mistake")


async def test_no_log_of_the_shop_has_it(
    make_client: MakeClient, stocked_url: str, sqlite_engine: AsyncEngine, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, "shop")
    settings = Settings(database_url=stocked_url)
    async with make_client(settings=settings, catalog=None, payments=BrokenPayments(sqlite_engine)) as client:
        buyer = Buyer(client, sqlite_engine)
        await buyer.adds("tide-mug", 2)
        refused = await buyer.orders(await buyer.opens(), gift_note="Kim " * 90)
        await buyer.orders(refused, gift_note="Kim")
    assert await notes(sqlite_engine) == ["Kim"]
    assert "RuntimeError: A mistake" in caplog.text
    assert "Kim" not in caplog.text
