"""Deadlines for many calls with one timer. A timer for each call would add an eighth to the cost of the call."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

CHECKS = 10
"""How many times the deadlines are checked within one timeout, which bounds how late a call expires."""

_Call = TypeVar("_Call", bound=Hashable)


class Deadlines(Generic[_Call]):
    """Calls `expire` for each call whose deadline has passed, late by at most a tenth of `timeout` (seconds)."""

    def __init__(self, timeout: float, expire: Callable[[_Call], None]) -> None:
        self._interval = timeout / CHECKS
        self._expire = expire
        self._deadlines: dict[_Call, float] = {}
        self._timer: asyncio.TimerHandle | None = None

    def add(self, call: _Call, deadline: float) -> None:
        """Watch a call until its deadline (the event loop's time)."""
        self._deadlines[call] = deadline
        if self._timer is None:
            self._check()

    def remove(self, call: _Call) -> None:
        """Stop watching a call, which has ended."""
        self._deadlines.pop(call, None)

    def close(self) -> None:
        """Stop the timer."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _check(self) -> None:
        loop = asyncio.get_running_loop()
        for call in [call for call, deadline in self._deadlines.items() if deadline <= loop.time()]:
            self._expire(call)
        self._timer = loop.call_later(self._interval, self._check) if self._deadlines else None
