"""What one Redis server tells of itself. Nothing is changed; what its user may not ask is left out and named."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from statistics import median
from typing import Any

import msgspec
from redis.exceptions import ResponseError

from shop.cart.redis.servers import Send
from shop.cart.redis.service import KEY_PREFIX, SCRIPT_SHA
from shop.errors import StoreRefused
from shop.operations.redis_cluster import Node, nodes

PINGS = 9
LOOKED_THROUGH = 200
"""Keys that are looked at to tell how many are carts, and of what size."""
SIZED = 20
SLOW_ENTRIES = 128


class Slow(msgspec.Struct, frozen=True):
    """A command about a cart that took long. Its arguments are not kept."""

    seconds: float
    at: int
    command: str
    key: str


class Facts(msgspec.Struct, frozen=True, kw_only=True):
    """What was asked; None and empty where the server's user may not ask it, and then the command is in `refused`."""

    info: Mapping[str, str]
    round_trip: float
    """Seconds, the median of some."""
    clock_ahead: float | None
    """Seconds that the server's clock is ahead of ours."""
    save: str | None
    """CONFIG's rules for snapshots."""
    slow: Sequence[Slow]
    has_script: bool | None
    keys: int | None
    cart_share: float
    """Which part of a sample of keys are carts."""
    cart_bytes: Sequence[int]
    """Memory of some carts, each with its key and TTL."""
    nodes: Sequence[Node]
    """Of its cluster, as it sees them; none where it is alone."""
    refused: Sequence[str]

    def number(self, name: str) -> float:
        """A number of INFO; 0 where it is not told."""
        try:
            return float(self.info.get(name, 0))
        except ValueError:
            return 0.0


async def ask(send: Send) -> Facts:
    """Ask a server. Raises StoreUnavailable when it does not answer, and when it refuses even a PING."""
    round_trip = await _round_trip(send)
    refused: list[str] = []

    async def reply(*command: Any) -> Any:
        try:
            return await send(*command)
        except (StoreRefused, ResponseError):
            refused.append(" ".join(str(word) for word in command[: 2 if command[0] in _CONTAINERS else 1]))
            return None

    asked = time.time()
    clock = await reply("TIME")
    keys, share, sizes = await _sample(reply)
    info = _info(await reply("INFO", "all"))
    in_cluster = info.get("cluster_enabled") == "1"
    return Facts(
        info=info,
        round_trip=round_trip,
        clock_ahead=_seconds(clock) - asked - round_trip / 2 if clock else None,
        save=_option(await reply("CONFIG", "GET", "save")),
        slow=tuple(filter(None, map(_slow, await reply("SLOWLOG", "GET", SLOW_ENTRIES) or ()))),
        has_script=bool(known[0]) if (known := await reply("SCRIPT", "EXISTS", SCRIPT_SHA)) else None,
        keys=keys,
        cart_share=share,
        cart_bytes=sizes,
        nodes=nodes((await reply("CLUSTER", "NODES") or b"").decode()) if in_cluster else (),
        refused=tuple(dict.fromkeys(refused)),
    )


_CONTAINERS = ("CONFIG", "SLOWLOG", "SCRIPT", "MEMORY", "CLUSTER")
"""Commands whose second word is part of the name."""


async def _round_trip(send: Send) -> float:
    times = []
    for _ in range(PINGS):
        started = time.perf_counter()
        await send("PING")
        times.append(time.perf_counter() - started)
    return median(times)


async def _sample(reply: Send) -> tuple[int | None, float, list[int]]:
    """Number of keys, which part of some are carts, and the memory of a few of those."""
    keys = await reply("DBSIZE")
    scanned = await reply("SCAN", 0, "COUNT", LOOKED_THROUGH)
    found = scanned[1] if scanned else []
    carts = [key for key in found if key.startswith(KEY_PREFIX.encode())]
    sizes = [await reply("MEMORY", "USAGE", key) for key in carts[:SIZED]]
    return keys, len(carts) / len(found) if found else 0.0, [size for size in sizes if size]


def _info(reply: bytes | None) -> dict[str, str]:
    lines = (reply or b"").decode(errors="replace").splitlines()
    return {name: value for name, colon, value in (line.partition(":") for line in lines) if colon}


def _seconds(reply: Sequence[bytes]) -> float:
    return int(reply[0]) + int(reply[1]) / 1_000_000


def _option(reply: Any) -> str | None:
    """The one value of a CONFIG GET: a map in the newer protocol, a list in the older."""
    if not reply:
        return None
    value = next(iter(reply.values())) if isinstance(reply, dict) else reply[1]
    return str(value.decode())


def _slow(entry: Sequence[Any]) -> Slow | None:
    """An entry of SLOWLOG, if it is about a cart."""
    _, at, microseconds, words = entry[:4]
    key = next((word for word in words[1:4] if word.startswith(KEY_PREFIX.encode())), None)
    if key is None:
        return None
    return Slow(microseconds / 1_000_000, at, words[0].decode().upper(), key.decode(errors="replace"))
