"""What operators type of a part of an order: an amount, items, or a parcel."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from shop.checkout.model import Order, Parcel
from shop.errors import InvalidInput
from shop.money import minor_digits

MOST_CHARACTERS = 100
"""Of a carrier's name, and of a tracking number."""


def read_parcel(skus: Mapping[str, int], carrier: str, tracking: str) -> Parcel:
    """A parcel of these quantities by sku; of all that waits if there are none. Raises InvalidInput."""
    for text in (carrier, tracking):
        if len(text) > MOST_CHARACTERS or not text.isprintable():
            raise InvalidInput(f"A carrier and a tracking number have at most {MOST_CHARACTERS} characters.")
    return Parcel(skus=skus, carrier=carrier.strip(), tracking=tracking.strip())


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
