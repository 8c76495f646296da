"""Fake customers with valid card numbers, in the form fields of Online Boutique's load generator."""

from __future__ import annotations

import random
from datetime import UTC, datetime

STREETS = ("1600 Amphitheatre Parkway", "12 Rue de la Paix", "Hauptstraße 5", "4-2-8 Shibakoen", "Calle Mayor 31, 2º B")
CITIES = ("Mountain View", "Paris", "Köln", "東京", "Madrid", "St. John's")
COUNTRIES = (
    "United States", "USA", "Germany", "Deutschland", "France", "Japan", "United Kingdom", "Canada", "Türkiye",
    "Spain", "Netherlands", "Saint Helena", "Lao People's Democratic Republic", "Côte d'Ivoire", "中国",
)  # fmt: skip
"""Countries as people type them."""
STATES = ("CA", "NY", "NW", "", "ON")
YEARS_AHEAD = 70


def order_form(email: str, rng: random.Random) -> dict[str, str]:
    """The fields of a checkout: exactly those that Online Boutique's load generator sends."""
    year = datetime.now(UTC).year + 1
    return {
        "email": email,
        "street_address": rng.choice(STREETS),
        "zip_code": str(rng.randint(501, 99950)),
        "city": rng.choice(CITIES),
        "state": rng.choice(STATES),
        "country": rng.choice(COUNTRIES),
        "credit_card_number": visa(rng),
        "credit_card_expiration_month": str(rng.randint(1, 12)),
        "credit_card_expiration_year": str(rng.randint(year, year + YEARS_AHEAD)),
        "credit_card_cvv": str(rng.randint(100, 999)),
    }


def visa(rng: random.Random) -> str:
    """A card number of 16 digits that begins with 4 and ends with its check digit (Luhn, ISO/IEC 7812-1)."""
    digits = [4, *(rng.randint(0, 9) for _ in range(14))]
    doubled = [digit * 2 - 9 * (digit > 4) if at % 2 == 0 else digit for at, digit in enumerate(digits)]
    return "".join(map(str, [*digits, -sum(doubled) % 10]))
