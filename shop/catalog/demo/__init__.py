"""The demo catalogue, loaded into an empty shop: Neap, an invented homeware brand (see docs/brand.md)."""

from __future__ import annotations

from pathlib import Path

CATALOG = Path(__file__).with_name("catalog.csv")
"""36 products in Shopify's current CSV columns, prices in EUR; the featured order is that of the file."""

RATES = Path(__file__).with_name("rates.json")
"""The example table of exchange rates, in the shape of `shop.money.Rates`."""
