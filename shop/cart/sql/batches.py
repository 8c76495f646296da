"""Group commit: calls that arrive while a batch is running are queued and then sent together as the next batch."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from enum import Enum
from typing import Generic, TypeVar

from shop.errors import StoreBusy, StoreUnavailable
from shop.retry import jitter

BATCH_SIZE = 128
"""Maximum calls in one batch."""
MAX_WAITING = 5_000
"""Maximum queued calls; a further one raises StoreBusy."""
BACKOFF_SECONDS = 0.003
"""About how long a worker pauses after a batch in which every call has to be retried."""

_Call = TypeVar("_Call")
_Reply = TypeVar("_Reply")


class Outcome(Enum):
    """What a batch can return for a call instead of a reply."""

    RETRY = "the call conflicted and had no effect: retry it in the next batch"


class Batches(Generic[_Call, _Reply]):
    """Passes calls to `execute` in batches, at most `concurrency` batches at a time.

    `execute` gets the calls of a batch and returns for each its reply, the error to raise, or RETRY. If it raises
    StoreUnavailable, all queued calls fail too, because they would meet the same database. Cancelling a caller does
    not affect the batch.
    """

    def __init__(
        self,
        execute: Callable[[list[_Call]], Awaitable[Sequence[_Reply | Exception | Outcome]]],
        *,
        concurrency: int = 1,
    ) -> None:
        self._execute = execute
        self._free_slots = concurrency
        self._waiting: deque[tuple[_Call, asyncio.Future[_Reply]]] = deque()
        self._workers: set[asyncio.Task[None]] = set()

    async def call(self, call: _Call) -> _Reply:
        """Execute a call and return its reply. Raises StoreBusy if too many calls are queued."""
        if not self._free_slots or self._waiting:
            return await self._wait(call)
        self._free_slots -= 1
        try:
            (outcome,) = await self._outcomes([call])
        finally:
            self._free_slots += 1
            self._dispatch()
        if isinstance(outcome, Outcome):
            return await self._wait(call)
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    async def close(self) -> None:
        """Wait for the running batches."""
        await asyncio.gather(*self._workers)

    def _wait(self, call: _Call) -> asyncio.Future[_Reply]:
        if len(self._waiting) >= MAX_WAITING:
            raise StoreBusy("The database of the carts is answering too slowly for the number of requests.")
        reply: asyncio.Future[_Reply] = asyncio.get_running_loop().create_future()
        self._waiting.append((call, reply))
        self._dispatch()
        return reply

    def _dispatch(self) -> None:
        """Start a worker for the queued calls, if one more may run."""
        if self._waiting and self._free_slots:
            self._free_slots -= 1
            worker = asyncio.create_task(self._work())
            self._workers.add(worker)
            worker.add_done_callback(self._workers.discard)

    async def _work(self) -> None:
        try:
            while self._waiting:
                size = min(len(self._waiting), BATCH_SIZE)
                batch = [self._waiting.popleft() for _ in range(size)]
                if wanted := [(call, reply) for call, reply in batch if not reply.done()]:
                    await self._run_batch(wanted)
        finally:
            self._free_slots += 1

    async def _run_batch(self, batch: list[tuple[_Call, asyncio.Future[_Reply]]]) -> None:
        retried = []
        for entry, outcome in zip(batch, await self._outcomes([call for call, _ in batch]), strict=True):
            if isinstance(outcome, Outcome):
                retried.append(entry)
            else:
                _settle(entry[1], outcome)
        self._waiting.extendleft(reversed(retried))
        if retried and len(retried) == len(batch):
            await asyncio.sleep(jitter(BACKOFF_SECONDS, fraction=0.7))

    async def _outcomes(self, calls: list[_Call]) -> Sequence[_Reply | Exception | Outcome]:
        """Execute a batch; an error of the whole batch becomes the outcome of each call."""
        try:
            return await self._execute(calls)
        except StoreUnavailable as error:
            self._fail_waiting(error)
            return [error] * len(calls)
        except Exception as error:
            return [error] * len(calls)

    def _fail_waiting(self, error: Exception) -> None:
        while self._waiting:
            _settle(self._waiting.popleft()[1], error)


def _settle(reply: asyncio.Future[_Reply], outcome: _Reply | Exception) -> None:
    if reply.done():
        return
    if isinstance(outcome, Exception):
        reply.set_exception(outcome)
    else:
        reply.set_result(outcome)
