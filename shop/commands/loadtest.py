"""`shop loadtest`: simulates shoppers, and checks that the shop lost and doubled nothing."""

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
    from shop.loadtest.report.report import Report
    from shop.loadtest.tally import Second

SPAWN_SECONDS = 5
"""Seconds in which all shoppers arrive, by default."""


@click.command()
@click.option("--url", default="http://127.0.0.1:8000", show_default=True, help="URL of the shop.")
@click.option("--own", is_flag=True, help="Start a temporary shop with plenty in stock, and delete it afterwards.")
@click.option("--users", type=click.IntRange(1), default=50, show_default=True, help="Number of shoppers.")
@click.option("--seconds", type=click.IntRange(1), default=60, show_default=True, help="Duration of the test.")
@click.option(
    "--spawn-rate", type=click.FloatRange(0.1), help="Shoppers that start per second; by default all within 5 s."
)
@click.option(
    "--pace",
    type=click.FloatRange(0.01),
    default=10.0,
    show_default=True,
    help="Speed relative to Online Boutique's shoppers, who wait 1 to 10 seconds between tasks.",
)
@click.option(
    "--html", type=click.Path(path_type=Path, dir_okay=False), help="Also write an HTML report with plots to this file."
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON: the report with every second and every order.")
@click.option("--i-own-this-host", "owned", is_flag=True, help="Allow a shop on another machine.")
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
    """Simulate shoppers, and prove that nothing was lost, doubled or charged twice.

    The tasks and their weights are those of Online Boutique's load generator. Each shopper knows what its cart must
    contain. Orders, charges and stock are checked in the database of the settings (DATABASE_URL), if it is the
    database of the tested shop. The orders are real: test a shop that nobody else uses. Ctrl+C ends the test early.

    Exit status: 0 OK; 1 something was lost, doubled or charged twice, or a request failed; 2 the test could not start.
    """
    if find_spec("locust") is None:
        message = "`shop loadtest` needs locust: pip install 'shop[loadtest]' (in a clone: -e '.[loadtest]')."
        raise ConfigurationError(message)
    from shop.loadtest.own_shop import own_shop
    from shop.loadtest.plan import refuse_other_machines

    if not (owned or own):
        refuse_other_machines(url)
    with own_shop() if own else nullcontext((url.rstrip("/"), Settings.from_env())) as (where, settings):
        rate = spawn_rate or users / SPAWN_SECONDS
        report = _run(where, settings, users=users, seconds=seconds, spawn_rate=rate, pace=pace)
    _print(report, html, as_json=as_json)
    sys.exit(0 if report.well else 1)


def _run(url: str, settings: Settings, *, users: int, seconds: int, spawn_rate: float, pace: float) -> Report:
    from shop.loadtest.driving import drive
    from shop.loadtest.plan import Plan
    from shop.loadtest.target import handles_of

    run, handles = secrets.token_hex(4), handles_of(url)
    plan = Plan(url=url, users=users, seconds=seconds, spawn_rate=spawn_rate, pace=pace, run=run, handles=handles)
    with _progress_bar(seconds) as on_second:
        return asyncio.run(drive(plan, settings, on_second))


def _print(report: Report, html: Path | None, *, as_json: bool) -> None:
    if html:
        from shop.loadtest.report.html import page

        html.write_text(page(report), encoding="utf-8")
    if as_json:
        import msgspec

        click.echo(msgspec.json.format(msgspec.json.encode(report)).decode())
    else:
        from shop.loadtest.report.terminal import print_report

        print_report(report)


@contextmanager
def _progress_bar(seconds: int) -> Iterator[Callable[[Second], None]]:
    """A progress bar on standard error, updated every second; nothing if that is not a terminal."""
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    console = Console(stderr=True)
    if not console.is_terminal:
        yield lambda _: None
        return
    text = TextColumn("{task.description}")
    with Progress(text, BarColumn(), TimeRemainingColumn(compact=True), console=console, transient=True) as bar:
        task = bar.add_task("Starting shoppers …", total=seconds)

        def update(second: Second) -> None:
            description = (
                f"{second.users} shoppers, {second.requests:,} requests/s, p95 {second.p95:.0f} ms, "
                f"{second.orders:,} orders, {second.failed:,} failed"
            )
            bar.update(task, completed=second.at, description=description)

        yield update
