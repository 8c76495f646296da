"""Sends the same few requests to a server on 127.0.0.1 over many connections, and counts the responses.

Uses wrk if it is installed, otherwise our own client, which uses more processor time, so that its ratios slightly
favour slow routes.
"""

from __future__ import annotations

import asyncio
import re
import shutil
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import msgspec

CONNECTIONS = 32


class Call(msgspec.Struct, frozen=True):
    """A request to repeat; with a form it is a POST."""

    path: str
    headers: dict[str, str] = {}
    form: str = ""

    @property
    def method(self) -> str:
        return "POST" if self.form else "GET"

    def raw(self, port: int) -> bytes:
        """The bytes on the wire."""
        headers = {"Host": f"127.0.0.1:{port}", **self.headers}
        if self.form:
            headers |= {"Content-Type": "application/x-www-form-urlencoded", "Content-Length": str(len(self.form))}
        lines = [f"{self.method} {self.path} HTTP/1.1", *(f"{name}: {value}" for name, value in headers.items())]
        return ("\r\n".join(lines) + "\r\n\r\n" + self.form).encode()


class Result(msgspec.Struct, frozen=True):
    """The counts of responses and errors."""

    per_second: float
    answers: int
    failed: int
    """Responses other than 2xx, and broken connections."""


def load(port: int, calls: Sequence[Call], seconds: int, connections: int = CONNECTIONS) -> Result:
    """Send the calls round robin for this many seconds."""
    if shutil.which("wrk"):
        return _wrk(port, calls, seconds, connections)
    return asyncio.run(_own(port, calls, seconds, connections))


def client() -> str:
    """The name of the load generator."""
    return "wrk" if shutil.which("wrk") else "our own client"


def _wrk(port: int, calls: Sequence[Call], seconds: int, connections: int) -> Result:
    with TemporaryDirectory() as folder:
        script = Path(folder, "calls.lua")
        script.write_text(_script(calls))
        command = ["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "-s", str(script), f"http://127.0.0.1:{port}/"]
        report = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    per_second = re.search(r"Requests/sec:\s+([\d.]+)", report)
    answered = re.search(r"(\d+) requests in", report)
    assert per_second is not None, report
    assert answered is not None, report
    refused = re.search(r"Non-2xx or 3xx responses: (\d+)", report)
    sockets = re.search(r"Socket errors: connect (\d+), read (\d+), write (\d+), timeout (\d+)", report)
    failed = int(refused[1]) if refused else 0
    return Result(float(per_second[1]), int(answered[1]), failed + (sum(map(int, sockets.groups())) if sockets else 0))


def _script(calls: Sequence[Call]) -> str:
    """A Lua script for wrk that sends the calls round robin, each formatted once at the start."""
    made = []
    for call in calls:
        headers = {**call.headers, **({"Content-Type": "application/x-www-form-urlencoded"} if call.form else {})}
        fields = ", ".join(f"[{_lua(name)}] = {_lua(value)}" for name, value in headers.items())
        body = _lua(call.form) if call.form else "nil"
        made.append(f"  calls[#calls + 1] = wrk.format('{call.method}', {_lua(call.path)}, {{{fields}}}, {body})")
    lines = ["local calls, turn = {}, 0", "function init()", *made, "end"]
    return "\n".join([*lines, "function request()", "  turn = turn % #calls + 1", "  return calls[turn]", "end", ""])


def _lua(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


async def _own(port: int, calls: Sequence[Call], seconds: int, connections: int) -> Result:
    requests = [call.raw(port) for call in calls]
    until = time.perf_counter() + seconds
    started = time.perf_counter()
    counts = await asyncio.gather(*(_connection(port, requests, at, until) for at in range(connections)))
    took = time.perf_counter() - started
    done = sum(done for done, _ in counts)
    return Result(done / took, done, sum(failed for _, failed in counts))


async def _connection(port: int, requests: Sequence[bytes], turn: int, until: float) -> tuple[int, int]:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    done = failed = 0
    while time.perf_counter() < until:
        turn = (turn + 1) % len(requests)
        writer.write(requests[turn])
        head = await reader.readuntil(b"\r\n\r\n")
        length = re.search(rb"(?i)\r\ncontent-length: (\d+)", head)
        if length is not None:
            await reader.readexactly(int(length[1]))
        done += 1
        failed += head[9:10] != b"2"
    writer.close()
    return done, failed
