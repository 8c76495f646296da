"""A shop of its own with the demo catalogue, for a tool that looks at its pages."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.fixtures.shop_process import ShopProcess


@contextmanager
def open_shop(*, public: bool = False) -> Iterator[ShopProcess]:
    """A running shop; it stops with the block, and nothing of it stays. A `public` one knows its own address."""
    with TemporaryDirectory() as folder:
        shop = ShopProcess(Path(folder))
        if public:
            shop.environ["PUBLIC_URL"] = shop.url
        shop.start()
        try:
            yield shop
        finally:
            shop.stop()
