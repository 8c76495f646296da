"""Parses single values of a catalogue file. The message of a ValueError becomes the reason in a RowError."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from decimal import Decimal
from functools import lru_cache

from babel.numbers import list_currencies

from shop import typed
from shop.catalog.importers.draft import MAX_SKU
from shop.money import Money, minor_digits
from shop.typed import one_form

MAX_AMOUNT = 10**12
"""Minor units; the total of a full cart is far below the largest integer of a database."""
MAX_STOCK = 10**9
MAX_WEIGHT = 10**9
MAX_TEXT = 255
MAX_SOURCE = 2000

_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)", re.ASCII)
CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ufffe\uffff]")
_HANDLE = re.compile(r"[\w~-][\w.~-]{0,254}")
_PATH = re.compile(r"(?!.*(?:^|/)\.\.?(?:/|$))[\w.~-][\w./ ~%+@-]*")
_GRAMS = {
    "": Decimal(1),
    "g": Decimal(1),
    "kg": Decimal(1000),
    "lb": Decimal("453.59237"),
    "oz": Decimal("28.349523125"),
}


def line_of_text(text: str, name: str, limit: int = MAX_TEXT) -> str:
    """Text on one line, without what is not seen. Raises ValueError, as do all functions here."""
    text = typed.one_line(text)
    if len(text) > limit:
        raise ValueError(f"{name} is longer than {limit} characters")
    return text


def number(text: str, name: str) -> Decimal:
    """A plain decimal number such as '19.99', in the digits of any script, without thousands separators."""
    text = one_form(text)
    if not _NUMBER.fullmatch(text) or len(text) > 40:
        raise ValueError(f"{name} {text[:40]!r} is not a number")
    return Decimal(text)


def money(amount: Decimal, currency: str, name: str) -> Money:
    """An amount in major units, with no more decimals than the currency has."""
    written = f"{name} {amount.normalize():f}"
    if amount < 0:
        raise ValueError(f"{written} is negative")
    minor = amount.scaleb(minor_digits(currency))
    if minor != minor.to_integral_value():
        raise ValueError(f"{written} has more decimals than {currency}, which has {minor_digits(currency)}")
    if minor >= MAX_AMOUNT:
        raise ValueError(f"{written} is too large")
    return Money(int(minor), currency)


def whole(text: str, name: str, limit: int) -> int:
    """A whole number of at most `limit`, also written as '3.0' or '1E+2'."""
    typed_number = typed.whole_number(text)
    value = number(text, name) if typed_number is None else Decimal(typed_number)
    if value != int(value):
        raise ValueError(f"{name} {text!r} is not a whole number")
    if abs(value) > limit:
        raise ValueError(f"{name} {text} is too large")
    return int(value)


def grams(text: str, unit: str) -> int:
    """A weight in g, kg, lb or oz, rounded to grams."""
    factor = _GRAMS.get(one_form(unit).lower())
    if factor is None:
        raise ValueError(f"weight unit {unit!r} is not one of g, kg, lb, oz")
    weight = number(text, "weight") * factor
    if not 0 <= weight <= MAX_WEIGHT:
        raise ValueError(f"weight {text} is negative or too large")
    return round(weight)


def handle(text: str) -> str:
    """A product's handle: letters, digits, '-', '_', '~' and (not first) '.'."""
    text = text.strip()
    if not _HANDLE.fullmatch(text):
        raise ValueError(f"handle {text[:60]!r} is missing or cannot be part of a URL")
    return text


def sku(text: str) -> str:
    """A sku without the apostrophe that Shopify puts before numeric ones; '' for none."""
    return line_of_text(text.strip().lstrip("'"), "SKU", MAX_SKU)


def currency(text: str) -> str:
    """An ISO 4217 code in capitals."""
    code = one_form(text).upper()
    if code not in _currencies():
        raise ValueError(f"currency {text[:20]!r} is not an ISO 4217 code")
    return code


@lru_cache(maxsize=1)
def _currencies() -> frozenset[str]:
    return frozenset(list_currencies())


def image_source(text: str) -> str:
    """An https URL, or a path below static/ such as 'img/products/mug.svg'. http becomes https."""
    text = text.strip()
    text = re.sub(r"^(https?:)?//", "https://", text, flags=re.IGNORECASE)
    if len(text) > MAX_SOURCE:
        raise ValueError("the image URL is too long")
    if re.fullmatch(r"https://[^\s\"'<>\\`\x00-\x1f\x7f\ufffe\uffff]+", text):  # XML forbids U+FFFE and U+FFFF
        return text
    path = text.removeprefix("/").removeprefix("static/")
    if not _PATH.fullmatch(path):
        raise ValueError(f"image {text[:80]!r} is neither an https URL nor a path below static/")
    return path


def moment(text: str) -> int:
    """An ISO 8601 date or time (UTC by default) as seconds since the epoch."""
    try:
        at = datetime.fromisoformat(one_form(text))
    except ValueError:
        raise ValueError(f"date {text[:40]!r} is not in the form 2025-01-31") from None
    return max(1, int((at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp()))
