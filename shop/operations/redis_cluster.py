"""What CLUSTER NODES tells: which nodes a cluster has, and whether every slot has one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import msgspec

from shop.operations.findings import Figures, Finding, counted, ok, problem, warning

SLOTS = 16384


class Node(msgspec.Struct, frozen=True):
    """A node as another one sees it."""

    address: str
    flags: frozenset[str]
    connected: bool
    slots: int
    moving: int
    """Slots that are on their way to or from it."""

    @property
    def fails(self) -> bool:
        """Whether it is known, or thought, not to answer."""
        return bool(self.flags & {"fail", "fail?", "noaddr"}) or not self.connected


def nodes(text: str) -> tuple[Node, ...]:
    """The nodes in a reply to CLUSTER NODES."""
    return tuple(_node(line.split()) for line in text.splitlines() if line.strip())


def myself(known: Sequence[Node]) -> str:
    """The address of the node that was asked, host:port; '' where it is not there."""
    return next((node.address for node in known if "myself" in node.flags), "")


def cluster_findings(part: str, known: Sequence[Node]) -> Iterator[Finding]:
    """Whether the nodes serve every slot, and which of them are away."""
    primaries = [node for node in known if "master" in node.flags]
    covered = sum(node.slots for node in primaries if not node.fails)
    moving = sum(node.moving for node in primaries)
    away = [node.address for node in known if node.fails]
    serving = [node for node in primaries if node.slots]
    replicas = sum("slave" in node.flags for node in known)
    says = f"A cluster of {counted(len(serving), 'part')} and {counted(replicas, 'replica')}"
    says += f", {covered} of {SLOTS} slots served."
    says += f" On their way: {counted(moving, 'slot')}." if moving else ""
    figures: Figures = {"primaries": len(serving), "replicas": replicas, "slots": covered, "away": len(away)}
    if covered < SLOTS:
        told = f"Start {', '.join(away)}, or promote a replica." if away else "Assign the slots: --cluster fix."
        yield problem(part, "cluster", says, told, **figures)
    elif away:
        yield warning(part, "cluster", says, f"Start {', '.join(away)}, or forget it.", **figures)
    elif replicas < len(serving):
        yield warning(
            part, "cluster", says, "Give each primary a replica: one that dies takes its carts away.", **figures
        )
    else:
        yield ok(part, "cluster", says, **figures)


def _node(words: Sequence[str]) -> Node:
    """A line: id address@bus,name flags primary ping pong epoch link slots."""
    address, flags, link, slots = words[1].partition("@")[0], words[2].split(","), words[7], words[8:]
    moving = sum(word.startswith("[") for word in slots)
    return Node(address, frozenset(flags), link == "connected", sum(map(_count, slots)), moving)


def _count(word: str) -> int:
    """How many slots are in '5', '0-5460', or '[93-<-id]', which is one on its way."""
    if word.startswith("["):
        return 0
    first, _, last = word.partition("-")
    return int(last or first) - int(first) + 1
