"""The `shop` command as a process: its output and exit status."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest

from shop.catalog.demo import CATALOG
from tests.fixtures import fork_server
from tests.fixtures.shop_process import SHOP

HEAD = "Handle,Title,Variant SKU,Variant Price\n"
Shop = Callable[..., subprocess.CompletedProcess[str]]
Start = Callable[[], tuple[subprocess.Popen[str], list[str]]]
"""Start a shop on a free port. Yields its process, and its output up to the line with its URL."""


@pytest.fixture
def settings(tmp_path: Path) -> dict[str, str]:
    """The environment of a shop with its own database and carts in memory."""
    given = {"DATABASE_URL": f"sqlite:///{tmp_path / 'var' / 'shop.db'}", "REDIS_URL": "", "HOST": "127.0.0.1"}
    return {**os.environ, **given}


@pytest.fixture
def shop(settings: dict[str, str], tmp_path: Path) -> Shop:
    def run(*arguments: str, given: str = "", **environ: str) -> subprocess.CompletedProcess[str]:
        return fork_server.run([*SHOP, *arguments], env={**settings, **environ}, cwd=tmp_path, given=given)

    return run


def test_a_file_is_imported_listed_and_exported(shop: Shop, tmp_path: Path) -> None:
    assert shop("catalog", "import", str(CATALOG)).stdout == "36 added, 0 changed, 0 unchanged, 0 removed.\n"
    listed = shop("catalog", "list", "--q", "tide mug", "--category", "tableware")
    assert listed.stdout.startswith("tide-mug\tTide Mug\tTableware\t€24.00\t")
    assert listed.stderr == "Page 1 of 1, 1 products.\n"
    assert shop("catalog", "export", "out.csv").stderr == "36 products written.\n"
    assert shop("catalog", "reindex").stdout == "36 products indexed.\n"
    assert shop("catalog", "list", "--q", "tide mug").stderr == "Page 1 of 1, 1 products.\n"
    exported = (tmp_path / "out.csv").read_text()
    assert shop("catalog", "export").stdout == exported
    again = shop("catalog", "import", "--replace", "-", given=exported)
    assert again.stdout == "0 added, 0 changed, 36 unchanged, 0 removed.\n"
    assert again.stderr == "", "no progress where nobody looks on"


def test_every_bad_row_is_told_and_nothing_is_imported(shop: Shop) -> None:
    refused = shop("catalog", "import", "-", given=HEAD + "a,A,1,1\nb,B,2,x\nc,C,1,3\n")
    assert refused.returncode == 1
    assert refused.stderr.splitlines() == [
        "line 3: price 'x' is not a number",
        "line 4: SKU '1' is already used on line 2",
        "shop: 2 rows cannot be imported, so nothing was. Correct the file and try again.",
    ]
    assert shop("catalog", "list").stderr == "Page 1 of 1, 0 products.\n"


def test_prices_can_be_in_another_currency(shop: Shop) -> None:
    shop("catalog", "import", "-", "--currency", "jpy", given=HEAD + "a,A,1,1200\n")
    assert shop("catalog", "list").stdout == "a\tA\t\t¥1,200\tno limit\n"
    wrong = shop("catalog", "import", "-", "--currency", "yen", given=HEAD + "a,A,1,1200\n")
    assert wrong.returncode == 2
    assert "currency 'yen' is not an ISO 4217 code" in wrong.stderr


def test_a_warning_does_not_stop_an_import(shop: Shop) -> None:
    told = shop("catalog", "import", "-", given="Handle,Title,Price,Image Src\na,A,1,data:x\n")
    assert told.returncode == 0
    assert told.stderr.startswith("warning: line 2: image 'data:x' is neither")


@pytest.mark.parametrize(
    ("arguments", "environ", "words"),
    [
        (("catalog", "list"), {"DATABASE_URL": "mysql://host/shop"}, "DATABASE_URL is not understood"),
        (
            ("catalog", "demo"),
            {"DATABASE_URL": "sqlite:////dev/null/shop.db"},
            "DATABASE_URL: cannot create",
        ),
        (("catalog", "list"), {"PORT": "many"}, "PORT is set to 'many'"),
        (("catalog", "import", "-"), {"EXCHANGE_RATES": "missing.json"}, "EXCHANGE_RATES: missing.json cannot be read"),
        (("run", "--workers", "2"), {}, "2 workers need REDIS_URL"),
        (("run",), {"WORKERS": "3"}, "3 workers need REDIS_URL"),
        (("run", "--host", "192.0.2.1"), {}, "The shop cannot listen on 192.0.2.1:8000"),
    ],
)
def test_a_wrong_setting_is_one_plain_line(
    shop: Shop, arguments: tuple[str, ...], environ: dict[str, str], words: str
) -> None:
    told = shop(*arguments, **environ)
    assert told.returncode == 2
    assert told.stderr.startswith(f"shop: {words}")
    assert len(told.stderr.splitlines()) == 1


def test_a_file_that_is_no_database_is_a_wrong_setting(shop: Shop, tmp_path: Path) -> None:
    (tmp_path / "letter.txt").write_text("Dear shop, " * 100)
    told = shop("catalog", "list", DATABASE_URL=f"sqlite:///{tmp_path / 'letter.txt'}")
    assert (told.returncode, told.stderr) == (2, "shop: DATABASE_URL names a file that is not a SQLite database.\n")


def test_a_database_that_is_away_is_one_plain_line(shop: Shop) -> None:
    told = shop("catalog", "list", DATABASE_URL="postgresql://postgres@127.0.0.1:1/shop")
    assert (told.returncode, len(told.stderr.splitlines())) == (1, 1)
    assert told.stderr.startswith("shop: The shop's database does not answer")


@pytest.fixture
def running(settings: dict[str, str], tmp_path: Path) -> Iterator[Start]:
    processes: list[subprocess.Popen[str]] = []

    def start() -> tuple[subprocess.Popen[str], list[str]]:
        process = subprocess.Popen(
            [*SHOP, "run", "--port", "0"], env=settings, stdout=subprocess.PIPE, text=True, cwd=tmp_path
        )
        processes.append(process)
        assert process.stdout is not None
        lines: list[str] = []
        for line in process.stdout:
            lines.append(line.strip())
            if "http://" in line:
                return process, lines
        raise AssertionError(lines)

    yield start
    for process in processes:
        process.kill()
        process.communicate()


def test_an_empty_shop_opens_with_the_demo_catalogue(running: Start, shop: Shop) -> None:
    process, lines = running()
    assert lines[0] == "Demo catalogue loaded: 36 products."
    address = lines[1].split()[5]
    page = httpx.get(f"{address}/product/tide-mug", timeout=30)
    assert page.status_code == 200
    assert "Tide Mug" in page.text
    assert "server" not in page.headers
    assert "date" in page.headers
    process.send_signal(signal.SIGTERM)
    process.wait(timeout=20)
    assert "WELCOME10" in shop("coupons", "list").stdout
    with socket.socket() as free, pytest.raises(ConnectionRefusedError):
        free.connect(("127.0.0.1", int(address.rpartition(":")[2])))


def test_a_shop_with_products_is_left_as_it_is(running: Start, shop: Shop) -> None:
    shop("catalog", "import", "-", given=HEAD + "a,Only This,1,1\n")
    _, lines = running()
    assert len(lines) == 1, "only the address"
    assert "Only This" in httpx.get(lines[0].split()[5], timeout=30).text


def test_a_port_in_use_is_one_plain_line(shop: Shop) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        told = shop("run", "--port", str(port))
    assert told.returncode == 2
    assert told.stderr.startswith(f"shop: The shop cannot listen on 127.0.0.1:{port}")
