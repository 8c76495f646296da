"""Requests per second of the shop's pages beside a Litestar route that answers two words, all in one run.

Each server is one uvicorn worker with uvloop and httptools. The rounds go through all rows in turn, and each row
shows its median, so that what else the machine does falls on all alike. Where the system tells it (Linux), the
processor time that the server spent on a request is shown too: it depends least on what else the machine does.
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
BROWSER = {"Accept": "text/html", "Accept-Encoding": "gzip, deflate, br", "Sec-Fetch-Mode": "navigate"}
VISITOR = {**BROWSER, "Cookie": "cart_count=3; currency=EUR"}
"""The plain route gets the same headers as the pages: reading them is the server's work, not the shop's."""
CARTS = usually(1000, short=20)
"""So many that a cart sees a few dozen changes, as carts do; a few carts would collect hundreds of change ids."""
PIECES = 60_000
"""What a line may hold here, so that no add is refused for the number of the round it comes in."""


def plain() -> Litestar:
    """The least that a Litestar application can answer."""

    @get("/", media_type=MediaType.TEXT)
    async def two_words() -> str:
        return "Hello, world"

    return Litestar([two_words], openapi_config=None, logging_config=None)


class Server(msgspec.Struct, frozen=True):
    """A running server."""

    port: int
    pid: int

    def seconds(self) -> float:
        """The processor time it has used; 0.0 where the system does not tell."""
        try:
            fields = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
        except OSError:
            return 0.0
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


class Measured(msgspec.Struct, frozen=True):
    """A round of a row: what came back, and the server's processor time for each answer, in microseconds."""

    result: Result
    cost: float


class Row(msgspec.Struct, frozen=True):
    """A line of the table: what is asked, of which server, and the share of the plain route it should reach."""

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
        settings = {"DATABASE_URL": database, "CART_MAX_QUANTITY": str(PIECES)}
        bare = stack.enter_context(server("tests.bench.bench_http:plain"))
        memory = stack.enter_context(server("shop.app:create_app", REDIS_URL="", **settings))
        redis = stack.enter_context(server("shop.app:create_app", REDIS_URL=valkey.url, **settings))
        rows = [Row("plain text", bare, [Call("/", VISITOR)]), *pages(memory)]
        rows += [*changes(memory, "memory"), *changes(redis, "Redis")]
        show(rows, measure(rows))


def pages(server: Server) -> list[Row]:
    """Browse pages, by a browser with a badge."""
    uncompressed = {**VISITOR, "Accept-Encoding": "identity"}
    return [
        Row("front page", server, [Call("/", VISITOR)], 0.7),
        Row("front page, not compressed", server, [Call("/", uncompressed)], 0.7),
        Row("category", server, [Call("/?category=tableware", VISITOR)], 0.7),
        Row("product page", server, [Call("/product/tide-mug", VISITOR)], 0.7),
        Row("listing for htmx", server, [Call("/?q=mug", {**HTMX, "Accept-Encoding": "gzip"})]),
    ]


def changes(server: Server, where: str) -> list[Row]:
    """What shoppers with three lines in the cart do; the add is by htmx, with the drawer in its reply."""
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
    return visitor.cookies["session"]


def measure(rows: list[Row]) -> list[list[Measured]]:
    """The results of each row, one a round; a first round usually only warms up."""
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
    """Answers a second."""
    return statistics.median(measured.result.per_second for measured in found)


def cost(found: list[Measured]) -> float:
    """The server's processor time for an answer, in microseconds."""
    return statistics.median(measured.cost for measured in found)


async def fill(database: str, folder: Path) -> None:
    """The demo catalogue, but with no end of anything: the bench adds more than a warehouse holds."""
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
    """An application served by one uvicorn worker; ready to answer."""
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
