"""Many calls, one statement: calls that come while a batch is under way wait, and leave together (group commit)."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from enum import Enum
from typing import Generic, TypeVar

from shop.errors import StoreBusy, StoreUnavailable
from shop.retry import jitter

TOGETHER = 128
"""Calls of one batch at most."""
WAITING = 5_000
"""Calls that wait at most; one more is refused with StoreBusy."""
PAUSE_SECONDS = 0.003
"""About how long a lane rests when nobody of a batch got through."""

_Call = TypeVar("_Call")
_Reply = TypeVar("_Reply")


class Outcome(Enum):
    """What a batch may say of a call instead of a reply."""

    AGAIN = "it did not get through, and nothing happened: take it along with the next batch"


class Batches(Generic[_Call, _Reply]):
    """Takes calls to `carry`, in `lanes` batches at a time.

    `carry` gets the calls of a batch and returns for each its reply, the error to raise, or AGAIN. If it raises
    StoreUnavailable, all who wait are told so as well: they would meet the same database. A caller who is cancelled
    leaves the batch as it is.
    """

    def __init__(
        self,
        carry: Callable[[list[_Call]], Awaitable[Sequence[_Reply | Exception | Outcome]]],
        *,
        lanes: int = 1,
    ) -> None:
        self._carry = carry
        self._free = lanes
        self._waiting: deque[tuple[_Call, asyncio.Future[_Reply]]] = deque()
        self._lanes: set[asyncio.Task[None]] = set()

    async def call(self, call: _Call) -> _Reply:
        """The reply to a call. Raises StoreBusy where too many wait."""
        if not self._free or self._waiting:
            return await self._wait(call)
        self._free -= 1
        try:
            (outcome,) = await self._carried([call])
        finally:
            self._free += 1
            self._depart()
        if isinstance(outcome, Outcome):
            return await self._wait(call)
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    async def close(self) -> None:
        """Wait for the batches that are under way."""
        await asyncio.gather(*self._lanes)

    def _wait(self, call: _Call) -> asyncio.Future[_Reply]:
        if len(self._waiting) >= WAITING:
            raise StoreBusy("The database of the carts is answering too slowly for the number of requests.")
        reply: asyncio.Future[_Reply] = asyncio.get_running_loop().create_future()
        self._waiting.append((call, reply))
        self._depart()
        return reply

    def _depart(self) -> None:
        """Send those who wait on their way, if there is a lane."""
        if self._waiting and self._free:
            self._free -= 1
            lane = asyncio.create_task(self._lane())
            self._lanes.add(lane)
            lane.add_done_callback(self._lanes.discard)

    async def _lane(self) -> None:
        try:
            while self._waiting:
                places = range(min(len(self._waiting), TOGETHER))
                batch = [self._waiting.popleft() for _ in places]
                if wanted := [(call, reply) for call, reply in batch if not reply.done()]:
                    await self._trip(wanted)
        finally:
            self._free += 1

    async def _trip(self, batch: list[tuple[_Call, asyncio.Future[_Reply]]]) -> None:
        late = []
        for entry, outcome in zip(batch, await self._carried([call for call, _ in batch]), strict=True):
            if isinstance(outcome, Outcome):
                late.append(entry)
            else:
                _settle(entry[1], outcome)
        self._waiting.extendleft(reversed(late))
        if late and len(late) == len(batch):
            await asyncio.sleep(jitter(PAUSE_SECONDS, by=0.7))

    async def _carried(self, calls: list[_Call]) -> Sequence[_Reply | Exception | Outcome]:
        """What came of a batch; an error that ended all of it is the outcome of each."""
        try:
            return await self._carry(calls)
        except StoreUnavailable as error:
            self._tell_waiting(error)
            return [error] * len(calls)
        except Exception as error:
            return [error] * len(calls)

    def _tell_waiting(self, error: Exception) -> None:
        while self._waiting:
            _settle(self._waiting.popleft()[1], error)


def _settle(reply: asyncio.Future[_Reply], outcome: _Reply | Exception) -> None:
    if reply.done():
        return
    if isinstance(outcome, Exception):
        reply.set_exception(outcome)
    else:
        reply.set_result(outcome)
