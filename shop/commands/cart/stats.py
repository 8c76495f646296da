"""All carts of a store together: `shop cart stats`."""

from __future__ import annotations

import asyncio
from typing import Any

import click
import msgspec
from rich.console import Console
from rich.table import Table

from shop.cart.around.statistics import AGES, OLDER, Distribution, Statistics
from shop.cart.connect import shown
from shop.cart.service import now
from shop.commands import progress
from shop.commands.cart.stores import all_opened, configured
from shop.money import Money
from shop.settings import Settings

Found = dict[str, tuple[Statistics, int | None]]
"""By the name of a store: its statistics; and, where only a sample was looked at, about how many carts it has."""
BAR = 20


def show_statistics(settings: Settings, url: str | None, *, sample: int | None, as_json: bool) -> None:
    """`shop cart stats`."""
    urls = {"--url": url} if url else configured(settings)
    found = asyncio.run(_count(settings, urls, sample))
    if as_json:
        told = {name: _figures(statistics, of) for name, (statistics, of) in found.items()}
        click.echo(msgspec.json.format(msgspec.json.encode(told)))
    else:
        _print_statistics(urls, found)


async def _count(settings: Settings, urls: dict[str, str], sample: int | None) -> Found:
    found: Found = {}
    async with all_opened(urls, settings) as stores:
        for name, store in stores.items():
            of = await store.count()
            with progress.shown(unit="carts") as tell:
                statistics = Statistics()
                async for cart in store.scan():
                    statistics.add(cart, age=now() - cart.changed_at, remaining=store.remaining(cart))
                    tell(f"Counting {name}", statistics.carts, sample or of)
                    if statistics.carts == sample:
                        break
            found[name] = statistics, of if statistics.carts == sample else None
    return found


def _figures(statistics: Statistics, of: int | None) -> dict[str, Any]:
    return {
        "carts": statistics.carts,
        "sample_of_about": of,
        "empty": statistics.empty,
        "pieces": statistics.pieces,
        "expiring_within_a_day": statistics.expiring,
        "lines": statistics.lines,
        "bytes": statistics.bytes,
        "value_in_minor_units": statistics.values,
        "last_change": {words: statistics.ages[words] for words in (*AGES, OLDER)},
    }


def _print_statistics(urls: dict[str, str], found: Found) -> None:
    console = Console()
    for name, (statistics, of) in found.items():
        title = f"{name} ({shown(urls[name])})"
        table = Table(title=title, title_justify="left", show_header=False)
        for words, figure in _rows(statistics, of):
            table.add_row(words, figure)
        console.print(table)


def _rows(statistics: Statistics, of: int | None) -> list[tuple[str, str]]:
    """What is told of a store, in words and figures."""
    values = (Money(amount, currency).format() for currency, amount in sorted(statistics.values.items()))
    sample = f"a sample of {statistics.carts:,} of about {of:,}; what follows is of the sample" if of else ""
    return [
        ("Carts", sample or f"{statistics.carts:,}"),
        ("with nothing left to buy", f"{statistics.empty:,}"),
        ("expiring within a day", f"{statistics.expiring:,}"),
        ("Pieces to buy", f"{statistics.pieces:,}"),
        ("Value", "\n".join(values) or "0"),
        ("Lines of a cart", _spread(statistics.lines)),
        ("Bytes of a cart", _spread(statistics.bytes)),
        ("Last change", ""),
        *((f"  {words}", _bar(statistics.ages[words], statistics.carts)) for words in (*AGES, OLDER)),
    ]


def _spread(spread: Distribution) -> str:
    return f"{spread.average:.1f} on average, median {spread.median:,}, p95 {spread.p95:,}, most {spread.most:,}"


def _bar(count: int, of: int) -> str:
    filled = round(BAR * count / of) if of else 0
    return f"{'█' * filled}{'·' * (BAR - filled)} {count:,}"
