"""Connections between the processes of the shop and servers: in order, delayed, cut, reset.

A cut loses nothing: TCP sends again what was not acknowledged, so everything held arrives when the cut has healed, even
what the sender has given up on in the meantime.
"""

from __future__ import annotations

import asyncio
import random
from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any

from tests.simulation.loop import ACTOR, Actor, VirtualLoop

DELAY = (0.0002, 0.002)
"""Seconds that a message takes, from and to."""


class Server(ABC):
    """What listens at an address."""

    listening = True
    """Whether it accepts connections; else it refuses them at once."""
    silent = False
    """Whether its host is gone: nothing is refused, nothing answered."""

    @abstractmethod
    def accepts(self, session: Session) -> None:
        """A connection was opened."""

    @abstractmethod
    def receives(self, session: Session, data: bytes) -> None:
        """Bytes came in on a connection."""

    @abstractmethod
    def ended(self, session: Session) -> None:
        """The other side has closed the connection."""


class Link:
    """The way between a process and a server."""

    def __init__(self, loop: VirtualLoop, chance: random.Random) -> None:
        self.delay = DELAY
        self.cut = False
        self._loop = loop
        self._chance = chance
        self._held: list[Callable[[], None]] = []
        self.sessions: list[Session] = []

    def send(self, deliver: Callable[[], None], earliest: float) -> float:
        """Deliver a message after the delay, and not before `earliest`; returns when."""
        if self.cut:
            self._held.append(deliver)
            return earliest
        low, high = self.delay
        at = max(self._loop.now + (low + (high - low) * self._chance.random()), earliest)
        self._loop.call_at(at, self._arrive, deliver)
        return at

    def heal(self) -> None:
        """End a cut: what was held is sent again."""
        self.cut = False
        held, self._held = self._held, []
        at = self._loop.time()
        for deliver in held:
            at = self.send(deliver, at)

    def reset(self) -> None:
        """Break every connection: what was on its way to either side is lost, or has just arrived."""
        for session in list(self.sessions):
            session.break_off()

    def _arrive(self, deliver: Callable[[], None]) -> None:
        if self.cut:
            self._held.append(deliver)
        else:
            deliver()


class Session:
    """A connection, as the server sees it."""

    def __init__(self, server: Server, link: Link, transport: Transport) -> None:
        self.server = server
        self.state: Any = None
        """What the server remembers of the connection."""
        self.open = True
        self.forgotten = False
        """Whether nothing arrives any more, in either direction."""
        self._link = link
        self._transport = transport
        self._to_client = 0.0
        self._to_server = 0.0
        link.sessions.append(self)

    def reply(self, data: bytes) -> None:
        """Send bytes to the client."""
        if self.open and not self.forgotten:
            self._to_client = self._link.send(lambda: self._transport.receives(data), self._to_client)

    def reset(self) -> None:
        """Close the connection from the server's side; the client notices when the message arrives."""
        if self.open:
            self._forget()
            self._to_client = self._link.send(self._transport.is_reset, self._to_client)

    def vanish(self) -> None:
        """End without a word; the client notices when it sends something and the host is back."""
        if self.open:
            self._forget()

    def break_off(self) -> None:
        """Break the connection on both sides at once."""
        if self.open:
            self._forget()
            self.server.ended(self)
            self._transport.is_reset()

    def send(self, data: bytes) -> None:
        """Send bytes to the server."""
        if not self.forgotten:
            self._to_server = self._link.send(lambda: self._arrives(data), self._to_server)

    def hang_up(self) -> None:
        """Close the connection from the client's side: the server notices after what was sent before."""
        if not self.forgotten:
            self._to_server = self._link.send(self._end, self._to_server)

    def _arrives(self, data: bytes) -> None:
        if self.open:
            self.server.receives(self, data)
        elif not self.server.silent:
            self._link.send(self._transport.is_reset, 0.0)

    def _end(self) -> None:
        if self.open:
            self._forget()
            self.server.ended(self)

    def _forget(self) -> None:
        self.open = False
        if self in self._link.sessions:
            self._link.sessions.remove(self)


