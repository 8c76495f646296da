"""The rungs that can be watched: which servers each starts, the shop's settings, and what to try."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import msgspec

from shop.demo.cluster import Cluster
from shop.demo.parts import Database, Part, Server
from shop.demo.postgres import Postgres
from shop.demo.sentinel import SentinelDemo
from shop.demo.valkey import Valkey


class Topology(msgspec.Struct, frozen=True):
    """Servers that are not started yet, and a shop's settings to use them."""

    parts: tuple[Part, ...]
    start: Callable[[], None]
    """Starts all of them and returns when they work together."""
    settings: Callable[[], dict[str, str]]
    """Read after `start`: ports are settled by then."""
    experiments: tuple[str, ...]


def redis(folder: Path) -> Topology:
    """One Redis, which saves what it has every second."""
    valkey = Valkey(appendonly="yes")
    return Topology(
        parts=(Server("redis", valkey),),
        start=valkey.start,
        settings=lambda: {"REDIS_URL": f"{valkey.url}/0", "DATABASE_URL": _sqlite(folder)},
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
        settings=lambda: {"REDIS_URL": demo.url, "DATABASE_URL": _sqlite(folder)},
        experiments=(
            "Put a mug in the cart, kill -9 the primary, and go on clicking: a replica is promoted within seconds.",
            "Hang the primary with kill -STOP; let it go on with kill -CONT, and see it become a replica.",
            "Kill -9 all three sentinels: the carts stay in the primary that was the last.",
        ),
    )


def cluster(folder: Path) -> Topology:
    """Three primaries that share the carts, and a replica of each."""
    demo = Cluster(appendonly="yes")
    return Topology(
        parts=tuple(Server(f"redis {number}", node) for number, node in enumerate(demo.nodes, 1)),
        start=demo.start,
        settings=lambda: {"REDIS_URL": demo.url, "DATABASE_URL": _sqlite(folder)},
        experiments=(
            "Put a mug in the cart, see which primary counts a cart more, and kill -9 it: its replica takes over.",
            "Fill a cart in a second browser: while the primary of one cart is dead, the other cart does not wait.",
            "Kill -9 a primary and its replica: a third of the carts goes on with the standby until they are back.",
        ),
    )


def hybrid(folder: Path) -> Topology:  # noqa: ARG001 - PostgreSQL makes its own folder
    """One Redis for live carts, which saves nothing itself, and PostgreSQL for all of them."""
    valkey, postgres = Valkey(), Postgres()

    def start() -> None:
        valkey.start()
        postgres.start()

    return Topology(
        parts=(Server("redis", valkey), Database("postgres", postgres)),
        start=start,
        settings=lambda: {"REDIS_URL": f"{valkey.url}/0", "DATABASE_URL": postgres.url, "CART_ARCHIVE": "on"},
        experiments=(
            "Put a mug in the cart: a second later it is in both.",
            "Kill -9 the redis, which saves nothing, and the shop as well: the cart comes back from postgres.",
            "Hang postgres: shopping goes on, and the archive is brought up to date when it is back.",
        ),
    )


def _sqlite(folder: Path) -> str:
    return f"sqlite+aiosqlite:///{folder / 'shop.db'}"


TOPOLOGIES: dict[str, Callable[[Path], Topology]] = {
    "redis": redis,
    "sentinel": sentinel,
    "cluster": cluster,
    "hybrid": hybrid,
}
"""By the name that `shop demo` takes. Each is given the folder for its data."""
