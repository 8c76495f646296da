"""The demo provider honours its test cards; tests/contract covers the rest."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncEngine

from shop.checkout.payments.card import Card, brand_of
from shop.checkout.payments.card_numbers import passes_luhn
from shop.checkout.payments.demo import NO_ANSWER_SECONDS, SLOW_SECONDS, DemoPayments
from shop.checkout.payments.demo_cards import DEMO_CARDS, outcome_of
from shop.checkout.payments.provider import REST, Payment, PaymentRequest
from shop.checkout.schema import demo_payments
from shop.database import fetch
from shop.errors import PaymentRefused, PaymentUnavailable
from shop.money import Money
from tests.servers.test_house import ROOT

AMOUNT = Money(3210, "JPY")
AUTHORISED = Payment("A", "authorised", AMOUNT, reference="demo-A")


class Pauses:
    """A sleep that returns at once, after running `meanwhile`."""

    def __init__(self) -> None:
        self.seconds: list[float] = []
        self.meanwhile: Callable[[], Awaitable[object]] | None = None

    async def __call__(self, seconds: float) -> None:
        self.seconds.append(seconds)
        if self.meanwhile:
            await self.meanwhile()


@pytest.fixture
def pauses() -> Pauses:
    return Pauses()


@pytest.fixture
def database_url(sqlite_url: str) -> str:
    return sqlite_url


@pytest.fixture
def payments(engine: AsyncEngine, pauses: Pauses) -> DemoPayments:
    return DemoPayments(engine, clock=lambda: 1_800_000_000.9, sleep=pauses)


def paying(outcome: str) -> PaymentRequest:
    return PaymentRequest(key="A", amount=AMOUNT, token=card(outcome).token.value)


def card(outcome: str) -> Card:
    return Card(next(card.digits for card in DEMO_CARDS if card.outcome == outcome), 12, 2030, "123")


def test_every_test_number_is_one_that_the_form_takes_and_that_the_documents_list() -> None:
    listed = (ROOT / "docs/payments.md").read_text()
    for demo in DEMO_CARDS:
        assert passes_luhn(demo.digits)
        assert brand_of(demo.digits)
        assert f"`{demo.number}` | {demo.description}" in listed
    assert len({demo.digits for demo in DEMO_CARDS}) == len(DEMO_CARDS)
    assert outcome_of("4111111111111111") == "approved"


async def test_insufficient_funds_are_reported(payments: DemoPayments) -> None:
    declined = await payments.authorise(paying("no-funds"))
    assert declined.status == "declined"
    assert "lack of funds" in declined.message


async def test_a_slow_bank_takes_its_time(payments: DemoPayments, pauses: Pauses) -> None:
    assert (await payments.authorise(paying("slow"))).status == "authorised"
    assert pauses.seconds == [SLOW_SECONDS]


async def test_a_payment_voided_during_a_slow_authorisation_is_not_authorised(
    payments: DemoPayments, pauses: Pauses
) -> None:
    pauses.meanwhile = lambda: payments.void("A")
    assert (await payments.authorise(paying("slow"))).status == "voided"


@pytest.mark.parametrize(("outcome", "found"), [("lost-answer", AUTHORISED), ("lost-call", None)])
async def test_find_distinguishes_a_lost_answer_from_a_lost_call(
    payments: DemoPayments, pauses: Pauses, outcome: str, found: Payment | None
) -> None:
    with pytest.raises(PaymentUnavailable):
        await payments.authorise(paying(outcome))
    assert pauses.seconds == [NO_ANSWER_SECONDS]
    assert await payments.find("A") == found


async def test_after_a_timeout_the_payment_is_found(engine: AsyncEngine) -> None:
    silent = asyncio.Event()

    async def hang(_seconds: float) -> None:
        silent.set()
        await asyncio.Event().wait()

    payments = DemoPayments(engine, sleep=hang)
    asking = asyncio.create_task(payments.authorise(paying("lost-answer")))
    await silent.wait()
    asking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asking
    assert await payments.find("A") == AUTHORISED


@pytest.mark.parametrize(("approved", "status"), [(True, "authorised"), (False, "declined")])
async def test_the_first_answer_to_a_challenge_counts(payments: DemoPayments, approved: bool, status: str) -> None:
    challenged = await payments.authorise(paying("challenged"))
    assert challenged.challenge_path == "/payment/A"
    answered = await payments.confirm("A", approved=approved)
    assert (answered.status, answered.amount, answered.challenge_path) == (status, AMOUNT, "")
    assert bool(answered.message) is not approved
    assert await payments.confirm("A", approved=not approved) == answered
    assert await payments.find("A") == answered


async def test_a_challenge_that_is_void_cannot_be_approved_any_more(payments: DemoPayments) -> None:
    await payments.authorise(paying("challenged"))
    await payments.void("A")
    assert (await payments.confirm("A", approved=True)).status == "voided"


async def test_a_payment_that_is_not_there_cannot_be_approved(payments: DemoPayments) -> None:
    with pytest.raises(PaymentRefused):
        await payments.confirm("A", approved=True)


async def test_the_ledger_only_grows_and_holds_nothing_of_the_card(engine: AsyncEngine, payments: DemoPayments) -> None:
    await payments.authorise(paying("challenged"))
    await payments.confirm("A", approved=True)
    await payments.capture("A")
    await payments.capture("A")
    await payments.refund("A", REST)
    rows = await fetch(engine, select(demo_payments))
    assert {(row.kind, row.amount, row.currency, row.at) for row in rows} == {
        (kind, 3210, "JPY", 1_800_000_000) for kind in ("challenged", "authorised", "captured", "refunded")
    }
    assert card("challenged").number[:12] not in str(rows)
