"""What every payment provider does. Another one is run through this by one more `Bank` of the fixture."""

from __future__ import annotations

import asyncio
from collections import Counter

import msgspec
import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from shop.checkout.payments.demo import DemoPayments
from shop.checkout.payments.provider import Card, Payment, PaymentProvider
from shop.errors import PaymentRefused
from shop.money import Money

AMOUNT = Money(4999, "EUR")


class Bank(msgspec.Struct, frozen=True):
    """A provider, and cards that it approves, declines, and asks their shopper about."""

    provider: PaymentProvider
    approved: Card
    declined: Card
    challenged: Card


def card(number: str) -> Card:
    return Card(number, 12, 2030, "123")


@pytest.fixture
def bank(engine: AsyncEngine) -> Bank:
    return Bank(DemoPayments(engine), card("4242424242424242"), card("4000000000000002"), card("4000000000003220"))


@pytest.fixture
def provider(bank: Bank) -> PaymentProvider:
    return bank.provider


async def test_a_payment_goes_its_way(bank: Bank, provider: PaymentProvider) -> None:
    assert await provider.find("A") is None
    assert await provider.authorise("A", AMOUNT, bank.approved) == Payment("A", "authorised", AMOUNT)
    assert await provider.find("A") == Payment("A", "authorised", AMOUNT)
    assert await provider.capture("A") == Payment("A", "captured", AMOUNT)
    assert await provider.refund("A") == Payment("A", "refunded", AMOUNT)
    assert await provider.find("A") == Payment("A", "refunded", AMOUNT)
    assert await provider.find("B") is None


async def test_a_step_that_was_made_is_not_made_again(bank: Bank, provider: PaymentProvider) -> None:
    await provider.authorise("A", AMOUNT, bank.approved)
    for step in (provider.capture, provider.refund):
        assert await step("A") == await step("A")
    assert (await provider.capture("A")).status == "refunded"


async def test_a_declined_payment_says_why_and_cannot_be_taken(bank: Bank, provider: PaymentProvider) -> None:
    declined = await provider.authorise("A", AMOUNT, bank.declined)
    assert (declined.status, declined.amount) == ("declined", AMOUNT)
    assert declined.message
    for step in (provider.capture, provider.refund):
        with pytest.raises(PaymentRefused):
            await step("A")
    assert await provider.find("A") == declined


async def test_a_key_gets_its_first_answer_again_whatever_the_card(bank: Bank, provider: PaymentProvider) -> None:
    for key, first, other in (("A", bank.approved, bank.declined), ("B", bank.declined, bank.approved)):
        answer = await provider.authorise(key, AMOUNT, first)
        assert await provider.authorise(key, AMOUNT, other) == answer
        assert await provider.find(key) == answer


async def test_a_challenged_payment_says_where_it_is_confirmed(bank: Bank, provider: PaymentProvider) -> None:
    challenged = await provider.authorise("A", AMOUNT, bank.challenged)
    assert challenged.status == "challenged"
    assert challenged.challenge_path.startswith("/")
    assert await provider.authorise("A", AMOUNT, bank.approved) == challenged
    assert await provider.find("A") == challenged
    with pytest.raises(PaymentRefused):
        await provider.capture("A")


@pytest.mark.parametrize("first", ["", "approved", "challenged"])
async def test_what_is_void_can_never_be_charged(bank: Bank, provider: PaymentProvider, first: str) -> None:
    if first:
        await provider.authorise("A", AMOUNT, getattr(bank, first))
    assert (await provider.void("A")).status == "voided"
    assert (await provider.void("A")).status == "voided"
    assert (await provider.authorise("A", AMOUNT, bank.approved)).status == "voided"
    for step in (provider.capture, provider.refund):
        with pytest.raises(PaymentRefused):
            await step("A")
    found = await provider.find("A")
    assert found is not None
    assert found.status == "voided"


async def test_what_was_declined_can_be_voided_and_stays_uncharged(bank: Bank, provider: PaymentProvider) -> None:
    declined = await provider.authorise("A", AMOUNT, bank.declined)
    assert await provider.void("A") == declined


async def test_what_is_captured_is_refunded_and_never_voided(bank: Bank, provider: PaymentProvider) -> None:
    await provider.authorise("A", AMOUNT, bank.approved)
    await provider.capture("A")
    with pytest.raises(PaymentRefused):
        await provider.void("A")
    await provider.refund("A")
    with pytest.raises(PaymentRefused):
        await provider.void("A")
    found = await provider.find("A")
    assert found is not None
    assert found.status == "refunded"


async def test_nothing_is_taken_or_given_back_that_is_not_there(bank: Bank, provider: PaymentProvider) -> None:
    await provider.authorise("A", AMOUNT, bank.approved)
    with pytest.raises(PaymentRefused):
        await provider.refund("A")
    for step in (provider.capture, provider.refund):
        with pytest.raises(PaymentRefused):
            await step("never heard of")
    assert await provider.find("never heard of") is None


async def test_calls_for_one_key_at_once_all_get_one_answer(bank: Bank, provider: PaymentProvider) -> None:
    cards = [bank.approved, bank.declined, bank.challenged] * 4
    answers = await asyncio.gather(*(provider.authorise("A", AMOUNT, card) for card in cards))
    assert len(set(answers)) == 1
    assert await provider.find("A") == answers[0]


async def test_of_capture_and_void_at_once_exactly_one_is_done(bank: Bank, provider: PaymentProvider) -> None:
    ends = Counter[str]()
    for key in map(str, range(8)):
        await provider.authorise(key, AMOUNT, bank.approved)
        steps = [provider.capture, provider.void] if int(key) % 2 else [provider.void, provider.capture]
        outcomes = await asyncio.gather(*(step(key) for step in steps), return_exceptions=True)
        (done,) = (outcome for outcome in outcomes if isinstance(outcome, Payment))
        assert [type(outcome) for outcome in outcomes if outcome is not done] == [PaymentRefused]
        assert await provider.find(key) == done
        ends[done.status] += 1
    assert set(ends) <= {"captured", "voided"}


async def test_of_authorise_and_void_at_once_nothing_stays_authorised(bank: Bank, provider: PaymentProvider) -> None:
    for key in map(str, range(4)):
        answer, voided = await asyncio.gather(provider.authorise(key, AMOUNT, bank.approved), provider.void(key))
        assert answer.status in ("authorised", "voided")
        assert voided.status == "voided"
        found = await provider.find(key)
        assert found is not None
        assert found.status == "voided"
