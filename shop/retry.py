"""Retries with jitter, for calls with no shopper waiting; a page would fall back to the standby instead."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable
from typing import TypeVar

from shop.errors import StoreRefused, StoreUnavailable

RETRY_SECONDS = (0.1, 0.3, 1.0, 2.0)
"""The pause before each retry."""

_T = TypeVar("_T")


def jitter(seconds: float, *, fraction: float = 0.2) -> float:
    """`seconds`, randomly longer or shorter by at most this fraction, so that processes do not retry in step."""
    return seconds * random.uniform(1 - fraction, 1 + fraction)  # noqa: S311 - no secret


async def with_retries(call: Callable[[], Awaitable[_T]]) -> _T:
    """Make an idempotent call, and retry it after each of RETRY_SECONDS while it raises StoreUnavailable.

    Raises the last StoreUnavailable; StoreRefused at once, because a retry cannot help.
    """
    for seconds in RETRY_SECONDS:
        try:
            return await call()
        except StoreRefused:
            raise
        except StoreUnavailable:
            await asyncio.sleep(seconds)
    return await call()
