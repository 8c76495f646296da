"""The commands on carts that Redis itself found slow: its SLOWLOG."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import msgspec
from redis.exceptions import ResponseError

from shop.cart.redis.servers import Servers
from shop.cart.redis.service import KEY_PREFIX
from shop.errors import StoreUnavailable

ENTRIES = 128


class SlowCommand(msgspec.Struct, frozen=True):
    """A SLOWLOG entry for a command on a cart. Its arguments are not kept."""

    seconds: float
    at: int
    command: str
    key: str


def on_carts(entries: Iterable[Sequence[Any]]) -> tuple[SlowCommand, ...]:
    """The entries of a reply to SLOWLOG GET whose command was on a cart."""
    return tuple(filter(None, map(_parsed, entries)))


async def slow_commands(servers: Servers) -> list[SlowCommand]:
    """The slow commands of every server, the newest first; none of a server that is away, or has no such log for us."""
    found: list[SlowCommand] = []
    try:
        for send in await servers.primaries():
            found += on_carts(await send("SLOWLOG", "GET", ENTRIES) or ())
    except (StoreUnavailable, ResponseError):
        pass
    return sorted(found, key=lambda slow: slow.at, reverse=True)


def _parsed(entry: Sequence[Any]) -> SlowCommand | None:
    _, at, microseconds, arguments = entry[:4]
    key = next((word for word in arguments[1:4] if word.startswith(KEY_PREFIX.encode())), None)
    if key is None:
        return None
    return SlowCommand(microseconds / 1_000_000, at, arguments[0].decode().upper(), key.decode(errors="replace"))
