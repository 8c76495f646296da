"""A progress bar on the terminal for commands that take longer than a second."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from io import BufferedReader

from shop.catalog.writing.importing import Progress

DELAY_SECONDS = 1.0
"""The bar appears only after this time."""


@contextmanager
def shown(file: BufferedReader | None = None, *, unit: str = "products") -> Iterator[Progress]:
    """Yield a callback that shows progress as a bar on standard error; it does nothing if that is not a terminal.

    For the step 'Reading' the callback's `done` is the position in `file`, in bytes; for any other step it is a number
    of `unit`.
    """
    from rich.console import Console

    console = Console(stderr=True)
    if not console.is_terminal:
        yield lambda _what, _done, _of: None
        return
    from rich.progress import BarColumn, TaskID, TextColumn, TimeElapsedColumn, TimeRemainingColumn
    from rich.progress import Progress as Bar

    size = os.fstat(file.fileno()).st_size if file is not None and file.seekable() else None
    texts = TextColumn("{task.description}"), BarColumn(), TextColumn("{task.fields[amount]}")
    columns = *texts, TimeElapsedColumn(), TimeRemainingColumn(compact=True)
    begun = time.monotonic()
    with Bar(*columns, console=console, transient=True, auto_refresh=False) as bar:
        tasks: dict[str, TaskID] = {}
        last = begun

        def report(what: str, done: int, of: int | None) -> None:
            nonlocal last
            now = time.monotonic()
            if now - begun < DELAY_SECONDS or now - last < 0.1:
                return
            last = now
            reading = what == "Reading"
            amount = f"{done / 1e6:.1f} MB" if reading else f"{done:,} {unit}"
            if what not in tasks:
                tasks[what] = bar.add_task(what, total=size if reading else of, amount=amount)
            bar.update(tasks[what], completed=done, amount=amount, refresh=True)

        yield report
