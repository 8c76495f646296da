"""Whose order it is, and with which card it is paid."""

from __future__ import annotations

GOOD = "4242424242424242"
"""A test card of the demonstration bank, which it takes."""


def address(email: str, card: str = GOOD) -> dict[str, str]:
    """The fields of an order as a load generator sends them."""
    return {
        "email": email,
        "street_address": "1600 Amphitheatre Parkway",
        "zip_code": "94043",
        "city": "Mountain View",
        "state": "CA",
        "country": "United States",
        "credit_card_number": card,
        "credit_card_expiration_month": "1",
        "credit_card_expiration_year": "2039",
        "credit_card_cvv": "672",
    }
