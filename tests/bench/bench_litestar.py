"""What each part of Litestar costs a request, beside the way of the shop, all in one run.

Run by `make bench`, or alone: `python -m tests.bench.bench_litestar`. Applications of one route are called in this
process, without a server and without a network. The rounds go through all rows in turn. A row shows the processor time
of a request, and how much more that is than for the row beside it, which is called just before: the median of the
rounds, and the quartiles. The last columns say what share that is of what the shop does for a kept page and for an
add. The server's own work comes on top of both: bench_http shows the whole.
"""

from __future__ import annotations

import statistics
import time
import warnings
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import msgspec
import uvloop
from litestar import Litestar
from rich.console import Console
from rich.table import Table

from shop.app import create_app
from shop.settings import Settings
from tests.bench.bench_http import HTMX, PIECES, VISITOR, fill
from tests.bench.litestar_cases import ADD, Case, all_cases
from tests.bench.load import Call
from tests.bench.pace import usually

ROUNDS = usually(61, short=1)
CALLS = usually(100, short=5)
"""A row in a round."""


async def main() -> None:
    """Measure and print the table."""
    with TemporaryDirectory() as folder, warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        async with shop(Path(folder)) as app:
            kept = Case("the shop: front page, kept", app, Call("/", VISITOR), "")
            add = Case("the shop: first add, carts in memory", app, Call("/cart", HTMX, ADD), "")
            cases = [*all_cases(), kept, add]
            show(cases, await measure(cases))


@asynccontextmanager
async def shop(folder: Path) -> AsyncIterator[Litestar]:
    """The whole shop, with carts in memory."""
    database = f"sqlite+aiosqlite:///{folder / 'shop.db'}"
    await fill(database, folder)
    app = create_app(Settings(database_url=database, cart_max_quantity=PIECES, limits=False))
    async with app.lifespan():
        yield app


class Round(msgspec.Struct, frozen=True):
    """The microseconds of a request in one round, and those of the row beside it, called just before."""

    took: float
    beside: float


async def measure(cases: list[Case]) -> list[list[Round]]:
    """The rounds of each row; a first round only warms up."""
    named = {case.name: case for case in cases}
    found: list[list[Round]] = [[] for _ in cases]
    for number in range(ROUNDS + 1):
        for case, rounds in zip(cases, found, strict=True):
            other = named.get(case.beside)
            beside = await cost(other.app, other.call) if other else 0.0
            took = await cost(case.app, case.call)
            if number:
                rounds.append(Round(took, beside))
    return found


async def cost(app: Any, call: Call) -> float:
    """The processor time that this process spends on a call, in microseconds."""
    scope, body = scope_of(call), call.form.encode()
    status = 0

    async def receive() -> dict[str, object]:
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message: dict[str, Any]) -> None:
        nonlocal status
        status = message.get("status", status)

    await app({**scope, "state": {}}, receive, send)
    assert 200 <= status < 400, f"{call.path}: {status}"
    started = time.process_time_ns()
    for _ in range(CALLS):
        await app({**scope, "state": {}}, receive, send)
    return (time.process_time_ns() - started) / CALLS / 1000


def scope_of(call: Call) -> dict[str, object]:
    """What a server makes of the call."""
    headers = [(name.lower().encode(), value.encode()) for name, value in {"Host": "shop.test", **call.headers}.items()]
    if call.form:
        headers.append((b"content-type", b"application/x-www-form-urlencoded"))
        headers.append((b"content-length", b"%d" % len(call.form)))
    return {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": "1.1",
        "method": call.method,
        "scheme": "http",
        "path": call.path,
        "raw_path": call.path.encode(),
        "query_string": b"",
        "root_path": "",
        "headers": headers,
        "server": ("127.0.0.1", 8000),
        "client": ("127.0.0.1", 50000),
    }


def show(cases: list[Case], found: list[list[Round]]) -> None:
    """Print the table."""
    kept, add = (statistics.median(each.took for each in rounds) for rounds in found[-2:])
    table = Table(title=f"In process, uvloop: processor µs of a request, median of {ROUNDS} rounds of {CALLS}")
    for name in ("request", "µs", "more than", "µs more", "quartiles", "ratio", "of a kept page", "of an add"):
        table.add_column(name, justify="left" if name in ("request", "more than") else "right")
    for case, rounds in zip(cases, found, strict=True):
        cells = compared(rounds, kept, add) if case.beside else []
        table.add_row(case.name, f"{statistics.median(each.took for each in rounds):.1f}", case.beside, *cells)
    Console(width=160).print(table)


def compared(rounds: list[Round], kept: float, add: float) -> list[str]:
    """How much more a row took than the one beside it: median, quartiles, ratio, and shares of the shop's own work."""
    more = [each.took - each.beside for each in rounds]
    middle = statistics.median(more)
    low, _, high = statistics.quantiles(more) if len(more) > 1 else (middle, middle, middle)
    ratio = statistics.median(each.took / each.beside for each in rounds)
    return [
        f"{middle:+.1f}",
        f"{low:+.1f} to {high:+.1f}",
        f"{ratio:.2f}",
        f"{middle / kept:+.1%}",
        f"{middle / add:+.1%}",
    ]


if __name__ == "__main__":
    uvloop.run(main())
