"""A cluster of three primaries with a replica each: a node is lost, slots move, a node joins."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from functools import partial
from typing import Any

from redis.crc import key_slot

from shop.cart.redis.service import KEY_PREFIX
from shop.demo.cluster import Cluster
from shop.demo.valkey import Valkey
from shop.web.http.session import cart_id
from tests.chaos.scene import Row, Scene
from tests.chaos.stage import ONE, Crew, Stage


class ClusterStage(Stage):
    """Cluster"""

    def __init__(self, crew: Crew = ONE) -> None:
        super().__init__(crew)
        self.cluster = Cluster()

    @property
    def url(self) -> str:
        return self.cluster.url

    def open_servers(self) -> None:
        self.cluster.start()

    def close_servers(self) -> None:
        self.cluster.stop()


async def primary_killed(scene: Scene[ClusterStage]) -> None:
    cluster = scene.stage.cluster
    victim = cluster.owner_of(slots_of(scene)[0])
    (replica,) = cluster.replicas_of(victim)
    await scene.strikes(victim.kill)
    await scene.until(lambda: cluster.is_primary(replica))
    assert not victim.runs, "the server really was gone"
    await scene.lasts()
    await asyncio.to_thread(victim.start)
    await asyncio.to_thread(cluster.wait_until_healthy)


async def primary_hung(scene: Scene[ClusterStage]) -> None:
    """It comes back believing that it still is the primary, until the others tell it better."""
    cluster = scene.stage.cluster
    victim = cluster.owner_of(slots_of(scene)[0])
    (replica,) = cluster.replicas_of(victim)
    await scene.strikes(victim.hang)
    await scene.until(lambda: cluster.is_primary(replica))
    await scene.lasts()
    await asyncio.to_thread(victim.resume)
    await asyncio.to_thread(cluster.wait_until_healthy)


async def slots_moved(scene: Scene[ClusterStage]) -> None:
    """Every cart moves to the next node while it is changed, and back again."""
    cluster, slots = scene.stage.cluster, slots_of(scene)
    home = [cluster.owner_of(slot) for slot in slots]
    primaries = list(dict.fromkeys(home))
    assert len(primaries) > 1, "there are carts at several nodes"
    for step in (1, 0):
        for slot, node in zip(slots, home, strict=True):
            to = primaries[(primaries.index(node) + step) % len(primaries)]
            await scene.strikes(partial(cluster.move, [slot], to))
            await scene.until(partial(_owns, cluster, to, slot))
        await scene.crowd.goes_on(seconds=scene.seconds / 2, changes=20)


async def node_added(scene: Scene[ClusterStage]) -> None:
    """A new node takes over the carts; afterwards it gives them back and leaves."""
    cluster, slots = scene.stage.cluster, slots_of(scene)
    home = [cluster.owner_of(slot) for slot in slots]
    node = await asyncio.to_thread(cluster.add)
    await scene.until(lambda: _serves(node))
    await scene.strikes(lambda: cluster.move(slots, node))
    with node.client() as client:
        assert client.dbsize(), "there are carts at the new node"
    await scene.lasts()
    for slot, owner in zip(slots, home, strict=True):
        await asyncio.to_thread(cluster.move, [slot], owner)
    await asyncio.to_thread(cluster.remove, node)


def _owns(cluster: Cluster, node: Valkey, slot: int) -> bool:
    return cluster.owner_of(slot) is node


def _serves(node: Valkey) -> bool:
    """Whether a new node knows enough of the others to take slots."""
    with node.client() as client:
        info: Any = client.cluster("info")
        return bool(info["cluster_state"] == "ok")


def slots_of(scene: Scene[Any]) -> Sequence[int]:
    """The slots in which the shoppers' carts are."""
    return sorted({key_slot((KEY_PREFIX + cart_id(session)).encode()) for session in scene.crowd.sessions})


ROWS: tuple[Row[Any], ...] = (
    Row("cluster-kill", "kill -9 of a primary", ClusterStage, primary_killed),
    Row("cluster-hung", "SIGSTOP of a primary", ClusterStage, primary_hung),
    Row("cluster-move", "slots moved under load", ClusterStage, slots_moved),
    Row("cluster-add", "a node added, and given slots", ClusterStage, node_added, tested=()),
)
