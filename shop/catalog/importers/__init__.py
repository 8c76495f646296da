"""Readers of catalogue files. Which one reads a file is seen in the file, not in its name."""

from __future__ import annotations

from collections.abc import Iterator
from io import BufferedReader

from shop.catalog.importers.draft import Draft, Problems
from shop.catalog.importers.online_boutique import read as read_online_boutique
from shop.catalog.importers.shopify import read as read_shopify
from shop.errors import ImportRefused


def read(source: BufferedReader, currency: str, problems: Problems) -> Iterator[Draft]:
    """The products of a file, one after the other; `currency` is that of prices which name none.

    What is wrong goes to `problems`, and a product with an error is not among them. Raises ImportRefused for
    a file that is no catalogue.
    """
    start = source.peek(4096)[:4096].removeprefix(b"\xef\xbb\xbf").lstrip()
    if not start:
        raise ImportRefused("The file is empty.")
    if start.startswith((b"\xff\xfe", b"\xfe\xff")) or b"\x00" in start:
        raise ImportRefused("The file is not text in UTF-8. In Excel, save it as 'CSV UTF-8'.")
    reader = read_online_boutique if start[:1] in b"{[" else read_shopify
    return reader(source, currency, problems)
