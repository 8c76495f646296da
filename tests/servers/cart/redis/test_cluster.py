"""Calls to a real cluster; tests/chaos breaks its nodes."""

import asyncio
import time
from collections.abc import AsyncIterator

import pytest
from redis.crc import key_slot
from redis.exceptions import NoScriptError

from shop.cart.connect import open_store
from shop.cart.model import Limits
from shop.cart.redis.cluster import Cluster
from shop.cart.redis.service import RedisCartService, Timeouts
from shop.demo.cluster import Cluster as RealCluster
from shop.demo.valkey import Valkey
from shop.errors import ConfigurationError, StoreRefused, StoreUnavailable
from shop.money import Money

KEYS = [f"cart:{n}" for n in range(200)]


@pytest.fixture
async def servers(cluster_url: str) -> AsyncIterator[Cluster]:
    servers = Cluster.connect(cluster_url)
    yield servers
    await servers.close()


def total(cluster: RealCluster, section: str, name: str) -> int:
    return sum(int(node.client().info(section)[name]) for node in cluster.nodes)


async def test_each_key_is_stored_by_the_node_that_owns_its_slot(servers: Cluster, shared_cluster: RealCluster) -> None:
    await asyncio.gather(*(servers.call(key, "SET", key, key) for key in KEYS))
    assert await asyncio.gather(*(servers.call(key, "GET", key) for key in KEYS)) == [key.encode() for key in KEYS]
    assert all(node.client().dbsize() > 40 for node in shared_cluster.nodes)
    assert sum(node.client().dbsize() for node in shared_cluster.nodes) == 200


async def test_concurrent_calls_share_round_trips_to_each_node(servers: Cluster, shared_cluster: RealCluster) -> None:
    await asyncio.gather(*(servers.call(key, "SET", key, key) for key in KEYS))
    before = total(shared_cluster, "stats", "total_reads_processed")
    await asyncio.gather(*(servers.call(key, "GET", key) for key in KEYS))
    looking = len(shared_cluster.nodes) * 3
    assert total(shared_cluster, "stats", "total_reads_processed") - before <= 3 * 6 + looking


def _moved(cluster: RealCluster) -> bool:
    return any("errorstat_MOVED" in node.client().info("errorstats") for node in cluster.nodes)


async def test_every_shard_has_a_hash_tag_that_belongs_to_it(servers: Cluster, shared_cluster: RealCluster) -> None:
    assert servers.shards() == ((0, "0"),), "nothing is known before the first call"
    await servers.call("a", "GET", "a")
    shards = dict(servers.shards())
    assert len(shards) == 3
    for number, tag in shards.items():
        key = f"probe:{{{tag}}}"
        assert servers.shard(key) == number
        assert shared_cluster.primary_of(key) is shared_cluster.nodes[number]


async def test_an_error_in_the_command_is_raised_unchanged(servers: Cluster) -> None:
    with pytest.raises(NoScriptError):
        await servers.call("a", "EVALSHA", "0" * 40, 1, "a")


async def test_a_wrong_slot_map_is_corrected_by_the_first_reply(servers: Cluster, shared_cluster: RealCluster) -> None:
    await servers.call("a", "SET", "a", "1")
    slot = key_slot(b"a")
    right = servers._owners[slot]
    servers._owners[slot] = next(node for node in servers._owners if node is not right)
    assert await servers.call("a", "GET", "a") == b"1"
    assert servers._owners[slot] is right
    assert _moved(shared_cluster), "it was redirected once"
    assert servers.epoch == 0


async def test_a_single_server_is_refused_as_a_cluster(valkey_url: str) -> None:
    servers = Cluster.connect(valkey_url.replace("redis://", "redis+cluster://"))
    with pytest.raises(StoreRefused, match="not a cluster node: write redis://"):
        await servers.call("a", "GET", "a")
    with pytest.raises(StoreRefused, match="not a cluster node"):
        await servers.primaries()
    await servers.close()


async def test_a_node_without_slots_is_unavailable() -> None:
    node = Valkey(cluster_enabled="yes")
    node.start()
    servers = Cluster.connect(f"redis+cluster://127.0.0.1:{node.port}")
    with pytest.raises(StoreUnavailable, match="not assigned its slots"):
        await servers.call("a", "GET", "a")
    await servers.close()
    node.stop()


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("redis+cluster://one:7000,two", "nodes as host:port"),
        ("redis+cluster://one:7000,two:x", "nodes as host:port"),
        ("redis+cluster://", "nodes as host:port"),
        ("rediss+cluster://u:p@one:7000,/0", "nodes as host:port"),
        ("redis+cluster://one:7000/1", "only the database 0"),
        ("redis+cluster://one:7000?nonsense=1", "nonsense"),
    ],
)
def test_an_invalid_url_is_refused(url: str, words: str) -> None:
    with pytest.raises(ConfigurationError, match=words):
        open_store(url, limits=Limits(), ttl=60, name="REDIS_URL")


@pytest.mark.parametrize(
    "url",
    [
        "redis+cluster://one:7000,[::1]:7001/0",
        "rediss+cluster://user:p%40ss@one:7000,two:7001/?ssl_check_hostname=false",
    ],
)
def test_a_url_with_every_part_is_accepted(url: str) -> None:
    open_store(url, limits=Limits(), ttl=60, name="REDIS_URL")


async def test_a_value_that_is_no_cart_is_put_aside_on_its_own_node(
    cluster_url: str, shared_cluster: RealCluster
) -> None:
    carts = RedisCartService(Cluster.connect(cluster_url, timeouts=Timeouts(30, 30)))
    await carts.ping()
    for n in range(20):
        shared_cluster.primary_of(f"cart:{n}").client().set(f"cart:{n}", "no cart")
    added = await asyncio.gather(*(carts.add(str(n), "mug", 1, Money(1900, "EUR")) for n in range(20)))
    assert [cart.quantity for cart in added] == [1] * 20
    aside = [key for node in shared_cluster.nodes for key in node.client().keys("cart-unreadable:*")]
    assert sorted(aside) == sorted(b"cart-unreadable:{cart:%d}" % n for n in range(20))
    assert abs(carts.now() - time.time()) < 2
    await carts.close()
