"""Servers stopped, hung and killed, and a bank that does not answer, in the middle of ordering.

The shopper is told the truth; when all is well again there is one order or none for each attempt, one charge for each
order, and what was ordered has left the cart once.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from typing import ClassVar

import pytest

from shop.database import create_engine
from tests.chaos.attacks.audit import Audit
from tests.chaos.attacks.buyer import LOST_ANSWER, LOST_CALL, Buyer, Said
from tests.chaos.attacks.shops import TwoOnPostgres
from tests.chaos.rush import PATIENCE_SECONDS, Rush
from tests.chaos.verdict import recovered


class OrderTransactions(TwoOnPostgres):
    """A shop that soon gives its bank up."""

    settings: ClassVar[dict[str, str]] = {"PAYMENT_SECONDS": "1"}


@pytest.fixture(scope="module")
def till() -> Iterator[OrderTransactions]:
    """Every test leaves its servers well."""
    till = OrderTransactions()
    try:
        till.open()
        yield till
    finally:
        till.close()


async def postgres_killed(till: OrderTransactions, rush: Rush) -> None:
    till.postgres.kill()
    assert not till.postgres.runs, "the server really was gone"
    await rush.until_more(Said.AWAY, 3)
    await asyncio.to_thread(till.postgres.start)


async def postgres_stopped(till: OrderTransactions, rush: Rush) -> None:
    await asyncio.to_thread(till.postgres.terminate)
    assert not till.postgres.runs, "the server really was gone"
    await rush.until_more(Said.AWAY, 3)
    await asyncio.to_thread(till.postgres.start)


async def postgres_hung(till: OrderTransactions, rush: Rush) -> None:
    till.postgres.hang()
    await rush.until_more(Said.AWAY, 1)
    till.postgres.resume()


async def redis_killed(till: OrderTransactions, rush: Rush) -> None:
    till.valkey.kill()
    assert not till.valkey.answers(), "the server really was gone"
    await rush.until_more(Said.ORDERED, 20)
    await asyncio.to_thread(till.valkey.start)


@pytest.mark.parametrize("fault", [postgres_killed, postgres_stopped, postgres_hung, redis_killed])
def test_one_order_or_none_and_the_truth(
    till: OrderTransactions, fault: Callable[[OrderTransactions, Rush], Awaitable[None]]
) -> None:
    async def scene(audit: Audit) -> None:
        async with Rush(till.shop.port, fault.__name__) as rush:
            await rush.until_more(Said.ORDERED, 20)
            await fault(till, rush)
            await rush.until_more(Said.ORDERED, 20)
        await recovered(("127.0.0.1", till.shop.port))
        assert await rush.amiss(audit) == []

    play(till, scene)


@pytest.mark.parametrize(("card", "end"), [(LOST_ANSWER, "Thank you"), (LOST_CALL, "This order was not placed")])
def test_a_bank_that_does_not_answer(till: OrderTransactions, card: str, end: str) -> None:
    async def scene(audit: Audit) -> None:
        buyer = Buyer(till.shop.port, f"bank-{card[-4:]}@example.com")
        await buyer.adds("cup")
        form = await buyer.opens_the_checkout()
        reply = await buyer.orders(form, card=card)
        page = await buyer.looks_at(reply.page)
        assert "We are waiting for your bank" in page
        assert "Your order is not placed yet" in page
        again = await buyer.orders(form)
        assert again.said is Said.ORDERED or "Nothing was charged" in again.words
        async with asyncio.timeout(PATIENCE_SECONDS):
            while end not in page:
                page = await buyer.looks_at(reply.page)
        last = await buyer.orders(form)
        await audit.settled()
        states = {order.number: order.state for order in await audit.orders()}
        assert states.pop(last.number) == "paid"
        assert states == ({} if last.number == reply.number else {reply.number: "failed"})
        assert (last.number == reply.number) is (end == "Thank you")
        assert await buyer.looks_into_the_cart() == {}
        buyer.leaves()

    play(till, scene)


def play(till: OrderTransactions, scene: Callable[[Audit], Awaitable[None]]) -> None:
    """A scene, and nothing is wrong in the books afterwards."""

    async def audited() -> None:
        engine = create_engine(till.database_url)
        try:
            async with Audit(engine) as audit:
                await scene(audit)
                assert await audit.violations() == []
        finally:
            await engine.dispose()

    asyncio.run(audited())
