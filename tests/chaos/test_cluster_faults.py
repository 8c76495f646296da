"""Nodes of a real cluster are killed, hung, promoted, added and emptied of slots. No change is lost or doubled."""

import asyncio
from collections.abc import AsyncIterator, Sequence

import pytest
from redis.crc import key_slot

from shop.cart.around.failover import FailoverCartService
from shop.cart.connect import with_standby
from shop.cart.model import Limits
from shop.cart.redis.cluster import Cluster as ClusterServers
from shop.cart.redis.service import KEY_PREFIX, RedisCartService, Timeouts
from shop.demo.cluster import Cluster
from shop.demo.valkey import Valkey
from tests.chaos.clicks import EUR, SHOPPERS, Clicks, recovered, until
from tests.fixtures.cart_services import LONG_TIMEOUTS, past_the_shop

LIMITS = Limits(quantity=10_000)
IDS = [f"shopper-{n}" for n in range(SHOPPERS)]


async def opened(url: str, timeouts: Timeouts = Timeouts(5, 1)) -> FailoverCartService:
    store = RedisCartService(ClusterServers.connect(url, timeouts=timeouts), limits=LIMITS, ttl=3600)
    service = with_standby(store, max_carts=1000)
    await service.start()
    await recovered(service)
    assert len({service.shard(cart_id) for cart_id in IDS}) >= 3, "there are shoppers at every node"
    return service


@pytest.fixture
async def carts(cluster: Cluster) -> AsyncIterator[FailoverCartService]:
    service = await opened(cluster.url)
    yield service
    await service.close()


@pytest.fixture
async def patient_carts(cluster: Cluster) -> AsyncIterator[FailoverCartService]:
    """Falls back only from a node that is away or refuses, never from a slow one."""
    service = await opened(cluster.url, LONG_TIMEOUTS)
    yield service
    await service.close()


def servers_of(carts: FailoverCartService) -> ClusterServers:
    assert isinstance(carts.primary, RedisCartService)
    assert isinstance(carts.primary.servers, ClusterServers)
    return carts.primary.servers


def refusals(nodes: Sequence[Valkey], kind: str) -> int:
    """How often these nodes have answered with an error of this kind."""
    found = (node.client().info("errorstats").get(f"errorstat_{kind}") for node in nodes)
    return sum(int(entry["count"]) for entry in found if entry)


def primary_of(cluster: Cluster, cart_id: str) -> Valkey:
    return cluster.primary_of(KEY_PREFIX + cart_id)


async def promoted(cluster: Cluster, replica: Valkey) -> None:
    await asyncio.to_thread(_wait_for_election, cluster, replica)


def _wait_for_election(cluster: Cluster, replica: Valkey) -> None:
    while not cluster.is_primary(replica):
        pass


async def test_a_primary_killed_and_its_replica_elected(cluster: Cluster, carts: FailoverCartService) -> None:
    victim = primary_of(cluster, "shopper-0")
    (replica,) = cluster.replicas_of(victim)
    async with Clicks(carts) as clicks:
        await clicks.more(200)
        victim.kill()
        await until(lambda: carts.standby_active)
        await clicks.more(200)
        async with asyncio.timeout(20):
            await promoted(cluster, replica)
        await recovered(carts)
        await clicks.more(200)
    assert carts.epoch == 1
    assert not victim.runs
    await clicks.are_stored_once(cluster.url)
    assert carts.replayed > 0


async def test_what_the_promoted_replica_never_got_is_given_back(cluster: Cluster, carts: FailoverCartService) -> None:
    victim = primary_of(cluster, "shopper-0")
    (replica,) = cluster.replicas_of(victim)
    async with Clicks(carts) as clicks:
        await clicks.more(200)
        replica.hang()
        assert victim.client().client_kill_filter(_type="replica") == 1
        copied = victim.client().info("replication")["master_repl_offset"]
        await clicks.more(200)
        state = victim.client().info("replication")
        assert state["connected_slaves"] == 0
        assert state["master_repl_offset"] > copied, "the primary acknowledged what its replica never got"
        victim.kill()
        replica.resume()
        async with asyncio.timeout(20):
            await promoted(cluster, replica)
        await recovered(carts)
        await clicks.more(100)
    await clicks.are_stored_once(cluster.url)


async def test_slots_on_the_move(cluster: Cluster, patient_carts: FailoverCartService) -> None:
    slots = {key_slot(f"{KEY_PREFIX}{cart_id}".encode()) for cart_id in IDS[:4]}
    async with Clicks(patient_carts) as clicks:
        await clicks.more(100)
        for slot in slots:
            target = next(node for node in cluster.nodes if cluster.is_primary(node) and not has(cluster, node, slot))
            source = cluster.begin_move(slot, target)
            await clicks.more(50)
            asked = refusals([source], "ASK")
            assert cluster.move_keys(slot, source, target) > 0
            await until(lambda source=source, asked=asked: refusals([source], "ASK") > asked + 3)  # type: ignore[misc]
            moved = refusals([source], "MOVED")
            cluster.end_move(slot, source, target)
            await until(lambda source=source, moved=moved: refusals([source], "MOVED") > moved)  # type: ignore[misc]
            await clicks.more(50)
    assert patient_carts.failovers == 0, "the standby was never needed"
    assert patient_carts.repaired == 0
    await clicks.are_stored_once(cluster.url)


