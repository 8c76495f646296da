"""Opens a demonstration, shows how its parts are doing, starts dead ones again, and leaves nothing behind."""

from __future__ import annotations

import shlex
import shutil
import signal
import tempfile
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path
from queue import Empty, SimpleQueue
from types import FrameType

from rich.console import Console

from shop.demo.parts import Part, Shop
from shop.demo.revival import Revival
from shop.demo.status import screen, status, topology_table
from shop.demo.topologies import TOPOLOGIES, Topology
from shop.errors import ShopError

OPENING_SECONDS = 60.0
LOOK_SECONDS = 0.5
PLAIN_WIDTH = 160

Ended = SimpleQueue[int]
"""Signals that ask for the end. A queue, because nothing else may be waited for and be filled by a signal handler."""


def show(name: str, *, port: int, keep: Path | None, restart_after: float) -> None:
    """Run the demonstration of this name until a signal ends it. Raises ShopError where a part does not start."""
    console = Console(width=None if Console().is_terminal else PLAIN_WIDTH, highlight=False)
    with _signals() as ended, _folder(keep) as folder, ExitStack() as ending:
        topology = TOPOLOGIES[name](folder)
        for part in topology.parts:
            ending.callback(part.end)
        console.print(f"Starting {', '.join(part.name for part in topology.parts)} and the shop …")
        _start(topology)
        shop = Shop(folder, port, **topology.settings())
        ending.callback(shop.end)
        shop.start()
        if _opened(shop, ended):
            _introduce(console, topology, shop, restart_after)
            _watch(console, (*topology.parts, shop), ended, restart_after)
        console.print("Ending all of it …")
    console.print(f"Everything has ended; its data is in {folder}." if keep else "Everything has ended.")


@contextmanager
def _signals() -> Iterator[Ended]:
    """What arrives of the signals that end a process; one that the caller ignores (nohup) stays ignored."""
    ended: Ended = SimpleQueue()

    def remember(number: int, _: FrameType | None) -> None:
        ended.put(number)

    numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    before = {number: signal.getsignal(number) for number in numbers}
    for number in numbers:
        if before[number] is not signal.SIG_IGN:
            signal.signal(number, remember)
    try:
        yield ended
    finally:
        for number in numbers:
            signal.signal(number, before[number])


def _asked_to_end(ended: Ended, seconds: float) -> bool:
    """Wait so long at most."""
    try:
        ended.get(timeout=seconds)
    except Empty:
        return False
    return True


@contextmanager
def _folder(keep: Path | None) -> Iterator[Path]:
    """The folder of all data: every server's own is made below it."""
    if keep:
        keep.mkdir(parents=True, exist_ok=True)
    folder = keep.resolve() if keep else Path(tempfile.mkdtemp(prefix="shop-demo-"))
    folder.chmod(0o711)  # PostgreSQL, which root starts as another user, has to pass through
    before, tempfile.tempdir = tempfile.tempdir, str(folder)
    try:
        yield folder
    finally:
        tempfile.tempdir = before
        if not keep:
            shutil.rmtree(folder, ignore_errors=True)


def _start(topology: Topology) -> None:
    try:
        topology.start()
    except Exception as error:
        raise ShopError(f"The servers did not start: {error}") from error


def _opened(shop: Shop, ended: Ended) -> bool:
    """Whether the shop has opened, before somebody asked for the end. Raises ShopError if it does not open."""
    deadline = time.monotonic() + OPENING_SECONDS
    while not (shop.has_opened and status(shop).state == "alive"):
        if shop.moves():
            shop.start()
        elif shop.pid is None or time.monotonic() > deadline:
            raise ShopError(f"The shop did not open: {shop.log.read_text().strip() or 'it said nothing'}")
        if _asked_to_end(ended, 0.1):
            return False
    return True


def _introduce(console: Console, topology: Topology, shop: Shop, restart_after: float) -> None:
    parts = (*topology.parts, shop)
    console.print(topology_table(parts, [status(part) for part in parts]))
    given = " ".join(f"{name}={shlex.quote(value)}" for name, value in topology.settings().items())
    console.print(
        f"\nThe shop      {shop.url}\nIts numbers   {shop.url}/metrics\nIts log       {shop.log}", soft_wrap=True
    )
    console.print(f"Its doctor    {given} shop doctor", soft_wrap=True)
    again = f"is started again after {restart_after:g} s" if restart_after else "stays dead (--restart-after)"
    console.print("\nTo hang a part, write -STOP instead of -9; -CONT lets it go on.", soft_wrap=True)
    console.print(f"A part that is dead {again}. Things to try:", soft_wrap=True)
    for experiment in topology.experiments:
        console.print(f"  - {experiment}", soft_wrap=True)
    console.print("Ctrl+C ends all of it.\n")


def _watch(console: Console, parts: Sequence[Part], ended: Ended, restart_after: float) -> None:
    """Show how the parts are doing until the end is asked for."""
    revival = Revival(parts, restart_after)
    with ThreadPoolExecutor(len(parts)) as pool, screen(console) as update:
        while not _asked_to_end(ended, LOOK_SECONDS):
            statuses = list(pool.map(status, parts))
            update(statuses, revival.care(statuses))
