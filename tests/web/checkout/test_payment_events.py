"""Messages of a payment provider: signed, forged, replayed, out of order, at a bad moment."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import msgspec
import pytest
from httpx import Response
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncEngine

from shop.checkout.backlog import Backlog
from shop.checkout.payments.provider import Payment, PaymentRequest
from shop.checkout.schema import order_events, orders, payment_events
from shop.database import fetch
from shop.errors import PaymentUnavailable
from shop.settings import Settings
from tests.fixtures.buyer import GERMAN, Buyer, seen_in
from tests.fixtures.foreign_provider import FileLedger
from tests.fixtures.shop_app import Client, MakeClient

SIGNED = {"Acme-Signature": "acme secret"}
PAGE = "https://pay.acme.example/pay"


class AcmePayments(FileLedger):
    """A provider with a page of its own. A test decides what the shopper did there."""

    def __init__(self, file: Path) -> None:
        super().__init__(file)
        self.payments: dict[str, Payment] = {}
        self.away = False
        self.asked: list[PaymentRequest] = []

    async def authorise(self, request: PaymentRequest) -> Payment:
        self.asked.append(request)
        challenged = Payment(request.key, "challenged", request.amount, challenge_path=f"{PAGE}/{request.key}")
        return self.payments.setdefault(request.key, challenged)

    async def find(self, key: str) -> Payment | None:
        if self.away:
            raise PaymentUnavailable("away")
        return self.payments.get(key)

    async def capture(self, key: str, amount: int | None = None) -> Payment:
        payment = self.payments[key]
        return self.becomes(key, status="captured", captured=payment.amount.amount)

    async def void(self, key: str) -> Payment:
        return self.becomes(key, status="voided")

    def becomes(self, key: str, **changes: object) -> Payment:
        self.payments[key] = msgspec.structs.replace(self.payments[key], challenge_path="", **changes)
        return self.payments[key]

    def paid(self, key: str) -> None:
        """The shopper pays on the page."""
        self.becomes(key, status="authorised", reference=f"acme-{key}", card_brand="Visa", card_last4="4242")


@pytest.fixture
def acme(tmp_path: Path) -> AcmePayments:
    return AcmePayments(tmp_path / "ledger.txt")


@pytest.fixture
async def client(
    make_client: MakeClient, stocked_url: str, acme: AcmePayments, foreign_provider: FileLedger
) -> AsyncIterator[Client]:
    url = f"acme://{foreign_provider.file}"
    settings = Settings(database_url=stocked_url, secret_key="a secret of thirty-two characters", payments_url=url)
    async with make_client(settings=settings, catalog=None, payments=acme) as client:
        yield client


@pytest.fixture
async def number(client: Client, sqlite_engine: AsyncEngine, acme: AcmePayments) -> str:
    """An order whose shopper is on the provider's page."""
    buyer = Buyer(client, sqlite_engine)
    await buyer.adds("tide-mug", 2)
    page = await buyer.opens()
    form = {name: value for name, value in GERMAN.items() if not name.startswith("credit_card")}
    reply = await buyer.submits(form | {"seen": seen_in(page), "method": "standard"})
    assert reply.status_code == 303
    (request,) = acme.asked
    assert reply.headers["location"] == f"{PAGE}/{request.key}"
    assert "form-action 'self' https://pay.acme.example;" in page.headers["content-security-policy"]
    assert "credit_card_number" not in page.text
    assert "Continue to payment" in page.text
    return request.key


async def tell(client: Client, body: str, **headers: str) -> Response:
    return await client.post("/payments/acme/events", content=body, headers=SIGNED | headers)


async def state(engine: AsyncEngine) -> str:
    (row,) = await fetch(engine, select(orders.c.state))
    return str(row.state)


async def history(engine: AsyncEngine) -> list[str]:
    return [row.what for row in await fetch(engine, select(order_events.c.what).order_by(order_events.c.id))]


async def test_a_message_places_what_was_paid_for_and_its_repetition_nothing(
    client: Client, number: str, acme: AcmePayments, sqlite_engine: AsyncEngine
) -> None:
    acme.paid(number)
    for _ in range(3):
        assert (await tell(client, f"evt_1 paid {number}")).status_code == 204
    (order,) = await fetch(sqlite_engine, select(orders))
    assert (order.state, order.settled, order.payment_reference) == ("paid", True, f"acme-{number}")
    assert "4242" in order.details, "the provider says which card it was"
    assert await history(sqlite_engine) == ["paid"]
    assert len(await fetch(sqlite_engine, select(payment_events))) == 1


@pytest.mark.parametrize("signature", ["", "wrong", "acme secret, acme secret"])
async def test_a_forged_message_does_nothing(
    client: Client, number: str, acme: AcmePayments, sqlite_engine: AsyncEngine, signature: str
) -> None:
    acme.paid(number)
    headers = {"Acme-Signature": signature}
    reply = await client.post("/payments/acme/events", content=f"evt_1 paid {number}", headers=headers)
    assert reply.status_code == 400
    assert await state(sqlite_engine) == "pending"
    assert await fetch(sqlite_engine, select(payment_events)) == []


