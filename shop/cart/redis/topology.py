"""Which node of a cluster has which slots, as CLUSTER SLOTS tells, and which part each of them was before."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count
from typing import Any

import msgspec

Address = tuple[str, int]


class Part(msgspec.Struct, frozen=True):
    """A primary, its replicas and its slots: what can be away alone. It keeps its number when a replica takes over."""

    number: int
    primary: Address
    replicas: tuple[Address, ...]
    slots: tuple[range, ...]


class Topology(msgspec.Struct, frozen=True):
    """The parts of a cluster, in the order of their first slots."""

    parts: tuple[Part, ...] = ()
    numbers: int = 0
    """How many numbers have been given to parts so far, these and earlier ones."""

    @property
    def addresses(self) -> Iterator[Address]:
        """All nodes, primaries first."""
        yield from (part.primary for part in self.parts)
        for part in self.parts:
            yield from part.replicas

    def taken_over(self, later: Topology) -> int:
        """How many parts have lost their primary since: a replica was promoted, or all their slots moved away."""
        primaries = {part.primary for part in later.parts}
        return sum(part.primary not in primaries for part in self.parts)

    def followed_by(self, reply: list[Any], asked: Address) -> Topology:
        """The topology after this one, from the reply to CLUSTER SLOTS of the node at this address."""
        slots: dict[Address, list[range]] = {}
        replicas: dict[Address, tuple[Address, ...]] = {}
        for first, last, *nodes in sorted(reply, key=lambda entry: int(entry[0])):
            primary, *others = (_address(node, asked) for node in nodes)
            slots.setdefault(primary, []).append(range(int(first), int(last) + 1))
            replicas[primary] = tuple(others)
        before = {part.primary for part in self.parts}
        known = {_heir(part, slots, before): part.number for part in self.parts}
        fresh = count(self.numbers)
        parts = tuple(
            Part(known[primary] if primary in known else next(fresh), primary, replicas[primary], tuple(ranges))
            for primary, ranges in slots.items()
        )
        return Topology(parts, next(fresh))


def _address(node: list[Any], asked: Address) -> Address:
    """Host and port of a node; one that does not know its own name is where it was asked."""
    host = (node[0] or b"").decode()
    return (host if host not in ("", "?") else asked[0], int(node[1]))


def _heir(part: Part, slots: dict[Address, list[range]], before: set[Address]) -> Address | None:
    """The primary of the same part later: the same node, a replica of it, or the new one that has its first slot."""
    first = part.slots[0].start
    fresh = (node for node, ranges in slots.items() if node not in before and any(first in some for some in ranges))
    return next((node for node in (part.primary, *part.replicas, *fresh) if node in slots), None)
