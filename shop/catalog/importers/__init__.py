"""Reads catalogue files. The format is detected from the content, not from the name."""

from __future__ import annotations

from collections.abc import Iterator
from io import BufferedReader

from shop.catalog.importers.draft import Draft, Problems
from shop.catalog.importers.online_boutique import read as read_online_boutique
from shop.catalog.importers.shopify import read as read_shopify
from shop.errors import ImportRefused


def read(source: BufferedReader, currency: str, problems: Problems) -> Iterator[Draft]:
    """Yield the products of a file. `currency` is the default of its prices.

    Errors and warnings go to `problems`; products with errors are skipped. Raises ImportRefused for a file that is not
    a catalogue.
    """
    start = source.peek(4096)[:4096].removeprefix(b"\xef\xbb\xbf").lstrip()
    if not start:
        raise ImportRefused("The file is empty.")
    if start.startswith((b"\xff\xfe", b"\xfe\xff")) or b"\x00" in start:
        raise ImportRefused("The file is not text in UTF-8. In Excel, save it as 'CSV UTF-8'.")
    reader = read_online_boutique if start[:1] in b"{[" else read_shopify
    return reader(source, currency, problems)
