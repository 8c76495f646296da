"""A server process other than the plain Valkey from pip: another program, or Valkey in another mode."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Sequence

from typing_extensions import override

from shop.demo.ports import PortTaken, says_port_taken
from shop.demo.valkey import Valkey

STARTING_SECONDS = 10.0


class Program(Valkey):
    """A program with a configuration file like valkey.conf, and the same faults as Valkey.

    The command line is `command`, the file, `options`. The file is written at the first start only, because a Sentinel
    stores its state in it.
    """

    def __init__(self, command: Sequence[str], *options: str, further_ports: Sequence[str] = (), **config: str) -> None:
        super().__init__(further_ports=further_ports, **config)
        self._command = command
        self._options = options
        self._process: subprocess.Popen[bytes] | None = None

    @property
    @override
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    @property
    @override
    def runs(self) -> bool:
        return self._process is not None and self._process.poll() is None

    @override
    def _start(self) -> None:
        file = self.folder / "server.conf"
        if not file.exists():
            config = {"port": str(self.port), "bind": "127.0.0.1", "dir": str(self.folder), "save": '""', **self.config}
            file.write_text("".join(f"{name.replace('_', '-')} {value}\n" for name, value in config.items()))
        with (self.folder / "server.log").open("ab") as log:
            self._process = subprocess.Popen(  # noqa: S603 - a local program given by the caller
                [*self._command, str(file), *self._options], stdout=log, stderr=log, cwd=self.folder
            )
        deadline = time.monotonic() + STARTING_SECONDS
        while not (self.answers() and self._answers_itself()):
            if self._process.poll() is not None or time.monotonic() > deadline:
                self.kill()
                said = (self.folder / "server.log").read_text()
                raise (PortTaken if says_port_taken(said) else RuntimeError)(
                    f"{self._command[0]} did not start: {said}"
                )
            time.sleep(0.02)

    @override
    def _move(self) -> None:
        for name in ("server.conf", "server.log"):
            (self.folder / name).unlink(missing_ok=True)
        super()._move()

    @override
    def kill(self) -> None:
        self._end(kill=True)

    @override
    def terminate(self) -> None:
        self._end(kill=False)

    @override
    def stop(self) -> None:
        if self.runs:
            self.kill()
        super().stop()

    def _end(self, *, kill: bool) -> None:
        assert self._process is not None
        if kill:
            self._process.kill()
        else:
            self._process.terminate()
        self._process.wait(timeout=STARTING_SECONDS)
        self._process = None
