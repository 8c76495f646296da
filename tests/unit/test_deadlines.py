"""Deadlines with one timer, on both event loops. A stall is made by sleeping in the loop's own thread."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Coroutine
from typing import Any

import pytest
import uvloop

from shop.deadlines import Deadlines

Run = Callable[[Coroutine[Any, Any, None]], None]
BOTH_LOOPS = pytest.mark.parametrize("run", [asyncio.run, uvloop.run], ids=["asyncio", "uvloop"])


def watching(timeout: float) -> tuple[Deadlines[str], list[str]]:
    expired: list[str] = []
    return Deadlines(timeout, expired.append), expired


@BOTH_LOOPS
def test_a_call_expires_after_its_deadline_once(run: Run) -> None:
    async def main() -> None:
        deadlines, expired = watching(0.05)
        deadlines.add("late", asyncio.get_running_loop().time() + 0.05)
        deadlines.add("ended", asyncio.get_running_loop().time() + 0.05)
        deadlines.remove("ended")
        while not expired:
            await asyncio.sleep(0.01)
        await asyncio.sleep(0.05)
        assert expired == ["late"]

    run(main())


@BOTH_LOOPS
def test_time_by_which_the_loop_was_late_does_not_count(run: Run) -> None:
    async def main() -> None:
        deadlines, expired = watching(0.3)
        deadlines.add("call", asyncio.get_running_loop().time() + 0.3)
        await asyncio.sleep(0)
        time.sleep(1)  # noqa: ASYNC251 - the loop is to be held
        await asyncio.sleep(0.05)
        assert expired == []
        assert deadlines.late > 0.8
        while not expired:
            await asyncio.sleep(0.02)

    run(main())
