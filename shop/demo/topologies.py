"""The rungs that can be watched: which servers each starts, the shop's settings, and what to try."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import msgspec

from shop.demo.parts import Part, Server
from shop.demo.sentinel import SentinelDemo
from shop.demo.valkey import Valkey

KEPT = {"appendonly": "yes", "appendfsync": "everysec", "maxmemory_policy": "noeviction"}
"""How a Redis that keeps carts is run."""


class Topology(msgspec.Struct, frozen=True):
    """Servers that are not started yet, and a shop's settings to use them."""

    parts: tuple[Part, ...]
    start: Callable[[], None]
    """Starts all of them and returns when they work together."""
    settings: dict[str, str]
    experiments: tuple[str, ...]


def redis(folder: Path) -> Topology:
    """One Redis, which saves what it has every second."""
    valkey = Valkey(**KEPT)
    return Topology(
        parts=(Server("redis", valkey),),
        start=valkey.start,
        settings={"REDIS_URL": f"{valkey.url}/0", "DATABASE_URL": _sqlite(folder)},
        experiments=(
            "Put a mug in the cart, kill -9 the redis, and go on clicking: the standby answers at once.",
            "Hang it instead with kill -STOP, click, and let it go on with kill -CONT.",
            "Kill -9 the shop: your cart is still there when it is back.",
        ),
    )


def sentinel(folder: Path) -> Topology:
    """A primary and two replicas, and three Sentinels that promote one of them."""
    demo = SentinelDemo()
    servers = [Server(f"redis {number}", server) for number, server in enumerate(demo.servers, 1)]
    sentinels = [Server(f"sentinel {number}", watcher) for number, watcher in enumerate(demo.sentinels, 1)]
    return Topology(
        parts=(*servers, *sentinels),
        start=demo.start,
        settings={"REDIS_URL": demo.url, "DATABASE_URL": _sqlite(folder)},
        experiments=(
            "Put a mug in the cart, kill -9 the primary, and go on clicking: a replica is promoted within seconds.",
            "Hang the primary with kill -STOP; let it go on with kill -CONT, and see it become a replica.",
            "Kill -9 all three sentinels: the carts stay in the primary that was the last.",
        ),
    )


def _sqlite(folder: Path) -> str:
    return f"sqlite+aiosqlite:///{folder / 'shop.db'}"


TOPOLOGIES: dict[str, Callable[[Path], Topology]] = {"redis": redis, "sentinel": sentinel}
"""By the name that `shop demo` takes. Each is given the folder for its data."""
