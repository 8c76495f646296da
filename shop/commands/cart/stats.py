"""`shop cart stats`: totals and distributions over all carts of each store."""

from __future__ import annotations

import asyncio
from typing import Any

import click
import msgspec
from rich.console import Console
from rich.table import Table

from shop.cart.around.statistics import AGES, OLDER, Distribution, Statistics
from shop.cart.connect import redacted
from shop.cart.stored import unreadable_in
from shop.commands import progress
from shop.commands.cart.stores import all_opened, configured
from shop.money import Money
from shop.settings import Settings

Found = dict[str, tuple[Statistics, int | None]]
"""Store name -> its statistics, and for a sample the store's approximate number of carts (else None)."""
BAR_WIDTH = 20


def show_statistics(settings: Settings, url: str | None, *, sample: int | None, as_json: bool) -> None:
    """`shop cart stats`."""
    urls = {"--url": url} if url else configured(settings)
    found = asyncio.run(_count(settings, urls, sample))
    if as_json:
        figures = {name: _figures(statistics, total) for name, (statistics, total) in found.items()}
        click.echo(msgspec.json.format(msgspec.json.encode(figures)))
    else:
        _print_statistics(urls, found)


async def _count(settings: Settings, urls: dict[str, str], sample: int | None) -> Found:
    found: Found = {}
    async with all_opened(urls, settings) as stores:
        for name, store in stores.items():
            total = await store.count()
            with progress.shown(unit="carts") as report:
                statistics = Statistics()
                async for cart in store.scan():
                    statistics.add(cart, age=store.now() - cart.changed_at, remaining=store.remaining(cart))
                    report(f"Counting {name}", statistics.carts, sample or total)
                    if statistics.carts == sample:
                        break
            statistics.unreadable = unreadable_in(store)
            found[name] = statistics, total if statistics.carts == sample else None
    return found


def _figures(statistics: Statistics, total: int | None) -> dict[str, Any]:
    return {
        "carts": statistics.carts,
        "sample_of_about": total,
        "empty": statistics.empty,
        "unreadable": statistics.unreadable,
        "pieces": statistics.quantity,
        "expiring_within_a_day": statistics.expiring,
        "lines": statistics.lines,
        "bytes": statistics.bytes,
        "value_in_minor_units": statistics.values,
        "last_change": {age: statistics.ages[age] for age in (*AGES, OLDER)},
    }


def _print_statistics(urls: dict[str, str], found: Found) -> None:
    console = Console()
    for name, (statistics, total) in found.items():
        title = f"{name} ({redacted(urls[name])})"
        table = Table(title=title, title_justify="left", show_header=False)
        for label, figure in _rows(statistics, total):
            table.add_row(label, figure)
        console.print(table)


def _rows(statistics: Statistics, total: int | None) -> list[tuple[str, str]]:
    """The rows of a store's table: label and value."""
    values = (Money(amount, currency).format() for currency, amount in sorted(statistics.values.items()))
    sample = (
        f"a sample of {statistics.carts:,} of about {total:,}; the figures below describe the sample" if total else ""
    )
    return [
        ("Carts", sample or f"{statistics.carts:,}"),
        ("with nothing to buy", f"{statistics.empty:,}"),
        *([("not readable as carts", f"{statistics.unreadable:,}")] if statistics.unreadable else []),
        ("expiring within a day", f"{statistics.expiring:,}"),
        ("Units to buy", f"{statistics.quantity:,}"),
        ("Value", "\n".join(values) or "0"),
        ("Lines per cart", _spread(statistics.lines)),
        ("Bytes per cart", _spread(statistics.bytes)),
        ("Last change", ""),
        *((f"  {age}", _bar(statistics.ages[age], statistics.carts)) for age in (*AGES, OLDER)),
    ]


def _spread(spread: Distribution) -> str:
    return f"{spread.average:.1f} on average, median {spread.median:,}, p95 {spread.p95:,}, max {spread.most:,}"


def _bar(count: int, total: int) -> str:
    filled = round(BAR_WIDTH * count / total) if total else 0
    return f"{'█' * filled}{'·' * (BAR_WIDTH - filled)} {count:,}"
