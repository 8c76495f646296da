"""Runs a demonstration: starts its processes, shows their state, restarts dead ones, and cleans up."""

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
from shop.demo.restarter import Restarter
from shop.demo.status import screen, status, topology_table
from shop.demo.topologies import TOPOLOGIES, Topology
from shop.errors import ShopError

OPENING_SECONDS = 60.0
LOOK_SECONDS = 0.5
PLAIN_WIDTH = 160

Ended = SimpleQueue[int]
"""Signals that stop the demo. A SimpleQueue, because it can be filled from a signal handler and waited for."""


def show(name: str, *, port: int, keep: Path | None, restart_after: float) -> None:
    """Run the demonstration with this name until a signal stops it. Raises ShopError if a process does not start."""
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
        console.print("Stopping everything …")
    console.print(f"Everything has stopped; the data is in {folder}." if keep else "Everything has stopped.")


@contextmanager
def _signals() -> Iterator[Ended]:
    """A queue of received SIGINT, SIGTERM and SIGHUP; a signal that the caller ignores (nohup) stays ignored."""
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


def _signalled(ended: Ended, seconds: float) -> bool:
    """Wait for a signal, at most `seconds`; whether one came."""
    try:
        ended.get(timeout=seconds)
    except Empty:
        return False
    return True


@contextmanager
def _folder(keep: Path | None) -> Iterator[Path]:
    """The folder for all data: every server creates its own folder below it."""
    if keep:
        keep.mkdir(parents=True, exist_ok=True)
    folder = keep.resolve() if keep else Path(tempfile.mkdtemp(prefix="shop-demo-"))
    folder.chmod(0o711)  # PostgreSQL, started by root as another user, must be able to traverse it
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
    """Wait until the shop answers; False if a signal came first. Raises ShopError if the shop does not start."""
    deadline = time.monotonic() + OPENING_SECONDS
    while not (shop.has_opened and status(shop).state == "alive"):
        if shop.moves():
            shop.start()
        elif shop.pid is None or time.monotonic() > deadline:
            raise ShopError(f"The shop did not start: {shop.log.read_text().strip() or 'its log is empty'}")
        if _signalled(ended, 0.1):
            return False
    return True


def _introduce(console: Console, topology: Topology, shop: Shop, restart_after: float) -> None:
    parts = (*topology.parts, shop)
    console.print(topology_table(parts, [status(part) for part in parts]))
    settings = " ".join(f"{name}={shlex.quote(value)}" for name, value in topology.settings().items())
    console.print(
        f"\nShop          {shop.url}\nMetrics       {shop.metrics_url}\nLog           {shop.log}", soft_wrap=True
    )
    console.print(f"Doctor        {settings} shop doctor", soft_wrap=True)
    restart = f"is restarted after {restart_after:g} s" if restart_after else "stays dead (--restart-after)"
    console.print("\nTo hang a process, use -STOP instead of -9; -CONT resumes it.", soft_wrap=True)
    console.print(f"A dead process {restart}. Things to try:", soft_wrap=True)
    for experiment in topology.experiments:
        console.print(f"  - {experiment}", soft_wrap=True)
    console.print("Ctrl+C stops everything.\n")


def _watch(console: Console, parts: Sequence[Part], ended: Ended, restart_after: float) -> None:
    """Show the state of the processes, and restart dead ones, until a signal comes."""
    restarter = Restarter(parts, restart_after)
    with ThreadPoolExecutor(len(parts)) as pool, screen(console) as update:
        while not _signalled(ended, LOOK_SECONDS):
            statuses = list(pool.map(status, parts))
            update(statuses, restarter.restart_due(statuses))
