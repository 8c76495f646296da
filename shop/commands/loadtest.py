"""`shop loadtest`: a crowd that shops, and a look at whether the shop kept its word."""

from __future__ import annotations

import asyncio
import secrets
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import click

from shop.errors import ConfigurationError
from shop.settings import Settings

if TYPE_CHECKING:
    from shop.loadtest.report import Report
    from shop.loadtest.tally import Second

COMING_SECONDS = 5
"""In which all shoppers come, where nothing else is said."""


@click.command()
@click.option("--url", default="http://127.0.0.1:8000", show_default=True, help="The shop.")
@click.option("--own", is_flag=True, help="Open a shop for it, with plenty in stock, which is gone afterwards.")
@click.option("--users", type=click.IntRange(1), default=50, show_default=True, help="Shoppers.")
@click.option("--seconds", type=click.IntRange(1), default=60, show_default=True, help="How long.")
@click.option("--spawn-rate", type=click.FloatRange(0.1), help="Shoppers who come per second; all in 5 s by default.")
@click.option(
    "--pace",
    type=click.FloatRange(0.01),
    default=10.0,
    show_default=True,
    help="How many times as fast as Online Boutique's shoppers, who wait 1 to 10 seconds between two tasks.",
)
@click.option("--html", type=click.Path(path_type=Path, dir_okay=False), help="Also write the report here, with plots.")
@click.option("--json", "as_json", is_flag=True, help="For programs: the report with every second and every order.")
@click.option("--i-own-this-host", "owned", is_flag=True, help="The shop may be on another machine.")
def loadtest(
    url: str,
    own: bool,
    users: int,
    seconds: int,
    spawn_rate: float | None,
    pace: float,
    html: Path | None,
    as_json: bool,
    owned: bool,
) -> None:
    """Let a crowd shop, and prove that nothing was lost, doubled or charged twice.

    The tasks and their weights are those of Online Boutique's load generator. Each shopper knows what their cart must
    be; orders, charges and stock are checked in the database that the settings name (DATABASE_URL), if it is this
    shop's. The orders are real: test a shop that nobody else uses. Ctrl+C ends the test early.

    Exit status: 0 all is well; 1 something was lost, doubled, charged twice, or failed; 2 it could not begin.
    """
    if find_spec("locust") is None:
        words = "`shop loadtest` needs locust: pip install 'shop[loadtest]' (in a clone: -e '.[loadtest]')."
        raise ConfigurationError(words)
    from shop.loadtest.own_shop import own_shop
    from shop.loadtest.plan import refuse_other_machines

    if not (owned or own):
        refuse_other_machines(url)
    with own_shop() if own else nullcontext((url.rstrip("/"), Settings.from_env())) as (where, settings):
        coming = spawn_rate or users / COMING_SECONDS
        report = _tested(where, settings, users=users, seconds=seconds, spawn_rate=coming, pace=pace)
    _tell(report, html, as_json=as_json)
    sys.exit(0 if report.well else 1)


def _tested(url: str, settings: Settings, *, users: int, seconds: int, spawn_rate: float, pace: float) -> Report:
    from shop.loadtest.driving import drive
    from shop.loadtest.plan import Plan
    from shop.loadtest.target import handles_of

    run, handles = secrets.token_hex(4), handles_of(url)
    plan = Plan(url=url, users=users, seconds=seconds, spawn_rate=spawn_rate, pace=pace, run=run, handles=handles)
    with _shown(seconds) as tell:
        return asyncio.run(drive(plan, settings, tell))


def _tell(report: Report, html: Path | None, *, as_json: bool) -> None:
    if html:
        from shop.loadtest.page import page

        html.write_text(page(report), encoding="utf-8")
    if as_json:
        import msgspec

        click.echo(msgspec.json.format(msgspec.json.encode(report)).decode())
    else:
        from shop.loadtest.telling import tell

        tell(report)


@contextmanager
def _shown(seconds: int) -> Iterator[Callable[[Second], None]]:
    """What happens, as a bar on standard error; nothing where that is no terminal."""
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    console = Console(stderr=True)
    if not console.is_terminal:
        yield lambda _: None
        return
    words = TextColumn("{task.description}")
    with Progress(words, BarColumn(), TimeRemainingColumn(compact=True), console=console, transient=True) as bar:
        task = bar.add_task("Shoppers are coming …", total=seconds)

        def tell(second: Second) -> None:
            told = (
                f"{second.users} shoppers, {second.requests:,} requests/s, p95 {second.p95:.0f} ms, "
                f"{second.orders:,} orders, {second.failed:,} failed"
            )
            bar.update(task, completed=second.at, description=told)

        yield tell