class Transport(asyncio.Transport):
    """The process's side of a connection."""

    def __init__(self, loop: VirtualLoop, actor: Actor, protocol: Any) -> None:
        super().__init__()
        self.session: Session | None = None
        self._loop = loop
        self._actor = actor
        self._protocol = protocol
        self._closing = False
        self._lost = False

    def write(self, data: bytes | bytearray | memoryview) -> None:
        if not self._closing and self.session is not None:
            self.session.send(bytes(data))

    def close(self) -> None:
        if not self._closing:
            self._closing = True
            if self.session is not None:
                self.session.hang_up()
            self._loop.call_soon(self._lose, None)

    def abort(self) -> None:
        self.close()

    def is_closing(self) -> bool:
        return self._closing

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        return default

    def set_protocol(self, protocol: asyncio.BaseProtocol) -> None:
        self._protocol = protocol

    def get_protocol(self) -> Any:
        return self._protocol

    def pause_reading(self) -> None:
        pass

    def resume_reading(self) -> None:
        pass

    def is_reading(self) -> bool:
        return not self._closing

    def can_write_eof(self) -> bool:
        return False

    def get_write_buffer_size(self) -> int:
        return 0

    def receives(self, data: bytes) -> None:
        """Bytes came in from the server."""
        self._loop.input(self._actor, self._feed, data)

    def is_reset(self) -> None:
        """The connection was reset."""
        self._loop.input(self._actor, self._break)

    def _feed(self, data: bytes) -> None:
        if not self._closing:
            self._protocol.data_received(data)

    def _break(self) -> None:
        if not self._closing:
            self._closing = True
            self._lose(ConnectionResetError(104, "Connection reset by peer"))

    def _lose(self, error: Exception | None) -> None:
        if not self._lost:
            self._lost = True
            self._protocol.connection_lost(error)


class Network:
    """Every server by its host name, and the link of each process to each."""

    def __init__(self, loop: VirtualLoop, chance: random.Random) -> None:
        self.servers: dict[str, Server] = {}
        self.links: dict[tuple[Actor, str], Link] = {}
        self.cut = False
        """Whether the links of processes that begin are cut too."""
        self.refuses = False
        """Whether every new connection is refused at once."""
        self._loop = loop
        self._chance = chance
        loop.connect = self.connect

    def link(self, actor: Actor, host: str) -> Link:
        """The way from a process to a server."""
        key = (actor, host)
        if key not in self.links:
            link = self.links[key] = Link(self._loop, random.Random(self._chance.random()))
            link.cut = self.cut
        return self.links[key]

    async def connect(self, factory: Callable[[], Any], host: str, port: int) -> tuple[Transport, Any]:
        """Open a connection for the code that runs now, as loop.create_connection does."""
        actor = ACTOR.get()
        assert actor is not None, "only processes open connections"
        if self.refuses:
            raise ConnectionRefusedError(111, f"Connect call failed ({host!r})")
        link, server = self.link(actor, host), self.servers[host]
        opened: asyncio.Future[Session] = self._loop.create_future()
        protocol = factory()
        transport = Transport(self._loop, actor, protocol)

        def arrives() -> None:
            if server.silent or opened.done():
                return
            if not server.listening:
                link.send(lambda: _fail(opened, ConnectionRefusedError(111, f"Connect call failed ({host!r})")), 0.0)
                return
            session = Session(server, link, transport)
            server.accepts(session)
            link.send(lambda: _settle(opened, session), 0.0)

        link.send(arrives, 0.0)
        session = await opened
        transport.session = session
        protocol.connection_made(transport)
        return transport, protocol


def _settle(opened: asyncio.Future[Session], session: Session) -> None:
    if opened.done():
        session.vanish()
    else:
        opened.set_result(session)


def _fail(opened: asyncio.Future[Session], error: Exception) -> None:
    if not opened.done():
        opened.set_exception(error)
