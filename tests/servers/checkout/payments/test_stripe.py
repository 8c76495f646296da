"""Stripe behind a complete shop, against a double of Stripe that others have written."""

from __future__ import annotations

import json
import time
from collections.abc import AsyncIterator
from typing import Any

import pytest
import stripe
from sqlalchemy import Row, select
from sqlalchemy.ext.asyncio import AsyncEngine

from shop.checkout.payments.stripe import StripeAddress, StripePayments, read_stripe_url, status_of
from shop.checkout.payments.stripe_amounts import amount_for_stripe, amount_from_stripe
from shop.checkout.schema import orders, stripe_payments
from shop.database import fetch
from shop.errors import ConfigurationError, EventRefused, PaymentRefused, PaymentUnavailable
from shop.money import Money
from shop.operations.findings import Level
from shop.operations.payment_findings import check_payments
from shop.settings import Settings
from tests.fixtures.banks import SECRET_KEY, STRIPE_CARDS, WEBHOOK_SECRET, a_request, pay_on_page
from tests.fixtures.buyer import GERMAN, Buyer, seen_in
from tests.fixtures.shop_app import Client, MakeClient


@pytest.fixture
async def client(make_client: MakeClient, stocked_url: str, localstripe_url: str) -> AsyncIterator[Client]:
    settings = Settings(
        database_url=stocked_url,
        secret_key="a secret of thirty-two characters",
        payments_url=f"stripe:?api={localstripe_url}",
        stripe_secret_key=SECRET_KEY,
        stripe_webhook_secret=WEBHOOK_SECRET,
    )
    async with make_client(settings=settings, catalog=None, clock=time.time) as client:
        yield client


@pytest.fixture
async def page(client: Client, sqlite_engine: AsyncEngine) -> str:
    """The page of Stripe on which the shopper of a new order is."""
    buyer = Buyer(client, sqlite_engine)
    await buyer.adds("tide-mug", 2)
    form = {name: value for name, value in GERMAN.items() if not name.startswith("credit_card")}
    reply = await buyer.submits(form | {"seen": seen_in(await buyer.opens()), "method": "standard"})
    assert reply.status_code == 303, reply.text
    location: str = reply.headers["location"]
    return location


async def the_order(engine: AsyncEngine) -> Row[Any]:
    (row,) = await fetch(engine, select(orders))
    return row


async def comes_back(client: Client, engine: AsyncEngine) -> str:
    order = await the_order(engine)
    reply = await client.get(f"/payment/{order.number}/return", params={"key": order.secret})
    text: str = (await client.get(reply.headers["location"])).text
    return text


def message(kind: str, about: dict[str, object], event_id: str = "evt_1") -> str:
    return json.dumps({"id": event_id, "object": "event", "type": kind, "data": {"object": about}})


def signature(body: str, at: int | None = None, secret: str = WEBHOOK_SECRET) -> dict[str, str]:
    return {"Stripe-Signature": stripe.WebhookSignature.generate_signature_header(body, secret, at)}


@pytest.mark.parametrize("card", ["approved", "confirmed"])
async def test_a_shopper_pays_on_the_page_and_comes_back(
    client: Client, page: str, sqlite_engine: AsyncEngine, card: str
) -> None:
    assert "Your order waits for your payment" in await comes_back(client, sqlite_engine)
    assert await pay_on_page(page, STRIPE_CARDS[card]) == 303
    text = await comes_back(client, sqlite_engine)
    assert "Your order is placed and paid." in text
    assert f"Visa ending in {STRIPE_CARDS[card][-4:]}" in text
    order = await the_order(sqlite_engine)
    assert (order.state, order.settled) == ("paid", True)
    assert order.payment_reference.startswith("pi_")


async def test_a_declined_card_can_be_followed_by_another(
    client: Client, page: str, sqlite_engine: AsyncEngine
) -> None:
    assert await pay_on_page(page, STRIPE_CARDS["declined"]) == 402
    assert "Your order waits for your payment" in await comes_back(client, sqlite_engine)
    assert await pay_on_page(page, STRIPE_CARDS["approved"]) == 303
    assert "Your order is placed and paid." in await comes_back(client, sqlite_engine)


async def test_a_signed_message_places_the_order_once(client: Client, page: str, sqlite_engine: AsyncEngine) -> None:
    await pay_on_page(page, STRIPE_CARDS["approved"])
    order = await the_order(sqlite_engine)
    body = message("checkout.session.completed", {"client_reference_id": order.number})
    forged = signature(body, secret="whsec_of_another")
    for wrong in ({}, forged, signature(body + " "), signature(body, at=int(time.time()) - 3600)):
        assert (await client.post("/payments/stripe/events", content=body, headers=wrong)).status_code == 400
    assert (await the_order(sqlite_engine)).state == "pending"
    for _ in range(3):
        reply = await client.post("/payments/stripe/events", content=body, headers=signature(body))
        assert reply.status_code == 204
    paid = await the_order(sqlite_engine)
    assert paid.state == "paid"
    dispute = message("charge.dispute.created", {"payment_intent": paid.payment_reference}, "evt_2")
    reply = await client.post("/payments/stripe/events", content=dispute, headers=signature(dispute))
    assert (await the_order(sqlite_engine)).dispute == "open"
    lost = message("charge.dispute.closed", {"payment_intent": paid.payment_reference, "status": "lost"}, "evt_3")
    await client.post("/payments/stripe/events", content=lost, headers=signature(lost))
    assert (await the_order(sqlite_engine)).dispute == "lost"
    assert reply.status_code == 204


