"""A connection to a SQLite file on a thread of its own, which never keeps a caller longer than said."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from pathlib import Path
from queue import SimpleQueue
from threading import Thread
from typing import Any, NamedTuple, TypeVar

from shop.cart.sql.errors import of_sqlite
from shop.deadlines import Deadlines

BUSY_SHARE = 0.5
"""How much of its time a write waits for another process that writes."""

_Result = TypeVar("_Result")


class _Job(NamedTuple):
    loop: asyncio.AbstractEventLoop
    result: asyncio.Future[Any]
    work: Callable[[], Any]
    last: bool = False


class SqliteThread:
    """A thread with a connection of its own, made when it is first needed and anew after an error.

    aiosqlite's would be asked once for each statement of a transaction; this one once for all of them.
    """

    def __init__(self, file: Path, seconds: float) -> None:
        self._file = file
        self._seconds = seconds
        self._deadlines: Deadlines[asyncio.Future[Any]] = Deadlines(seconds, _is_late)
        self._jobs: SimpleQueue[_Job] = SimpleQueue()
        self._thread: Thread | None = None
        self._connection: sqlite3.Connection | None = None

    async def run(self, work: Callable[[sqlite3.Connection], _Result]) -> _Result:
        """The result of work done in the thread. Begun, it goes on there after a time-out."""
        loop = asyncio.get_running_loop()
        result: asyncio.Future[_Result] = loop.create_future()
        self._deadlines.begins(result, loop.time() + self._seconds)
        self._send(_Job(loop, result, partial(self._work, work)))
        try:
            return await result
        except Exception as error:
            if (failure := of_sqlite(error)) is error:
                raise
            raise failure from error
        finally:
            self._deadlines.ends(result)

    async def close(self) -> None:
        """Let go of the connection, and end the thread."""
        self._deadlines.close()
        if self._thread is not None:
            result: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            self._send(_Job(result.get_loop(), result, self._disconnect, last=True))
            await asyncio.wait([result], timeout=self._seconds)

    def _send(self, job: _Job) -> None:
        if self._thread is None:
            # A daemon, so that a disk which hangs does not keep the process from ending.
            self._thread = Thread(target=self._loop, name="carts-sqlite", daemon=True)
            self._thread.start()
        self._jobs.put(job)

    def _loop(self) -> None:
        last = False
        while not last:
            loop, result, work, last = self._jobs.get()
            if result.done():  # nobody waits for it any more
                continue
            try:
                value: Any = work()
            except Exception as error:
                value = error
            with suppress(RuntimeError):  # the event loop has ended meanwhile
                loop.call_soon_threadsafe(_settle, result, value)

    def _work(self, work: Callable[[sqlite3.Connection], _Result]) -> _Result:
        if self._connection is None:
            self._connection = self._connect()
        try:
            return work(self._connection)
        except BaseException:
            self._disconnect()
            raise

    def _connect(self) -> sqlite3.Connection:
        where = f"{self._file.absolute().as_uri()}?mode=rw"  # never makes a file
        connection = sqlite3.connect(where, uri=True, timeout=self._seconds * BUSY_SHARE, isolation_level=None)
        connection.execute("PRAGMA synchronous = NORMAL")
        return connection

    def _disconnect(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None


def _settle(result: asyncio.Future[Any], value: Any) -> None:
    if result.done():
        return
    if isinstance(value, Exception):
        result.set_exception(value)
    else:
        result.set_result(value)


def _is_late(result: asyncio.Future[Any]) -> None:
    if not result.done():
        result.set_exception(TimeoutError())
