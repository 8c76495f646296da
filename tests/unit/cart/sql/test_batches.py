"""Concurrent calls share a batch."""

import asyncio
from collections.abc import Sequence

import pytest

from shop.cart.sql import batches
from shop.cart.sql.batches import Batches, Outcome
from shop.errors import StoreBusy, StoreUnavailable

UNAVAILABLE = 10_000
"""A number for which the database is unavailable."""


class Doubling:
    """Returns twice each number, batch by batch, once `open` is set. Numbers in `conflicting` have to be retried."""

    def __init__(self) -> None:
        self.batches: list[list[int]] = []
        self.open = asyncio.Event()
        self.conflicting: set[int] = set()

    async def __call__(self, numbers: list[int]) -> Sequence[int | Exception | Outcome]:
        self.batches.append(numbers)
        await self.open.wait()
        if UNAVAILABLE in numbers:
            raise StoreUnavailable("unavailable")
        return [self._answer(number) for number in numbers]

    def _answer(self, number: int) -> int | Exception | Outcome:
        if number in self.conflicting:
            return Outcome.RETRY
        return ValueError(str(number)) if number < 0 else 2 * number


@pytest.fixture
async def doubling() -> Doubling:
    return Doubling()


async def test_a_single_call_runs_at_once_and_calls_during_it_share_batches(doubling: Doubling) -> None:
    calls = Batches(doubling)
    replies = asyncio.gather(*(calls.call(n) for n in range(300)))
    await asyncio.sleep(0)
    assert doubling.batches == [[0]]
    doubling.open.set()
    assert await replies == [2 * n for n in range(300)]
    assert [len(batch) for batch in doubling.batches] == [1, batches.BATCH_SIZE, batches.BATCH_SIZE, 43]


async def test_a_failed_call_does_not_fail_the_others(doubling: Doubling) -> None:
    doubling.open.set()
    calls = Batches(doubling)
    replies = await asyncio.gather(*(calls.call(n) for n in (-1, 2, -3, 4)), return_exceptions=True)
    assert [reply if isinstance(reply, int) else str(reply) for reply in replies] == ["-1", 4, "-3", 8]


async def test_an_unavailable_database_fails_all_queued_calls(doubling: Doubling) -> None:
    calls = Batches(doubling)
    replies = [asyncio.ensure_future(calls.call(n)) for n in (UNAVAILABLE, *range(400))]
    await asyncio.sleep(0)
    doubling.open.set()
    done, _ = await asyncio.wait(replies)
    assert {type(reply.exception()) for reply in done} == {StoreUnavailable}
    assert doubling.batches == [[UNAVAILABLE]], "the queued calls were not executed"
    assert await calls.call(4) == 8


async def test_a_conflicting_call_is_retried_and_delays_no_other(doubling: Doubling) -> None:
    doubling.open.set()
    doubling.conflicting = {1, 2}
    calls = Batches(doubling)
    late = [asyncio.ensure_future(calls.call(n)) for n in (1, 2)]
    assert await asyncio.gather(*(calls.call(n) for n in range(3, 60))) == [2 * n for n in range(3, 60)]
    assert not any(call.done() for call in late)
    doubling.conflicting = set()
    assert await asyncio.gather(*late) == [2, 4]
    assert await calls.call(7) == 14


async def test_a_cancelled_caller_does_not_affect_the_others(doubling: Doubling) -> None:
    calls = Batches(doubling)
    replies = [asyncio.ensure_future(calls.call(n)) for n in range(40)]
    await asyncio.sleep(0)
    for reply in replies[10:20]:
        reply.cancel()
    doubling.open.set()
    answered = await asyncio.gather(*replies, return_exceptions=True)
    assert [n for n, answer in enumerate(answered) if isinstance(answer, asyncio.CancelledError)] == [*range(10, 20)]
    assert doubling.batches == [[0], [*range(1, 10), *range(20, 40)]], "cancelled calls were not executed"


async def test_a_caller_cancelled_during_its_batch_frees_the_slot(doubling: Doubling) -> None:
    calls = Batches(doubling)
    alone = asyncio.ensure_future(calls.call(1))
    await asyncio.sleep(0)
    waiting = asyncio.ensure_future(calls.call(2))
    alone.cancel()
    doubling.open.set()
    assert await waiting == 4
    assert await calls.call(3) == 6


async def test_calls_beyond_the_queue_limit_are_refused(doubling: Doubling, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batches, "MAX_WAITING", 20)
    calls = Batches(doubling)
    replies = [asyncio.ensure_future(calls.call(n)) for n in range(30)]
    await asyncio.sleep(0)
    doubling.open.set()
    answered = await asyncio.gather(*replies, return_exceptions=True)
    assert [type(answer) for answer in answered] == [int] * 21 + [StoreBusy] * 9


async def test_closing_waits_for_running_batches(doubling: Doubling) -> None:
    calls = Batches(doubling)
    replies = [asyncio.ensure_future(calls.call(n)) for n in range(3)]
    await asyncio.sleep(0)
    doubling.open.set()
    await asyncio.gather(*replies)
    await calls.close()
    assert all(reply.done() for reply in replies)
