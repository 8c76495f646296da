"""A simulated Redis: the commands that the cart services use, the real cart.lua, and what can go wrong."""

from __future__ import annotations

import random
from collections.abc import Sequence
from functools import cache
from hashlib import sha1
from typing import Any

from hiredis import Reader
from typing_extensions import override

from tests.simulation import lua
from tests.simulation.loop import VirtualLoop
from tests.simulation.network import Server, Session

REFUSALS = {
    "OOM": "OOM command not allowed when used memory > 'maxmemory'.",
    "READONLY": "READONLY You can't write against a read only replica.",
    "NOREPLICAS": "NOREPLICAS Not enough good replicas to write.",
    "MISCONF": "MISCONF Redis is configured to save RDB snapshots, but it's currently unable to persist to disk.",
}
"""Why a server takes no change, though it answers reads."""


class Refused(Exception):
    """The error reply to a command."""


class Status(bytes):
    """A simple string, such as OK."""


class RedisServer(Server):
    """One server with one database. Its clock is the loop's plus `skew`."""

    def __init__(self, loop: VirtualLoop, chance: random.Random, epoch: float) -> None:
        self.refuses = ""
        """A key of REFUSALS while it takes no change."""
        self.skew = 0.0
        self.data: dict[bytes, tuple[bytes, float | None]] = {}
        """Each value with the time when it expires, by the server's clock."""
        self.unknown: list[str] = []
        """Commands that this simulation does not know."""
        self._loop = loop
        self._chance = chance
        self._epoch = epoch
        self._sessions: list[Session] = []
        self._scripts: dict[bytes, bytes] = {}
        self._paused = False
        self._inbox: dict[Session, list[bytes]] = {}
        self._undo: list[tuple[float, bytes, tuple[bytes, float | None] | None]] = []
        """For each write, when it was, its key, and what was there before."""
        self._run_id = ""
        self._begin()

    # What happens to it

    def pause(self) -> None:
        """Hang: what it receives from now on it executes after `resume`, even if the client has gone by then."""
        self._paused = True

    def resume(self) -> None:
        """Execute what came in, connection by connection in any order."""
        self._paused = False
        inbox, self._inbox = list(self._inbox.items()), {}
        self._chance.shuffle(inbox)
        for session, received in inbox:
            self._take(session, b"".join(received))

    def crash(self, *, silent: bool = False) -> None:
        """End at once; with `silent` its host goes too, so that nobody hears of it."""
        self.listening, self.silent, self._paused = False, silent, False
        self._down_since = self._loop.time()
        self._inbox.clear()
        for session in self._sessions:
            if silent:
                session.vanish()
            else:
                session.reset()
        self._sessions.clear()

    def restart(self, *, lost: float = 0.0) -> None:
        """Start again without the writes of the last `lost` seconds before the crash."""
        self.rewind(lost)
        self._begin()

    def promote(self, *, lost: float) -> None:
        """Let a replica that lags by `lost` seconds take over the address."""
        self.crash()
        self.restart(lost=lost)

    def rewind(self, seconds: float) -> None:
        """Forget the writes of the last seconds before it went down, or before now."""
        since = (self._down_since or self._loop.time()) - seconds
        while self._undo and self._undo[-1][0] > since:
            _, key, before = self._undo.pop()
            if before is None:
                self.data.pop(key, None)
            else:
                self.data[key] = before

    def lose(self, share: float) -> None:
        """Evict this share of the keys; 1 is FLUSHALL."""
        for key in sorted(self.data):
            if self._chance.random() < share:
                self._write(key, None)

    def now(self) -> float:
        """Seconds since the epoch by its clock."""
        return self._epoch + self._loop.time() + self.skew

    def value(self, key: bytes) -> bytes | None:
        """What is stored under a key."""
        value, expires = self.data.get(key, (None, None))
        return value if expires is None or expires > self.now() else None

    def _begin(self) -> None:
        self._run_id = f"{self._chance.getrandbits(160):040x}"
        self._scripts.clear()
        self.listening, self.silent = True, False
        self._down_since = 0.0

    # Connections

    @override
    def accepts(self, session: Session) -> None:
        session.state = Reader()
        self._sessions.append(session)

    @override
    def receives(self, session: Session, data: bytes) -> None:
        if self._paused:
            self._inbox.setdefault(session, []).append(data)
        else:
            self._take(session, data)

    @override
    def ended(self, session: Session) -> None:
        if session in self._sessions:
            self._sessions.remove(session)

    def _take(self, session: Session, data: bytes) -> None:
        session.state.feed(data)
        replies = []
        while (command := session.state.gets()) is not False:
            replies.append(_encoded(self._answer(command)))
        if replies:
            session.reply(b"".join(replies))

    def _answer(self, command: list[bytes]) -> Any:
        try:
            return self.execute(*command)
        except Refused as error:
            return error

    # Commands

    def execute(self, *command: bytes) -> Any:
        """Execute a command. Raises Refused."""
        method = getattr(self, _method(command[0]), None)
        if method is None:
            self.unknown.append(repr(command))
            raise Refused(f"ERR unknown command '{command[0].decode()}'")
        return method(*command[1:])

    def _write(self, key: bytes, entry: tuple[bytes, float | None] | None) -> None:
        self._undo.append((self._loop.time(), key, self.data.get(key)))
        if entry is None:
            self.data.pop(key, None)
        else:
            self.data[key] = entry

    def _must_write(self) -> None:
        if self.refuses:
            raise Refused(REFUSALS[self.refuses])

    def _do_hello(self, *arguments: bytes) -> Any:
        return {b"server": b"redis", b"version": b"7.0.15", b"proto": 3, b"role": b"master", b"modules": []}

    def _do_client(self, *arguments: bytes) -> Any:
        return Status(b"OK")

    _do_select = _do_client
    _do_auth = _do_client

    def _do_ping(self, *arguments: bytes) -> Any:
        return Status(b"PONG")

    def _do_info(self, *sections: bytes) -> Any:
        return (
            f"# Server\r\nredis_version:7.0.15\r\nrun_id:{self._run_id}\r\n"
            f"server_time_usec:{round(self.now() * 1e6)}\r\n"
            "# Memory\r\nmaxmemory_policy:noeviction\r\n# Stats\r\nevicted_keys:0\r\n# Replication\r\nrole:master\r\n"
        ).encode()

    def _do_role(self) -> Any:
        return [b"master", 0, []]

    def _do_time(self) -> Any:
        microseconds = round(self.now() * 1e6)
        return [b"%d" % (microseconds // 1_000_000), b"%d" % (microseconds % 1_000_000)]

    def _do_get(self, key: bytes) -> Any:
        return self.value(key)

    def _do_mget(self, *keys: bytes) -> Any:
        return [self.value(key) for key in keys]

    def _do_exists(self, *keys: bytes) -> Any:
        return sum(self.value(key) is not None for key in keys)

    def _do_set(self, key: bytes, value: bytes, *options: bytes) -> Any:
        self._must_write()
        names = [option.upper() for option in options]
        if b"NX" in names and self.value(key) is not None:
            return None
        expires = None
        for option, unit in ((b"EX", 1.0), (b"PX", 0.001)):
            if option in names:
                expires = self.now() + int(options[names.index(option) + 1]) * unit
        if b"KEEPTTL" in names:
            expires = self.data.get(key, (b"", None))[1]
        self._write(key, (value, expires))
        return Status(b"OK")

    def _do_del(self, *keys: bytes) -> Any:
        self._must_write()
        found = [key for key in keys if self.value(key) is not None]
        for key in found:
            self._write(key, None)
        return len(found)

    _do_unlink = _do_del

    def _do_rename(self, key: bytes, new: bytes) -> Any:
        self._must_write()
        if (value := self.value(key)) is None:
            raise Refused("ERR no such key")
        self._write(new, (value, self.data[key][1]))
        self._write(key, None)
        return Status(b"OK")

    def _do_expire(self, key: bytes, seconds: bytes) -> Any:
        self._must_write()
        if (value := self.value(key)) is None:
            return 0
        self._write(key, (value, self.now() + int(seconds)))
        return 1

    def _do_ttl(self, key: bytes) -> Any:
        left = self._do_pttl(key)
        return left if left < 0 else (left + 500) // 1000

    def _do_pttl(self, key: bytes) -> Any:
        if self.value(key) is None:
            return -2
        expires = self.data[key][1]
        return -1 if expires is None else round((expires - self.now()) * 1000)

    def _do_dbsize(self) -> Any:
        return sum(self.value(key) is not None for key in self.data)

    def _do_scan(self, cursor: bytes, *options: bytes) -> Any:
        prefix = options[1].rstrip(b"*") if options and options[0].upper() == b"MATCH" else b""
        return [b"0", [key for key in self.data if key.startswith(prefix) and self.value(key) is not None]]

    def _do_script(self, action: bytes, *arguments: bytes) -> Any:
        if action.upper() == b"LOAD":
            return self._remember(arguments[0])
        if action.upper() == b"EXISTS":
            return [int(sha in self._scripts) for sha in arguments]
        return Status(b"OK")

    def _remember(self, source: bytes) -> bytes:
        sha = sha1(source, usedforsecurity=False).hexdigest().encode()
        self._scripts[sha] = source
        return sha

    def _do_eval(self, source: bytes, count: bytes, *arguments: bytes) -> Any:
        self._remember(source)
        return self._run_script(source, int(count), arguments)

    def _do_evalsha(self, sha: bytes, count: bytes, *arguments: bytes) -> Any:
        if sha not in self._scripts:
            raise Refused("NOSCRIPT No matching script. Please use EVAL.")
        return self._run_script(self._scripts[sha], int(count), arguments)

    def _run_script(self, source: bytes, count: int, arguments: Sequence[bytes]) -> Any:
        try:
            return lua.run(source, arguments[:count], arguments[count:], self.execute)
        except lua.ScriptError as error:
            raise Refused(str(error)) from error
        except lua.LuaError as error:
            raise Refused(f"ERR {str(error).splitlines()[0]}") from error


@cache
def _method(command: bytes) -> str:
    return f"_do_{command.decode().lower()}"


def _encoded(reply: Any) -> bytes:
    """A reply in the protocol RESP3."""
    match reply:
        case None:
            return b"_\r\n"
        case Refused():
            return f"-{reply}\r\n".encode()
        case Status():
            return b"+" + reply + b"\r\n"
        case bytes():
            return b"$%d\r\n%b\r\n" % (len(reply), reply)
        case int():
            return b":%d\r\n" % reply
        case dict():
            pairs = b"".join(_encoded(key) + _encoded(value) for key, value in reply.items())
            return b"%%%d\r\n" % len(reply) + pairs
        case _:
            return b"*%d\r\n" % len(reply) + b"".join(map(_encoded, reply))
