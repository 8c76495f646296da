"""Amounts in Stripe's units."""

from __future__ import annotations

from decimal import Decimal

from shop.errors import PaymentRefused
from shop.money import Money

ZERO_DECIMAL = frozenset(
    ("BIF", "CLP", "DJF", "GNF", "JPY", "KMF", "KRW", "MGA", "PYG", "RWF", "VND", "VUV", "XAF", "XOF", "XPF")
)
THREE_DECIMAL = frozenset(("BHD", "JOD", "KWD", "OMR", "TND"))
"""Stripe's own rules for currencies; all others have two decimals, also where ISO 4217 says otherwise."""


def amount_for_stripe(money: Money) -> int:
    """An amount in Stripe's smallest unit. Raises PaymentRefused for one that Stripe cannot take exactly."""
    minor = money.decimal.scaleb(_digits(money.currency))
    if minor != minor.to_integral_value() or (money.currency in THREE_DECIMAL and minor % 10):
        raise PaymentRefused(f"{money.decimal} {money.currency} cannot be paid by Stripe exactly.")
    return int(minor)


def amount_from_stripe(minor: int, currency: str) -> int:
    """An amount in Stripe's smallest unit, in the shop's minor units."""
    return Money.of(Decimal(minor).scaleb(-_digits(currency)), currency).amount


def _digits(currency: str) -> int:
    return 0 if currency in ZERO_DECIMAL else 3 if currency in THREE_DECIMAL else 2
