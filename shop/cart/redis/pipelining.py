"""Many calls, one trip: commands that meet on their way to a server travel together.

A command that finds a lane free goes at once, alone, so a single call waits for nothing. Commands that come while
every lane is taken wait, and leave together in one pipeline as soon as a lane is free: the busier it gets, the
more share a trip. (Group commit; DataLoader does the same for reads.)
"""

from __future__ import annotations

import asyncio
import math
import re
from collections import deque
from collections.abc import Callable, Sequence
from typing import Any

from hiredis import pack_command
from redis import exceptions as redis_errors

from shop.errors import StoreBusy

LANES = 2
TOGETHER = 128
"""Commands of one pipeline at most."""
WAITING = 5_000
"""Commands that wait at most; one more is refused with StoreBusy."""
AWAY = (redis_errors.ConnectionError, redis_errors.TimeoutError, OSError)
"""Errors that say that nothing comes from the server, not that it refuses one command."""

_WHO_ARE_YOU = b"*2\r\n$4\r\nINFO\r\n$6\r\nserver\r\n"
_RUN_ID = re.compile(r"run_id:(\w+)")

_Call = tuple[tuple[Any, ...], "asyncio.Future[Any]"]


class SharedPipeline:
    """Sends commands to one server, `lanes` trips at a time, each of `seconds` at most.

    `connect` makes a redis-py asyncio connection, not yet connected, whose replies are bytes. `words` turns an error
    of redis-py into the one to raise. A trip that fails fails for all who were on it, and for all who wait: they
    would meet the same server. Whether their commands were carried out is then unknown, so they must be such as can
    be sent again. A caller who is cancelled leaves the trip and its connection as they are. `before` is a command
    that goes right before each one, in the same trip; its reply is passed over. `on_epoch` is called as `epoch` grows.
    """

    def __init__(
        self,
        connect: Callable[[], Any],
        words: Callable[[Exception], Exception],
        *,
        seconds: float,
        lanes: int = LANES,
        before: tuple[Any, ...] = (),
        on_epoch: Callable[[], None] = lambda: None,
    ) -> None:
        self.epoch = 0
        """How often a new connection met another process than the last one did."""
        self._connect = connect
        self._words = words
        self._on_epoch = on_epoch
        self._seconds = seconds
        self._before = pack_command(before) if before else b""
        self._free = lanes
        self._waiting: deque[_Call] = deque()
        self._idle: list[Any] = []
        """Connections that no trip is on: at most one for each lane."""
        self._trips: set[asyncio.Task[None] | None] = set()
        self._closed = False
        self._process = ""
        """What the server calls the process that it is: it is another after a restart, and at another server."""

    async def call(self, *command: Any) -> Any:
        """Send a command and return the reply. Raises StoreBusy where too many wait."""
        if not self._free or self._waiting:
            return await self._wait(command)
        self._free -= 1
        try:
            (reply,) = await self._exchange((command,))
        except Exception as error:
            if (failure := self._failure(error)) is error:
                raise  # no word of ours: as it came, and not as its own cause
            raise failure from error
        finally:
            self._free += 1
            if self._waiting:
                self._depart()
        if isinstance(reply, Exception):
            raise self._words(reply)
        return reply

    async def close(self) -> None:
        """Let go of the connections; a trip under way ends first."""
        self._closed = True
        for connection in self._idle:
            await connection.disconnect()

    def _wait(self, command: tuple[Any, ...]) -> asyncio.Future[Any]:
        if len(self._waiting) >= WAITING:
            raise StoreBusy("Redis is answering too slowly for the number of requests.")
        reply: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self._waiting.append((command, reply))
        return reply

    def _depart(self) -> None:
        """Send all who wait on their way, as far as there are lanes and places."""
        while self._waiting and self._free:
            self._free -= 1
            places = range(min(len(self._waiting), TOGETHER))
            calls = [self._waiting.popleft() for _ in places]
            self._trips.add(asyncio.create_task(self._together(calls)))

    async def _together(self, calls: list[_Call]) -> None:
        try:
            replies = await self._exchange([command for command, _ in calls])
        except Exception as error:
            replies = [self._failure(error)] * len(calls)
        finally:
            self._free += 1
        for (_, reply), value in zip(calls, replies, strict=True):
            _settle(reply, self._words(value) if isinstance(value, redis_errors.RedisError) else value)
        self._trips.discard(asyncio.current_task())
        self._depart()

    async def _exchange(self, commands: Sequence[tuple[Any, ...]]) -> list[Any]:
        """One trip, begun once more on a new connection if the first was dropped.

        A command that the server refuses has its error as its reply. redis-py's own calls do the same, for several
        times the processor time: they take a connection from a pool and give it back, time each reply, and pack
        each command in Python.
        """
        packed = self._before + self._before.join(map(pack_command, commands))
        each = 2 if self._before else 1
        connection = self._idle.pop() if self._idle else self._connect()

        async def talk() -> list[Any]:
            if not connection.is_connected:
                await connection.connect()
                await self._meet(connection)
            await _send(connection, packed)
            return [await _reply(connection) for _ in range(each * len(commands))][each - 1 :: each]

        try:
            async with asyncio.timeout(self._seconds):
                return list(await connection.retry.call_with_retry(talk, lambda _: connection.disconnect()))
        finally:
            self._idle.append(connection)
            if self._closed:
                await connection.disconnect(nowait=True)

    async def _meet(self, connection: Any) -> None:
        """Notice on a new connection that the server is not the process it was."""
        await _send(connection, _WHO_ARE_YOU)
        found = _RUN_ID.search(str(await _reply(connection)))
        process = found[1] if found else ""
        if self._process and process and process != self._process:
            self.epoch += 1
            self._on_epoch()
        self._process = process or self._process

    def _failure(self, error: Exception) -> Exception:
        """The error to raise; where the server does not answer, those who wait are told as well."""
        failure = self._words(error)
        if isinstance(error, AWAY):
            while self._waiting:
                _settle(self._waiting.popleft()[1], failure)
        return failure


async def _send(connection: Any, packed: bytes) -> None:
    try:
        await connection.send_packed_command(packed)
    except RuntimeError as error:
        # What uvloop says of a transport that was reset while nobody used it; asyncio says ConnectionResetError.
        raise redis_errors.ConnectionError("The connection was reset.") from error


async def _reply(connection: Any) -> Any:
    try:
        return await connection.read_response(timeout=math.inf)
    except redis_errors.ResponseError as error:
        return error


def _settle(reply: asyncio.Future[Any], value: Any) -> None:
    if reply.done():
        return
    if isinstance(value, Exception):
        reply.set_exception(value)
    else:
        reply.set_result(value)
