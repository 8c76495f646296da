"""Parses CLUSTER NODES: the nodes of a cluster, and whether every slot is served."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import msgspec

from shop.operations.findings import Figures, Finding, counted, ok, problem, warning

SLOTS = 16384


class Node(msgspec.Struct, frozen=True):
    """A cluster node, as seen by the node that answered."""

    address: str
    flags: frozenset[str]
    connected: bool
    slots: int
    moving: int
    """Slots that are migrating to or from it."""

    @property
    def failed(self) -> bool:
        """Whether it is marked, or suspected, as failed."""
        return bool(self.flags & {"fail", "fail?", "noaddr"}) or not self.connected


def nodes(text: str) -> tuple[Node, ...]:
    """Parse a reply to CLUSTER NODES."""
    return tuple(_node(line.split()) for line in text.splitlines() if line.strip())


def myself(known: Sequence[Node]) -> str:
    """The address (host:port) of the node that answered; '' if it is not in the list."""
    return next((node.address for node in known if "myself" in node.flags), "")


def cluster_findings(part: str, known: Sequence[Node]) -> Iterator[Finding]:
    """One finding: whether the nodes serve every slot, which nodes are down, and whether there are enough replicas."""
    primaries = [node for node in known if "master" in node.flags]
    covered = sum(node.slots for node in primaries if not node.failed)
    moving = sum(node.moving for node in primaries)
    down = [node.address for node in known if node.failed]
    serving = [node for node in primaries if node.slots]
    replicas = sum("slave" in node.flags for node in known)
    says = f"A cluster of {counted(len(serving), 'shard')} and {counted(replicas, 'replica')}"
    says += f", {covered} of {SLOTS} slots served."
    says += f" {counted(moving, 'slot')} migrating." if moving else ""
    figures: Figures = {"primaries": len(serving), "replicas": replicas, "slots": covered, "away": len(down)}
    if covered < SLOTS:
        advice = f"Start {', '.join(down)}, or promote a replica." if down else "Assign the slots: --cluster fix."
        yield problem(part, "cluster", says, advice, **figures)
    elif down:
        yield warning(part, "cluster", says, f"Start {', '.join(down)}, or remove it with CLUSTER FORGET.", **figures)
    elif replicas < len(serving):
        advice = "Add a replica to each primary: without one, its carts are lost when it dies."
        yield warning(part, "cluster", says, advice, **figures)
    else:
        yield ok(part, "cluster", says, **figures)


def _node(fields: Sequence[str]) -> Node:
    """Parse a line: id address@bus,name flags primary ping pong epoch link slots."""
    address, flags, link, slots = fields[1].partition("@")[0], fields[2].split(","), fields[7], fields[8:]
    moving = sum(field.startswith("[") for field in slots)
    return Node(address, frozenset(flags), link == "connected", sum(map(_count, slots)), moving)


def _count(field: str) -> int:
    """The number of slots in '5' or '0-5460'; 0 for '[93-<-id]', a migrating slot."""
    if field.startswith("["):
        return 0
    first, _, last = field.partition("-")
    return int(last or first) - int(first) + 1
