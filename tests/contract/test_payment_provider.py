"""What every payment provider does. Another one is run through this by one more `Bank` of the fixture."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator

import pytest

from shop.checkout.payments.provider import REST, Payment, PaymentProvider
from shop.errors import EventRefused, NotFound, PaymentRefused
from tests.fixtures.banks import AMOUNT, Bank, a_request, opened_demo, opened_stripe


@pytest.fixture(params=["demo", "stripe"])
async def bank(request: pytest.FixtureRequest, database_url: str) -> AsyncIterator[Bank]:
    opened = (
        opened_stripe(database_url, request.getfixturevalue("localstripe_url"))
        if request.param == "stripe"
        else opened_demo(database_url)
    )
    async with opened as bank:
        yield bank


@pytest.fixture
def provider(bank: Bank) -> PaymentProvider:
    return bank.provider


def state_of(payment: Payment | None) -> tuple[str, int, int] | None:
    """Status, captured, refunded."""
    return (payment.status, payment.captured, payment.refunded) if payment else None


async def test_a_payment_goes_its_way(bank: Bank, provider: PaymentProvider) -> None:
    assert await provider.find("A") is None
    assert state_of(await bank.pay("A")) == ("authorised", 0, 0)
    found = await provider.find("A")
    assert found is not None
    assert (found.key, found.amount) == ("A", AMOUNT)
    assert found.reference
    assert state_of(await provider.capture("A")) == ("captured", 4999, 0)
    assert state_of(await provider.refund("A", REST)) == ("refunded", 4999, 4999)
    assert state_of(await provider.find("A")) == ("refunded", 4999, 4999)
    assert await provider.find("B") is None


async def test_it_keeps_its_reference(bank: Bank, provider: PaymentProvider) -> None:
    paid = await bank.pay("A")
    captured, refunded = await provider.capture("A"), await provider.refund("A", REST)
    assert {paid.reference, captured.reference, refunded.reference} == {paid.reference}
    assert (await bank.pay("B")).reference != paid.reference


async def test_a_step_that_was_made_is_not_made_again(bank: Bank, provider: PaymentProvider) -> None:
    await bank.pay("A")
    assert await provider.capture("A") == await provider.capture("A")
    assert await provider.refund("A", REST) == await provider.refund("A", REST)
    assert state_of(await provider.capture("A")) == ("refunded", 4999, 4999)


async def test_a_part_is_captured_and_the_rest_released(bank: Bank, provider: PaymentProvider) -> None:
    await bank.pay("A")
    for wrong in (0, -1, 5000):
        with pytest.raises(PaymentRefused):
            await provider.capture("A", wrong)
    assert state_of(await provider.capture("A", 3000)) == ("captured", 3000, 0)
    assert state_of(await provider.capture("A", 4999)) == ("captured", 3000, 0), "it is captured once"
    with pytest.raises(PaymentRefused):
        await provider.refund("A", "1", 3001)
    assert state_of(await provider.refund("A", REST)) == ("refunded", 3000, 3000)


async def test_parts_are_refunded_until_nothing_is_left(bank: Bank, provider: PaymentProvider) -> None:
    await bank.pay("A")
    await provider.capture("A")
    assert state_of(await provider.refund("A", "1", 1000)) == ("captured", 4999, 1000)
    assert state_of(await provider.refund("A", "1", 1000)) == ("captured", 4999, 1000), "the same refund"
    assert state_of(await provider.refund("A", "2", 1000)) == ("captured", 4999, 2000), "another one"
    for wrong in (0, -1, 3000):
        with pytest.raises(PaymentRefused):
            await provider.refund("A", "3", wrong)
    assert state_of(await provider.find("A")) == ("captured", 4999, 2000)
    assert state_of(await provider.refund("A", REST)) == ("refunded", 4999, 4999)
    assert state_of(await provider.refund("A", REST)) == ("refunded", 4999, 4999)
    assert state_of(await provider.refund("A", "2", 1000)) == ("refunded", 4999, 4999)
    with pytest.raises(PaymentRefused):
        await provider.refund("A", "4", 1)


async def test_the_rest_can_be_refunded_where_parts_have_left_nothing(bank: Bank, provider: PaymentProvider) -> None:
    await bank.pay("A")
    await provider.capture("A")
    assert state_of(await provider.refund("A", "1", 4999)) == ("refunded", 4999, 4999)
    assert state_of(await provider.refund("A", REST)) == ("refunded", 4999, 4999)


async def test_refunds_at_once_never_return_more_than_was_captured(bank: Bank, provider: PaymentProvider) -> None:
    await bank.pay("A")
    await provider.capture("A")
    calls = (provider.refund("A", str(position), 2000) for position in range(5))
    outcomes = await asyncio.gather(*calls, return_exceptions=True)
    assert Counter(map(type, outcomes)) == {Payment: 2, PaymentRefused: 3}
    assert state_of(await provider.find("A")) == ("captured", 4999, 4000)


async def test_one_refund_called_at_once_is_made_once(bank: Bank, provider: PaymentProvider) -> None:
    await bank.pay("A")
    await provider.capture("A")
    await asyncio.gather(*(provider.refund("A", "1", 1000) for _ in range(5)))
    assert state_of(await provider.find("A")) == ("captured", 4999, 1000)


async def test_a_declined_payment_says_why_and_cannot_be_taken(bank: Bank, provider: PaymentProvider) -> None:
    declined = await bank.pay("A", "declined")
    if bank.hosted:
        assert declined.status == "challenged", "its page asks for another card"
    else:
        assert (declined.status, declined.amount) == ("declined", AMOUNT)
        assert declined.message
    for step in (provider.capture("A"), provider.refund("A", REST)):
        with pytest.raises(PaymentRefused):
            await step
    assert await provider.find("A") == declined


async def test_a_key_gets_its_first_answer_again_whatever_is_asked(bank: Bank, provider: PaymentProvider) -> None:
    for key, how in (("A", "approved"), ("B", "declined")):
        answer = await bank.pay(key, how)
        assert await provider.authorise(a_request(key, "declined" if how == "approved" else "approved")) == answer
        assert await provider.find(key) == answer


async def test_a_challenged_payment_says_where_the_shopper_goes(bank: Bank, provider: PaymentProvider) -> None:
    challenged = await bank.pay("A", "challenged")
    assert challenged.status == "challenged"
    page = challenged.challenge_path
    assert page.startswith("/") or any(page.startswith(f"{origin}/") for origin in provider.pages)
    assert await provider.authorise(a_request("A")) == challenged
    assert await provider.find("A") == challenged
    with pytest.raises(PaymentRefused):
        await provider.capture("A")


@pytest.mark.parametrize("first", ["", "approved", "challenged"])
async def test_what_is_void_can_never_be_charged(bank: Bank, provider: PaymentProvider, first: str) -> None:
    if first:
        await bank.pay("A", first)
    assert (await provider.void("A")).status == "voided"
    assert (await provider.void("A")).status == "voided"
    assert (await provider.authorise(a_request("A"))).status == "voided"
    for step in (provider.capture("A"), provider.refund("A", REST)):
        with pytest.raises(PaymentRefused):
            await step
    assert state_of(await provider.find("A")) == ("voided", 0, 0)


async def test_what_was_declined_can_be_voided_and_stays_uncharged(bank: Bank, provider: PaymentProvider) -> None:
    declined = await bank.pay("A", "declined")
    voided = await provider.void("A")
    assert voided.status in ("declined", "voided")
    assert voided.captured == 0
    assert bank.hosted or voided == declined


async def test_what_is_captured_is_refunded_and_never_voided(bank: Bank, provider: PaymentProvider) -> None:
    await bank.pay("A")
    await provider.capture("A")
    with pytest.raises(PaymentRefused):
        await provider.void("A")
    await provider.refund("A", REST)
    with pytest.raises(PaymentRefused):
        await provider.void("A")
    assert state_of(await provider.find("A")) == ("refunded", 4999, 4999)


async def test_nothing_is_taken_or_given_back_that_is_not_there(bank: Bank, provider: PaymentProvider) -> None:
    await bank.pay("A")
    with pytest.raises(PaymentRefused):
        await provider.refund("A", REST)
    for step in (provider.capture("never heard of"), provider.refund("never heard of", REST)):
        with pytest.raises(PaymentRefused):
            await step
    assert await provider.find("never heard of") is None


async def test_calls_for_one_key_at_once_all_get_one_answer(bank: Bank, provider: PaymentProvider) -> None:
    requests = [a_request("A", how) for how in ("approved", "declined", "challenged")] * 4
    answers = await asyncio.gather(*(provider.authorise(request) for request in requests))
    assert len(set(answers)) == 1
    assert await provider.find("A") == answers[0]


async def test_of_capture_and_void_at_once_exactly_one_is_done(bank: Bank, provider: PaymentProvider) -> None:
    ends = Counter[str]()
    for key in map(str, range(8)):
        await bank.pay(key)
        steps = [provider.capture, provider.void] if int(key) % 2 else [provider.void, provider.capture]
        outcomes = await asyncio.gather(*(step(key) for step in steps), return_exceptions=True)
        (done,) = (outcome for outcome in outcomes if isinstance(outcome, Payment))
        assert [type(outcome) for outcome in outcomes if outcome is not done] == [PaymentRefused]
        assert await provider.find(key) == done
        ends[done.status] += 1
    assert set(ends) <= {"captured", "voided"}


async def test_of_authorise_and_void_at_once_nothing_stays_authorised(bank: Bank, provider: PaymentProvider) -> None:
    for key in map(str, range(4)):
        answer, voided = await asyncio.gather(provider.authorise(a_request(key)), provider.void(key))
        assert answer.status in ("authorised", "challenged", "voided")
        assert voided.status == "voided"
        assert state_of(await provider.find(key)) == ("voided", 0, 0)


@pytest.mark.parametrize("headers", [{}, {"stripe-signature": "t=1,v1=00"}, {"stripe-signature": "\x00"}])
async def test_a_message_that_is_not_signed_is_refused(provider: PaymentProvider, headers: dict[str, str]) -> None:
    with pytest.raises((EventRefused, NotFound)):
        provider.event(headers, b'{"id": "evt_1", "type": "payment_intent.succeeded"}')
