"""Deadlines for many calls with one timer: a timer for each would cost an eighth of the call it guards."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

LOOKS = 10
"""How often in the time that a call has somebody looks: so much later than said it may end."""

_Call = TypeVar("_Call", bound=Hashable)


class Deadlines(Generic[_Call]):
    """Ends calls whose time is over, by `end`, at most a tenth of `seconds` late."""

    def __init__(self, seconds: float, end: Callable[[_Call], None]) -> None:
        self._pause = seconds / LOOKS
        self._end = end
        self._under_way: dict[_Call, float] = {}
        self._timer: asyncio.TimerHandle | None = None

    def begins(self, call: _Call, until: float) -> None:
        """A call is under way, and has until then (the event loop's time)."""
        self._under_way[call] = until
        if self._timer is None:
            self._look()

    def ends(self, call: _Call) -> None:
        """The call is over."""
        self._under_way.pop(call, None)

    def close(self) -> None:
        """Look no more."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _look(self) -> None:
        loop = asyncio.get_running_loop()
        for call in [call for call, until in self._under_way.items() if until <= loop.time()]:
            self._end(call)
        self._timer = loop.call_later(self._pause, self._look) if self._under_way else None
