"""The server's side of a connection, with bounds: nobody can occupy it with endless headers, or by saying nothing.

A proxy in front bounds all this too, but not every shop has one, and one connection must not stop a worker.
"""

from __future__ import annotations

import asyncio
import logging
import resource

import httptools
from typing_extensions import override
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

REQUEST_SECONDS = 15.0
"""In which a request must be complete, counted from its first byte, or from the connection's beginning."""
MAX_HEAD = 32 * 1024
"""Bytes of request line and headers."""
MAX_HEADERS = 100
LINGER_SECONDS = 0.25
"""For which a connection without a request stays open at the end: a proxy may have sent one that is not here yet."""
SPARE_FILES = 128
"""File descriptors that are left for stores, logs and files."""
_ANSWERS = {
    400: b"400 Bad Request",
    408: b"408 Request Timeout",
    431: b"431 Request Header Fields Too Large",
    503: b"503 Service Unavailable",
}

log = logging.getLogger(__name__)


def max_connections() -> int:
    """As many connections as this process has files for, at most 10,000."""
    files, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return min(10_000, max(files - SPARE_FILES, SPARE_FILES))


class Refused(Exception):
    """A request that is not answered by the shop; `status` says why."""

    def __init__(self, status: int) -> None:
        super().__init__(status)
        self.status = status


class BoundedProtocol(HttpToolsProtocol):
    """uvicorn's protocol, which refuses what is too large, too slow or too much."""

    most = max_connections()

    @override
    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._head = 0
        self._is_head = True
        self._deadline: asyncio.TimerHandle | None = None
        self._is_ending = False
        if len(self.connections) > self.most:
            self._refuse(503)
        else:
            self._start_deadline()

    @override
    def connection_lost(self, exc: Exception | None) -> None:
        self._stop_deadline()
        super().connection_lost(exc)

    @override
    def data_received(self, data: bytes) -> None:
        if self.transport.is_closing():
            return
        if self._deadline is None:
            self._start_deadline()
        if self._is_head:
            self._head += len(data)
        self._unset_keepalive_if_required()
        try:
            self.parser.feed_data(data)
        except httptools.HttpParserUpgrade:
            pass
        except httptools.HttpParserError as error:
            cause = error.__context__
            self._refuse(cause.status if isinstance(cause, Refused) else 400)
            return
        if self._is_head and self._head > MAX_HEAD:
            self._refuse(431)

    @override
    def on_header(self, name: bytes, value: bytes) -> None:
        super().on_header(name, value)
        if len(self.headers) > MAX_HEADERS or len(name) + len(value) > MAX_HEAD:
            raise Refused(431)

    @override
    def on_headers_complete(self) -> None:
        self._is_head, self._head = False, 0
        if sum(len(name) + len(value) for name, value in self.headers) > MAX_HEAD:
            raise Refused(431)
        hosts = sum(name == b"host" for name, _ in self.headers)
        if hosts > 1 or (hosts == 0 and self.parser.get_http_version() == "1.1"):  # RFC 9112, 3.2
            raise Refused(400)
        if self._is_ending:
            self.headers.append((b"connection", b"close"))  # as if the client had asked: it is told, and not surprised
        super().on_headers_complete()
        if self._is_ending:
            self.cycle.keep_alive = False

    @override
    def shutdown(self) -> None:
        """End after the request that is in progress, or that may be on its way."""
        self._is_ending = True
        if self.cycle is None or self.cycle.response_complete:
            self.loop.call_later(LINGER_SECONDS, self._end_if_idle)
        else:
            self.cycle.keep_alive = False

    def _end_if_idle(self) -> None:
        if (self.cycle is None or self.cycle.response_complete) and self._is_head and not self._head:
            self.transport.close()

    @override
    def on_message_complete(self) -> None:
        self._is_head = True
        self._stop_deadline()
        super().on_message_complete()

    def _start_deadline(self) -> None:
        self._deadline = self.loop.call_later(REQUEST_SECONDS, self._refuse, 408)

    def _stop_deadline(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _refuse(self, status: int) -> None:
        """Answer in one line and close, unless an answer has begun; logged without the address, which is personal."""
        self._stop_deadline()
        if self.transport.is_closing():
            return
        log.warning("A request was refused by the server: %s", _ANSWERS[status].decode())
        if self.cycle is None or self.cycle.response_complete or not self.cycle.response_started:
            self.transport.write(b"HTTP/1.1 %b\r\ncontent-length: 0\r\nconnection: close\r\n\r\n" % _ANSWERS[status])
        self.transport.close()
