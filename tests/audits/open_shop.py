"""A private shop with the demo catalogue, for an audit tool."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.fixtures.shop_process import ShopProcess


@contextmanager
def open_shop(*, public: bool = False) -> Iterator[ShopProcess]:
    """A running shop, stopped and deleted at the end of the block. A `public` one has PUBLIC_URL set."""
    with TemporaryDirectory() as folder:
        shop = ShopProcess(Path(folder))
        if public:
            shop.environ["PUBLIC_URL"] = shop.url
        shop.start()
        try:
            yield shop
        finally:
            shop.stop()
