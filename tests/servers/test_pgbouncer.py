"""The shop works through PgBouncer, pooling by transaction. Needs Debian's package pgbouncer."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest

from shop.demo.ports import free_port
from tests.fixtures.shop_process import OpenShop

PROGRAM = shutil.which("pgbouncer") or shutil.which("/usr/sbin/pgbouncer")
PATIENCE = 10

pytestmark = pytest.mark.skipif(PROGRAM is None, reason="needs pgbouncer")


@pytest.fixture
def pooled_url(postgres_url: str, postgres_socket: Path) -> Iterator[str]:
    """The URL of a database through a PgBouncer that gives each transaction to any of two servers."""
    assert PROGRAM
    port = free_port()
    database = postgres_url.partition("@/")[2].partition("?")[0]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o755)
        (folder / "pgbouncer.ini").write_text(
            f"[databases]\n{database} = host={postgres_socket} user=postgres\n"
            f"[pgbouncer]\nlisten_addr = 127.0.0.1\nlisten_port = {port}\nunix_socket_dir =\nauth_type = any\n"
            "pool_mode = transaction\ndefault_pool_size = 2\nserver_round_robin = 1\n"
        )
        # Root must not run it, and no other user reaches the socket.
        owner = pwd.getpwuid(postgres_socket.stat().st_uid).pw_name
        user = ["-u", owner] if os.getuid() == 0 else []
        with (folder / "log").open("w") as log:
            process = subprocess.Popen([PROGRAM, *user, str(folder / "pgbouncer.ini")], stdout=log, stderr=log)
        try:
            deadline = time.monotonic() + PATIENCE
            while "process up" not in (said := (folder / "log").read_text()):
                assert time.monotonic() < deadline, said
                assert process.poll() is None, said
                time.sleep(0.05)
            yield f"postgresql+asyncpg://shop@127.0.0.1:{port}/{database}?statement_cache_size=0"
        finally:
            process.terminate()
            process.wait(PATIENCE)


def test_shoppers_meet_no_error(open_shop: OpenShop, pooled_url: str) -> None:
    shop = open_shop(products={"mug": 1900, "bowl": 2900}, DATABASE_URL=pooled_url, CART_ARCHIVE="on")

    def shops(_: int) -> list[int]:
        with httpx.Client(base_url=shop.url, timeout=PATIENCE) as client:
            client.post("/cart", data={"product_id": "mug"})
            return [client.get(path).status_code for path in ("/?q=mug", "/product/bowl", "/cart", "/checkout")]

    with ThreadPoolExecutor(6) as pool:
        answers = [status for statuses in pool.map(shops, range(40)) for status in statuses]
    assert answers == [200] * 160
    assert "prepared statement" not in shop.log.read_text()
