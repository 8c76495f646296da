"""Parses the parameters of a listing's URL. Pure."""

from __future__ import annotations

from shop import typed

MAX_PRICE = 10**9 - 1


def one_line(text: str, length: int) -> str:
    """A text as in a one-line field (shop.typed.one_line), truncated to `length` characters."""
    return typed.one_line(text)[:length].strip()


def whole_number(text: str, maximum: int) -> int | None:
    """A whole number (shop.typed.whole_number), capped at `maximum`; None for any other text."""
    number = typed.whole_number(text)
    return None if number is None else min(number, maximum)


def price_range(text: str) -> tuple[int | None, int | None]:
    """The bounds in '10-25', '-10' or '50-', in major units; None for no bound."""
    low, _, high = typed.one_form(text).partition("-")
    return whole_number(low, MAX_PRICE), whole_number(high, MAX_PRICE)
