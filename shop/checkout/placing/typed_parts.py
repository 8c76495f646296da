"""What operators type of a part of an order: an amount, or items."""

from __future__ import annotations

from decimal import Decimal

from shop.checkout.model import Order
from shop.errors import InvalidInput
from shop.money import minor_digits


def read_amount(text: str, currency: str) -> int:
    """An amount as typed, in minor units. Raises InvalidInput for what is no amount of the currency."""
    try:
        minor = Decimal(text).scaleb(minor_digits(currency))
    except ArithmeticError as error:
        raise InvalidInput(f"{text!r} is no amount. Write it like 12.50.") from error
    if not minor.is_finite() or minor != minor.to_integral_value() or minor <= 0 or minor > 10**15:
        raise InvalidInput(f"{text!r} is no amount of {currency} above 0.")
    return int(minor)


def read_lines(text: str, order: Order) -> dict[str, int]:
    """Quantities by sku, from 'SKU=2,SKU'. A sku without a number means all of it. Raises InvalidInput."""
    ordered, found = order.quote.wanted, dict[str, int]()
    for item in filter(None, map(str.strip, text.split(","))):
        sku, equals, count = item.rpartition("=")
        sku, count = (sku, count) if equals else (item, str(ordered.get(item, 0)))
        if sku not in ordered:
            raise InvalidInput(f"The order has no {sku}. It has: {', '.join(ordered)}.")
        if not count.isdecimal() or int(count) < 1 or sku in found:
            raise InvalidInput(f"{item!r} is not understood. Write it like TIDE-MUG=1,LAST-JUG=2.")
        found[sku] = int(count)
    if text and not found:
        raise InvalidInput("--lines names no item. Write it like TIDE-MUG=1,LAST-JUG=2.")
    return found
