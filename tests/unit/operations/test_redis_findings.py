"""The findings that follow from a Redis server's facts. Contacts no server."""

from __future__ import annotations

from typing import Any

import pytest

from shop.cart.redis.slow_log import SlowCommand
from shop.operations.findings import Finding, Level
from shop.operations.redis_cluster import cluster_findings, myself, nodes
from shop.operations.redis_facts import Facts
from shop.operations.redis_findings import findings, format_bytes

NOW = 1_800_000_000.0
MB = 1024 * 1024
WELL = {
    "redis_version": "7.0.15",
    "uptime_in_seconds": "86400",
    "used_memory": str(10 * MB),
    "maxmemory": str(100 * MB),
    "maxmemory_policy": "noeviction",
    "mem_fragmentation_ratio": "1.1",
    "evicted_keys": "0",
    "aof_enabled": "1",
    "rdb_last_save_time": str(int(NOW) - 7200),
    "role": "master",
    "slave0": "ip=10.0.0.2,port=6379,state=online,offset=1,lag=1",
    "connected_clients": "10",
    "maxclients": "10000",
    "rejected_connections": "0",
    "keyspace_hits": "900",
    "keyspace_misses": "100",
    "expired_keys": "1234",
    "cmdstat_evalsha": "calls=2000,usec=100000,usec_per_call=50.00,rejected_calls=0,failed_calls=0",
}


def facts(info: dict[str, str] | None = None, **others: Any) -> Facts:
    """The facts of a healthy server, with overrides."""
    well: dict[str, Any] = {
        "info": WELL | (info or {}),
        "round_trip": 0.0002,
        "clock_ahead": 0.01,
        "save": "",
        "slow": (),
        "has_script": True,
        "keys": 1000,
        "cart_share": 0.5,
        "cart_bytes": (150, 250),
        "nodes": (),
        "refused": (),
    }
    return Facts(**well | others)


def about(subject: str, told: Facts, *, archived: bool = False) -> Finding:
    (finding,) = [f for f in findings("REDIS_URL", told, now=NOW, archived=archived) if f.about == subject]
    return finding


def test_of_a_server_that_is_well_all_is_ok() -> None:
    told = list(findings("REDIS_URL", facts(), now=NOW))
    assert {finding.level for finding in told} == {Level.OK}
    assert [finding.says for finding in told] == [
        "Redis 7.0.15, up 1.0 days, a round trip takes 0.20 ms.",
        "10.0 MB used of 100.0 MB (10%), noeviction, 0 keys evicted, fragmentation 1.10.",
        "Every change is appended to a file (appendonly yes).",
        "1 replica: 10.0.0.2:6379 online, 1 s behind.",
        "10 clients of 10000, 0 connections rejected since it started.",
        "90% of 1,000 reads found their key, 1,234 keys expired. EVALSHA 2,000 x 50 µs.",
        "Its clock is 0.010 s ahead of ours.",
        "About 500 carts, 200 bytes each, its script is loaded.",
    ]


@pytest.mark.parametrize(
    ("subject", "info", "level", "advice"),
    [
        ("server", {"redis_version": "6.0.16"}, Level.PROBLEM, "The shop needs Redis 6.2 or newer"),
        ("server", {"redis_version": "10.0.1"}, Level.OK, ""),
        ("memory", {"maxmemory": "0"}, Level.NOTE, "Set maxmemory"),
        ("memory", {"maxmemory": "0", "maxmemory_policy": "allkeys-lru"}, Level.NOTE, "Set maxmemory"),
        ("memory", {"maxmemory_policy": "volatile-lru"}, Level.WARNING, "Set maxmemory-policy noeviction"),
        ("memory", {"maxmemory_policy": "volatile-lru", "evicted_keys": "1"}, Level.PROBLEM, "noeviction"),
        ("memory", {"used_memory": str(85 * MB)}, Level.WARNING, "before the server is full"),
        ("memory", {"used_memory": str(96 * MB)}, Level.PROBLEM, "a full server accepts no changes"),
        ("memory", {"evicted_keys": "5"}, Level.WARNING, "Carts may have been evicted"),
        ("persistence", {"aof_last_write_status": "err"}, Level.PROBLEM, "free disk space"),
        ("persistence", {"aof_enabled": "0"}, Level.WARNING, "Set appendonly yes"),
        ("replication", {"slave0": "ip=a,port=1,state=online,offset=1,lag=60"}, Level.WARNING, "loses changes"),
        ("replication", {"slave0": "ip=a,port=1,state=wait_bgsave,offset=0,lag=0"}, Level.WARNING, "loses changes"),
        ("replication", {"role": "slave", "master_host": "a"}, Level.PROBLEM, "Set the URL to the primary"),
        ("clients", {"connected_clients": "9000"}, Level.WARNING, "Raise maxclients"),
        ("clients", {"rejected_connections": "1"}, Level.WARNING, "Raise maxclients"),
    ],
)
def test_what_info_means(subject: str, info: dict[str, str], level: Level, advice: str) -> None:
    finding = about(subject, facts(info))
    assert finding.level is level
    assert advice in finding.advice


