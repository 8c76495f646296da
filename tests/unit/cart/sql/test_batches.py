"""Calls that meet share a batch."""

import asyncio
from collections.abc import Sequence

import pytest

from shop.cart.sql import batches
from shop.cart.sql.batches import Batches, Outcome
from shop.errors import StoreBusy, StoreUnavailable

UNLUCKY = 10_000
"""A number at which the database is away."""


class Doubling:
    """Answers twice what it gets, batch by batch, as soon as it is let."""

    def __init__(self) -> None:
        self.carried: list[list[int]] = []
        self.open = asyncio.Event()
        self.shut_out: set[int] = set()

    async def __call__(self, numbers: list[int]) -> Sequence[int | Exception | Outcome]:
        self.carried.append(numbers)
        await self.open.wait()
        if UNLUCKY in numbers:
            raise StoreUnavailable("unlucky")
        return [self._answer(number) for number in numbers]

    def _answer(self, number: int) -> int | Exception | Outcome:
        if number in self.shut_out:
            return Outcome.RETRY
        return ValueError(str(number)) if number < 0 else 2 * number


@pytest.fixture
async def doubling() -> Doubling:
    return Doubling()


async def test_a_call_alone_goes_at_once_and_those_that_come_meanwhile_go_together(doubling: Doubling) -> None:
    calls = Batches(doubling)
    replies = asyncio.gather(*(calls.call(n) for n in range(300)))
    await asyncio.sleep(0)
    assert doubling.carried == [[0]]
    doubling.open.set()
    assert await replies == [2 * n for n in range(300)]
    assert [len(batch) for batch in doubling.carried] == [1, batches.BATCH_SIZE, batches.BATCH_SIZE, 43]


async def test_one_refused_call_is_refused_alone(doubling: Doubling) -> None:
    doubling.open.set()
    calls = Batches(doubling)
    replies = await asyncio.gather(*(calls.call(n) for n in (-1, 2, -3, 4)), return_exceptions=True)
    assert [reply if isinstance(reply, int) else str(reply) for reply in replies] == ["-1", 4, "-3", 8]


async def test_a_database_that_is_away_is_away_for_all_who_wait(doubling: Doubling) -> None:
    calls = Batches(doubling)
    replies = [asyncio.ensure_future(calls.call(n)) for n in (UNLUCKY, *range(400))]
    await asyncio.sleep(0)
    doubling.open.set()
    done, _ = await asyncio.wait(replies)
    assert {type(reply.exception()) for reply in done} == {StoreUnavailable}
    assert doubling.carried == [[UNLUCKY]], "nobody else met it"
    assert await calls.call(4) == 8


async def test_who_did_not_get_through_goes_again_and_delays_nobody(doubling: Doubling) -> None:
    doubling.open.set()
    doubling.shut_out = {1, 2}
    calls = Batches(doubling)
    late = [asyncio.ensure_future(calls.call(n)) for n in (1, 2)]
    assert await asyncio.gather(*(calls.call(n) for n in range(3, 60))) == [2 * n for n in range(3, 60)]
    assert not any(call.done() for call in late)
    doubling.shut_out = set()
    assert await asyncio.gather(*late) == [2, 4]
    assert await calls.call(7) == 14


async def test_a_cancelled_caller_disturbs_nobody(doubling: Doubling) -> None:
    calls = Batches(doubling)
    replies = [asyncio.ensure_future(calls.call(n)) for n in range(40)]
    await asyncio.sleep(0)
    for reply in replies[10:20]:
        reply.cancel()
    doubling.open.set()
    answered = await asyncio.gather(*replies, return_exceptions=True)
    assert [n for n, answer in enumerate(answered) if isinstance(answer, asyncio.CancelledError)] == [*range(10, 20)]
    assert doubling.carried == [[0], [*range(1, 10), *range(20, 40)]], "nobody went for those who had left"


async def test_a_caller_cancelled_on_the_way_leaves_the_lane_free(doubling: Doubling) -> None:
    calls = Batches(doubling)
    alone = asyncio.ensure_future(calls.call(1))
    await asyncio.sleep(0)
    waiting = asyncio.ensure_future(calls.call(2))
    alone.cancel()
    doubling.open.set()
    assert await waiting == 4
    assert await calls.call(3) == 6


async def test_more_than_can_wait_are_refused(doubling: Doubling, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batches, "MAX_WAITING", 20)
    calls = Batches(doubling)
    replies = [asyncio.ensure_future(calls.call(n)) for n in range(30)]
    await asyncio.sleep(0)
    doubling.open.set()
    answered = await asyncio.gather(*replies, return_exceptions=True)
    assert [type(answer) for answer in answered] == [int] * 21 + [StoreBusy] * 9


async def test_closing_waits_for_those_under_way(doubling: Doubling) -> None:
    calls = Batches(doubling)
    replies = [asyncio.ensure_future(calls.call(n)) for n in range(3)]
    await asyncio.sleep(0)
    doubling.open.set()
    await asyncio.gather(*replies)
    await calls.close()
    assert all(reply.done() for reply in replies)
