"""`shop doctor`: what is wrong, and what to do."""

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
"""Columns where the report is not shown on a terminal."""
STYLES = {"ok": "green", "note": "cyan", "warning": "yellow", "problem": "bold red"}


@click.command()
@click.option("--json", "as_json", is_flag=True, help="For monitors: everything that was found, with its numbers.")
def doctor(as_json: bool) -> None:
    """Look at the settings, the database and the stores of carts, and say what is wrong and what to do.

    Exit status: 0 all is well, or notes only; 1 warnings; 2 problems. It changes nothing: to see that a store takes
    a change it writes a cart of a second, and deletes it. A store that hangs is waited for two seconds at most.
    """
    report = _examined()
    if as_json:
        import msgspec

        body = {"status": report.level, "findings": report.findings}
        click.echo(msgspec.json.format(msgspec.json.encode(body)).decode())
    else:
        _show(report)
    sys.exit(report.exit_status)


def _examined() -> Report:
    from shop.operations.doctor import examine
    from shop.operations.findings import Report
    from shop.operations.settings_findings import wrong

    try:
        settings = Settings.from_env()
    except ConfigurationError as error:
        return Report((wrong(error),))
    return asyncio.run(examine(settings, read_env_file(Path(".env"))))


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
    """How much was found of each kind."""
    from shop.operations.findings import counted

    levels = [str(finding.level) for finding in report.findings]
    told = [counted(levels.count(level), level) for level in ("problem", "warning", "note")]
    return f"{', '.join(told)}, {levels.count('ok')} well."
