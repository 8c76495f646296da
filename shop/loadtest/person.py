"""Who orders: made-up people with cards that pass a check, in the fields of Online Boutique's load generator."""

from __future__ import annotations

import random
from datetime import UTC, datetime

STREETS = ("1600 Amphitheatre Parkway", "12 Rue de la Paix", "Hauptstraße 5", "4-2-8 Shibakoen", "Calle Mayor 31, 2º B")
CITIES = ("Mountain View", "Paris", "Köln", "東京", "Madrid", "St. John's")
COUNTRIES = (
    "United States", "USA", "Germany", "Deutschland", "France", "Japan", "United Kingdom", "Canada", "Türkiye",
    "Spain", "Netherlands", "Saint Helena", "Lao People's Democratic Republic", "Côte d'Ivoire", "Atlantis",
)  # fmt: skip
"""As people write them, one that there is not among them."""
STATES = ("CA", "NY", "NW", "", "ON")
YEARS_AHEAD = 70


def order_form(email: str, chance: random.Random) -> dict[str, str]:
    """The fields that order: exactly those that Online Boutique's load generator sends."""
    year = datetime.now(UTC).year + 1
    return {
        "email": email,
        "street_address": chance.choice(STREETS),
        "zip_code": str(chance.randint(501, 99950)),
        "city": chance.choice(CITIES),
        "state": chance.choice(STATES),
        "country": chance.choice(COUNTRIES),
        "credit_card_number": visa(chance),
        "credit_card_expiration_month": str(chance.randint(1, 12)),
        "credit_card_expiration_year": str(chance.randint(year, year + YEARS_AHEAD)),
        "credit_card_cvv": str(chance.randint(100, 999)),
    }


def visa(chance: random.Random) -> str:
    """A number of sixteen digits that begins with 4 and whose last digit checks the others (Luhn, ISO/IEC 7812-1)."""
    digits = [4, *(chance.randint(0, 9) for _ in range(14))]
    doubled = [digit * 2 - 9 * (digit > 4) if at % 2 == 0 else digit for at, digit in enumerate(digits)]
    return "".join(map(str, [*digits, -sum(doubled) % 10]))
