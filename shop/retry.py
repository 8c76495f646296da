"""When to come again. Calls that nobody waits for at a page are made again where a page would do without the store."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable
from typing import TypeVar

from shop.errors import StoreRefused, StoreUnavailable

TRY_AGAIN_SECONDS = (0.1, 0.3, 1.0, 2.0)
"""The pause before each further try."""

_T = TypeVar("_T")


def jitter(seconds: float, *, by: float = 0.2) -> float:
    """About so many seconds, `by` so much of them more or less, so that processes do not all come at once."""
    return seconds * random.uniform(1 - by, 1 + by)  # noqa: S311 - no secret


async def with_retries(call: Callable[[], Awaitable[_T]]) -> _T:
    """Make a call that may be made again, until the store takes it or patience ends.

    Raises the last StoreUnavailable; at once where waiting does not help (StoreRefused).
    """
    for seconds in TRY_AGAIN_SECONDS:
        try:
            return await call()
        except StoreRefused:
            raise
        except StoreUnavailable:
            await asyncio.sleep(seconds)
    return await call()
