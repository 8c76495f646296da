"""Compares the cost of a page with 36 and with up to a million products, on SQLite and PostgreSQL.

Run by `make bench`, or alone: `python -m tests.bench.bench_catalog`. Pages are read from the database each time, not
from the cache of the shop; 'warm' is the same page from it. The ratio is the median of the largest catalogue to that of
the smallest.
"""

from __future__ import annotations

import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
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
from tests.fixtures.large_catalog import multiply, write_catalog
from tests.fixtures.postgres import postgres_database, postgres_server

CALLS = usually(101, short=1)
IMPORTED = usually(100_000, short=500)
"""Products that are imported at most; more are copies of these."""
SIZES = (36, usually(10_000, short=100), IMPORTED, IMPORTED * usually(10, short=2))
FILE = f"{IMPORTED}.csv"
Times = dict[str, tuple[float, float]]
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


async def measure(url: str) -> Times:
    """The latency of each call in milliseconds."""
    engine = create_engine(url)
    repository = CatalogRepository(engine, "EUR")
    cached = CachedCatalog(repository)
    first = (await repository.page(Query())).listings
    products = [product for listing in first[:5] if (product := await repository.product(listing.handle))]
    skus = [product.variants[0].sku for product in products]
    times = {name: await _latency(call) for name, call in calls(repository, cached, first[0].handle, skus).items()}
    await cached.close()
    await engine.dispose()
    return times


async def _latency(call: Callable[[], Awaitable[object]]) -> tuple[float, float]:
    """The median and the 99th percentile."""
    taken = []
    for _ in range(CALLS + 1):
        started = time.perf_counter()
        await call()
        taken.append((time.perf_counter() - started) * 1000)
    taken = sorted(taken[1:])  # the first one compiles the statements
    return statistics.median(taken), taken[int(len(taken) * 0.99)]


def load(file: Path, url: str) -> float:
    """Import a file by the command line, in its own process. Returns the seconds it took."""
    command = [sys.executable, "-m", "shop.cli", "catalog", "import", str(file)]
    started = time.perf_counter()
    subprocess.run(command, env={**os.environ, "DATABASE_URL": url}, check=True, capture_output=True)
    return time.perf_counter() - started


@contextmanager
def databases(folder: Path) -> Iterator[dict[str, list[str]]]:
    """Empty databases of each kind, one for each of SIZES."""
    with ExitStack() as stack:
        socket = stack.enter_context(postgres_server(f"bench-{os.getpid()}"))
        yield {
            "SQLite": [f"sqlite:///{folder / f'{size}.db'}" for size in SIZES],
            "PostgreSQL": [stack.enter_context(postgres_database(socket)) for _ in SIZES],
        }


def fill(folder: Path, url: str, size: int) -> None:
    """Import a catalogue of this size; the largest one is a smaller one multiplied."""
    imported = min(size, IMPORTED)
    file = folder / f"{imported}.csv"
    if not file.exists():
        write_catalog(file, imported)
    load(file, url)
    if size > imported:
        uvloop.run(multiply(url, size // imported))


def main() -> None:
    """Measure and print."""
    console = Console()
    with tempfile.TemporaryDirectory() as name, databases(Path(name)) as urls:
        folder = Path(name)
        for kind, of_sizes in urls.items():
            results = []
            for size, url in zip(SIZES, of_sizes, strict=True):
                fill(folder, url, size)
                results.append(uvloop.run(measure(url)))
            console.print(table_of(kind, results))
            console.print(f"{kind}: {IMPORTED:,} products imported again in {load(folder / FILE, of_sizes[-2]):.0f} s")
        peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
        megabytes = (folder / FILE).stat().st_size / 1e6
        console.print(f"Peak memory of an import: {peak:.0f} MB; the file has {megabytes:.0f} MB")


def table_of(kind: str, results: Sequence[Times]) -> Table:
    """The latencies of each call, by size."""
    table = Table("", title=f"{kind}: milliseconds, median / 99th percentile, by number of products")
    for size in SIZES:
        table.add_column(f"{size:,}", justify="right")
    table.add_column("ratio of medians", justify="right")
    for call in results[0]:
        cells = [result[call] for result in results]
        ratio = cells[-1][0] / cells[0][0]
        table.add_row(call, *(f"{median:.2f} / {slow:.2f}" for median, slow in cells), f"{ratio:.1f}")
    return table


if __name__ == "__main__":
    main()
