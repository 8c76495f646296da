"""The slot map of a cluster, parsed from CLUSTER SLOTS. Shards keep their numbers when the map changes."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count
from typing import Any

import msgspec

Address = tuple[str, int]


class Part(msgspec.Struct, frozen=True):
    """A shard: a primary, its replicas and its slots. It keeps its number when a replica takes over."""

    number: int
    primary: Address
    replicas: tuple[Address, ...]
    slots: tuple[range, ...]


class Topology(msgspec.Struct, frozen=True):
    """The shards of a cluster, ordered by their first slots."""

    parts: tuple[Part, ...] = ()
    next_number: int = 0
    """The number of the next new shard; numbers are never reused."""

    @property
    def addresses(self) -> Iterator[Address]:
        """All nodes, primaries first."""
        yield from (part.primary for part in self.parts)
        for part in self.parts:
            yield from part.replicas

    def failovers_since(self, later: Topology) -> int:
        """How many shards have a new primary in the later topology, or have lost all their slots."""
        primaries = {part.primary for part in later.parts}
        return sum(part.primary not in primaries for part in self.parts)

    def updated(self, reply: list[Any], asked: Address) -> Topology:
        """The next topology, from the reply of the node at the address `asked` to CLUSTER SLOTS."""
        slots: dict[Address, list[range]] = {}
        replicas: dict[Address, tuple[Address, ...]] = {}
        for first, last, *nodes in sorted(reply, key=lambda entry: int(entry[0])):
            primary, *others = (_address(node, asked) for node in nodes)
            slots.setdefault(primary, []).append(range(int(first), int(last) + 1))
            replicas[primary] = tuple(others)
        before = {part.primary for part in self.parts}
        known = {_successor(part, slots, before): part.number for part in self.parts}
        new_numbers = count(self.next_number)
        parts = tuple(
            Part(known[primary] if primary in known else next(new_numbers), primary, replicas[primary], tuple(ranges))
            for primary, ranges in slots.items()
        )
        return Topology(parts, next(new_numbers))


def _address(node: list[Any], asked: Address) -> Address:
    """The host and port of a node; a node that does not know its own host has the address that was asked."""
    host = (node[0] or b"").decode()
    return (host if host not in ("", "?") else asked[0], int(node[1]))


def _successor(part: Part, slots: dict[Address, list[range]], before: set[Address]) -> Address | None:
    """The primary of the same shard in `slots`: the same node, a replica of it, or a new owner of its first slot."""
    first = part.slots[0].start
    owns_first = (node for node, ranges in slots.items() if any(first in each for each in ranges))
    new = (node for node in owns_first if node not in before)
    return next((node for node in (part.primary, *part.replicas, *new) if node in slots), None)
