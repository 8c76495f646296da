"""Automatic pipelining: concurrent commands to a server share round trips.

If a connection is free, a command is sent at once and alone, so a single call never waits. While all connections are
busy, commands queue, and the next free connection sends them as one pipeline: the higher the load, the more commands
share a round trip. (This is group commit; DataLoader does the same for reads.)
"""

from __future__ import annotations

import asyncio
import math
import re
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any

from hiredis import pack_command
from redis import exceptions as redis_errors

from shop import tracing
from shop.cart.clock import StoreClock
from shop.deadlines import Deadlines
from shop.errors import StoreBusy, StoreRefused

CONCURRENCY = 2
"""Round trips to a server at a time."""
BATCH_SIZE = 128
"""Maximum commands in one pipeline."""
MAX_WAITING = 5_000
"""Maximum queued commands; a further one raises StoreBusy."""
CONNECTION_ERRORS = (redis_errors.ConnectionError, redis_errors.TimeoutError, OSError)
"""Errors that mean that the server does not answer at all, rather than refuses one command."""

LATE_SECONDS = 0.05
"""For how long the event loop must have been late for a connection that timed out to be tried once more."""
IDLE_SECONDS = 60.0
"""A connection that was not used for so long is replaced before its next use: a firewall may have forgotten it."""
DEADLINE = "0" * 13
"""As the last argument of a command: replaced by the time at which the caller gives up, in milliseconds of the server's
clock. It stays as it is if that clock is not known."""

_DEADLINE_BYTES = len(f"{DEADLINE}\r\n")
_NO_DEADLINE = f"{DEADLINE}\r\n".encode()
_WHO_AND_WHEN = b"*2\r\n$4\r\nINFO\r\n$6\r\nserver\r\n*1\r\n$4\r\nTIME\r\n"
_RUN_ID = re.compile(r"run_id:(\w+)")
_LATE = re.compile(r"\bLATE (\d+) (\d+)")
"""The error of a script that got a command after its deadline, with the reply to TIME."""

_Packed = tuple[bytes, bool]
"""A command as bytes, without its deadline if the second part says that it has one."""
_Call = tuple[_Packed, "asyncio.Future[Any]"]


