"""A browser small enough not to be what is measured: one keep-alive connection, cookies, forms, nothing drawn."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Mapping
from urllib.parse import urlencode

import msgspec

IDLE_SECONDS = 3.0
"""A connection that was idle for so long is not used again: the shop closes it after 5, perhaps just now."""
PATIENCE_SECONDS = 10.0
"""How long an answer is waited for."""
HTMX = {"HX-Request": "true", "HX-Request-Type": "partial"}

_STATUS = re.compile(rb"HTTP/1\.[01] (\d{3})")
_LENGTH = re.compile(rb"(?i)\r\ncontent-length: (\d+)")
_LOCATION = re.compile(rb"(?i)\r\nlocation: ([^\r]*)")
_COOKIE = re.compile(rb"(?i)\r\nset-cookie: ([^=;\r]+)=([^;\r]*)([^\r]*)")
_DELETES = re.compile(rb"(?i); *max-age=0\b")
_CLOSES = re.compile(rb"(?i)HTTP/1\.0|.*\r\nconnection: close", re.DOTALL)


class NoAnswer(Exception):
    """The connection was refused or broke, or nothing came in time: what became of the request is unknown."""


class Answer(msgspec.Struct, frozen=True):
    """What the shop said."""

    status: int
    body: bytes
    cookies: dict[str, str]
    """Those that it set; '' for one that it deleted."""
    location: str = ""
    """Where it sends the browser."""
    asked: str = ""
    """Method and path of the request."""

    @property
    def accepted(self) -> bool:
        """Whether it did, or shows, what was asked for."""
        return 200 <= self.status < 400


class Tab:
    """A tab of a browser at http://`host`:`port`; tabs of one browser share `cookies`."""

    def __init__(
        self, port: int, cookies: dict[str, str], host: str = "127.0.0.1", *, patience: float = PATIENCE_SECONDS
    ) -> None:
        self.cookies = cookies
        self._host, self._port = host, port
        self._patience = patience
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None
        self._used_at = 0.0

    async def get(self, path: str, headers: Mapping[str, str] = {}) -> Answer:
        """Ask for a page or a fragment. Raises NoAnswer."""
        return await self._ask("GET", path, headers, b"")

    async def post(self, path: str, form: Mapping[str, str | int], headers: Mapping[str, str] = {}) -> Answer:
        """Send a form. Raises NoAnswer."""
        return await self._ask("POST", path, headers, urlencode(form).encode())

    def close(self) -> None:
        """Let go of the connection."""
        if self._streams is not None:
            self._streams[1].transport.abort()
            self._streams = None

    async def _ask(self, method: str, path: str, headers: Mapping[str, str], body: bytes) -> Answer:
        try:
            async with asyncio.timeout(self._patience):
                if self._streams is not None and (self._streams[0].at_eof() or self._is_idle):
                    self.close()
                if self._streams is None:
                    self._streams = await asyncio.open_connection(self._host, self._port)
                reader, writer = self._streams
                writer.write(self._head(method, path, headers, len(body)) + body)
                answer = await self._answer(reader)
                self._used_at = time.monotonic()
                return msgspec.structs.replace(answer, asked=f"{method} {path}")
        except (OSError, EOFError, TimeoutError) as error:
            self.close()
            raise NoAnswer(f"{method} {path}: {error!r}") from error

    @property
    def _is_idle(self) -> bool:
        return time.monotonic() - self._used_at > IDLE_SECONDS

    def _head(self, method: str, path: str, headers: Mapping[str, str], length: int) -> bytes:
        lines = [f"{method} {path} HTTP/1.1", f"Host: {self._host}:{self._port}"]
        lines += [f"{name}: {value}" for name, value in headers.items()]
        if self.cookies:
            lines.append("Cookie: " + "; ".join(f"{name}={value}" for name, value in self.cookies.items()))
        if method == "POST":
            lines += ["Content-Type: application/x-www-form-urlencoded", f"Content-Length: {length}"]
        return ("\r\n".join(lines) + "\r\n\r\n").encode()

    async def _answer(self, reader: asyncio.StreamReader) -> Answer:
        head = await reader.readuntil(b"\r\n\r\n")
        status, length, location = _STATUS.match(head), _LENGTH.search(head), _LOCATION.search(head)
        assert status is not None, head
        body = await reader.readexactly(int(length[1])) if length else b""
        cookies = {
            name.decode(): "" if _DELETES.search(attributes) else value.decode()
            for name, value, attributes in _COOKIE.findall(head)
        }
        self.cookies.update(cookies)
        for name in [name for name, value in cookies.items() if not value]:
            del self.cookies[name]
        if _CLOSES.match(head):
            self.close()
        return Answer(int(status[1]), body, cookies, location[1].decode() if location else "")
