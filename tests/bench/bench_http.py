"""Compares requests per second of the shop's pages with a trivial Litestar route, all in one run.

Each server is one uvicorn worker with uvloop and httptools. Each round measures all rows, and each row shows its
median, so that other load on the machine affects all rows alike. On Linux the server's processor time per request is
shown too: it depends least on other load.
"""

from __future__ import annotations

import asyncio
import csv
import os
import socket
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import httpx
import msgspec
from litestar import Litestar, MediaType, get
from rich.console import Console
from rich.table import Table

from shop.catalog.demo import CATALOG
from shop.catalog.exchange_rates import read_rates
from shop.catalog.writing.importing import CatalogImport
from shop.database import create_engine, migrate
from shop.demo.valkey import Valkey
from tests.bench.load import CONNECTIONS, Call, Result, client, load
from tests.bench.pace import usually

ROUNDS = usually(5, short=1)
SECONDS = usually(2, short=1)
HTMX = {"HX-Request": "true", "HX-Request-Type": "partial", "HX-Target": "main#main", "Accept": "text/html"}
BROWSER = {"Accept": "text/html", "Accept-Encoding": "gzip, deflate, br, zstd", "Sec-Fetch-Mode": "navigate"}
VISITOR = {**BROWSER, "Cookie": "cart_count=3; currency=EUR"}
"""The plain route gets the same headers as the pages: reading them is the server's work, not the shop's."""
CARTS = usually(1000, short=20)
"""Enough that each cart gets a realistic few dozen changes; fewer carts would collect hundreds of change ids."""
PIECES = 60_000
"""Maximum quantity of a line, so high that no add is refused in later rounds."""


def plain() -> Litestar:
    """A minimal Litestar application."""

    @get("/", media_type=MediaType.TEXT)
    async def two_words() -> str:
        return "Hello, world"

    return Litestar([two_words], openapi_config=None, logging_config=None)


class Server(msgspec.Struct, frozen=True):
    """A running server."""

    port: int
    pid: int

    def seconds(self) -> float:
        """Its processor time in seconds; 0.0 if the system does not report it."""
        try:
            fields = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
        except OSError:
            return 0.0
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


class Measured(msgspec.Struct, frozen=True):
    """One round of a row: the responses, and the server's processor time per response in microseconds."""

    result: Result
    cost: float


class Row(msgspec.Struct, frozen=True):
    """A row of the table: the requests, the server, and the share of the trivial route that it should reach."""

    name: str
    server: Server
    calls: list[Call]
    target: float = 0.0


