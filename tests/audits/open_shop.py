"""A shop of its own with the demo catalogue, for a tool that looks at its pages."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.fixtures.shop_process import ShopProcess


@contextmanager
def open_shop(**settings: str) -> Iterator[ShopProcess]:
    """A running shop; it stops with the block, and nothing of it stays."""
    with TemporaryDirectory() as folder:
        shop = ShopProcess(Path(folder), **settings)
        shop.start()
        try:
            yield shop
        finally:
            shop.stop()