def test_snapshots_are_a_note_and_so_are_rules_that_may_not_be_asked() -> None:
    snapshots = about("persistence", facts({"aof_enabled": "0"}, save="3600 1"))
    assert (snapshots.level, "the last snapshot 2.0 hours ago" in snapshots.says) == (Level.NOTE, True)
    unknown = about("persistence", facts({"aof_enabled": "0"}, save=None))
    assert (unknown.level, "may not read the snapshot rules" in unknown.says) == (Level.NOTE, True)


def test_with_an_archive_a_store_that_saves_nothing_is_a_note() -> None:
    assert about("persistence", facts({"aof_enabled": "0"}), archived=True).level is Level.NOTE


@pytest.mark.parametrize("ahead", [-3.0, 3.0])
def test_clocks_that_differ_are_a_warning(ahead: float) -> None:
    finding = about("clock", facts(clock_ahead=ahead))
    assert (finding.level, finding.figures["ahead"]) == (Level.WARNING, ahead)


def test_a_server_far_away_is_a_warning() -> None:
    assert about("server", facts(round_trip=0.05)).level is Level.WARNING


def test_the_slowest_command_is_named() -> None:
    slow = (SlowCommand(0.02, int(NOW) - 60, "GET", "cart:a"), SlowCommand(0.5, int(NOW) - 300, "EVALSHA", "cart:b"))
    finding = about("slow commands", facts(slow=slow))
    assert "the slowest was EVALSHA cart:b, 500.0 ms, 5 minutes ago." in finding.says
    assert finding.level is Level.NOTE


def test_of_a_server_that_may_be_asked_nothing_only_that_is_said() -> None:
    silent = facts(clock_ahead=None, save=None, has_script=None, keys=None, refused=("INFO", "TIME"))
    (finding,) = findings("REDIS_URL", Facts(**{**_fields(silent), "info": {}}), now=NOW)
    assert finding.says == "Its user may not run INFO, TIME: the checks that need it were skipped."
    assert finding.level is Level.NOTE


def _fields(told: Facts) -> dict[str, Any]:
    return {name: getattr(told, name) for name in told.__struct_fields__}


A = "a1 10.0.0.1:7000@17000,host myself,master - 0 1 1 connected 0-8191"
B = "b1 10.0.0.2:7000@17000 master - 0 1 2 connected 8192-16382 16383"
REPLICAS = "\n".join(f"r{n} 10.0.0.{n}:7000@17000 slave a1 0 1 1 connected" for n in (3, 4))


@pytest.mark.parametrize(
    ("told", "level", "words"),
    [
        (f"{A}\n{B}\n{REPLICAS}\n", Level.OK, "A cluster of 2 shards and 2 replicas, 16384 of 16384 slots served."),
        (f"{A}\n{B}", Level.WARNING, "Add a replica to each primary"),
        (f"{A}\n{B.replace('16383', '')}\n{REPLICAS}", Level.PROBLEM, "16383 of 16384 slots served. Assign the slots"),
        (
            f"{A}\n{B.replace('master', 'master,fail')}",
            Level.PROBLEM,
            "8192 of 16384 slots served. Start 10.0.0.2",
        ),
        (f"{A}\n{B}\n{REPLICAS.replace('slave', 'slave,fail?')}", Level.WARNING, "Start 10.0.0.3:7000, 10.0.0.4:7000"),
        (f"{A} [93-<-b1]\n{B}\n{REPLICAS}", Level.OK, "1 slot migrating."),
    ],
)
def test_what_cluster_nodes_means(told: str, level: Level, words: str) -> None:
    (finding,) = cluster_findings("REDIS_URL", nodes(told))
    assert finding.level is level
    assert words in f"{finding.says} {finding.advice}"


def test_a_node_knows_its_own_address() -> None:
    assert myself(nodes(f"{B}\n{A}")) == "10.0.0.1:7000"


@pytest.mark.parametrize(
    ("number", "words"), [(0, "0 bytes"), (2048, "2.0 KB"), (1.5 * MB, "1.5 MB"), (2e15, "1819.0 TB")]
)
def test_bytes_are_formatted_for_people(number: float, words: str) -> None:
    assert format_bytes(number) == words


def test_values_that_were_put_aside_are_a_warning() -> None:
    finding = about("unreadable", facts(put_aside=1))
    assert finding.level is Level.WARNING
    assert finding.says.startswith("1 stored value could not be read as carts")
    assert not [f for f in findings("REDIS_URL", facts(), now=NOW) if f.about == "unreadable"]
