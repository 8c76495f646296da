"""`shop stock`: shows and changes the stock of skus."""

from __future__ import annotations

import asyncio
import csv
from collections import Counter
from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING, TextIO

import click

from shop.commands.terminal import harmless, user
from shop.settings import Settings

if TYPE_CHECKING:
    from shop.catalog.stock.counting import Counted, StockRow
    from shop.catalog.writing.levels import Kind, StockChange

REASON = click.option("--why", default="", help="The reason, for the history.")


@click.group()
def stock() -> None:
    """Show and change stock.

    On hand is what a person who counts finds. It is on sale, reserved (by checkouts, for minutes), or committed: sold
    and not shipped yet.
    """


@stock.command()
@click.argument("skus", metavar="[SKU]...", nargs=-1)
@click.option("--history", type=click.IntRange(1), default=10, show_default=True, help="Changes shown of one sku.")
def show(skus: tuple[str, ...], history: int) -> None:
    """Show the stock of each SKU, by default of all, and of a single SKU who changed it, when and why."""
    rows, changes = asyncio.run(_read(Settings.from_env(), skus, history))
    from shop.catalog.stock.counting import told

    _print_levels(rows)
    for change in changes:
        click.echo(harmless(told(change)))


@stock.command("set")
@click.argument("sku")
@click.argument("on_hand", type=click.IntRange(0))
@REASON
def set_(sku: str, on_hand: int, why: str) -> None:
    """Set the quantity on hand of SKU."""
    _change([sku], lambda _sku, _before: on_hand, "set", why)


@stock.command(context_settings={"ignore_unknown_options": True})
@click.argument("sku")
@click.argument("quantity", type=int)
@REASON
def add(sku: str, quantity: int, why: str) -> None:
    """Add QUANTITY to what is on hand of SKU; a negative QUANTITY takes away."""

    def counted(_sku: str, before: int | None) -> int:
        if before is None:
            raise click.UsageError(f"{sku} has no limit; `shop stock set` gives it one.")
        return before + quantity

    _change([sku], counted, "added", why)


@stock.command()
@click.argument("file", type=click.File("r", encoding="utf-8-sig"))
@REASON
def count(file: TextIO, why: str) -> None:
    """Set what is on hand to the counts in FILE (- for standard input): a CSV with the columns sku and counted.

    All lines are taken, or none. Rows of one sku are added up: it may lie on several shelves.
    """
    counts = read_counts(file)
    _change(counts, lambda sku, _before: counts[sku], "counted", why)


def read_counts(file: TextIO) -> Counter[str]:
    """The counts by sku of a CSV file with the columns sku and counted. Raises click.UsageError."""
    reader = csv.DictReader(file)
    names = {name.strip().lower(): name for name in reader.fieldnames or () if name}
    if not {"sku", "counted"} <= names.keys():
        raise click.UsageError("The file needs a first line with the columns sku and counted.")
    counts: Counter[str] = Counter()
    for row in reader:
        sku, number = (row[names[name]] or "" for name in ("sku", "counted"))
        if not (number.strip().isascii() and number.strip().isdecimal()):
            raise click.UsageError(f"line {reader.line_num}: {number!r} is not a count. Nothing was changed.")
        counts[sku.strip()] += int(number)
    return counts


def _change(skus: Collection[str], counted: Counted, kind: Kind, why: str) -> None:
    rows, changes = asyncio.run(_apply(Settings.from_env(), list(skus), counted, kind, why))
    click.echo(f"{len(changes)} changed, {len(skus) - len(changes)} unchanged.", err=True)
    if rows:
        _print_levels(rows)
    for change in changes:
        if short := (change.after or 0) - counted(change.sku, change.before):
            click.echo(f"warning: {change.sku}: {short} more are sold or reserved than there are.", err=True)


async def _apply(
    settings: Settings, skus: list[str], counted: Counted, kind: Kind, why: str
) -> tuple[list[StockRow], list[StockChange]]:
    from shop.parts import opened

    async with opened(settings, prepare=True) as parts:
        changes = await parts.stock_book.change(skus, counted, kind, reason=why, who=user())
        changed = [change.sku for change in changes]
        parts.stock_sync.touched(changed)
        await parts.stock_sync.refresh()
        return await parts.stock_book.levels(changed) if changed else [], changes


async def _read(settings: Settings, skus: tuple[str, ...], history: int) -> tuple[list[StockRow], list[StockChange]]:
    from shop.errors import NotFound
    from shop.parts import opened

    async with opened(settings) as parts:
        rows = await parts.stock_book.levels(skus)
        if unknown := sorted(set(skus) - {row.sku for row in rows}):
            raise NotFound(f"There is no sku {unknown[0]}.")
        return rows, await parts.stock_book.history(skus[0], history) if len(skus) == 1 else []


def _print_levels(rows: Sequence[StockRow]) -> None:
    from rich.console import Console
    from rich.table import Column, Table

    from shop.catalog.stock.counting import number

    table = Table("sku", *(Column(name, justify="right") for name in ("on hand", "committed", "reserved", "on sale")))
    for row in rows:
        level = row.level
        counts = (level.on_hand, level.committed, level.reserved, level.stock)
        table.add_row(harmless(row.sku), *map(number, counts))
    Console(soft_wrap=True, highlight=False, markup=False).print(table)
