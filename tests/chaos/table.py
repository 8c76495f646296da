"""Prints what a crowd of shoppers met while servers were killed, hung, emptied and cut off.

`make chaos` plays every fault; ONLY=hung,kill or ONLY=Redis those alone; SECONDS=10 says how long each lasts.
"""

from __future__ import annotations

import asyncio
import sys
from contextlib import closing
from typing import Any

import click
from rich.console import Console
from rich.table import Table

from tests.chaos.load import PAUSE_SECONDS, SHOPPERS, Outcome
from tests.chaos.rows import ALL
from tests.chaos.scene import Pace, Result, Row, Stages, play

COLUMNS = (
    "requests", "failed", "cut", "slowest", "p99 quiet", "p99 outside", "ratio", "on standby",
    "acknowledged", "lost", "doubled", "vanished",
)  # fmt: skip


@click.command()
@click.option("--only", default="", help="Names of rows, or of rungs, with commas between them.")
@click.option("--seconds", type=float, help="How long each fault lasts.")
@click.option("--quiet", type=float, default=Pace().quiet, help="Seconds before a fault, and after it.")
def main(only: str, seconds: float | None, quiet: float) -> None:
    """Play the faults and print the table; the exit status is 1 where anything was failed, lost or doubled."""
    rows = chosen(only)
    console = Console(width=None if sys.stdout.isatty() else 190)
    table = Table("rung", "name", "fault", *COLUMNS, title="Faults under load; times in milliseconds")
    words: list[str] = []
    with closing(Stages()) as stages:
        for row in rows:
            console.print(f"{row.rung}: {row.fault} …", style="dim", highlight=False)
            pace = Pace(quiet=quiet, fault=seconds or row.seconds or Pace().fault, after=quiet)
            try:
                result = asyncio.run(play(row, stages.on(row.stage), pace))
            except (AssertionError, TimeoutError) as error:
                words.append(f"{row.name}: not played to its end: {error!r}")
                table.add_row(row.rung, row.name, row.fault, "not played to its end")
                stages.close()
                continue
            table.add_row(row.rung, row.name, row.fault, *cells(result))
            words += [f"{row.name}: {said}" for said in (*result.words[:3], *result.verdict.words[:3])]
    console.print(table)
    console.print(f"{SHOPPERS} shoppers with two tabs each, a request about every {PAUSE_SECONDS * 1000:.0f} ms.")
    for said in words:
        console.print(said, markup=False, style="red")
    sys.exit(1 if words else 0)


def chosen(only: str) -> list[Row[Any]]:
    """The rows by name or rung; all of them for ''. Raises click.BadParameter."""
    names = {name.strip().lower() for name in only.split(",") if name.strip()}
    rows = [row for row in ALL if not names or names & {row.name.lower(), row.rung.lower()}]
    if not rows:
        raise click.BadParameter(f"No such row. There are: {', '.join(row.name for row in ALL)}.")
    return rows


def cells(result: Result) -> list[str]:
    """A row's figures, in the order of COLUMNS."""
    quiet, outside, verdict = result.p99_quiet, result.p99_outside, result.verdict
    return [
        str(len(result.requests)),
        str(result.count(Outcome.FAILED)),
        str(result.count(Outcome.CUT)),
        f"{result.slowest * 1000:.0f}",
        f"{quiet * 1000:.1f}",
        f"{outside * 1000:.1f}",
        f"{outside / quiet:.1f}" if quiet else "",
        f"{result.standby_seconds:.1f} s",
        *map(str, (result.acknowledged, verdict.lost, verdict.doubled, verdict.vanished)),
    ]


if __name__ == "__main__":
    main()
