"""Ports of this machine for servers of our own."""

from __future__ import annotations

import socket
from collections.abc import Callable
from contextlib import suppress
from random import SystemRandom

PORTS = range(10_000, 30_000)
TRIES = 10


class PortTaken(Exception):
    """A server could not bind its port. The text is what it said."""


def says_port_taken(text: str) -> bool:
    """Whether a program that wrote this could not bind its port: the system's words for EADDRINUSE."""
    return "address already in use" in text.lower()


def free_port() -> int:
    """A port that is free now, outside the range that the system gives to outgoing connections.

    Another process may take it before a server binds it: see `start_on_free_port`. Raises RuntimeError where no
    port is free.
    """
    for port in SystemRandom().sample(PORTS, 100):
        with suppress(OSError), socket.create_server(("127.0.0.1", port)):
            return port
    raise RuntimeError("This machine has no free port.")


def free_ports(number: int) -> list[int]:
    """Different ports that are free now. Raises RuntimeError where there are too few."""
    ports: set[int] = set()
    while len(ports) < number:
        ports.add(free_port())
    return list(ports)


def start_on_free_port(start: Callable[[], None], move: Callable[[], None]) -> None:
    """Call `start`; while it raises PortTaken, `move` the server to another port and start it again.

    Raises what else `start` raises, and PortTaken after TRIES ports.
    """
    for _ in range(TRIES - 1):
        try:
            return start()
        except PortTaken:
            move()
    return start()
