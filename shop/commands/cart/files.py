"""`shop cart export` and `shop cart import`: carts as a JSON Lines file."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import IO, BinaryIO

import click

from shop.cart import jsonl
from shop.cart.around.migration import BATCH_SIZE, older_than_ttl, put_moved, scan_all
from shop.cart.connect import redacted
from shop.cart.model import Cart
from shop.cart.service import CartService
from shop.cart.stored import unreadable_in
from shop.commands import progress
from shop.commands.cart.migrate import expired_note, unreadable_note
from shop.commands.cart.stores import all_opened, configured, opened
from shop.errors import ImportRefused, InvalidInput, RowError, StoreUnavailable
from shop.settings import Settings

MAX_REPORTED_LINES = 20


def export_carts(settings: Settings, file: Path, url: str | None) -> None:
    """`shop cart export`."""
    count, unreadable = asyncio.run(_export(settings, file, {"--url": url} if url else configured(settings)))
    click.echo("\n".join(filter(None, (f"{count:,} carts written.", unreadable_note(unreadable)))), err=True)


async def _export(settings: Settings, file: Path, urls: dict[str, str]) -> tuple[int, int]:
    """Write the carts of the stores. Returns how many there were, and how many values were no carts."""
    async with all_opened(urls, settings) as stores:
        with _atomic_file(file) as out:
            count = await write_carts(list(stores.values()), out)
        return count, sum(map(unreadable_in, stores.values()))


async def write_carts(stores: Sequence[CartService], out: IO[bytes]) -> int:
    """Write every cart of the stores as a line, and return how many they are. Raises StoreUnavailable."""
    known = [await store.count() for store in stores]
    total = sum(filter(None, known)) or None
    count = 0
    with progress.shown(unit="carts") as report:
        async for cart in scan_all(stores):
            out.write(jsonl.encode(cart) + b"\n")
            count += 1
            report("Writing", count, total)
    return count


@contextmanager
def _atomic_file(path: Path) -> Iterator[IO[bytes]]:
    """A file for writing that gets its final name only when it is complete; - is standard output."""
    if str(path) == "-":
        with click.open_file("-", "wb") as out:
            yield out
            return
    path.parent.mkdir(parents=True, exist_ok=True)
    part = tempfile.NamedTemporaryFile(dir=path.parent, prefix=f".{path.name}.", delete=False)  # noqa: SIM115
    try:
        with part:
            yield part.file
        Path(part.name).replace(path)
    finally:
        Path(part.name).unlink(missing_ok=True)


def import_carts(settings: Settings, file: BinaryIO, url: str | None) -> None:
    """`shop cart import`. Raises ImportRefused for a file with bad lines, InvalidInput at the first of a stream."""
    name, where = ("--url", url) if url else next(iter(configured(settings).items()))
    total = checked(file) if file.seekable() else None
    count, old = asyncio.run(_import(settings, file, total, name, where))
    click.echo("\n".join(filter(None, (f"{count:,} carts are in {redacted(where)}.", expired_note(old)))))


def checked(file: BinaryIO) -> int:
    """Validate every line and return the number of carts. Raises ImportRefused."""
    begin, carts = file.tell(), 0

    def errors() -> Iterator[RowError]:
        nonlocal carts
        for number, cart in jsonl.read(file):
            carts += 1
            if isinstance(cart, ValueError):
                yield RowError(f"line {number}: {cart}")

    if rows := tuple(islice(errors(), MAX_REPORTED_LINES)):
        raise ImportRefused(
            "These lines are not valid carts, so nothing was imported. Correct them and try again.", rows
        )
    file.seek(begin)
    return carts


async def _import(settings: Settings, file: BinaryIO, total: int | None, name: str, url: str) -> tuple[int, int]:
    """Write the carts of a file to the store at a URL; see `read_carts`."""
    async with opened(name, url, settings, to_write=True) as store:
        return await read_carts(store, file, total)


async def read_carts(store: CartService, file: BinaryIO, total: int | None) -> tuple[int, int]:
    """Write the carts of a file to a store. Returns how many there were, and how many were already past their TTL."""
    count = old = 0
    with progress.shown(unit="carts") as report:
        for carts in _batches(file):
            try:
                await put_moved(store, carts)
            except StoreUnavailable as error:
                raise type(error)(
                    f"{error} {count:,} carts were imported. Import the file again: existing carts are not duplicated."
                ) from error
            count += len(carts)
            old += sum(older_than_ttl(cart, store) for cart in carts)
            report("Importing", count, total)
    return count, old


def _batches(file: BinaryIO) -> Iterator[list[Cart]]:
    """The carts of a file in batches. At a bad line, yields the carts before it, then raises InvalidInput."""
    batch: list[Cart] = []
    for number, cart in jsonl.read(file):
        if isinstance(cart, ValueError):
            yield batch
            raise InvalidInput(
                f"line {number}: {cart}. The carts before this line were imported. Correct the line and import "
                "the whole file again: existing carts are not duplicated."
            )
        batch.append(cart)
        if len(batch) == BATCH_SIZE:
            yield batch
            batch = []
    yield batch
