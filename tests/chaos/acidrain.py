"""Prints what parallel requests could make a shop do: `make acidrain`; ONLY=last,coupon those attacks alone."""

from __future__ import annotations

import asyncio
import sys
from collections import Counter
from contextlib import closing

import click
from rich.console import Console
from rich.table import Table

from tests.chaos.attacks import ALL
from tests.chaos.attacks.attack import Attack, Result, raid
from tests.chaos.attacks.buyer import Said
from tests.chaos.attacks.shops import STAGES
from tests.chaos.stage import Stage, Stages

COLUMNS = ("attempts", "to an order", "told", "come again", "orders", "violations")
COMPLAINTS = 3
"""So many of each attack are printed."""
READ_IT = """\
attempts: orders that were sent. to an order: answers that lead to one. told: answers that say why not, nothing charged.
come again: answers that ask to try again in a moment. orders: that were made and did not fail.
violations: of an attack's own promise; pieces missing, too many or less than none; a coupon used too often; orders that
do not add up, that were not charged what they come to, once, or that have no confirmation."""


@click.command()
@click.option("--only", default="", help="Names of attacks, with commas between them.")
@click.option("--few", is_flag=True, help="With as few orders at once as the tests, for a slow machine.")
def main(only: str, few: bool) -> None:
    """Attack a shop on each database and print the table; the exit status is 1 where anything was violated."""
    attacks = chosen(only)
    console = Console(width=None if sys.stdout.isatty() else 150)
    table = Table("name", "attack", title="Attacks")
    for column in COLUMNS:
        table.add_column(column, justify="right")
    complaints: list[str] = []
    with closing(Stages()) as stages:
        for kind in STAGES:
            table.add_section()
            table.add_row(kind.__doc__, style="bold")
            for attack in attacks:
                console.print(f"{kind.__doc__}: {attack.words} …", style="dim", highlight=False)
                result = made(attack, kind, stages, attack.few if few else attack.many)
                table.add_row(attack.name, attack.words, *cells(result))
                complaints += [f"{kind.__doc__}, {attack.name}: {words}" for words in result.violations[:COMPLAINTS]]
    console.print(table)
    console.print(READ_IT, highlight=False)
    for words in complaints:
        console.print(words, markup=False, style="red")
    sys.exit(1 if complaints else 0)


def made(attack: Attack, kind: type[Stage], stages: Stages, many: int) -> Result:
    """What came of an attack with this many orders at once."""
    try:
        return asyncio.run(raid(attack, stages.on(kind), many))
    except Exception as error:
        stages.close()
        return Result(0, Counter(), 0, [f"not made to its end: {error!r}"])


def chosen(only: str) -> list[Attack]:
    """The attacks by name; all of them for ''. Raises click.BadParameter."""
    names = {name.strip() for name in only.split(",") if name.strip()}
    attacks = [attack for attack in ALL if not names or attack.name in names]
    if not attacks:
        raise click.BadParameter(f"No such attack. There are: {', '.join(attack.name for attack in ALL)}.")
    return attacks


def cells(result: Result) -> list[str]:
    """Its figures, in the order of COLUMNS."""
    said = [result.said[one] for one in (Said.ORDERED, Said.TOLD, Said.AWAY)]
    return [str(number) for number in (result.attempts, *said, result.orders, len(result.violations))]


if __name__ == "__main__":
    main()
