"""The state of a demonstration's processes, as rows of a table or lines of text."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

import msgspec
from rich.console import Console
from rich.live import Live
from rich.table import Table

from shop.demo.parts import Look, Part

LINES_SECONDS = 5.0
"""Without a terminal, the interval of the status lines if nothing changes."""
COLOURS = {"alive": "green", "opening": "cyan", "hung": "yellow", "dead": "bold red"}


class Status(msgspec.Struct, frozen=True):
    """A process at one moment."""

    part: str
    address: str
    pid: int | None
    state: str
    """alive, opening (nothing listens yet), hung (the process exists but does not answer) or dead."""
    look: Look


def status(part: Part) -> Status:
    """Inspect a process."""
    pid = part.pid
    if pid is None:
        return Status(part.name, part.address, None, "dead", Look(""))
    try:
        return Status(part.name, part.address, pid, "alive", part.look())
    except Exception as error:
        refused = isinstance(getattr(error, "reason", None), ConnectionRefusedError)
        return Status(part.name, part.address, pid, "opening" if refused else "hung", Look(""))


def topology_table(parts: Sequence[Part], statuses: Sequence[Status]) -> Table:
    """The table of processes with their addresses and the commands to kill them."""
    table = Table("part", "role", "address", "kill it", box=None, pad_edge=False)
    for part, seen in zip(parts, statuses, strict=True):
        table.add_row(part.name, seen.look.role, part.address, f"kill -9 {part.target}")
    return _unwrapped(table, len(table.columns))


def status_table(statuses: Sequence[Status], back: dict[str, str]) -> Table:
    """One row per process; `back` maps dead ones to a note on their restart."""
    table = Table("part", "pid", "state", "role", "carts", "calls/s", "", box=None, pad_edge=False)
    for seen in statuses:
        state = f"[{COLOURS[seen.state]}]{seen.state}[/]"
        look = seen.look
        numbers = ("" if look.carts is None else str(look.carts), "" if look.calls is None else f"{look.calls:.0f}")
        note = back.get(seen.part, look.note)
        table.add_row(seen.part, str(seen.pid or ""), state, look.role, *numbers, note)
    return _unwrapped(table, len(table.columns) - 1)


def status_line(seen: Status, back: dict[str, str]) -> str:
    """A row of the status table as one line of text."""
    look = seen.look
    fields = (
        f"{seen.part} {seen.address}",
        f"pid {seen.pid} {seen.state}" if seen.pid else seen.state,
        look.role,
        "" if look.carts is None else f"{look.carts} {'cart' if look.carts == 1 else 'carts'}",
        "" if look.calls is None else f"{look.calls:.0f} calls/s",
        back.get(seen.part, look.note),
    )
    return f"{time.strftime('%H:%M:%S')}  " + ", ".join(field for field in fields if field)


def _unwrapped(table: Table, columns: int) -> Table:
    """Make the first columns as wide as their contents: a truncated command cannot be copied."""
    for column in table.columns[:columns]:
        column.no_wrap = True
        column.overflow = "ignore"
    return table


@contextmanager
def screen(console: Console) -> Iterator[Callable[[Sequence[Status], dict[str, str]], None]]:
    """A callback that updates a table in place, or prints lines if there is no terminal."""
    if console.is_terminal:
        with Live(console=console, auto_refresh=False) as live:
            yield lambda statuses, back: live.update(status_table(statuses, back), refresh=True)
        return
    shown: list[tuple[int | None, str]] = []
    at = 0.0

    def update(statuses: Sequence[Status], back: dict[str, str]) -> None:
        nonlocal shown, at
        now, states = time.monotonic(), [(seen.pid, seen.state) for seen in statuses]
        if states != shown or now - at >= LINES_SECONDS:
            shown, at = states, now
            for seen in statuses:
                console.print(status_line(seen, back), soft_wrap=True)

    yield update