async def test_messages_out_of_order_lead_to_what_is_true(
    client: Client, number: str, acme: AcmePayments, sqlite_engine: AsyncEngine
) -> None:
    assert (await tell(client, f"evt_2 captured {number}")).status_code == 204
    assert await state(sqlite_engine) == "pending", "nothing is believed that the provider does not confirm"
    acme.paid(number)
    for event in ("evt_3 refunded", "evt_1 paid", "evt_2 captured"):
        assert (await tell(client, f"{event} {number}")).status_code == 204
    assert await state(sqlite_engine) == "paid"
    assert await history(sqlite_engine) == ["paid"]


async def test_a_message_at_a_bad_moment_is_sent_again(
    client: Client, number: str, acme: AcmePayments, sqlite_engine: AsyncEngine
) -> None:
    acme.paid(number)
    acme.away = True
    assert (await tell(client, f"evt_1 paid {number}")).status_code == 503
    assert await state(sqlite_engine) == "pending"
    acme.away = False
    again = await tell(client, f"evt_1 paid {number}")
    assert again.status_code == 503, "another claims the order for some seconds"
    assert again.headers["retry-after"]


async def test_what_was_refunded_at_the_provider_is_known_here(
    client: Client, number: str, acme: AcmePayments, sqlite_engine: AsyncEngine
) -> None:
    acme.paid(number)
    await tell(client, f"evt_1 paid {number}")
    acme.becomes(number, refunded=700)
    for event in ("evt_2", "evt_2", "evt_3"):
        assert (await tell(client, f"{event} refunded {number}")).status_code == 204
    (order,) = await fetch(sqlite_engine, select(orders))
    assert (order.state, order.refunded, order.settled) == ("paid", 700, True)
    assert await history(sqlite_engine) == ["paid", "part refund"]


async def test_a_dispute_opens_once_and_one_that_is_closed_stays_so(
    client: Client, number: str, acme: AcmePayments, sqlite_engine: AsyncEngine
) -> None:
    acme.paid(number)
    await tell(client, f"evt_1 paid {number}")
    backlog = Backlog(sqlite_engine)
    for message, state, disputed in (
        ("evt_9 dispute", "open", 1),
        ("evt_9 dispute", "open", 1),
        ("evt_10 dispute-lost", "lost", 0),
        ("evt_8 dispute", "lost", 0),
    ):
        await tell(client, f"{message} {number}")
        (order,) = await fetch(sqlite_engine, select(orders))
        await backlog.look()
        gauges = {metric.name: metric.samples[0].value for metric in backlog.collect()}
        assert (order.dispute, gauges["shop_orders_disputed"]) == (state, disputed)
    events = await fetch(sqlite_engine, select(order_events).order_by(order_events.c.id))
    assert [(row.what, row.who, row.why) for row in events][:3] == [
        ("paid", "", ""),
        ("disputed", "acme", "Acme: dispute"),
        ("dispute lost", "acme", "Acme: dispute-lost"),
    ]


async def test_a_payment_that_takes_days_says_so_and_does_not_ask_to_wait(
    client: Client, number: str, acme: AcmePayments, sqlite_engine: AsyncEngine
) -> None:
    acme.becomes(number, status="processing", reference=f"acme-{number}")
    reply = await client.get(acme.asked[0].return_url)
    page = await client.get(reply.headers["location"])
    assert "Your payment is on its way" in page.text
    assert "every 3s" not in page.text
    acme.paid(number)
    assert (await tell(client, f"evt_1 paid {number}")).status_code == 204
    assert await state(sqlite_engine) == "paid"


async def test_a_message_about_something_else_is_taken_and_forgotten(
    client: Client, number: str, sqlite_engine: AsyncEngine
) -> None:
    assert (await tell(client, "evt_1 paid NOT-AN-ORDER")).status_code == 204
    assert (await client.post("/payments/other/events", content="x", headers=SIGNED)).status_code == 404
    assert await fetch(sqlite_engine, select(payment_events)) == []


async def test_the_way_back_asks_the_provider_and_shows_the_order(
    client: Client, number: str, acme: AcmePayments, sqlite_engine: AsyncEngine
) -> None:
    back = acme.asked[0].return_url
    assert back.startswith(f"http://shop.test/payment/{number}/return?key=")
    reply = await client.get(back)
    waiting = await client.get(reply.headers["location"])
    assert "Your order waits for your payment" in waiting.text
    assert f'href="{PAGE}/{number}"' in waiting.text
    acme.paid(number)
    reply = await client.get(back)
    assert "Your order is placed and paid." in (await client.get(reply.headers["location"])).text
    assert (await client.get(f"/payment/{number}/return?key=wrong")).status_code == 404


async def test_the_demo_bank_sends_no_messages(shop: Client) -> None:
    assert (await shop.post("/payments/demo/events", content="{}")).status_code == 404
