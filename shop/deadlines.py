"""Deadlines for many calls with one timer. A timer for each call would add an eighth to the cost of the call."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

CHECKS = 10
"""How many times the deadlines are checked within one timeout, which bounds how late a call expires."""

_Call = TypeVar("_Call", bound=Hashable)


class Deadlines(Generic[_Call]):
    """Calls `expire` for each call whose deadline has passed, late by at most a tenth of `timeout` (seconds).

    Time by which the event loop is late does not count: a process that was not scheduled, or computed something long,
    has not read the replies that lie in its sockets, and uvloop runs timers before it reads.
    """

    def __init__(self, timeout: float, expire: Callable[[_Call], None]) -> None:
        self.late = 0.0
        """For how many seconds in all the event loop was late while calls were watched."""
        self._interval = timeout / CHECKS
        self._expire = expire
        self._deadlines: dict[_Call, float] = {}
        self._timer: asyncio.TimerHandle | None = None
        self._due = 0.0

    def add(self, call: _Call, deadline: float) -> None:
        """Watch a call until its deadline (the event loop's time)."""
        self._deadlines[call] = deadline - self.late
        if self._timer is None:
            self._schedule(asyncio.get_running_loop())

    def remove(self, call: _Call) -> None:
        """Stop watching a call, which has ended."""
        self._deadlines.pop(call, None)

    def close(self) -> None:
        """Stop the timer."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _schedule(self, loop: asyncio.AbstractEventLoop) -> None:
        self._due = loop.time() + self._interval
        self._timer = loop.call_at(self._due, self._check)

    def _check(self) -> None:
        loop = asyncio.get_running_loop()
        self.late += max(loop.time() - self._due, 0.0)
        counted = loop.time() - self.late
        for call in [call for call, deadline in self._deadlines.items() if deadline <= counted]:
            del self._deadlines[call]
            self._expire(call)
        self._timer = None
        if self._deadlines:
            self._schedule(loop)
