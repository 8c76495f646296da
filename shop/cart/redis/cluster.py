"""The way to a Redis or Valkey Cluster: each cart at the node that has its slot.

The slot map is ours, on redis-py's connections; docs/decisions/cluster-map.md says why.

    MOVED          the slot has another node: go there, and read the whole map again in the background
    ASK            the slot is on its way and this cart is there already: ask the node it goes to, this once
    TRYAGAIN, CLUSTERDOWN
                   wait a moment, a few times
    no answer      read the whole map: if another node has the slot by now, go there; else StoreUnavailable, for the
                   carts of this node alone
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from itertools import count
from typing import Any
from urllib.parse import SplitResult, urlsplit

from redis import exceptions as redis_errors
from redis.asyncio import ConnectionPool
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.crc import REDIS_CLUSTER_HASH_SLOTS, key_slot
from redis.maint_notifications import MaintNotificationsConfig
from typing_extensions import override

from shop.cart.redis.errors import message_of, translated_error
from shop.cart.redis.pipelining import SharedPipeline
from shop.cart.redis.servers import Send, Servers
from shop.cart.redis.service import Timeouts
from shop.cart.redis.tls import connections_of
from shop.cart.redis.topology import Address, Topology
from shop.errors import StoreBusy, StoreUnavailable

REFRESH_APART_SECONDS = 0.2
"""The map is read at most this often, whatever happens."""
SOON_SECONDS = 0.1
"""After which another node is asked for the map too."""
PAUSES_SECONDS = (0.01, 0.02, 0.04, 0.08)
"""Before a cluster that is being rearranged is asked again."""
_SENT_AWAY = (redis_errors.AskError, redis_errors.TryAgainError, redis_errors.ClusterDownError)  # MOVED is an ASK
_ELSEWHERE = (*_SENT_AWAY, StoreUnavailable)


class _Node:
    """The ways to one node. `asked` is for carts whose slot is on its way to it; it connects when that happens."""

    def __init__(self, address: Address, pool: Any, *, seconds: float, on_epoch: Callable[[], None]) -> None:
        words = message_of(pool)

        def ours(error: Exception) -> Exception:
            return error if isinstance(error, _SENT_AWAY) else words(error)

        self.address = address
        self.failed_at = 0.0
        self.gathered = SharedPipeline(connections_of(pool), ours, seconds=seconds, on_epoch=on_epoch)
        self.asked = SharedPipeline(connections_of(pool), ours, seconds=seconds, lanes=1, before=("ASKING",))

    async def close(self) -> None:
        await self.gathered.close()
        await self.asked.close()


class Cluster(Servers):
    """The nodes of a cluster, found through any of `seeds`, each with lanes of its own.

    `pool_of` makes a redis-py asyncio connection pool for an address; replies are bytes. A call takes `seconds` at
    most at the node of its cart, and as long again where the cluster is being rearranged. It connects when it is
    first used.
    """

    def __init__(self, seeds: Sequence[Address], pool_of: Callable[[Address], Any], *, seconds: float) -> None:
        self._seeds = seeds
        self._pool_of = pool_of
        self._seconds = seconds
        self._nodes: dict[Address, _Node] = {}
        self._topology = Topology()
        self._owners: list[_Node | None] = [None] * REDIS_CLUSTER_HASH_SLOTS
        """By slot: the topology, and what MOVED has told since."""
        self._shards = [0] * REDIS_CLUSTER_HASH_SLOTS
        self._tags: tuple[tuple[int, str], ...] = ()
        self._epoch = 0
        self._trouble = StoreUnavailable("No node of the cluster answers in time.")
        """Why the map could not be read the last time."""
        self._refreshing: asyncio.Task[None] | None = None
        self._refresh_at = 0.0
        self._closing: set[asyncio.Task[None]] = set()

    @classmethod
    def connect(cls, url: str, *, timeouts: Timeouts = Timeouts()) -> Cluster:
        """The cluster of a redis+cluster:// or rediss+cluster:// URL; raises ValueError for one it cannot read."""
        parts = urlsplit(url)
        user = parts.netloc.rpartition("@")[0]

        def pool_of(address: Address) -> Any:
            host = f"[{address[0]}]" if ":" in address[0] else address[0]
            place = f"{user}@{host}:{address[1]}" if user else f"{host}:{address[1]}"
            return ConnectionPool.from_url(
                f"{parts.scheme.removesuffix('+cluster')}://{place}?{parts.query}",
                socket_connect_timeout=timeouts.connect,
                socket_timeout=None,  # a trip is timed as a whole
                retry=Retry(NoBackoff(), 1, supported_errors=(redis_errors.ConnectionError,)),
                maint_notifications_config=MaintNotificationsConfig(enabled=False),
            )

        seeds = seeds_of(parts)
        pool_of(
            seeds[0]
        ).make_connection()  # connects to nothing: an option that redis-py does not know is an error here
        return cls(seeds, pool_of, seconds=timeouts.reply)

    @override
    def call(self, key: str, *command: Any) -> Awaitable[Any]:
        return self._call(key_slot(key.encode()), command)

    @override
    async def primaries(self) -> Sequence[Send]:
        await self._refreshed()
        if not self._topology.parts:
            raise self._trouble
        return [self._node(part.primary).gathered.call for part in self._topology.parts]

    @property
    @override
    def epoch(self) -> int:
        return self._epoch

    @override
    def shard(self, key: str) -> int:
        return self._shards[key_slot(key.encode())]

    @override
    def shards(self) -> Sequence[tuple[int, str]]:
        if not self._tags:
            self._tags = tuple(_tags(self._shards))
        return self._tags

    @override
    async def close(self) -> None:
        if self._refreshing is not None:
            self._refreshing.cancel()
        await asyncio.gather(*(node.close() for node in self._nodes.values()), *self._closing)

    async def _call(self, slot: int, command: tuple[Any, ...]) -> Any:
        node = self._owners[slot] or await self._owner(slot)
        try:
            return await node.gathered.call(*command)
        except StoreBusy:
            raise
        except _ELSEWHERE as error:
            reason = error
        return await self._follow(slot, node, command, reason)

    async def _owner(self, slot: int) -> _Node:
        """The node of a slot that has none in the map; raises StoreUnavailable if that does not change at once."""
        if self._topology.parts:
            self._refresh_soon()
        else:
            await self._refreshed()
        if (node := self._owners[slot]) is None:
            known = self._topology.parts
            raise StoreUnavailable("No node of the cluster has the slot of this cart.") if known else self._trouble
        return node

    async def _follow(self, slot: int, node: _Node, command: tuple[Any, ...], reason: Exception) -> Any:
        """Go where the command has to go instead, for the reason that this node has given."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(self._seconds):
                for pause in PAUSES_SECONDS:
                    node, way = await self._way(slot, node, reason, pause)
                    try:
                        return await way.call(*command)
                    except _ELSEWHERE as error:
                        reason = error
        if isinstance(reason, redis_errors.AskError):
            raise StoreUnavailable(
                "The nodes of the cluster do not agree on who has the slot of this cart."
            ) from reason
        raise translated_error(reason)

    async def _way(self, slot: int, node: _Node, reason: Exception, pause: float) -> tuple[_Node, SharedPipeline]:
        """The node to try after this one, and the way to it; raises the reason where there is none."""
        if isinstance(reason, StoreUnavailable):
            node.failed_at = time.monotonic()
            await self._refreshed()
            successor = self._owners[slot]
            if successor is None or successor is node:
                raise reason
            return successor, successor.gathered
        if not isinstance(reason, redis_errors.AskError):
            self._refresh_soon()
            await asyncio.sleep(pause)
            node = self._owners[slot] or node
            return node, node.gathered
        node = self._node((reason.host or node.address[0], reason.port))
        if not isinstance(reason, redis_errors.MovedError):
            return node, node.asked
        self._owners[slot] = node
        self._refresh_soon()
        return node, node.gathered

    def _node(self, address: Address) -> _Node:
        if (node := self._nodes.get(address)) is None:
            pool = self._pool_of(address)
            node = self._nodes[address] = _Node(address, pool, seconds=self._seconds, on_epoch=self._met_another)
        return node

    def _met_another(self) -> None:
        """Count a node that is another process than before; not when it is asked for, which each call does."""
        self._epoch += 1

    async def _refreshed(self) -> None:
        """Read the map, or give up when that takes longer than a call."""
        refreshing = self._refresh_soon()
        await asyncio.wait((refreshing,), timeout=self._seconds)

    def _refresh_soon(self) -> asyncio.Task[None]:
        if self._refreshing is None or self._refreshing.done():
            self._refreshing = asyncio.create_task(self._refresh())
        return self._refreshing

    async def _refresh(self) -> None:
        """Read the map from any node, those that have not failed lately first; one that is slow holds up nothing."""
        await asyncio.sleep(max(0.0, self._refresh_at - time.monotonic()))
        self._refresh_at = time.monotonic() + REFRESH_APART_SECONDS
        known = [self._node(address) for address in dict.fromkeys((*self._topology.addresses, *self._seeds))]
        nodes = deque(sorted(known, key=lambda node: node.failed_at))
        asking: set[asyncio.Task[bool]] = set()
        try:
            while nodes or asking:
                if nodes:
                    asking.add(asyncio.create_task(self._ask(nodes.popleft())))
                soon = SOON_SECONDS if nodes else None
                done, asking = await asyncio.wait(asking, timeout=soon, return_when=asyncio.FIRST_COMPLETED)
                if any(task.result() for task in done):
                    return
        finally:
            for task in asking:
                task.cancel()

    async def _ask(self, node: _Node) -> bool:
        """Take the map from this node; whether it had one."""
        try:
            reply = await node.gathered.call("CLUSTER", "SLOTS")
        except StoreUnavailable as error:
            node.failed_at = time.monotonic()
            self._trouble = error
            return False
        if not reply:
            self._trouble = StoreUnavailable("The cluster has given its slots to no node yet.")
            return False
        self._adopt(self._topology.followed_by(reply, node.address))
        return True

    def _adopt(self, topology: Topology) -> None:
        self._epoch += self._topology.taken_over(topology)
        self._topology = topology
        self._owners = [None] * REDIS_CLUSTER_HASH_SLOTS
        for part in topology.parts:
            node = self._node(part.primary)
            for slots in part.slots:
                self._owners[slots.start : slots.stop] = [node] * len(slots)
                self._shards[slots.start : slots.stop] = [part.number] * len(slots)
        self._tags = ()
        for address in self._nodes.keys() - {*topology.addresses, *self._seeds}:
            node = self._nodes.pop(address)
            closing = asyncio.create_task(node.close())
            self._closing.add(closing)
            closing.add_done_callback(self._closing.discard)


def seeds_of(url: SplitResult) -> list[Address]:
    """The host:port pairs of a URL that names several; raises ValueError, in words, where one is something else."""
    seeds = []
    for place in url.netloc.rpartition("@")[2].split(","):
        one = urlsplit(f"//{place}")
        if not one.hostname or one.port is None:
            raise ValueError(f"{place!r} in it is not host:port")
        seeds.append((one.hostname, one.port))
    return seeds


def _tags(shards: list[int]) -> list[tuple[int, str]]:
    """For each shard a tag whose slot belongs to it."""
    found: dict[int, str] = {}
    missing = set(shards)
    for n in count():
        number = shards[key_slot(b"%d" % n)]
        if number in missing:
            missing.remove(number)
            found[number] = str(n)
            if not missing:
                return sorted(found.items())
    raise AssertionError("unreachable")
