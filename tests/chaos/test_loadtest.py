"""`shop loadtest` says that a good shop is good, and what is wrong with a careless one."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from shop.commands.loadtest import loadtest
from shop.demo.ports import free_port
from shop.errors import ConfigurationError, ShopError
from shop.loadtest.checks import CARTS, CHARGES, ORDERS, RECEIPTS, STOCK, TOTALS
from tests.fixtures.shop_process import SHOP, ShopProcess

PRODUCTS = {"always-mug": 1900, "always-bowl": 2900, "always-jug": 900}
CROWD = ("--users", "8", "--spawn-rate", "100", "--seconds", "3", "--pace", "60")

NOBODY_ORDERED = re.compile(r"\b0 orders|No order was accepted")


def load_tested(*options: str, **environ: str) -> tuple[int, str]:
    """The exit status of a load test, and what it says. A machine so slow that nobody ordered tries again."""
    command = [*SHOP, "loadtest", *CROWD, *options]
    for _ in range(5):
        done = subprocess.run(command, capture_output=True, text=True, env=os.environ | environ, timeout=120)
        print(done.stderr)
        if not NOBODY_ORDERED.search(done.stdout):
            break
    return done.returncode, done.stdout


def kept(report: dict[str, Any]) -> dict[str, bool | None]:
    """Of each promise whether it was kept, None where that was not checked."""
    return {
        check["promise"]: None if check.get("not_checked") else not check.get("wrong") for check in report["checks"]
    }


def test_a_shop_of_its_own_keeps_every_promise(tmp_path: Path) -> None:
    file = tmp_path / "report.html"
    status, said = load_tested("--own", "--json", "--html", str(file))
    report = json.loads(said)
    assert kept(report) == dict.fromkeys((CARTS, RECEIPTS, ORDERS, CHARGES, TOTALS, STOCK), True)
    assert status == 0
    assert report["seen"]["total"]["failed"] == 0
    assert {"index", "setCurrency", "browseProduct", "addToCart", "viewCart", "checkout", "receipt"} <= {
        kind["name"] for kind in report["seen"]["kinds"]
    }
    assert len(report["seconds"]) == 3
    page = file.read_text()
    assert page.count("<svg") == 4
    assert not re.search(r"(?:src|href|url\()\s*=?\s*[\"'(]?https?:", page), "it opens without a network"
    assert "<script" not in page


@pytest.fixture(scope="module")
def careless_shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ShopProcess]:
    shop = ShopProcess(tmp_path_factory.mktemp("careless"))
    shop.sells(PRODUCTS)
    shop.command = (sys.executable, "-m", "tests.chaos.careless_shop")
    shop.start()
    yield shop
    shop.stop()


def test_a_careless_shop_is_found_out(careless_shop: ShopProcess) -> None:
    status, said = load_tested("--url", careless_shop.url, DATABASE_URL=careless_shop.environ["DATABASE_URL"])
    assert status == 1
    print(said)
    assert re.search(rf"broken +{re.escape(CARTS)}", said)
    assert re.search(r"[1-9]\d* units lost, 0 units doubled", said)
    assert re.search(rf"broken +{re.escape(CHARGES)}", said)
    assert "-again was charged, but there is no such order" in said
    assert re.search(rf"kept +{re.escape(TOTALS)}", said)


def test_another_database_is_not_held_against_the_shop(careless_shop: ShopProcess, sqlite_url: str) -> None:
    status, said = load_tested("--url", careless_shop.url, "--json", DATABASE_URL=sqlite_url)
    assert status == 1
    assert kept(json.loads(said)) == {
        CARTS: False, RECEIPTS: True, ORDERS: None, CHARGES: None, TOTALS: None, STOCK: None,
    }  # fmt: skip


def run_here(*options: str) -> BaseException | None:
    return CliRunner().invoke(loadtest, options).exception


def test_another_machine_is_refused() -> None:
    assert isinstance(run_here("--url", "http://192.0.2.1"), ConfigurationError)


def test_no_shop_answers() -> None:
    assert isinstance(run_here("--url", f"http://127.0.0.1:{free_port()}"), ShopError)
