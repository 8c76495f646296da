"""Parses the parameters of a listing's URL. Pure."""

from __future__ import annotations

import re

MAX_PRICE = 10**9 - 1
_COUNT = re.compile(r"[0-9]{1,9}")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]+")


def one_line(text: str, length: int) -> str:
    """A text as in a one-line field: without control characters and outer spaces, truncated to `length` characters."""
    return _CONTROL.sub(" ", text).strip()[:length]


def whole_number(text: str, maximum: int) -> int | None:
    """A number of up to nine digits, capped at `maximum`; None for any other text."""
    return min(int(text), maximum) if _COUNT.fullmatch(text) else None


def price_range(text: str) -> tuple[int | None, int | None]:
    """The bounds in '10-25', '-10' or '50-', in major units; None for no bound."""
    low, _, high = text.partition("-")
    return whole_number(low, MAX_PRICE), whole_number(high, MAX_PRICE)
