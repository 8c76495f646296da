"""Reads the table of exchange rates."""

from __future__ import annotations

from pathlib import Path

import msgspec

from shop.catalog.demo import RATES
from shop.errors import ConfigurationError
from shop.money import Rates


def read_rates(path: str = "") -> Rates:
    """The table in a JSON file, by default the demo's. Raises ConfigurationError."""
    file = Path(path) if path else RATES
    try:
        return msgspec.json.decode(file.read_bytes(), type=Rates)
    except (OSError, msgspec.DecodeError) as error:
        raise ConfigurationError(f"EXCHANGE_RATES: {file.name} cannot be read as a table of rates: {error}") from error
