"""What a parameter of a listing's URL may hold. Pure."""

from __future__ import annotations

import re

MAX_PRICE = 10**9 - 1
_COUNT = re.compile(r"[0-9]{1,9}")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]+")


def one_line(text: str, length: int) -> str:
    """A text as a search box would hold it: no control characters, no spaces around, cut off at the length."""
    return _CONTROL.sub(" ", text).strip()[:length]


def whole_number(text: str, most: int) -> int | None:
    """A number in up to nine digits, at most `most`; None for any other text."""
    return min(int(text), most) if _COUNT.fullmatch(text) else None


def price_range(text: str) -> tuple[int | None, int | None]:
    """The bounds in '10-25', '-10' or '50-', in major units of the catalogue's currency; None for no bound."""
    low, _, high = text.partition("-")
    return whole_number(low, MAX_PRICE), whole_number(high, MAX_PRICE)
