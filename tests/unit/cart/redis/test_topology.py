"""Parsing CLUSTER SLOTS, and the numbers of shards across changes of the map."""

from typing import Any

from shop.cart.redis.topology import Topology

ASKED = ("seed", 7000)


def node(port: int, host: bytes | None = b"10.0.0.1") -> list[Any]:
    return [host, port, b"id", []]


A, B, C, D = (("10.0.0.1", port) for port in (1, 2, 3, 4))
TWO = [[8192, 16383, node(2), node(4)], [0, 8191, node(1), node(3)]]


def after(*replies: list[Any]) -> Topology:
    topology = Topology()
    for reply in replies:
        topology = topology.updated(reply, ASKED)
    return topology


def test_shards_are_numbered_in_the_order_of_their_slots() -> None:
    parts = after(TWO).parts
    assert [(part.number, part.primary, part.replicas) for part in parts] == [(0, A, (C,)), (1, B, (D,))]
    assert [part.slots for part in parts] == [(range(8192),), (range(8192, 16384),)]
    assert list(after(TWO).addresses) == [A, B, C, D]


def test_a_node_that_does_not_know_its_own_host_has_the_address_that_was_asked() -> None:
    for host in (b"", b"?", None):
        assert after([[0, 16383, node(7001, host)]]).parts[0].primary == ("seed", 7001)


def test_a_promoted_replica_keeps_the_number_of_its_shard() -> None:
    promoted = [[0, 8191, node(3), node(1)], TWO[0]]
    later = after(TWO, promoted)
    assert [(part.number, part.primary) for part in later.parts] == [(0, C), (1, B)]
    assert after(TWO).failovers_since(later) == 1
    assert later.failovers_since(after(TWO, promoted, promoted)) == 0


def test_an_unknown_promoted_node_keeps_the_number_of_the_shard() -> None:
    later = after(TWO, [TWO[0], [0, 8191, node(9)]])
    assert [(part.number, part.primary[1]) for part in later.parts] == [(0, 9), (1, 2)]
    assert after(TWO).failovers_since(later) == 1


def test_migrated_slots_are_no_failover_and_a_new_node_is_a_new_shard() -> None:
    later = after(TWO, [[0, 99, node(5)], [100, 8191, node(1), node(3)], TWO[0]])
    assert [(part.number, part.primary[1]) for part in later.parts] == [(2, 5), (0, 1), (1, 2)]
    assert after(TWO).failovers_since(later) == 0


def test_a_shard_with_several_slot_ranges_is_one_shard() -> None:
    pieces = [[0, 9, node(1)], [10, 10, node(2)], [11, 20, node(1)], [21, 16383, node(2)]]
    assert [part.slots for part in after(pieces).parts] == [
        (range(10), range(11, 21)),
        (range(10, 11), range(21, 16384)),
    ]


def test_a_shard_number_is_never_reused() -> None:
    one_left = [[0, 16383, node(1)]]
    later = after(TWO, one_left, TWO)
    assert [(part.number, part.primary) for part in later.parts] == [(0, A), (2, B)]
