"""Prints the report of a load test on a terminal."""

from __future__ import annotations

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table
from rich.text import Text

from shop.loadtest.checks import Check
from shop.loadtest.report.report import Report

PLAIN_WIDTH = 120
"""Width of the report in columns when the output is not a terminal."""
MAX_VIOLATIONS = 5
"""Maximum violations shown for each promise; the HTML report lists all."""


def print_report(report: Report) -> None:
    """Print the report."""
    console = Console(highlight=False)
    if not console.is_terminal:
        console = Console(highlight=False, width=PLAIN_WIDTH)
    console.print(_requests(report), _promises(report), sep="\n")
    console.print(Text("\n".join(report.said), style="dim"))
    console.print(Text(report.headline, style="bold green" if report.well else "bold red"))


def _requests(report: Report) -> Table:
    plan, seen = report.plan, report.seen
    table = Table(box=SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0))
    table.title = f"{plan.users} shoppers at {plan.url} for {seen.seconds:.0f} s, {report.orders:,} orders"
    table.title_justify = "left"
    table.add_column("request", no_wrap=True)
    for heading in ("number", "a second", "refused", "failed", "p50 ms", "p95", "p99", "slowest"):
        table.add_column(heading, justify="right")
    for kind in report.kinds:
        if kind is seen.total:
            table.add_section()
        times = (f"{value:,.1f}" for value in (kind.p50, kind.p95, kind.p99, kind.most))
        counts = f"{kind.requests:,}", f"{kind.requests / seen.seconds:,.1f}", f"{kind.refused:,}"
        table.add_row(kind.name, *counts, Text(f"{kind.failed:,}", style="bold red" if kind.failed else ""), *times)
    return table


def _promises(report: Report) -> Table:
    table = Table.grid(padding=(0, 2))
    for check in report.checks:
        table.add_row(*_promise(check))
    return table


def _promise(check: Check) -> tuple[Text, Text]:
    text = Text(check.promise)
    if check.kept is None:
        text.append(f"\n{check.not_checked}", style="yellow")
        return Text("not checked", style="yellow"), text
    text.append(f" ({check.looked_at})", style="dim")
    for wrong in check.wrong[:MAX_VIOLATIONS]:
        text.append(f"\n{wrong}", style="red")
    if more := len(check.wrong) - MAX_VIOLATIONS:
        text.append(f"\nand {more:,} more" if more > 0 else "", style="red")
    return (Text("kept", style="green") if check.kept else Text("broken", style="bold red")), text