async def test_nothing_of_the_shopper_is_kept_beside_the_order(page: str, sqlite_engine: AsyncEngine) -> None:
    (row,) = await fetch(sqlite_engine, select(stripe_payments))
    order = await the_order(sqlite_engine)
    assert row.session.startswith("cs_")
    assert "example.com" not in row.request
    assert order.secret not in row.request


async def test_stripe_that_does_not_answer_is_unknown_and_not_refused(sqlite_engine: AsyncEngine) -> None:
    away = StripePayments(StripeAddress("http://127.0.0.1:9", "http://127.0.0.1:9"), SECRET_KEY, "", sqlite_engine)
    with pytest.raises(PaymentUnavailable):
        await away.authorise(a_request("A"))
    with pytest.raises(PaymentUnavailable):
        await away.find("A")
    assert (await away.void("B")).status == "voided", "nobody can pay for what Stripe has never heard of"
    await away.close()


async def test_what_was_not_answered_is_created_again(sqlite_engine: AsyncEngine, localstripe_url: str) -> None:
    away = StripePayments(StripeAddress("http://127.0.0.1:9", ""), SECRET_KEY, "", sqlite_engine)
    with pytest.raises(PaymentUnavailable):
        await away.authorise(a_request("A"))
    back = StripePayments(StripeAddress(localstripe_url, localstripe_url), SECRET_KEY, "", sqlite_engine)
    found = await back.find("A")
    assert found is not None
    assert (found.status, found.amount) == ("challenged", a_request("A").amount)
    for payments in (away, back):
        await payments.close()


def test_without_a_secret_no_message_is_believed(sqlite_engine: AsyncEngine) -> None:
    payments = StripePayments(StripeAddress(), SECRET_KEY, "", sqlite_engine)
    body = message("charge.refunded", {})
    with pytest.raises(EventRefused):
        payments.event({"stripe-signature": signature(body, secret="\x00")["Stripe-Signature"]}, body.encode())


@pytest.mark.parametrize(
    ("money", "minor"),
    [
        (Money(1999, "EUR"), 1999),
        (Money(500, "JPY"), 500),
        (Money(500, "ISK"), 50000),
        (Money(500, "UGX"), 50000),
        (Money(12340, "KWD"), 12340),
        (Money(1500, "MGA"), 15),
    ],
)
def test_amounts_are_in_stripes_own_units(money: Money, minor: int) -> None:
    assert amount_for_stripe(money) == minor
    assert amount_from_stripe(minor, money.currency) == money.amount


@pytest.mark.parametrize(
    ("session", "intent", "status"),
    [
        ("open", "", "challenged"),
        ("expired", "", "voided"),
        ("complete", "requires_capture", "authorised"),
        ("complete", "processing", "processing"),
        ("complete", "succeeded", "captured"),
        ("complete", "canceled", "voided"),
        ("complete", "requires_payment_method", "declined"),
    ],
)
def test_the_states_of_a_payment(session: str, intent: str, status: str) -> None:
    assert status_of(session, intent) == status


@pytest.mark.parametrize("money", [Money(12345, "KWD"), Money(1550, "MGA")])
def test_amounts_that_stripe_cannot_take_exactly_are_refused(money: Money) -> None:
    with pytest.raises(PaymentRefused):
        amount_for_stripe(money)


def test_the_address() -> None:
    assert read_stripe_url("stripe:") == StripeAddress("https://api.stripe.com", "https://checkout.stripe.com")
    assert read_stripe_url("stripe:?page=https://pay.shop.example").page == "https://pay.shop.example"
    for wrong in ("stripe://sk_live_secret", "stripe:sk_live_secret", "stripe:?api=ftp://x", "stripe:?key=1"):
        with pytest.raises(ConfigurationError) as error:
            read_stripe_url(wrong)
        assert "secret" not in str(error.value)


@pytest.mark.parametrize("key", ["", "pk_live_1", "whsec_1"])
def test_a_key_that_is_not_secret_is_a_wrong_setting(sqlite_engine: AsyncEngine, key: str) -> None:
    with pytest.raises(ConfigurationError, match="STRIPE_SECRET_KEY"):
        StripePayments(StripeAddress(), key, "", sqlite_engine)


class TestTheDoctor:
    async def test_says_whether_stripe_takes_the_key(self, stocked_url: str, localstripe_url: str) -> None:
        url = f"stripe:?api={localstripe_url}"
        settings = Settings(database_url=stocked_url, payments_url=url, stripe_secret_key=SECRET_KEY)
        found = await check_payments(settings)
        assert [(each.part, each.level) for each in found] == [
            ("STRIPE_WEBHOOK_SECRET", Level.WARNING),
            ("PAYMENTS_URL", Level.OK),
        ]

    @pytest.mark.parametrize(
        ("url", "key", "says"),
        [
            ("stripe:?api=http://127.0.0.1:9", SECRET_KEY, "Stripe does not answer."),
            ("stripe:", "", "STRIPE_SECRET_KEY must be set"),
            ("nobody:", "", "no payment provider of that name"),
        ],
    )
    async def test_says_what_is_wrong(self, stocked_url: str, url: str, key: str, says: str) -> None:
        settings = Settings(
            database_url=stocked_url, payments_url=url, stripe_secret_key=key, stripe_webhook_secret="x"
        )
        (found,) = await check_payments(settings)
        assert found.level is Level.PROBLEM
        assert says in found.says
