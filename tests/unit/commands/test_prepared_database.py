"""Which commands migrate the database, and the error of an older release with a newer database."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from shop.database import latest_revision
from tests.fixtures.commands import ShopCommand

LOOKING = [("orders", "list"), ("outbox", "list"), ("coupons", "list"), ("catalog", "list"), ("catalog", "export")]
WRITING = [("run", "--port", "0"), ("catalog", "demo"), ("coupons", "end", "NOSUCH"), ("orders", "ship", "X")]


def set_revision(url: str, revision: str, *, oldest: str = "") -> None:
    with closing(sqlite3.connect(url.partition("///")[2])) as database, database:
        database.execute("UPDATE alembic_version SET version_num = ?", (revision,))
        if oldest:
            database.execute("UPDATE schema_compatibility SET oldest = ?", (oldest,))


@pytest.mark.parametrize("command", LOOKING, ids=" ".join)
def test_looking_never_prepares_a_database(
    command: tuple[str, ...], shop_command: ShopCommand, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    file = tmp_path / "new" / "shop.db"
    monkeypatch.setenv("DATABASE_URL", f"sqlite+aiosqlite:///{file}")
    status, out, err = shop_command(*command)
    assert (status, out) == (2, "")
    assert err == "shop: The database is not prepared for this release. `shop run` prepares it.\n"
    assert not file.exists()


@pytest.mark.parametrize("command", LOOKING, ids=" ".join)
def test_looking_leaves_an_older_database_as_it_is(
    command: tuple[str, ...], shop_command: ShopCommand, sqlite_url: str
) -> None:
    set_revision(sqlite_url, "0001")
    assert shop_command(*command)[0] == 2
    with closing(sqlite3.connect(sqlite_url.partition("///")[2])) as database, database:
        assert database.execute("SELECT version_num FROM alembic_version").fetchall() == [("0001",)]


@pytest.mark.parametrize("command", [*LOOKING, *WRITING], ids=" ".join)
def test_an_older_release_says_so_of_a_newer_database(
    command: tuple[str, ...], shop_command: ShopCommand, sqlite_url: str
) -> None:
    set_revision(sqlite_url, "9999", oldest="9999")
    status, out, err = shop_command(*command)
    assert (status, out) == (2, "")
    assert err == (
        f"shop: The database was prepared by a newer release (9999; this one knows {latest_revision()}). "
        "Run the newer release, or restore the backup from before the upgrade.\n"
    )


@pytest.mark.parametrize("command", [("orders", "list"), ("coupons", "end", "NOSUCH")], ids=" ".join)
def test_an_older_release_goes_on_with_what_a_newer_one_has_only_added_to(
    command: tuple[str, ...], shop_command: ShopCommand, sqlite_url: str, caplog: pytest.LogCaptureFixture
) -> None:
    set_revision(sqlite_url, "9999")
    status, _, err = shop_command(*command)
    assert "newer release" not in err
    assert (status, "goes on with it" in caplog.text) == (1 if "end" in command else 0, True), err
    with closing(sqlite3.connect(sqlite_url.partition("///")[2])) as database:
        assert database.execute("SELECT version_num FROM alembic_version").fetchall() == [("9999",)]
