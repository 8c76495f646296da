"""`shop backup` and `shop restore`: a SQLite database and the carts of Redis, as one file."""

from __future__ import annotations

import asyncio
import sqlite3
from pathlib import Path
from typing import TYPE_CHECKING

import click

from shop.errors import ConfigurationError
from shop.settings import Settings

if TYPE_CHECKING:
    from shop.operations.backup import About, Unpacked

FILE = click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
NO_CARTS = click.option("--no-carts", is_flag=True, help="Leave out the carts of Redis.")
IN_MEMORY = (
    "Carts are in the memory of the shop's process, and are not part of a backup. CART_ARCHIVE=on keeps them in the "
    "database."
)


@click.command()
@FILE
@NO_CARTS
@click.option("--yes", is_flag=True, help="Overwrite FILE.")
def backup(file: Path, no_carts: bool, yes: bool) -> None:
    """Write the database and the carts to FILE, while the shop runs.

    For PostgreSQL, use pg_dump and `shop cart export`: docs/upgrade.md.
    """
    settings = Settings.from_env()
    database = _database_of(settings)
    if not database.exists():
        raise ConfigurationError(f"DATABASE_URL: there is no file {database}.")
    if file.exists() and not yes:
        raise click.UsageError(f"{file} exists. Add --yes to overwrite it.")
    about = asyncio.run(_backup(settings, database, file, with_carts=not no_carts))
    click.echo(f"{file} has {_in_words(about)}, of revision {about.revision}.")
    if not settings.redis_url and not settings.cart_archive:
        click.echo(IN_MEMORY, err=True)


@click.command()
@FILE
@NO_CARTS
@click.option("--yes", is_flag=True, help="Replace the database that is there.")
def restore(file: Path, no_carts: bool, yes: bool) -> None:
    """Put the database and the carts of FILE in place, while the shop is stopped.

    A database that is there is kept under another name. Carts are added to those in Redis, and overwrite none.
    """
    from shop.operations.backup import unpack, workspace

    settings = Settings.from_env()
    database = _database_of(settings)
    with workspace(database) as folder:
        unpacked = unpack(file, folder)
        if database.exists() and not yes:
            there = f"{database} exists{_orders_in(database)}."
            raise click.UsageError(f"{there} Add --yes to put the backup in its place.")
        aside = asyncio.run(_restore(settings, unpacked, database, with_carts=not no_carts))
    click.echo(f"Back: {_in_words(unpacked.about)}, from {unpacked.about.created}.")
    if aside:
        click.echo(f"The database that was there is {aside} now.")
    if unpacked.about.carts and not settings.redis_url and not no_carts:
        click.echo(
            f"{unpacked.about.carts:,} carts of Redis were left out, because REDIS_URL is not set. "
            f"`tar -xf {file} carts.jsonl` and `shop cart import carts.jsonl` restore them later.",
            err=True,
        )


def _database_of(settings: Settings) -> Path:
    """The SQLite file of the settings. Raises ConfigurationError for another database."""
    from sqlalchemy import make_url

    name = (make_url(settings.database_url).database or "") if settings.database_url.startswith("sqlite") else ""
    if not name or name == ":memory:" or name.startswith("file:"):
        raise ConfigurationError(
            "DATABASE_URL is not a SQLite file. Use pg_dump for PostgreSQL and `shop cart export` for carts: "
            "docs/upgrade.md has the commands."
        )
    return Path(name)


async def _backup(settings: Settings, database: Path, file: Path, *, with_carts: bool) -> About:
    """Copy the carts first: one that is ordered meanwhile is then in the backup twice, and not missing from it."""
    from shop.operations.backup import CARTS, DATABASE, copy_database, pack, workspace

    with workspace(file) as folder:
        carts = await _write_carts(settings, folder / CARTS) if with_carts else 0
        (folder / CARTS).touch()
        copy_database(database, folder / DATABASE)
        return pack(folder, carts, file)


async def _write_carts(settings: Settings, file: Path) -> int:
    """Write the carts that are in no database, and return how many they are. Raises StoreUnavailable."""
    from shop.commands.cart.files import write_carts
    from shop.commands.cart.stores import all_opened

    given = {"REDIS_URL": settings.redis_url, "CART_MOVE_FROM": settings.cart_move_from}
    urls = {name: url for name, url in given.items() if url and not url.startswith(("sqlite", "postgres"))}
    async with all_opened(urls, settings) as stores:
        with file.open("wb") as out:
            return await write_carts(list(stores.values()), out)


async def _restore(settings: Settings, unpacked: Unpacked, database: Path, *, with_carts: bool) -> Path | None:
    """Replace the database, then add the carts. Opens Redis first: if it is away, nothing is changed."""
    from shop.commands.cart.files import checked, read_carts
    from shop.commands.cart.stores import opened
    from shop.operations.backup import replace_database

    if not (settings.redis_url and with_carts):
        return replace_database(unpacked.database, database)
    with unpacked.carts.open("rb") as file:
        total = checked(file)
        async with opened("REDIS_URL", settings.redis_url, settings, to_write=True) as store:
            aside = replace_database(unpacked.database, database)
            await read_carts(store, file, total)
    return aside


def _orders_in(database: Path) -> str:
    """' with 3 orders', as far as the database can be read."""
    from shop.operations.backup import examine

    try:
        return f" with {examine(database)[0].orders:,} orders"
    except sqlite3.DatabaseError:
        return ", and is damaged"


def _in_words(about: About) -> str:
    counts = about.counts
    return (
        f"{counts.orders:,} orders, {counts.products:,} products with {counts.stock:,} items in stock, "
        f"{about.carts:,} carts of Redis and {counts.archived_carts:,} archived ones"
    )
