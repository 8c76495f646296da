"""Runs a load test: the shoppers in a subprocess, the checks of the shop's records in this process."""

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
from shop.loadtest.checks import not_checked, seen_by_shoppers
from shop.loadtest.plan import Plan
from shop.loadtest.records import ShopRecords, open_records
from shop.loadtest.report.report import Report
from shop.loadtest.tally import Second, Seen
from shop.settings import Settings

MAX_LINE_BYTES = 1 << 30
"""Maximum bytes of one message: the last one lists every checkout."""

OnSecond = Callable[[Second], None]


async def drive(plan: Plan, settings: Settings, on_second: OnSecond) -> Report:
    """Run the plan; calls `on_second` every second. SIGINT ends it early. Raises ShopError."""
    began_at = int(time.time())
    records = await open_records(settings)
    try:
        seconds, seen = await _run_shoppers(plan, records, on_second)
        if isinstance(records, str):
            checks = not_checked(records)
        else:
            checks = await records.close(plan, seen.attempts)
    finally:
        if not isinstance(records, str):
            await records.dispose()
    all_checks = (*seen_by_shoppers(seen), *checks)
    return Report(plan=plan, began_at=began_at, seconds=tuple(seconds), seen=seen, checks=all_checks)


async def _run_shoppers(plan: Plan, records: ShopRecords | str, on_second: OnSecond) -> tuple[list[Second], Seen]:
    seconds: list[Second] = []
    async with _crowd(plan) as lines:
        async for line in lines:
            message = msgspec.json.decode(line, type=Second | Seen)
            match message:
                case Second():
                    seconds.append(message)
                    on_second(message)
                    if not isinstance(records, str):
                        await records.sample_stock()
                case Seen():
                    return seconds, message
                case _:
                    assert_never(message)
    raise ShopError("The process of the shoppers ended too early. Its error output is above.")


@asynccontextmanager
async def _crowd(plan: Plan) -> AsyncIterator[asyncio.StreamReader]:
    """The output of the shoppers' process. The process is killed at the end of the block if it still runs."""
    command = (sys.executable, "-m", "shop.loadtest.shoppers.crowd")
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(
        *command, stdin=pipe, stdout=pipe, start_new_session=True, limit=MAX_LINE_BYTES
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
