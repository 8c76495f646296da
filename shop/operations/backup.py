"""Backups of a SQLite database and of the carts outside it, as one file: a gzipped tar archive of three files.

`about.json` says what is in it. `carts.jsonl` has the carts of Redis, as `shop cart export` writes them; archived carts
are in the database. `shop.db` is the database, which `sqlite3` opens as well.
"""

from __future__ import annotations

import os
import sqlite3
import tarfile
import tempfile
import time
import zlib
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import msgspec

from shop import __version__
from shop.database import latest_revision
from shop.errors import InvalidInput

FORMAT = 1
ABOUT, CARTS, DATABASE = "about.json", "carts.jsonl", "shop.db"
_COUNTED = {
    "orders": "SELECT count(*) FROM orders",
    "products": "SELECT count(*) FROM products",
    "stock": "SELECT coalesce(sum(stock), 0) FROM variants",
    "archived_carts": "SELECT count(*) FROM carts",
}


class Counts(msgspec.Struct, frozen=True):
    """What a database holds; a table that an older release does not have counts as empty."""

    orders: int = 0
    products: int = 0
    stock: int = 0
    """Items on hand of all variants."""
    archived_carts: int = 0


class About(msgspec.Struct, frozen=True):
    """What a backup says of itself."""

    format: int
    release: str
    revision: str
    """Of the database's schema."""
    created: str
    carts: int
    """Carts outside the database."""
    counts: Counts


class Unpacked(msgspec.Struct, frozen=True):
    """A backup whose files are in a folder of their own, and were checked."""

    about: About
    database: Path
    carts: Path


@contextmanager
def workspace(beside: Path) -> Iterator[Path]:
    """A folder for large files, on the disk of the file that they become."""
    beside.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=beside.parent, prefix=f".{beside.name}.") as folder:
        yield Path(folder)


def copy_database(source: Path, target: Path) -> None:
    """Copy a database that may be in use: one snapshot of it, which holds up no writer. Raises InvalidInput."""
    try:
        with closing(_opened(source)) as old, closing(sqlite3.connect(target)) as new:
            old.backup(new)
            new.execute("PRAGMA journal_mode = DELETE")  # so that it is one file
    except sqlite3.DatabaseError as error:
        raise InvalidInput(f"{source} cannot be copied: {error}.") from error


def pack(folder: Path, carts: int, file: Path) -> About:
    """Make a backup of the database and the carts in a folder. It gets its name when it is complete."""
    counts, revision = examine(folder / DATABASE)
    created = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    about = About(FORMAT, __version__, revision, created, carts, counts)
    (folder / ABOUT).write_bytes(msgspec.json.format(msgspec.json.encode(about)))
    part = folder / file.name
    with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as out:  # it has addresses in it
        with tarfile.open(fileobj=out, mode="w:gz", compresslevel=6) as archive:
            for name in (ABOUT, CARTS, DATABASE):
                archive.add(folder / name, name)
        out.flush()
        os.fsync(out.fileno())
    part.replace(file)
    return about


def unpack(file: Path, folder: Path) -> Unpacked:
    """Unpack a backup into a folder and check it. Raises InvalidInput if it is damaged, or from a newer release."""
    damaged = InvalidInput(f"{file} is not a whole backup of `shop backup`. Nothing was changed.")
    try:
        with tarfile.open(file, "r:gz") as archive:
            for name in (ABOUT, CARTS, DATABASE):
                _extract(archive, name, folder / name)
        about = msgspec.json.decode((folder / ABOUT).read_bytes(), type=About)
        counts, revision = examine(folder / DATABASE)
    except (tarfile.TarError, zlib.error, EOFError, KeyError, msgspec.MsgspecError, sqlite3.Error, OSError) as error:
        if isinstance(error, FileNotFoundError | PermissionError) and error.filename == str(file):
            raise InvalidInput(f"{file}: {error.strerror}.") from error
        raise damaged from error
    if about.format > FORMAT or revision > latest_revision():
        raise InvalidInput(
            f"{file} was made by a newer release ({about.release}, revision {revision}; this one knows "
            f"{latest_revision()}). Restore it with that release. Nothing was changed."
        )
    if counts != about.counts:
        raise damaged
    return Unpacked(about, folder / DATABASE, folder / CARTS)


def _extract(archive: tarfile.TarFile, name: str, target: Path) -> None:
    source = archive.extractfile(name)
    if source is None:
        raise KeyError(name)
    with source, target.open("wb") as out:
        while block := source.read(1 << 20):
            out.write(block)
        out.flush()
        os.fsync(out.fileno())


def examine(file: Path) -> tuple[Counts, str]:
    """What a database holds, and the revision of its schema. Raises sqlite3.DatabaseError if it is damaged."""
    with closing(_opened(file)) as database:
        if (said := database.execute("PRAGMA quick_check").fetchone()[0]) != "ok":
            raise sqlite3.DatabaseError(said)
        tables = {name for (name,) in database.execute("SELECT name FROM sqlite_master")}
        counts = {
            name: database.execute(query).fetchone()[0]
            for name, query in _COUNTED.items()
            if query.rpartition(" ")[2] in tables
        }
        found = (
            database.execute("SELECT max(version_num) FROM alembic_version") if "alembic_version" in tables else None
        )
        return Counts(**counts), (found.fetchone()[0] or "") if found else ""


def _opened(file: Path) -> sqlite3.Connection:
    """A connection that makes no file."""
    return sqlite3.connect(f"{file.absolute().as_uri()}?mode=rw", uri=True)


def replace_database(new: Path, target: Path) -> Path | None:
    """Put a database in the place of another. Returns where that is now, if there was one.

    Raises InvalidInput if another process has it open.
    """
    aside = target.with_name(f"{target.name}.replaced-{time.strftime('%Y%m%dT%H%M%S', time.gmtime())}")
    was_there = target.exists()
    if was_there:
        _require_unused(target)
    for suffix in ("", "-wal", "-shm"):  # a write-ahead log that outlived its database would be applied to the new one
        if (left := target.with_name(target.name + suffix)).exists():
            left.rename(aside.with_name(aside.name + suffix))
    _give_to_owner_of(target.parent, new)
    new.replace(target)
    return aside if was_there else None


def _require_unused(file: Path) -> None:
    try:
        with closing(sqlite3.connect(file, timeout=0)) as database:
            database.execute("PRAGMA journal_mode = DELETE")  # needs the database for itself; empties its log
    except sqlite3.OperationalError as error:
        raise InvalidInput(f"{file} is in use: {error}. Stop the shop, and restore again.") from error
    except sqlite3.DatabaseError:
        return  # it is damaged, which may be why another is to be restored


def _give_to_owner_of(folder: Path, file: Path) -> None:
    """Let root restore what another user serves."""
    file.chmod(0o600)
    if os.geteuid() == 0:
        os.chown(file, folder.stat().st_uid, folder.stat().st_gid)
