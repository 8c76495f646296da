"""Carts in a file of JSON lines: `shop cart export` and `import`."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import IO, BinaryIO

import click

from shop.cart import jsonl
from shop.cart.around.migration import TOGETHER, everything, keep, outlived
from shop.cart.connect import shown
from shop.cart.model import Cart
from shop.commands import progress
from shop.commands.cart.migrate import renewed
from shop.commands.cart.stores import all_opened, configured, opened
from shop.errors import ImportRefused, InvalidInput, RowError, StoreUnavailable
from shop.settings import Settings

BAD_LINES_TOLD = 20


def export_carts(settings: Settings, file: Path, url: str | None) -> None:
    """`shop cart export`."""
    count = asyncio.run(_export(settings, file, {"--url": url} if url else configured(settings)))
    click.echo(f"{count:,} carts written.", err=True)


async def _export(settings: Settings, file: Path, urls: dict[str, str]) -> int:
    count = 0
    async with all_opened(urls, settings) as stores:
        known = [await store.count() for store in stores.values()]
        of = sum(filter(None, known)) or None
        with _complete_or_not_at_all(file) as out, progress.shown(unit="carts") as tell:
            async for cart in everything(list(stores.values())):
                out.write(jsonl.encode(cart) + b"\n")
                count += 1
                tell("Writing", count, of)
    return count


@contextmanager
def _complete_or_not_at_all(path: Path) -> Iterator[IO[bytes]]:
    """A file to write to that gets its name when it is complete; - is standard output."""
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
    of = _checked(file) if file.seekable() else None
    count, old = asyncio.run(_import(settings, file, of, name, where))
    click.echo("\n".join(filter(None, (f"{count:,} carts are in {shown(where)}.", renewed(old)))))


def _checked(file: BinaryIO) -> int:
    """How many carts the file has. Raises ImportRefused."""
    begin, carts = file.tell(), 0

    def bad_lines() -> Iterator[RowError]:
        nonlocal carts
        for number, cart in jsonl.read(file):
            carts += 1
            if isinstance(cart, ValueError):
                yield RowError(f"line {number}: {cart}")

    if rows := tuple(islice(bad_lines(), BAD_LINES_TOLD)):
        raise ImportRefused("These lines are no carts, so nothing was imported. Correct them and try again.", rows)
    file.seek(begin)
    return carts


async def _import(settings: Settings, file: BinaryIO, of: int | None, name: str, url: str) -> tuple[int, int]:
    """Put the carts of a file into the store: how many they were, and how many of them had outlived their time."""
    count = old = 0
    async with opened(name, url, settings, to_write=True) as store:
        with progress.shown(unit="carts") as tell:
            for carts in _batches(file):
                try:
                    await keep(store, carts)
                except StoreUnavailable as error:
                    raise type(error)(
                        f"{error} {count:,} carts are imported. Import the file again: what is there counts once."
                    ) from error
                count += len(carts)
                old += sum(outlived(cart, store) for cart in carts)
                tell("Importing", count, of)
    return count, old


def _batches(file: BinaryIO) -> Iterator[list[Cart]]:
    """The carts of a file, some at a time. Raises InvalidInput at a bad line, when those before it have been taken."""
    batch: list[Cart] = []
    for number, cart in jsonl.read(file):
        if isinstance(cart, ValueError):
            yield batch
            raise InvalidInput(
                f"line {number}: {cart}. The carts of the lines before it are imported. Correct the line and import "
                "all again: what is there counts once."
            )
        batch.append(cart)
        if len(batch) == TOGETHER:
            yield batch
            batch = []
    yield batch
