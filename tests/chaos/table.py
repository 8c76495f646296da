"""Prints what a crowd of shoppers met while servers were killed, hung, emptied and cut off.

`make chaos` plays every fault with each crew; ONLY=hung,kill or ONLY=Redis or ONLY="hung (2 workers)" or
ONLY="two shops" those alone; SECONDS=10 says how long each lasts.
"""

from __future__ import annotations

import asyncio
import sys
from contextlib import closing
from itertools import groupby
from typing import Any

import click
from rich.console import Console
from rich.table import Table

from tests.chaos.load import PAUSE_SECONDS, SHOPPERS, Outcome
from tests.chaos.rows import ALL
from tests.chaos.scene import Case, Pace, Result, play
from tests.chaos.stage import Stages

COLUMNS = (
    "requests", "failed", "cut", "slowest", "p99 quiet", "p99 outside", "ratio", "standby s",
    "acknowledged", "lost", "doubled", "resurrected", "vanished",
)  # fmt: skip
COMPLAINTS = 3
"""So many of each row are printed."""
READ_IT = """\
{shoppers} shoppers with two tabs each, a request every {pause:.0f} ms and tab. Times in milliseconds.
failed: errors, refusals, no answer from a shop that was open. cut: no answer while the shop itself was down on purpose.
p99 outside: of requests begun later than a second after the fault; ratio: to the quiet before it.
lost, doubled: pieces in the stores and in orders at the end. resurrected: lines that had been taken out, ordered or
forgotten, and that an answer or a store at the end has again. vanished: answers that lacked what had been acknowledged
before. (why): what physics forbids in this row, whoever serves."""


@click.command()
@click.option("--only", default="", help="Names of rows, of rungs or of crews, with commas between them.")
@click.option("--seconds", type=float, help="How long each fault lasts.")
@click.option("--quiet", type=float, default=Pace().quiet, help="Seconds before a fault, and after it.")
def main(only: str, seconds: float | None, quiet: float) -> None:
    """Play the faults and print the table; the exit status is 1 where anything was failed, lost or doubled."""
    played_cases = chosen(only)
    console = Console(width=None if sys.stdout.isatty() else 170)
    table = Table("name", "fault", title="Faults under load")
    for column in COLUMNS:
        table.add_column(column, justify="right")
    complaints: list[str] = []
    with closing(Stages()) as stages:
        for rung, together in groupby(played_cases, lambda case: case.rung):
            table.add_section()
            table.add_row(rung, style="bold")
            for case in together:
                console.print(f"{rung}: {case.name} …", style="dim", highlight=False)
                pace = Pace(quiet=quiet, fault=seconds or case.row.seconds or Pace().fault, after=quiet)
                figures, said = played(case, stages, pace)
                fault = f"{case.row.fault} ({case.physics.why})" if case.physics else case.row.fault
                table.add_row(case.name, fault, *figures)
                complaints += [f"{case.name}: {words}" for words in said]
    console.print(table)
    console.print(READ_IT.format(shoppers=SHOPPERS, pause=PAUSE_SECONDS * 1000), highlight=False)
    for words in complaints:
        console.print(words, markup=False, style="red")
    sys.exit(1 if complaints else 0)


def played(case: Case[Any], stages: Stages, pace: Pace) -> tuple[list[str], list[str]]:
    """A row's figures, and the first of its complaints."""
    if why := case.row.stage.missing():
        return [f"not played: {why}"], []
    try:
        result = asyncio.run(play(case, stages.on(case.row.stage, case.crew), pace))
    except Exception as error:
        stages.close()
        return ["not played to its end"], [repr(error)]
    return cells(result), result.complaints(case)[:COMPLAINTS]


def chosen(only: str) -> list[Case[Any]]:
    """The rows by name, rung or crew; all of them for ''. Raises click.BadParameter."""
    names = {name.strip().lower() for name in only.split(",") if name.strip()}
    found = [case for case in ALL if not names or names & _names(case)]
    if not found:
        raise click.BadParameter(f"No such row. There are: {', '.join(dict.fromkeys(case.row.name for case in ALL))}.")
    return found


def _names(case: Case[Any]) -> set[str]:
    """By what it can be chosen."""
    return {name.lower() for name in (case.name, case.row.name, case.rung, case.crew.name) if name}


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
        f"{result.standby_seconds:.1f}",
        *map(
            str, (result.acknowledged, verdict.lost, verdict.doubled, len(verdict.resurrected), len(verdict.vanished))
        ),
    ]


if __name__ == "__main__":
    main()
