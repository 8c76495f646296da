"""The catalogue that an empty shop opens with: Neap, an invented homeware brand. docs/brand.md tells its story."""

from __future__ import annotations

from pathlib import Path

CATALOG = Path(__file__).with_name("catalog.csv")
"""36 products in Shopify's current CSV columns, prices in EUR; the order of the file is the featured order."""

RATES = Path(__file__).with_name("rates.json")
"""The example table of exchange rates, in the shape of `shop.money.Rates`."""
