"""Compares the cost of a page with 36 and with 100,000 products, on SQLite and PostgreSQL.

Run by `make bench`, or alone: `python -m tests.bench.bench_catalog [PRODUCTS]`. Pages are read from the
database each time, without the shop's cache; 'warm' is the same page from that cache. The ratio is the cost of the
large catalogue to the small one; the time is the median of repeated calls.
"""

from __future__ import annotations

import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import uvloop
from rich.console import Console
from rich.table import Table

from shop.catalog.model import Query, Sort
from shop.catalog.reading.cache import CachedCatalog
from shop.catalog.reading.repository import CatalogRepository
from shop.database import create_engine
from tests.bench.pace import usually
from tests.fixtures.large_catalog import write_catalog
from tests.fixtures.postgres import postgres_database, postgres_server

SMALL = 36
CALLS = usually(41, short=1)
MANY = usually(100_000, short=1_000)
Calls = dict[str, Callable[[], Awaitable[object]]]


def queries() -> dict[str, Query]:
    """Queries of shoppers, from the front page to the most expensive."""
    sorts: tuple[Sort, ...] = ("price-asc", "price-desc", "newest", "name")
    return {
        "front page": Query(),
        "last page of 100": Query(page=100),
        "category": Query(category="mugs"),
        **{f"category, {sort}": Query(category="mugs", sort=sort) for sort in sorts},
        "in stock": Query(in_stock=True, sort="price-asc"),
        "price band, featured": Query(min_price=20, max_price=21),
        "option": Query(options=(("Colour", "Moss"),), sort="price-asc"),
        "category and two options": Query(category="mugs", options=(("Colour", "Moss"), ("Size", "Large"))),
        "search, one product": Query(q="mug 7"),
        "search, a word of 1 in 12": Query(q="stool"),
        "search, a word of most": Query(q="kabel"),
        "search, one letter": Query(q="m"),
        "search, a typo": Query(q="stoool"),
        "search, not all words": Query(q="stool xylophone"),
        "search, by price": Query(q="kabel", sort="price-asc"),
        "search in a category, in stock": Query(q="kabel", category="mugs", in_stock=True),
    }


def calls(repository: CatalogRepository, cached: CachedCatalog, handle: str, skus: list[str]) -> Calls:
    """Every read that the shop makes of its catalogue."""
    return {
        "product": lambda: repository.product(handle),
        "five offers": lambda: repository.offers(skus),
        "related": lambda: repository.related(handle),
        "categories": repository.categories,
        "version": repository.version,
        **{name: lambda query=query: repository.page(query) for name, query in queries().items()},  # type: ignore[misc]
        "front page, warm": lambda: cached.page(Query()),
        "product, warm": lambda: cached.product(handle),
    }


async def measure(url: str) -> dict[str, float]:
    """The latency of each call in milliseconds."""
    engine = create_engine(url)
    repository = CatalogRepository(engine, "EUR")
    cached = CachedCatalog(repository)
    first = (await repository.page(Query())).listings
    products = [product for listing in first[:5] if (product := await repository.product(listing.handle))]
    skus = [product.variants[0].sku for product in products]
    times = {name: await _median(call) for name, call in calls(repository, cached, first[0].handle, skus).items()}
    await cached.close()
    await engine.dispose()
    return times


async def _median(call: Callable[[], Awaitable[object]]) -> float:
    taken = []
    for _ in range(CALLS):
        started = time.perf_counter()
        await call()
        taken.append(time.perf_counter() - started)
    return statistics.median(taken) * 1000


def load(file: Path, url: str) -> float:
    """Import a file by the command line, in its own process. Returns the seconds it took."""
    command = [sys.executable, "-m", "shop.cli", "catalog", "import", str(file)]
    started = time.perf_counter()
    subprocess.run(command, env={**os.environ, "DATABASE_URL": url}, check=True, capture_output=True)
    return time.perf_counter() - started


@contextmanager
def databases(folder: Path) -> Iterator[dict[str, tuple[str, str]]]:
    """Two empty databases of each kind."""
    with ExitStack() as stack:
        socket = stack.enter_context(postgres_server(f"bench-{os.getpid()}"))
        small, large = (stack.enter_context(postgres_database(socket)) for _ in range(2))
        yield {
            "SQLite": (f"sqlite:///{folder / 'small.db'}", f"sqlite:///{folder / 'large.db'}"),
            "PostgreSQL": (small, large),
        }


def main(products: int = MANY) -> None:
    """Measure and print."""
    console = Console()
    with tempfile.TemporaryDirectory() as name, databases(Path(name)) as urls:
        folder = Path(name)
        for number in (SMALL, products):
            write_catalog(folder / f"{number}.csv", number)
        table = Table(title=f"The catalogue: milliseconds for {SMALL} and for {products:,} products")
        table.add_column("")
        results = []
        for kind, (small, large) in urls.items():
            load(folder / f"{SMALL}.csv", small)
            first, again = (load(folder / f"{products}.csv", large) for _ in range(2))
            console.print(
                f"{kind}: {products:,} products imported in {first:.0f} s, again without a change in {again:.0f} s"
            )
            results.append((uvloop.run(measure(small)), uvloop.run(measure(large))))
            for heading in (f"{kind}: {SMALL}", f"{products:,}", "ratio"):
                table.add_column(heading, justify="right")
        peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
        console.print(
            f"Peak memory of an import: {peak:.0f} MB; the file has {_size(folder / f'{products}.csv'):.0f} MB"
        )
        for call in results[0][0]:
            cells = [(few[call], many[call], many[call] / few[call]) for few, many in results]
            table.add_row(call, *(f"{a:.3f}" if i < 2 else f"{a:.1f}" for row in cells for i, a in enumerate(row)))
        console.print(table)


def _size(file: Path) -> float:
    return file.stat().st_size / 1e6


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
