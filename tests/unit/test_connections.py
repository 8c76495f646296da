"""A connection has a deadline for each request, and there is a bound on their number."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from uvicorn import Config
from uvicorn.lifespan.off import LifespanOff
from uvicorn.server import ServerState

from shop import connections
from shop.connections import BoundedProtocol


class Transport(asyncio.Transport):
    """Remembers what is written."""

    def __init__(self) -> None:
        super().__init__()
        self.written = b""
        self.closed = asyncio.Event()

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        return default

    def write(self, data: Any) -> None:
        self.written += data

    def close(self) -> None:
        self.closed.set()

    def is_closing(self) -> bool:
        return self.closed.is_set()

    def pause_reading(self) -> None:
        pass

    def resume_reading(self) -> None:
        pass


async def app(scope: Any, receive: Any, send: Any) -> None:
    while (await receive()).get("more_body"):
        pass
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"0")]})
    await send({"type": "http.response.body", "body": b""})


@pytest.fixture
async def state() -> ServerState:
    return ServerState()


def connect(state: ServerState) -> tuple[BoundedProtocol, Transport]:
    config = Config(app, log_config=None, lifespan="off")
    config.load()
    assert config.lifespan_class is LifespanOff
    protocol, transport = BoundedProtocol(config, state, {}), Transport()
    protocol.connection_made(transport)
    return protocol, transport


@pytest.mark.parametrize(
    "sent",
    [b"", b"GET / HT", b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nhalf"],
    ids=["silent", "head", "body"],
)
async def test_a_request_must_be_complete_in_time(
    state: ServerState, monkeypatch: pytest.MonkeyPatch, sent: bytes
) -> None:
    monkeypatch.setattr(connections, "REQUEST_SECONDS", 0.01)
    protocol, transport = connect(state)
    if sent:
        protocol.data_received(sent)
    async with asyncio.timeout(10):
        await transport.closed.wait()
    assert transport.written.startswith(b"HTTP/1.1 408 ")
    protocol.connection_lost(None)


async def test_one_that_is_complete_has_all_the_time(state: ServerState, monkeypatch: pytest.MonkeyPatch) -> None:
    protocol, transport = connect(state)
    protocol.data_received(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nha")
    protocol.data_received(b"lf")
    assert protocol._deadline is None
    async with asyncio.timeout(10):
        while not transport.written.startswith(b"HTTP/1.1 200 "):
            await asyncio.sleep(0)
    assert not transport.is_closing()
    protocol.connection_lost(None)


async def test_one_connection_too_many_is_refused(state: ServerState, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(BoundedProtocol, "most", 1)
    first, kept = connect(state)
    second, refused = connect(state)
    assert refused.written.startswith(b"HTTP/1.1 503 ")
    assert not kept.is_closing()
    for protocol in (first, second):
        protocol.connection_lost(None)


async def test_a_long_head_is_refused_before_it_is_complete(state: ServerState) -> None:
    protocol, transport = connect(state)
    protocol.data_received(b"GET / HTTP/1.1\r\nX: ")
    for _ in range(100):
        protocol.data_received(b"a" * 1000)
    assert transport.written.startswith(b"HTTP/1.1 431 ")
    assert transport.written.count(b"HTTP/1.1") == 1
    protocol.connection_lost(None)


async def test_at_the_end_a_request_on_its_way_is_answered_and_then_no_more(state: ServerState) -> None:
    protocol, transport = connect(state)
    protocol.shutdown()
    assert not transport.is_closing()
    protocol.data_received(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
    async with asyncio.timeout(10):
        await transport.closed.wait()
    assert transport.written.startswith(b"HTTP/1.1 200 ")
    assert b"\r\nconnection: close\r\n" in transport.written
    protocol.connection_lost(None)


@pytest.mark.parametrize("served", [False, True])
async def test_at_the_end_an_idle_connection_is_closed(
    state: ServerState, monkeypatch: pytest.MonkeyPatch, served: bool
) -> None:
    monkeypatch.setattr(connections, "LINGER_SECONDS", 0.01)
    protocol, transport = connect(state)
    if served:
        protocol.data_received(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        async with asyncio.timeout(10):
            while not transport.written:
                await asyncio.sleep(0)
        assert b"connection: close" not in transport.written
    protocol.shutdown()
    async with asyncio.timeout(10):
        await transport.closed.wait()
    protocol.connection_lost(None)


async def test_at_the_end_a_request_that_has_begun_may_come_to_its_end(
    state: ServerState, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connections, "LINGER_SECONDS", 0.01)
    protocol, transport = connect(state)
    protocol.data_received(b"GET / HTTP/1.1\r\nHo")
    protocol.shutdown()
    await asyncio.sleep(0.03)
    assert not transport.is_closing()
    protocol.data_received(b"st: a\r\n\r\n")
    async with asyncio.timeout(10):
        await transport.closed.wait()
    assert transport.written.startswith(b"HTTP/1.1 200 ")
    protocol.connection_lost(None)
