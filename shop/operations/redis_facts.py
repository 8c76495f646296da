"""Collects facts from one Redis server. Changes nothing; commands that its user may not run are listed in `refused`."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from statistics import median
from typing import Any

import msgspec
from redis.exceptions import ResponseError

from shop.cart.redis.servers import Send
from shop.cart.redis.service import KEY_PREFIX, SCRIPT_SHA, UNREADABLE_PREFIX
from shop.cart.redis.slow_log import ENTRIES, SlowCommand, on_carts
from shop.errors import StoreRefused
from shop.operations.redis_cluster import Node, nodes

PINGS = 9
SAMPLED_KEYS = 200
"""Number of keys sampled for the share and size of carts."""
MEASURED_CARTS = 20
SEARCHED_KEYS = 500_000
"""Number of keys among which values that were put aside are searched, SEARCH_STEP at a time."""
SEARCH_STEP = 10_000


class Facts(msgspec.Struct, frozen=True, kw_only=True):
    """The replies of one server. A reply is None or empty if its user may not run the command, listed in `refused`."""

    info: Mapping[str, str]
    round_trip: float
    """Seconds, the median of PINGS pings."""
    clock_ahead: float | None
    """Seconds by which the server's clock is ahead of ours."""
    save: str | None
    """The `save` rules for snapshots in CONFIG."""
    slow: Sequence[SlowCommand]
    has_script: bool | None
    keys: int | None
    cart_share: float
    """The share of carts in a sample of keys, 0 to 1."""
    cart_bytes: Sequence[int]
    """Memory of a few carts in bytes, each with its key and TTL."""
    put_aside: int = 0
    """Values that were put aside because they are no carts, among the first SEARCHED_KEYS keys."""
    nodes: Sequence[Node]
    """The nodes of its cluster, as it sees them; empty for a single server."""
    refused: Sequence[str]

    def number(self, name: str) -> float:
        """A number in INFO; 0 if it is missing."""
        try:
            return float(self.info.get(name, 0))
        except ValueError:
            return 0.0


async def collect_facts(send: Send) -> Facts:
    """Query a server. Raises StoreUnavailable if it does not answer, or refuses even a PING."""
    round_trip = await _round_trip(send)
    refused: list[str] = []

    async def reply(*command: Any) -> Any:
        try:
            return await send(*command)
        except (StoreRefused, ResponseError):
            refused.append(" ".join(str(word) for word in command[: 2 if command[0] in _CONTAINERS else 1]))
            return None

    sent_at = time.time()
    clock = await reply("TIME")
    keys, share, sizes = await _sample(reply)
    info = _info(await reply("INFO", "all"))
    in_cluster = info.get("cluster_enabled") == "1"
    return Facts(
        info=info,
        round_trip=round_trip,
        clock_ahead=_seconds(clock) - sent_at - round_trip / 2 if clock else None,
        save=_option(await reply("CONFIG", "GET", "save")),
        slow=on_carts(await reply("SLOWLOG", "GET", ENTRIES) or ()),
        has_script=bool(known[0]) if (known := await reply("SCRIPT", "EXISTS", SCRIPT_SHA)) else None,
        keys=keys,
        cart_share=share,
        cart_bytes=sizes,
        put_aside=await _put_aside(reply),
        nodes=nodes((await reply("CLUSTER", "NODES") or b"").decode()) if in_cluster else (),
        refused=tuple(dict.fromkeys(refused)),
    )


_CONTAINERS = ("CONFIG", "SLOWLOG", "SCRIPT", "MEMORY", "CLUSTER")
"""Commands with subcommands: the name has two words."""


async def _round_trip(send: Send) -> float:
    times = []
    for _ in range(PINGS):
        started = time.perf_counter()
        await send("PING")
        times.append(time.perf_counter() - started)
    return median(times)


async def _sample(reply: Send) -> tuple[int | None, float, list[int]]:
    """Number of keys, the share of carts in a sample, and the memory of a few of those carts in bytes."""
    keys = await reply("DBSIZE")
    scanned = await reply("SCAN", 0, "COUNT", SAMPLED_KEYS)
    found = scanned[1] if scanned else []
    carts = [key for key in found if key.startswith(KEY_PREFIX.encode())]
    sizes = [await reply("MEMORY", "USAGE", key) for key in carts[:MEASURED_CARTS]]
    return keys, len(carts) / len(found) if found else 0.0, [size for size in sizes if size]


async def _put_aside(reply: Send) -> int:
    cursor, found = 0, 0
    for _ in range(SEARCHED_KEYS // SEARCH_STEP):
        page = await reply("SCAN", cursor, "MATCH", f"{UNREADABLE_PREFIX}*", "COUNT", SEARCH_STEP)
        if not page:
            break
        cursor, found = int(page[0]), found + len(page[1])
        if not cursor:
            break
    return found


def _info(reply: bytes | None) -> dict[str, str]:
    lines = (reply or b"").decode(errors="replace").splitlines()
    return {name: value for name, colon, value in (line.partition(":") for line in lines) if colon}


def _seconds(reply: Sequence[bytes]) -> float:
    return int(reply[0]) + int(reply[1]) / 1_000_000


def _option(reply: Any) -> str | None:
    """The single value of a CONFIG GET reply: a map in RESP3, a list in RESP2."""
    if not reply:
        return None
    value = next(iter(reply.values())) if isinstance(reply, dict) else reply[1]
    return str(value.decode())
