"""A connection to a SQLite file on its own thread, with a hard timeout for callers."""

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

from shop.cart.sql.errors import translate_sqlite
from shop.deadlines import Deadlines

BUSY_SHARE = 0.5
"""The share of the timeout that a write waits for another process to finish writing."""

_Result = TypeVar("_Result")


class _Job(NamedTuple):
    loop: asyncio.AbstractEventLoop
    result: asyncio.Future[Any]
    work: Callable[[], Any]
    stop: bool = False


class SqliteThread:
    """A thread with its own connection, opened when first needed and reopened after an error.

    aiosqlite would need a thread switch for each statement of a transaction; this needs one for all of them.
    `timeout` is in seconds.
    """

    def __init__(self, file: Path, timeout: float) -> None:
        self._file = file
        self._timeout = timeout
        self._deadlines: Deadlines[asyncio.Future[Any]] = Deadlines(timeout, _expire)
        self._jobs: SimpleQueue[_Job] = SimpleQueue()
        self._thread: Thread | None = None
        self._connection: sqlite3.Connection | None = None

    async def run(self, work: Callable[[sqlite3.Connection], _Result]) -> _Result:
        """Run `work` in the thread and return its result. Work that has started continues there after a timeout."""
        loop = asyncio.get_running_loop()
        result: asyncio.Future[_Result] = loop.create_future()
        self._deadlines.add(result, loop.time() + self._timeout)
        self._send(_Job(loop, result, partial(self._work, work)))
        try:
            return await result
        except Exception as error:
            if (failure := translate_sqlite(error)) is error:
                raise
            raise failure from error
        finally:
            self._deadlines.remove(result)

    async def close(self) -> None:
        """Close the connection and end the thread."""
        self._deadlines.close()
        if self._thread is not None:
            result: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            self._send(_Job(result.get_loop(), result, self._disconnect, stop=True))
            await asyncio.wait([result], timeout=self._timeout)

    def _send(self, job: _Job) -> None:
        if self._thread is None:
            # A daemon thread, so that a hanging disk does not keep the process alive.
            self._thread = Thread(target=self._loop, name="carts-sqlite", daemon=True)
            self._thread.start()
        self._jobs.put(job)

    def _loop(self) -> None:
        stop = False
        while not stop:
            loop, result, work, stop = self._jobs.get()
            if result.done():  # timed out or cancelled before it started
                continue
            try:
                value: Any = work()
            except Exception as error:
                value = error
            with suppress(RuntimeError):  # the event loop has closed
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
        where = f"{self._file.absolute().as_uri()}?mode=rw"  # does not create the file
        connection = sqlite3.connect(where, uri=True, timeout=self._timeout * BUSY_SHARE, isolation_level=None)
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


def _expire(result: asyncio.Future[Any]) -> None:
    if not result.done():
        result.set_exception(TimeoutError())
