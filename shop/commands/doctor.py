"""`shop doctor`: prints what is wrong with an installation and how to fix it."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from shop.errors import ConfigurationError
from shop.settings import Settings, read_env_file

if TYPE_CHECKING:
    from shop.operations.findings import Report

PLAIN_WIDTH = 120
"""Width of the report in columns when the output is not a terminal."""
STYLES = {"ok": "green", "note": "cyan", "warning": "yellow", "problem": "bold red"}


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print JSON for monitoring: every finding with its figures.")
@click.option("--live", is_flag=True, help="Also list what is still a demonstration. Implied by PUBLIC_URL.")
def doctor(as_json: bool, live: bool) -> None:
    """Check the settings, the database and the cart stores, and say what is wrong and how to fix it.

    Exit status: 0 OK, or notes only; 1 warnings; 2 problems. The command changes nothing, except that it writes a test
    cart with a TTL of one second to each store and deletes it. It waits at most two seconds for a store that hangs.
    """
    report = _examine(live=live)
    if as_json:
        import msgspec

        body = {"status": report.level, "findings": report.findings}
        click.echo(msgspec.json.format(msgspec.json.encode(body)).decode())
    else:
        _show(report)
    sys.exit(report.exit_status)


def _examine(*, live: bool) -> Report:
    from shop.operations.doctor import examine
    from shop.operations.findings import Report
    from shop.operations.settings_findings import settings_problem

    try:
        settings = Settings.from_env()
    except ConfigurationError as error:
        return Report((settings_problem(error),))
    return asyncio.run(examine(settings, read_env_file(Path(".env")), live=live))


def _show(report: Report) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table.grid(padding=(0, 2))
    part = ""
    for finding in report.findings:
        if finding.part != part:
            part = finding.part
            table.add_row(Text(part, style="bold"))
        says = Text(finding.says)
        if finding.advice:
            says.append(f"\n-> {finding.advice}", style=STYLES[finding.level])
        table.add_row(Text(f"  {finding.level}", style=STYLES[finding.level]), finding.about, says)
    console = Console()
    if not console.is_terminal:
        console = Console(width=PLAIN_WIDTH)
    console.print(table)
    console.print(Text(_total(report), style=STYLES[report.level]))


def _total(report: Report) -> str:
    """The last line: the number of findings of each level."""
    from shop.operations.findings import counted

    levels = [str(finding.level) for finding in report.findings]
    counts = [counted(levels.count(level), level) for level in ("problem", "warning", "note")]
    return f"{', '.join(counts)}, {levels.count('ok')} OK."
