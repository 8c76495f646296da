"""A real Valkey Cluster on free ports, set up by commands (there is no valkey-cli), with methods for faults."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from typing import Any

import msgspec
from redis import exceptions as redis_errors
from redis.crc import REDIS_CLUSTER_HASH_SLOTS, key_slot

from shop.demo.valkey import Valkey

AGREEMENT_SECONDS = 90.0
"""Timeout in seconds for the nodes to agree."""


class Member(msgspec.Struct, frozen=True):
    """A node, as CLUSTER NODES lists it."""

    id: str
    port: int
    flags: frozenset[str]
    primary_id: str
    """'' if it is a primary itself."""
    slots: tuple[range, ...]


class Cluster:
    """Primaries that share the slots, each with replicas. Kill, hang and start its `nodes`, which are Valkey objects.

    A node that is killed and restarted is the same member, without its data. If no node serves a slot, the other slots
    are still served.
    """

    def __init__(self, primaries: int = 3, replicas: int = 1, *, node_timeout: int = 1000, **config: str) -> None:
        """`node_timeout`: milliseconds without an answer after which a node counts as failed."""
        self._config = {
            "cluster_enabled": "yes",
            "cluster_node_timeout": str(node_timeout),
            "cluster_replica_validity_factor": "0",
            "cluster_require_full_coverage": "no",
            "cluster_allow_replica_migration": "no",
            "repl_diskless_sync_delay": "0",
            "repl_diskless_load": "swapdb",  # otherwise a replica leaves a file behind and loads it at the next start
            **config,
        }
        self._primaries = primaries
        self.nodes = [self._node() for _ in range(primaries * (1 + replicas))]

    @property
    def url(self) -> str:
        """The REDIS_URL, with every node."""
        return "redis+cluster://" + ",".join(f"127.0.0.1:{node.port}" for node in self.nodes)

    def start(self) -> None:
        """Start the nodes and create the cluster: the first nodes are the primaries, in the order of their slots."""
        with ThreadPoolExecutor() as threads:
            list(threads.map(Valkey.start, self.nodes))
        primaries = self.nodes[: self._primaries]
        for epoch, (node, slots) in enumerate(zip(primaries, _shares(self._primaries), strict=True), start=1):
            _cluster_command(node, "ADDSLOTSRANGE", slots.start, slots.stop - 1)
            _cluster_command(node, "SET-CONFIG-EPOCH", epoch)
        for node in self.nodes:
            self._meet(node, self.nodes)
        for n, node in enumerate(self.nodes[self._primaries :]):
            self.replicate(node, primaries[n % self._primaries])
        self.wait_until_healthy()

    def stop(self) -> None:
        """Stop every node, whatever its state, and delete its data."""
        for node in self.nodes:
            node.stop()

    def primary_of(self, key: str) -> Valkey:
        """The node that owns the slot of this key."""
        return self.owner_of(key_slot(key.encode()))

    def owner_of(self, slot: int) -> Valkey:
        """The node that owns this slot."""
        return self._at(next(member for member in self._members() if any(slot in slots for slots in member.slots)))

    def replicas_of(self, primary: Valkey) -> list[Valkey]:
        """The replicas of this node."""
        me = self._member(primary).id
        return [self._at(member) for member in self._members() if member.primary_id == me]

    def is_primary(self, node: Valkey) -> bool:
        """Whether the node considers itself a primary."""
        return "master" in self._member(node, observer=node).flags

    def promote(self, replica: Valkey) -> None:
        """Make a replica the primary at once, without a vote; writes not replicated yet are lost."""
        _cluster_command(replica, "FAILOVER", "TAKEOVER")
        _until(lambda: self.is_primary(replica), "the replica is promoted")

    def add(self) -> Valkey:
        """Start a new node without slots, and wait until every node knows it."""
        node = self._node()
        node.start()
        self.nodes.append(node)
        running = [other for other in self.nodes if other.runs]
        self._meet(node, running)
        _until(
            lambda: all(map(self._knows_all, running)) and not _illness(node), "all know the new node, and it serves"
        )
        return node

    def remove(self, node: Valkey) -> None:
        """Remove a node without slots from the cluster, and stop it."""
        node_id = _cluster_command(node, "MYID")
        self.nodes.remove(node)
        node.stop()
        for other in self.nodes:
            if other.runs:
                _cluster_command(other, "FORGET", node_id)

    def replicate(self, node: Valkey, primary: Valkey) -> None:
        """Make a node without slots a replica of a primary."""

        def done() -> bool:
            try:
                return bool(_cluster_command(node, "REPLICATE", _cluster_command(primary, "MYID")))
            except redis_errors.ResponseError:
                return False  # it does not know the primary yet

        _until(done, "a node becomes a replica")

    def begin_move(self, slot: int, to: Valkey) -> Valkey:
        """Begin to migrate a slot to another node; returns its current owner."""
        source = self.owner_of(slot)
        _cluster_command(to, "SETSLOT", slot, "IMPORTING", _cluster_command(source, "MYID"))
        _cluster_command(source, "SETSLOT", slot, "MIGRATING", _cluster_command(to, "MYID"))
        return source

    def move_keys(self, slot: int, source: Valkey, to: Valkey) -> int:
        """Move up to 1,000 keys of a slot from its source; returns how many."""
        with source.client() as client:
            keys = client.execute_command("CLUSTER GETKEYSINSLOT", slot, 1000)
            if keys:
                client.execute_command("MIGRATE", "127.0.0.1", to.port, "", 0, 5000, "KEYS", *keys)
        return len(keys)

    def end_move(self, slot: int, source: Valkey, to: Valkey) -> None:
        """Assign the slot to its new node; its keys must have been moved."""
        target = _cluster_command(to, "MYID")
        _cluster_command(to, "SETSLOT", slot, "NODE", target)
        _cluster_command(source, "SETSLOT", slot, "NODE", target)

    def move(self, slots: Iterable[int], to: Valkey) -> None:
        """Move slots with their keys to another node, one by one, while the cluster serves."""
        for slot in slots:
            source = self.begin_move(slot, to)
            while self.move_keys(slot, source, to):
                pass
            self.end_move(slot, source, to)

    def wait_until_healthy(self) -> None:
        """Wait until all nodes run and agree, all slots are served and the replicas have caught up."""
        _until(lambda: not self._problems(), "the cluster is well", self._problems)

    def _knows_all(self, node: Valkey) -> bool:
        return not _strangers(self._members(node), len(self.nodes))

    def _problems(self) -> str:
        """What the nodes do not agree about yet, or what does not run; '' if all is well."""
        views = {node.port: self._members(node) for node in self.nodes}
        problems = [f"{port} {text}" for port, view in views.items() if (text := _strangers(view, len(self.nodes)))]
        problems += [f"{node.port} {text}" for node in self.nodes if (text := _illness(node))]
        for port, view in views.items():
            problems += [f"{port} takes {it.port} for failed" for it in view if it.flags & {"fail", "fail?"}]
        if len({frozenset((it.id, it.primary_id, it.slots) for it in view) for view in views.values()}) > 1:
            problems.append("they differ about primaries or slots")
        return "; ".join(problems)

    def _node(self) -> Valkey:
        """A node that is not started; where two choose the same port, the one that starts later moves."""
        return Valkey(further_ports=("cluster_port",), **self._config)

    def _meet(self, node: Valkey, others: Iterable[Valkey]) -> None:
        for other in others:
            if other is not node:
                _cluster_command(node, "MEET", "127.0.0.1", other.port, other.config["cluster_port"])

    def _at(self, member: Member) -> Valkey:
        return next(node for node in self.nodes if node.port == member.port)

    def _member(self, node: Valkey, observer: Valkey | None = None) -> Member:
        return next(member for member in self._members(observer) if member.port == node.port)

    def _members(self, observer: Valkey | None = None) -> list[Member]:
        """The members, as seen by this node, or by the first that answers."""
        observer = observer or next(node for node in self.nodes if node.runs and node.answers())
        return [_read(line.split()) for line in _lines(observer) if line]


def _lines(node: Valkey) -> list[str]:
    with node.client() as client:
        client.response_callbacks.pop("CLUSTER NODES", None)
        return str(client.execute_command("CLUSTER NODES").decode()).splitlines()


def _read(fields: list[str]) -> Member:
    """Parse a line of CLUSTER NODES: id, address, flags, its primary, four more fields, and its slots."""
    identity, address, flags, primary = fields[:4]
    bounds = [text.split("-") for text in fields[8:] if not text.startswith("[")]
    slots = tuple(range(int(ends[0]), int(ends[-1]) + 1) for ends in bounds)
    port = int(address.partition("@")[0].rpartition(":")[2])
    return Member(identity, port, frozenset(flags.split(",")), primary.strip("-"), slots)


def _strangers(view: list[Member], nodes: int) -> str:
    """What this view of the cluster lacks; '' if it is of all nodes."""
    known = sum("handshake" not in member.flags for member in view)
    return "" if known == len(view) == nodes else f"knows {known} nodes and meets {len(view) - known}, of {nodes}"


def _illness(node: Valkey) -> str:
    """Why it does not serve, or is not replicated: from its primary if it is a replica, and to all of its replicas."""
    with node.client() as client:
        state = client.info("replication")
        streams = [state[f"slave{n}"]["state"] for n in range(state["connected_slaves"])]
        if b"cluster_state:ok" not in _raw(client, "CLUSTER INFO"):
            return "does not serve"
        if state.get("master_link_status", "up") != "up":
            return "does not reach its primary"
        return "" if all(stream == "online" for stream in streams) else f"sends to its replicas: {', '.join(streams)}"


def _raw(client: Any, command: str) -> bytes:
    client.response_callbacks.pop(command, None)
    return bytes(client.execute_command(command))


def _cluster_command(node: Valkey, *fields: Any) -> Any:
    with node.client() as client:
        return client.execute_command(f"CLUSTER {fields[0]}", *fields[1:])


def _shares(parts: int) -> list[range]:
    """All slots, in `parts` even ranges."""
    bounds = [REDIS_CLUSTER_HASH_SLOTS * n // parts for n in range(parts + 1)]
    return [range(start, stop) for start, stop in pairwise(bounds)]


def _until(condition: Callable[[], bool], what: str, explain: Callable[[], str] = lambda: "") -> None:
    deadline = time.monotonic() + AGREEMENT_SECONDS
    while not condition():
        if time.monotonic() > deadline:
            why = f" ({problems})" if (problems := explain()) else ""
            raise TimeoutError(f"Timeout after {AGREEMENT_SECONDS:.0f} seconds, waiting until {what}{why}.")
        time.sleep(0.1)  # each look asks every node: more often would slow down what is waited for
