"""Serves the shop with uvicorn on our own socket, so that a port in use is an error before anything starts."""

from __future__ import annotations

import asyncio
import math
import signal
import socket
from collections.abc import Callable, Sequence
from contextlib import suppress
from importlib.util import find_spec
from typing import Any

import click
import uvicorn
from typing_extensions import override
from uvicorn.server import ServerState
from uvicorn.supervisors import ChangeReload, Multiprocess, multiprocess

from shop.connections import BoundedProtocol
from shop.errors import ConfigurationError
from shop.resources import PACKAGE, resource_dir
from shop.settings import Settings

APP = "shop.app:create_app"
BACKLOG = 2048
GRACE_SECONDS = 5
"""How long requests in progress may take to finish when the shop stops; more if a payment may take longer."""
SOURCES = ("*.py", "*.html", "*.txt", "*.css", "*.js", "*.po", "*.svg", "*.json", "*.webmanifest")
"""Files that are read once, at startup: `--reload` restarts the shop when one of them changes."""


def listen(host: str, port: int) -> socket.socket:
    """A listening socket. Raises ConfigurationError if the address is in use or not allowed."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
        listener.listen(BACKLOG)
        listener.set_inheritable(True)
    except OSError as error:
        listener.close()
        message = f"The shop cannot listen on {host}:{port} ({error.strerror}). Choose another --host or --port."
        raise ConfigurationError(message) from error
    return listener


class DrainedServer(uvicorn.Server):
    """uvicorn's server, which takes the connections that wait before it closes its port: the kernel resets the rest."""

    @override
    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        take_waiting(sockets or [], self.config, self.server_state, self.lifespan.state)
        await super().shutdown(sockets)


def take_waiting(
    listeners: Sequence[socket.socket], config: uvicorn.Config, server_state: ServerState, app_state: dict[str, Any]
) -> None:
    """Accept every connection that waits; each is served, though nobody awaits that here."""
    loop = asyncio.get_running_loop()

    def protocol() -> BoundedProtocol:
        return BoundedProtocol(config=config, server_state=server_state, app_state=app_state)

    for listener in listeners:
        listener.setblocking(False)
        with suppress(BlockingIOError, InterruptedError):
            while True:
                connection, _ = listener.accept()
                connection.setblocking(False)
                task = loop.create_task(_served(loop, protocol, connection))
                _taking.add(task)
                task.add_done_callback(_taking.discard)


async def _served(
    loop: asyncio.AbstractEventLoop, protocol: Callable[[], BoundedProtocol], connection: socket.socket
) -> None:
    _, taken = await loop.connect_accepted_socket(protocol, connection)
    taken.shutdown()


_taking: set[asyncio.Task[None]] = set()


class DrainedProcess(multiprocess.Process):
    """uvicorn's worker with our server: the workers share one queue of waiting connections."""

    @property
    @override
    def server(self) -> uvicorn.Server:
        if self._server is None:
            self._server = DrainedServer(self.config)
        return self._server


class DrainedProcesses(Multiprocess):
    """uvicorn's supervisor, which closes its own copy of the port first: connections would wait there in vain."""

    @override
    def terminate_all(self) -> None:
        for listener in self.sockets:
            listener.close()
        super().terminate_all()


def serve(settings: Settings, listener: socket.socket, *, reload: bool = False) -> None:
    """Serve until a signal stops the process; requests in progress are finished first.

    `reload`: restart when a source file changes. Raises ConfigurationError if watchfiles is not installed.
    """
    if reload and find_spec("watchfiles") is None:
        raise ConfigurationError("--reload needs the package watchfiles. Run 'bin/setup dev' to install it.")
    config = uvicorn.Config(
        APP,
        factory=True,
        loop="auto",
        http=BoundedProtocol,
        workers=settings.workers,
        reload=reload,
        reload_dirs=[str(PACKAGE), str(resource_dir("templates")), str(resource_dir("static"))] if reload else None,
        reload_includes=[*SOURCES] if reload else None,
        log_config=None,
        access_log=False,
        server_header=False,
        date_header=True,
        timeout_graceful_shutdown=max(GRACE_SECONDS, math.ceil(settings.payment_seconds) + 2),
        forwarded_allow_ips=settings.trusted_proxies,
    )
    host, port = listener.getsockname()[:2]
    click.echo(f"The shop is open at http://{f'[{host}]' if ':' in host else host}:{port} (Ctrl+C closes it)")
    server = DrainedServer(config)
    _end_cleanly()
    with suppress(KeyboardInterrupt):
        if reload:
            ChangeReload(config, target=server.run, sockets=[listener]).run()
        elif settings.workers > 1:
            multiprocess.Process = DrainedProcess  # type: ignore[misc] # uvicorn has no setting for it
            DrainedProcesses(config, sockets=[listener]).run()
        else:
            server.run(sockets=[listener])


def _end_cleanly() -> None:
    """Let SIGTERM, and SIGHUP unless it is ignored, end this process as Ctrl+C does: callers close what is open.

    uvicorn raises SIGTERM again after it has stopped, and does not handle SIGHUP.
    """
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:
        signal.signal(signal.SIGHUP, lambda *_: signal.raise_signal(signal.SIGTERM))
