"""The topologies of `shop demo`: the servers of each, the shop's settings, and things to try."""

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
    """Servers that are not started yet, and the settings of a shop that uses them."""

    parts: tuple[Part, ...]
    start: Callable[[], None]
    """Starts the servers and returns when they work together."""
    settings: Callable[[], dict[str, str]]
    """Read after `start`: ports are settled by then."""
    experiments: tuple[str, ...]


def redis(folder: Path) -> Topology:
    """One Redis, which saves to disk every second."""
    valkey = Valkey(appendonly="yes")
    return Topology(
        parts=(Server("redis", valkey),),
        start=valkey.start,
        settings=lambda: {"REDIS_URL": f"{valkey.url}/0", "DATABASE_URL": _sqlite(folder)},
        experiments=(
            "Put a mug in the cart, kill -9 the redis, and keep clicking: the standby answers at once.",
            "Hang it instead with kill -STOP, click, and resume it with kill -CONT.",
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
            "Put a mug in the cart, kill -9 the primary, and keep clicking: a replica is promoted within seconds.",
            "Hang the primary with kill -STOP, resume it with kill -CONT, and watch it become a replica.",
            "Kill -9 all three sentinels: the carts stay in the last primary.",
        ),
    )


def cluster(folder: Path) -> Topology:
    """Three primaries that share the carts, and one replica of each."""
    demo = Cluster(appendonly="yes")
    return Topology(
        parts=tuple(Server(f"redis {number}", node) for number, node in enumerate(demo.nodes, 1)),
        start=demo.start,
        settings=lambda: {"REDIS_URL": demo.url, "DATABASE_URL": _sqlite(folder)},
        experiments=(
            "Put a mug in the cart, see which primary has one more cart, and kill -9 it: its replica takes over.",
            "Fill a cart in a second browser: while the primary of one cart is dead, the other cart does not wait.",
            "Kill -9 a primary and its replica: the standby serves a third of the carts until they are back.",
        ),
    )


def hybrid(folder: Path) -> Topology:  # noqa: ARG001 - PostgreSQL creates its own folder
    """One Redis for live carts, without persistence, and PostgreSQL as the archive of all carts."""
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
            "Hang postgres: shopping continues, and the archive catches up when it is back.",
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
"""Argument of `shop demo` -> its topology, a function of the folder for data."""
