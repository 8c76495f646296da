"""A temporary shop for a load test: the demo catalogue with plenty in stock, deleted afterwards."""

from __future__ import annotations

import csv
import io
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.error import URLError
from urllib.request import urlopen

from shop.catalog.demo import CATALOG
from shop.errors import ShopError
from shop.settings import Settings, environment

PLENTY = "1000000"
START_SECONDS = 60.0


@contextmanager
def own_shop() -> Iterator[tuple[str, Settings]]:
    """Start a shop with a SQLite file and carts in memory; yields its URL and settings. Raises ShopError."""
    with TemporaryDirectory(prefix="shop-loadtest-") as name:
        folder = Path(name)
        (folder / "catalog.csv").write_text(_plenty(CATALOG.read_text(encoding="utf-8")), encoding="utf-8")
        settings = Settings(database_url=f"sqlite+aiosqlite:///{folder / 'shop.db'}", port=0)
        values = environment(
            DATABASE_URL=settings.database_url, HOST=settings.host, PORT="0", LOG_LEVEL="WARNING", LIMITS="off"
        )
        command = (sys.executable, "-m", "shop.cli")
        subprocess.run(  # noqa: S603 - our own command
            [*command, "catalog", "import", "catalog.csv"], env=values, cwd=folder, check=True, capture_output=True
        )
        log = folder / "shop.log"
        with log.open("wb") as output:
            shop = subprocess.Popen(  # noqa: S603 - our own command
                [*command, "run"], env=values, cwd=folder, stdout=output, stderr=output, start_new_session=True
            )
        try:
            yield _address(shop, log), settings
        finally:
            shop.terminate()
            shop.wait()


def _plenty(catalog: str) -> str:
    """The catalogue CSV with a stock of PLENTY for each variant."""
    rows = list(csv.DictReader(io.StringIO(catalog)))
    written = io.StringIO()
    writer = csv.DictWriter(written, rows[0].keys())
    writer.writeheader()
    writer.writerows(row | ({"Inventory quantity": PLENTY} if row["SKU"] else {}) for row in rows)
    return written.getvalue()


def _address(shop: subprocess.Popen[bytes], log: Path) -> str:
    """The URL in the shop's log, once it answers. Raises ShopError if the shop does not start."""
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and shop.poll() is None:
        address = next((word for word in log.read_text().split() if word.startswith("http://")), "")
        try:
            if address and urlopen(f"{address}/healthz", timeout=1).status == 200:  # noqa: S310 - our own address
                return address
        except (URLError, OSError):
            pass
        time.sleep(0.05)
    raise ShopError(f"The shop for the load test did not start. Its log:\n{log.read_text()}")