class SharedPipeline:
    """Sends commands to one server, at most `concurrency` round trips at a time, each within `timeout` seconds.

    `connect` makes a redis-py asyncio connection, not yet connected, whose replies are bytes. `translate` turns an
    error of redis-py into the one to raise. `prefix` is a command to send before each command, in the same round
    trip; its reply is ignored. `on_epoch` is called when `epoch` grows.

    If a round trip fails, all its commands fail, and so do all queued commands, which would meet the same server. The
    server may have executed them, so every command must be safe to repeat. Cancelling a caller does not affect the
    round trip or its connection. Time for which the event loop was late is not part of a timeout (deadlines.py).
    """

    def __init__(
        self,
        connect: Callable[[], Any],
        translate: Callable[[Exception], Exception],
        *,
        timeout: float,
        concurrency: int = CONCURRENCY,
        prefix: tuple[Any, ...] = (),
        on_epoch: Callable[[], None] = lambda: None,
    ) -> None:
        self.epoch = 0
        """How many times a new connection reached another server process than the one before."""
        self.clock = StoreClock()
        """The server's clock, measured on each new connection and by `measure`."""
        self._connect = connect
        self._translate = translate
        self._on_epoch = on_epoch
        self._timeout = timeout
        self._prefix = pack_command(prefix) if prefix else b""
        self._free_slots = concurrency
        self._waiting: deque[_Call] = deque()
        self._idle: list[tuple[Any, float]] = []
        """Connections that are not in use, at most `concurrency`, each with when it was last used (monotonic)."""
        self._deadlines: Deadlines[asyncio.Timeout] = Deadlines(timeout, _expire)
        self._batches: set[asyncio.Task[None] | None] = set()
        self._closed = False
        self._run_id = ""
        """The server process's run_id, which changes when it restarts or another server takes over its address."""

    async def call(self, *command: Any) -> Any:
        """Send a command and return the reply. Raises StoreBusy if too many commands are queued."""
        if not tracing.is_on():
            return await self._call(command)
        with tracing.span(str(command[0]), "client", db__system__name="redis", db__operation__name=str(command[0])):
            return await self._call(command)

    async def _call(self, command: tuple[Any, ...]) -> Any:
        packed = _pack(command)
        if not self._free_slots or self._waiting:
            return await self._wait(packed)
        self._free_slots -= 1
        try:
            (reply,) = await self._exchange((packed,))
        except Exception as error:
            if (failure := self._failure(error)) is error:
                raise  # not translated: an error must not be its own cause
            raise failure from error
        finally:
            self._free_slots += 1
            if self._waiting:
                self._dispatch()
        if isinstance(reply, Exception):
            raise self._translate(reply)
        return reply

    async def measure(self) -> None:
        """Measure the server's clock, if its user may ask for it."""
        sent = self.clock.monotonic()
        with suppress(StoreRefused):
            self._measured(await self.call("TIME"), sent)

    async def close(self) -> None:
        """Close the connections, those in use after their round trip."""
        self._closed = True
        for connection, _ in self._idle:
            with suppress(redis_errors.TimeoutError):  # the server is slow: the connection is closed all the same
                await connection.disconnect()

    def _wait(self, packed: _Packed) -> asyncio.Future[Any]:
        if len(self._waiting) >= MAX_WAITING:
            raise StoreBusy("Redis is answering too slowly for the number of requests.")
        reply: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self._waiting.append((packed, reply))
        return reply

    def _dispatch(self) -> None:
        """Send the queued commands, as far as free connections allow."""
        while self._waiting and self._free_slots:
            self._free_slots -= 1
            size = min(len(self._waiting), BATCH_SIZE)
            calls = [self._waiting.popleft() for _ in range(size)]
            self._batches.add(asyncio.create_task(self._send_batch(calls)))

    async def _send_batch(self, calls: list[_Call]) -> None:
        try:
            replies = await self._exchange([packed for packed, _ in calls])
        except Exception as error:
            replies = [self._failure(error)] * len(calls)
        finally:
            self._free_slots += 1
        for (_, reply), value in zip(calls, replies, strict=True):
            _settle(reply, self._translate(value) if isinstance(value, redis_errors.RedisError) else value)
        self._batches.discard(asyncio.current_task())
        self._dispatch()

    async def _exchange(self, commands: Sequence[_Packed]) -> list[Any]:
        """Make one round trip; repeat it once on a new connection if the first one was dropped.

        The reply to a command that the server refuses is the error. redis-py's own calls do the same for several times
        the CPU time: they take each connection from a pool and return it, time each reply, and pack each command in
        Python.
        """
        connection, used_at = self._idle.pop() if self._idle else (self._connect(), math.inf)
        gives_up = self.clock.monotonic() + self._timeout

        async def talk() -> list[Any]:
            if not connection.is_connected:
                await self._open(connection)
            sent = self.clock.monotonic()
            await _send(connection, self._bytes_of(commands, gives_up))
            return await self._replies(connection, len(commands), sent)

        try:
            async with asyncio.timeout(None) as trip:
                self._deadlines.add(trip, asyncio.get_running_loop().time() + self._timeout)
                if self.clock.monotonic() - used_at > IDLE_SECONDS:
                    await connection.disconnect(nowait=True)
                return list(await connection.retry.call_with_retry(talk, lambda _: connection.disconnect(nowait=True)))
        finally:
            self._deadlines.remove(trip)
            self._idle.append((connection, self.clock.monotonic()))
            if self._closed:
                await connection.disconnect(nowait=True)

    def _bytes_of(self, commands: Sequence[_Packed], gives_up: float) -> bytes:
        """The commands to send; they must not be executed after `gives_up` (monotonic) if they have a deadline."""
        latest = self.clock.not_after(gives_up)
        deadline = _NO_DEADLINE if latest is None else b"%013d\r\n" % max(latest * 1000, 1)
        prefix = self._prefix
        return b"".join([prefix + packed + deadline if timed else prefix + packed for packed, timed in commands])

    async def _replies(self, connection: Any, commands: int, sent: float) -> list[Any]:
        per_command = 2 if self._prefix else 1
        replies = [await _reply(connection) for _ in range(per_command * commands)][per_command - 1 :: per_command]
        for reply in replies:
            if isinstance(reply, Exception) and (found := _LATE.search(str(reply))):
                self._measured(found.groups(), sent)
        return replies

    async def _open(self, connection: Any) -> None:
        """Connect, and ask the server who it is and what time it is."""
        late = self._deadlines.late
        try:
            await connection.connect()
        except redis_errors.TimeoutError:
            if self._deadlines.late - late < LATE_SECONDS:
                raise
            await connection.connect()  # the event loop was late, not the server
        sent = self.clock.monotonic()
        await _send(connection, _WHO_AND_WHEN)
        self._check_run_id(await _reply(connection))
        self._measured(await _reply(connection), sent)

    def _check_run_id(self, info: Any) -> None:
        """Increase `epoch` if a new connection leads to another server process than the last one."""
        found = _RUN_ID.search(str(info))
        run_id = found[1] if found else ""
        if self._run_id and run_id and run_id != self._run_id:
            self.epoch += 1
            self._on_epoch()
        self._run_id = run_id or self._run_id

    def _measured(self, time_reply: Any, sent: float) -> None:
        """Take in a reply to TIME, which may be an error: the user may lack the right."""
        if not isinstance(time_reply, Exception):
            seconds, micros = map(int, time_reply)
            self.clock.measured(seconds + micros / 1_000_000, sent, self.clock.monotonic())

    def _failure(self, error: Exception) -> Exception:
        """The error to raise. If the server does not answer, all queued commands fail with it too."""
        failure = self._translate(error)
        if isinstance(error, CONNECTION_ERRORS):
            self._idle = [(connection, -math.inf) for connection, _ in self._idle]  # what broke one may have broken all
            while self._waiting:
                _settle(self._waiting.popleft()[1], failure)
        return failure


def _pack(command: tuple[Any, ...]) -> _Packed:
    packed: bytes = pack_command(command)
    return (packed[:-_DEADLINE_BYTES], True) if command[-1] is DEADLINE else (packed, False)


def _expire(trip: asyncio.Timeout) -> None:
    trip.reschedule(-math.inf)


async def _send(connection: Any, packed: bytes) -> None:
    try:
        await connection.send_packed_command(packed)
    except RuntimeError as error:
        # uvloop raises this for a transport that was reset while idle; asyncio raises ConnectionResetError.
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
