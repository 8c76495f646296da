"""A client for a Redis or Valkey Cluster: sends each command to the node that owns the cart's slot.

It keeps its own slot map, on top of redis-py's connections; docs/decisions/cluster-map.md gives the reasons.

    MOVED          another node owns the slot: send the command there, and refresh the map in the background
    ASK            the slot is migrating and this cart has moved already: ask the target node, for this command only
    TRYAGAIN, CLUSTERDOWN
                   retry a few times after a short pause
    no answer      refresh the map: if another node owns the slot by now, send the command there; otherwise raise
                   StoreUnavailable, for the carts of this node only
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

from shop.cart.redis.errors import translate, translator_for
from shop.cart.redis.pipelining import SharedPipeline
from shop.cart.redis.servers import Send, Servers
from shop.cart.redis.service import Timeouts
from shop.cart.redis.tls import connections_of
from shop.cart.redis.topology import Address, Topology
from shop.errors import StoreBusy, StoreUnavailable

MIN_REFRESH_INTERVAL_SECONDS = 0.2
"""Minimum time between two reads of the slot map."""
NEXT_NODE_SECONDS = 0.1
"""How long one node may take to send the map before the next node is asked too."""
REDIRECT_BACKOFF_SECONDS = (0.01, 0.02, 0.04, 0.08)
"""The pauses before retries while a cluster is being resharded."""
_REDIRECTED = (
    redis_errors.AskError,
    redis_errors.TryAgainError,
    redis_errors.ClusterDownError,
)  # redis-py derives MOVED from ASK
_TRY_ELSEWHERE = (*_REDIRECTED, StoreUnavailable)


class _Node:
    """The pipelines to one node. `asking` serves carts whose slot is migrating to it, and connects when first used."""

    def __init__(self, address: Address, pool: Any, *, timeout: float, on_epoch: Callable[[], None]) -> None:
        translate_other = translator_for(pool)

        def keep_redirections(error: Exception) -> Exception:
            return error if isinstance(error, _REDIRECTED) else translate_other(error)

        self.address = address
        self.failed_at = 0.0
        self.pipeline = SharedPipeline(connections_of(pool), keep_redirections, timeout=timeout, on_epoch=on_epoch)
        self.clock = self.pipeline.clock
        self.asking = SharedPipeline(
            connections_of(pool), keep_redirections, timeout=timeout, concurrency=1, prefix=("ASKING",)
        )

    async def close(self) -> None:
        await self.pipeline.close()
        await self.asking.close()


class Cluster(Servers):
    """The nodes of a cluster, discovered through any of `seeds`, each with its own pipelines.

    `pool_of` makes a redis-py asyncio connection pool for an address; replies are bytes. A call takes at most
    `timeout` seconds at the node of its cart, and as long again if it is redirected. Connects when first used.
    """

    def __init__(self, seeds: Sequence[Address], pool_of: Callable[[Address], Any], *, timeout: float) -> None:
        self._seeds = seeds
        self._pool_of = pool_of
        self._timeout = timeout
        self._nodes: dict[Address, _Node] = {}
        self._topology = Topology()
        self._owners: list[_Node | None] = [None] * REDIS_CLUSTER_HASH_SLOTS
        """The node of each slot: the topology, updated by MOVED replies since."""
        self._shards = [0] * REDIS_CLUSTER_HASH_SLOTS
        self._tags: tuple[tuple[int, str], ...] = ()
        self._epoch = 0
        self._last_error = StoreUnavailable("No node of the cluster answered in time.")
        """Why the last attempt to read the map failed."""
        self._refreshing: asyncio.Task[None] | None = None
        self._refresh_at = 0.0
        self._closing: set[asyncio.Task[None]] = set()

    @classmethod
    def connect(cls, url: str, *, timeouts: Timeouts = Timeouts()) -> Cluster:
        """The cluster of a redis+cluster:// or rediss+cluster:// URL. Raises ValueError for an invalid one."""
        parts = urlsplit(url)
        user = parts.netloc.rpartition("@")[0]

        def pool_of(address: Address) -> Any:
            host = f"[{address[0]}]" if ":" in address[0] else address[0]
            endpoint = f"{user}@{host}:{address[1]}" if user else f"{host}:{address[1]}"
            return ConnectionPool.from_url(
                f"{parts.scheme.removesuffix('+cluster')}://{endpoint}?{parts.query}",
                socket_connect_timeout=timeouts.connect,
                socket_timeout=None,  # SharedPipeline times the round trip as a whole
                retry=Retry(NoBackoff(), 1, supported_errors=(redis_errors.ConnectionError,)),
                maint_notifications_config=MaintNotificationsConfig(enabled=False),
            )

        seeds = seeds_of(parts)
        pool_of(seeds[0]).make_connection()  # does not connect, but raises for an option that redis-py does not know
        return cls(seeds, pool_of, timeout=timeouts.reply)

    @override
    def call(self, key: str, *command: Any) -> Awaitable[Any]:
        return self._call(key_slot(key.encode()), command)

    @override
    async def primaries(self) -> Sequence[Send]:
        await self._wait_for_refresh()
        if not self._topology.parts:
            raise self._last_error
        return [self._node(part.primary).pipeline.call for part in self._topology.parts]

    @override
    async def measure(self, key: str) -> None:
        if (node := self._owners[key_slot(key.encode())]) is not None:
            await node.pipeline.measure()

    @override
    def now(self) -> float:
        measured = (node for part in self._topology.parts if (node := self._node(part.primary)).clock.is_measured)
        return next(measured, self._node(self._seeds[0])).clock.now()

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
            return await node.pipeline.call(*command)
        except StoreBusy:
            raise
        except _TRY_ELSEWHERE as error:
            reason = error
        return await self._follow(slot, node, command, reason)

    async def _owner(self, slot: int) -> _Node:
        """Find the owner of a slot without one in the map. Raises StoreUnavailable if there is still none."""
        if self._topology.parts:
            self._start_refresh()
        else:
            await self._wait_for_refresh()
        if (node := self._owners[slot]) is None:
            known = self._topology.parts
            raise StoreUnavailable("No node of the cluster owns the slot of this cart.") if known else self._last_error
        return node

    async def _follow(self, slot: int, node: _Node, command: tuple[Any, ...], reason: Exception) -> Any:
        """Send the command to other nodes after this one failed or redirected it."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(self._timeout):
                for pause in REDIRECT_BACKOFF_SECONDS:
                    node, pipeline = await self._next_route(slot, node, reason, pause)
                    try:
                        return await pipeline.call(*command)
                    except _TRY_ELSEWHERE as error:
                        reason = error
        if isinstance(reason, redis_errors.AskError):
            raise StoreUnavailable(
                "The nodes of the cluster disagree about which of them owns the slot of this cart."
            ) from reason
        raise translate(reason)

    async def _next_route(
        self, slot: int, node: _Node, reason: Exception, pause: float
    ) -> tuple[_Node, SharedPipeline]:
        """The node to try next and the pipeline to use. Raises `reason` if there is none."""
        if isinstance(reason, StoreUnavailable):
            node.failed_at = time.monotonic()
            await self._wait_for_refresh()
            successor = self._owners[slot]
            if successor is None or successor is node:
                raise reason
            return successor, successor.pipeline
        if not isinstance(reason, redis_errors.AskError):
            self._start_refresh()
            await asyncio.sleep(pause)
            node = self._owners[slot] or node
            return node, node.pipeline
        node = self._node((reason.host or node.address[0], reason.port))
        if not isinstance(reason, redis_errors.MovedError):
            return node, node.asking
        self._owners[slot] = node
        self._start_refresh()
        return node, node.pipeline

    def _node(self, address: Address) -> _Node:
        if (node := self._nodes.get(address)) is None:
            pool = self._pool_of(address)
            node = self._nodes[address] = _Node(address, pool, timeout=self._timeout, on_epoch=self._count_restart)
        return node

    def _count_restart(self) -> None:
        """Count the restart of a node when it happens, so that `epoch`, which every call reads, stays cheap."""
        self._epoch += 1

    async def _wait_for_refresh(self) -> None:
        """Refresh the map, and wait for at most the timeout of a call."""
        refreshing = self._start_refresh()
        await asyncio.wait((refreshing,), timeout=self._timeout)

    def _start_refresh(self) -> asyncio.Task[None]:
        if self._refreshing is None or self._refreshing.done():
            self._refreshing = asyncio.create_task(self._refresh())
        return self._refreshing

    async def _refresh(self) -> None:
        """Read the map from any node, starting with those that failed least recently; a slow node delays nothing."""
        await asyncio.sleep(max(0.0, self._refresh_at - time.monotonic()))
        self._refresh_at = time.monotonic() + MIN_REFRESH_INTERVAL_SECONDS
        known = [self._node(address) for address in dict.fromkeys((*self._topology.addresses, *self._seeds))]
        nodes = deque(sorted(known, key=lambda node: node.failed_at))
        asking: set[asyncio.Task[bool]] = set()
        try:
            while nodes or asking:
                if nodes:
                    asking.add(asyncio.create_task(self._fetch_map(nodes.popleft())))
                delay = NEXT_NODE_SECONDS if nodes else None
                done, asking = await asyncio.wait(asking, timeout=delay, return_when=asyncio.FIRST_COMPLETED)
                if any(task.result() for task in done):
                    return
        finally:
            for task in asking:
                task.cancel()

    async def _fetch_map(self, node: _Node) -> bool:
        """Adopt the map of this node. Returns whether the node had one."""
        try:
            reply = await node.pipeline.call("CLUSTER", "SLOTS")
        except StoreUnavailable as error:
            node.failed_at = time.monotonic()
            self._last_error = error
            return False
        if not reply:
            self._last_error = StoreUnavailable("The cluster has not assigned its slots to nodes yet.")
            return False
        self._adopt(self._topology.updated(reply, node.address))
        return True

    def _adopt(self, topology: Topology) -> None:
        self._epoch += self._topology.failovers_since(topology)
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
    """The host:port pairs of a URL that lists several. Raises ValueError, which names the pair that is invalid."""
    seeds = []
    for endpoint in url.netloc.rpartition("@")[2].split(","):
        one = urlsplit(f"//{endpoint}")
        if not one.hostname or one.port is None:
            raise ValueError(f"{endpoint!r} in it is not host:port")
        seeds.append((one.hostname, one.port))
    return seeds


def _tags(shards: list[int]) -> list[tuple[int, str]]:
    """For each shard a hash tag whose slot belongs to it."""
    tags: dict[int, str] = {}
    missing = set(shards)
    for n in count():
        number = shards[key_slot(b"%d" % n)]
        if number in missing:
            missing.remove(number)
            tags[number] = str(n)
            if not missing:
                return sorted(tags.items())
    raise AssertionError("unreachable")
