"""Runs a script of Redis in Lua 5.1, which is what Redis has built in."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from typing import Any

from lupa import lua51

LuaError: type[Exception] = lua51.LuaError
"""A script that fails."""
Call = Callable[..., Any]
"""Executes a command of a script, given as bytes; returns bytes, a number, None or a list."""


class ScriptError(Exception):
    """The error that a script returned or that a command of it raised, as Redis words it."""


@cache
def _runtime() -> Any:
    return lua51.LuaRuntime(encoding=None, unpack_returned_tuples=False)


@cache
def _compiled(source: bytes) -> Any:
    return _runtime().execute(
        b"return function(keys, argv, call) "
        b"local KEYS, ARGV = keys, argv "
        b"local function protected(...) local ok, reply = pcall(call, ...) "
        b"if ok then return reply end return {err = tostring(reply)} end "
        b"local redis = {call = call, pcall = protected, error_reply = function(text) return {err = text} end, "
        b"status_reply = function(text) return {ok = text} end} "
        b"local server = redis " + source + b"\nend"
    )


def run(source: bytes, keys: Sequence[bytes], arguments: Sequence[bytes], call: Call) -> Any:
    """Run a script and return its reply: bytes, an int or None. Raises ScriptError, and what `call` raises."""
    runtime = _runtime()

    def call_from_lua(*command: Any) -> Any:
        reply = call(*map(_as_bytes, command))
        if isinstance(reply, (list, tuple)):
            return runtime.table(*reply)
        return False if reply is None else reply

    reply = _compiled(source)(runtime.table(*keys), runtime.table(*arguments), call_from_lua)
    if isinstance(reply, float):
        return int(reply)
    if reply is None or reply is False:
        return None
    if isinstance(reply, (bytes, int)):
        return int(reply) if isinstance(reply, bool) else reply
    if (error := reply[b"err"]) is not None:
        raise ScriptError(error.decode())
    return reply[b"ok"]


def _as_bytes(value: Any) -> bytes:
    if isinstance(value, bytes):
        return value
    return b"%.17g" % value