def has(cluster: Cluster, node: Valkey, slot: int) -> bool:
    return cluster.owner_of(slot) is node


async def test_a_node_added_and_taken_out_again(cluster: Cluster, patient_carts: FailoverCartService) -> None:
    slots = {key_slot(f"{KEY_PREFIX}{cart_id}".encode()): primary_of(cluster, cart_id) for cart_id in IDS[::2]}
    async with Clicks(patient_carts) as clicks:
        await clicks.more(100)
        new = await asyncio.to_thread(cluster.add)
        await asyncio.to_thread(cluster.move, slots, new)
        await clicks.more(200)
        await until(lambda: len(servers_of(patient_carts).shards()) == 4)
        there = list(new.client().scan_iter(f"{KEY_PREFIX}*"))
        assert len(there) == len(slots), "their carts are at the new node"
        for slot, home in slots.items():
            await asyncio.to_thread(cluster.move, [slot], home)
        await asyncio.to_thread(cluster.remove, new)
        await clicks.more(200)
        await until(lambda: len(servers_of(patient_carts).shards()) == 3)
    assert patient_carts.failovers == 0, "the standby was never needed"
    assert patient_carts.backlog == patient_carts.repaired == 0
    await clicks.are_stored_once(cluster.url)


async def test_the_carts_of_other_nodes_go_on_while_one_node_hangs(
    cluster: Cluster, carts: FailoverCartService
) -> None:
    victim = primary_of(cluster, "shopper-0")
    shard = carts.shard("shopper-0")
    there = [cart_id for cart_id in IDS if carts.shard(cart_id) == shard]
    others = [cart_id for cart_id in IDS if carts.shard(cart_id) != shard]
    async with Clicks(carts, there) as clicks, Clicks(carts, others) as elsewhere:
        await elsewhere.more(100)
        for node in (victim, *cluster.replicas_of(victim)):
            node.hang()
        await until(lambda: carts.standby_active)
        async with asyncio.timeout(20):
            for _ in range(20):
                for cart_id in others:
                    await carts.get(cart_id)
        await elsewhere.more(200)
        await clicks.more(50)
        assert carts.standby_active
        assert carts.backlog <= clicks.acknowledged.total(), "only the carts of the hung node wait"
        async with past_the_shop(cluster.url, limits=LIMITS) as plain:
            before = elsewhere.acknowledged.total()
            stored = await plain.get_many(others)
        assert sum(cart.quantity for cart in stored) >= before, "the others' clicks are in Redis meanwhile"
        for node in cluster.nodes:
            node.resume()
        await recovered(carts)
        await clicks.more(50)
    await clicks.are_stored_once(cluster.url)
    await elsewhere.are_stored_once(cluster.url)


async def test_all_nodes_restarted_empty(cluster: Cluster, carts: FailoverCartService) -> None:
    async with Clicks(carts) as clicks:
        await clicks.more(200)
        for node in cluster.nodes:
            node.kill()
        await until(lambda: carts.standby_active)
        await clicks.more(200)
        await asyncio.gather(*(asyncio.to_thread(node.start) for node in cluster.nodes))
        await recovered(carts)
        await clicks.more(200)
    assert carts.epoch >= 3, "each node was another process than before, or another node"
    await clicks.are_stored_once(cluster.url)
    assert carts.replayed > 0


async def test_a_cluster_that_stops_as_a_whole_for_one_missing_node() -> None:
    cluster = Cluster(3, replicas=0, node_timeout=500, cluster_require_full_coverage="yes")
    try:
        await asyncio.to_thread(cluster.start)
        carts = await opened(cluster.url)
        async with Clicks(carts) as clicks:
            await clicks.more(100)
            cluster.nodes[0].kill()
            await until(lambda: refusals(cluster.nodes[1:], "CLUSTERDOWN") > 0)
            await clicks.more(200)
            await asyncio.to_thread(cluster.nodes[0].start)
            await recovered(carts)
            await clicks.more(100)
        await clicks.are_stored_once(cluster.url)
        await carts.close()
    finally:
        cluster.stop()


async def test_a_shop_that_starts_while_most_of_its_seeds_are_gone(cluster: Cluster) -> None:
    only = cluster.nodes[-1]
    gone = [f"127.0.0.1:{port}" for port in (1, 2, 3)]
    carts = await opened("redis+cluster://" + ",".join((*gone, f"127.0.0.1:{only.port}")), LONG_TIMEOUTS)
    assert (await carts.add("a", "mug", 1, EUR)).quantity == 1
    assert carts.failovers == 0
    await carts.close()
