"""Runs a load test: the shoppers in a process of their own, the shop's books in this one."""

from __future__ import annotations

import asyncio
import signal
import sys
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import assert_never

import msgspec

from shop.errors import ShopError
from shop.loadtest.books import ShopRecords, open_books
from shop.loadtest.checks import not_checked, seen_by_shoppers
from shop.loadtest.plan import Plan
from shop.loadtest.report import Report
from shop.loadtest.tally import Second, Seen
from shop.settings import Settings

LONGEST_LINE = 1 << 30
"""Bytes of one message: the last one lists every attempt to order."""

Tell = Callable[[Second], None]


async def drive(plan: Plan, settings: Settings, tell: Tell) -> Report:
    """Do what the plan says; `tell` hears of every second. SIGINT ends it early. Raises ShopError."""
    began_at = int(time.time())
    books = await open_books(settings)
    try:
        seconds, seen = await _shopped(plan, books, tell)
        if isinstance(books, str):
            checks = not_checked(books)
        else:
            checks = await books.close(plan, seen.attempts)
    finally:
        if not isinstance(books, str):
            await books.dispose()
    found = (*seen_by_shoppers(seen), *checks)
    return Report(plan=plan, began_at=began_at, seconds=tuple(seconds), seen=seen, checks=found)


async def _shopped(plan: Plan, books: ShopRecords | str, tell: Tell) -> tuple[list[Second], Seen]:
    seconds: list[Second] = []
    async with _crowd(plan) as lines:
        async for line in lines:
            message = msgspec.json.decode(line, type=Second | Seen)
            match message:
                case Second():
                    seconds.append(message)
                    tell(message)
                    if not isinstance(books, str):
                        await books.look()
                case Seen():
                    return seconds, message
                case _:
                    assert_never(message)
    raise ShopError("The process of the shoppers ended before its time.")


@asynccontextmanager
async def _crowd(plan: Plan) -> AsyncIterator[asyncio.StreamReader]:
    """What the process of the shoppers writes, line by line. It is gone at the end of the block."""
    command = (sys.executable, "-m", "shop.loadtest.crowd")
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(
        *command, stdin=pipe, stdout=pipe, start_new_session=True, limit=LONGEST_LINE
    )
    assert process.stdin is not None
    assert process.stdout is not None
    loop = asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGINT, process.send_signal, signal.SIGINT)
    try:
        process.stdin.write(msgspec.json.encode(plan) + b"\n")
        process.stdin.close()
        yield process.stdout
        await process.wait()
    finally:
        loop.remove_signal_handler(signal.SIGINT)
        if process.returncode is None:
            process.kill()
            await process.wait()