def main() -> None:
    """Measure and print the table."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory()))
        database = f"sqlite+aiosqlite:///{folder / 'shop.db'}"
        asyncio.run(fill(database, folder))
        valkey = Valkey()
        valkey.start()
        stack.callback(valkey.stop)
        settings = {"DATABASE_URL": database, "CART_MAX_QUANTITY": str(PIECES), "LOG_LEVEL": "WARNING"}
        bare = stack.enter_context(server("tests.bench.bench_http:plain"))
        memory = stack.enter_context(server("shop.app:create_app", REDIS_URL="", **settings))
        redis = stack.enter_context(server("shop.app:create_app", REDIS_URL=valkey.url, **settings))
        rows = [Row("plain text", bare, [Call("/", VISITOR)]), *pages(memory)]
        rows += [*changes(memory, "memory"), *changes(redis, "Redis")]
        show(rows, measure(rows))


def pages(server: Server) -> list[Row]:
    """Browse pages, for a browser with items in its cart badge."""
    uncompressed = {**VISITOR, "Accept-Encoding": "identity"}
    return [
        Row("front page", server, [Call("/", VISITOR)], 0.7),
        Row("front page, not compressed", server, [Call("/", uncompressed)], 0.7),
        Row("category", server, [Call("/?category=tableware", VISITOR)], 0.7),
        Row("product page", server, [Call("/product/tide-mug", VISITOR)], 0.7),
        Row("listing for htmx", server, [Call("/?q=mug", {**HTMX, "Accept-Encoding": "gzip"})]),
    ]


def changes(server: Server, where: str) -> list[Row]:
    """Requests of shoppers with three lines in the cart; the add is an htmx request whose response has the drawer."""
    with httpx.Client(base_url=f"http://127.0.0.1:{server.port}") as visitor:
        tokens = [shopper(visitor) for _ in range(CARTS)]
    cookies = [{"Cookie": f"session={token}; cart_count=3"} for token in tokens]
    add = "product_id=tide-mug&variant_id=TIDE-MUG-MOSS&quantity=1"
    headers = [{**HTMX, **cookie, "Origin": f"http://127.0.0.1:{server.port}"} for cookie in cookies]
    return [
        Row(f"add to cart, {where}", server, [Call("/cart", each, add) for each in headers], 0.25 * (where == "Redis")),
        Row(f"cart page, {where}", server, [Call("/cart", {**BROWSER, **cookie}) for cookie in cookies]),
    ]


def shopper(visitor: httpx.Client) -> str:
    """The token of a new session with three lines in its cart."""
    visitor.cookies.clear()
    for sku in ("TIDE-MUG-MOSS", "TIDE-MUG-CHALK", "TIDE-MUG-CLAY"):
        visitor.post("/cart", data={"product_id": "tide-mug", "variant_id": sku}, headers=HTMX).raise_for_status()
    return visitor.cookies["neap_session"]


def measure(rows: list[Row]) -> list[list[Measured]]:
    """The results of each row, one per round; the first round is usually only a warm-up."""
    results: list[list[Measured]] = [[] for _ in rows]
    for number in range(usually(0, short=1), ROUNDS + 1):
        for row, found in zip(rows, results, strict=True):
            before = row.server.seconds()
            result = load(row.server.port, row.calls, SECONDS if number else 1)
            if number:
                found.append(Measured(result, (row.server.seconds() - before) / result.answers * 1e6))
    return results


def show(rows: list[Row], results: list[list[Measured]]) -> None:
    """Print the table."""
    table = Table(title=f"{client()}, {CONNECTIONS} connections, median of {ROUNDS} rounds of {SECONDS} s")
    for name in (
        "request",
        "a second",
        "lowest",
        "highest",
        "of plain",
        "target",
        "processor µs",
        "of plain",
        "failed",
    ):
        table.add_column(name, justify="left" if name == "request" else "right")
    base, base_cost = rate(results[0]), cost(results[0])
    for row, found in zip(rows, results, strict=True):
        rates = [measured.result.per_second for measured in found]
        table.add_row(
            row.name,
            *(f"{number:,.0f}" for number in (rate(found), min(rates), max(rates))),
            f"{rate(found) / base:.2f}",
            f"{row.target:.2f}" if row.target else "",
            f"{cost(found):,.0f}",
            f"{base_cost / cost(found):.2f}" if base_cost else "",
            str(sum(measured.result.failed for measured in found)),
        )
    Console(width=120).print(table)


def rate(found: list[Measured]) -> float:
    """Responses per second."""
    return statistics.median(measured.result.per_second for measured in found)


def cost(found: list[Measured]) -> float:
    """The server's processor time per response, in microseconds."""
    return statistics.median(measured.cost for measured in found)


async def fill(database: str, folder: Path) -> None:
    """The demo catalogue with unlimited stock, because the benchmark adds huge quantities."""
    endless = folder / "endless.csv"
    with CATALOG.open(newline="") as source, endless.open("w", newline="") as target:
        reader = csv.DictReader(source)
        writer = csv.DictWriter(target, reader.fieldnames or [])
        writer.writeheader()
        writer.writerows({**row, "Inventory tracker": "", "Inventory quantity": ""} for row in reader)
    await migrate(database)
    engine = create_engine(database)
    with endless.open("rb") as source:
        await CatalogImport(engine, "EUR", read_rates()).run(source)
    await engine.dispose()


@contextmanager
def server(app: str, **environ: str) -> Iterator[Server]:
    """Serve an application with one uvicorn worker, and wait until it answers."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = int(free.getsockname()[1])
    command = [sys.executable, "-m", "uvicorn", "--factory", app, "--port", str(port), "--loop", "uvloop"]
    options = ["--http", "httptools", "--no-access-log", "--log-level", "warning"]
    process = subprocess.Popen([*command, *options], env={**os.environ, **environ})
    try:
        deadline = time.monotonic() + 30
        while not _answers(port):
            assert process.poll() is None, "the server has ended"
            assert time.monotonic() < deadline, "the server did not start"
            time.sleep(0.05)
        yield Server(port, process.pid)
    finally:
        process.terminate()
        process.wait()


def _answers(port: int) -> bool:
    try:
        return httpx.get(f"http://127.0.0.1:{port}/").is_success
    except httpx.TransportError:
        return False


if __name__ == "__main__":
    main()
