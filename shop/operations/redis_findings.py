"""Judges the facts of a Redis server: what they mean for its carts. Pure: contacts no server."""

from __future__ import annotations

import re
from collections.abc import Iterator
from statistics import mean

from shop.cart.redis.service import UNREADABLE_PREFIX
from shop.operations.findings import Figures, Finding, counted, note, ok, problem, warning
from shop.operations.redis_facts import Facts

MIN_VERSION = (6, 2)
FULL, NEARLY_FULL = 0.95, 0.8
SLOW_ROUND_TRIP_SECONDS = 0.02
MAX_CLOCK_DIFFERENCE_SECONDS = 2.0
MAX_LAG_SECONDS = 10
CART_COMMANDS = ("get", "evalsha", "eval", "set", "del")


def findings(part: str, facts: Facts, *, now: float, archived: bool = False) -> Iterator[Finding]:
    """Every finding about a server. `archived`: the carts are in a database too, so a loss is temporary."""
    if "used_memory" in facts.info:  # a Sentinel has none
        yield from _server(part, facts)
        yield from _memory(part, facts)
        yield from _persistence(part, facts, now, archived=archived)
        yield from _replication(part, facts)
        yield from _clients(part, facts)
        yield from _traffic(part, facts)
    yield from _clock(part, facts)
    yield from _carts(part, facts)
    yield from unreadable_values(part, facts.put_aside, f"keys that begin with {UNREADABLE_PREFIX}")
    yield from _slow_commands(part, facts, now)
    if facts.refused:
        yield note(
            part, "rights", f"Its user may not run {', '.join(facts.refused)}: the checks that need it were skipped."
        )


def _server(part: str, facts: Facts) -> Iterator[Finding]:
    info = facts.info
    name, version = info.get("server_name", "redis").capitalize(), info.get("redis_version", "0")
    shown = info.get("valkey_version", version)
    days, milliseconds = facts.number("uptime_in_seconds") / 86400, facts.round_trip * 1000
    says = f"{name} {shown}, up {days:.1f} days, a round trip takes {milliseconds:.2f} ms."
    figures: Figures = {
        "version": shown,
        "uptime_seconds": facts.number("uptime_in_seconds"),
        "round_trip": facts.round_trip,
    }
    if tuple(int(digits) for digits in re.findall(r"\d+", version)[:2]) < MIN_VERSION:
        yield problem(part, "server", says, "The shop needs Redis 6.2 or newer, or Valkey.", **figures)
    elif facts.round_trip > SLOW_ROUND_TRIP_SECONDS:
        yield warning(part, "server", says, "Move the shop closer to it: each click waits for a round trip.", **figures)
    else:
        yield ok(part, "server", says, **figures)


def _memory(part: str, facts: Facts) -> Iterator[Finding]:
    used, limit, policy = facts.number("used_memory"), facts.number("maxmemory"), facts.info.get("maxmemory_policy", "")
    share = used / limit if limit else 0.0
    evicted, fragmentation = facts.number("evicted_keys"), facts.number("mem_fragmentation_ratio")
    figures: Figures = {
        "used": used,
        "max": limit,
        "policy": policy,
        "fragmentation": fragmentation,
        "evicted": evicted,
    }
    of = f"of {format_bytes(limit)} ({share:.0%})" if limit else "and no limit"
    keys = counted(evicted, "key")
    says = f"{format_bytes(used)} used {of}, {policy}, {keys} evicted, fragmentation {fragmentation:.2f}."
    advice = "Set maxmemory-policy noeviction: every cart has a TTL, so this policy evicts live carts."
    if policy != "noeviction" and (evicted or share >= NEARLY_FULL):
        yield problem(part, "memory", says, advice, **figures)
    elif policy != "noeviction" and limit:
        yield warning(part, "memory", says, advice, **figures)
    elif share >= FULL:
        yield problem(part, "memory", says, "Raise maxmemory: a full server accepts no changes.", **figures)
    elif share >= NEARLY_FULL:
        yield warning(part, "memory", says, "Raise maxmemory before the server is full.", **figures)
    elif evicted:
        yield warning(part, "memory", says, "Carts may have been evicted before the policy was corrected.", **figures)
    elif not limit:
        yield note(part, "memory", says, "Set maxmemory to less than the memory of the machine.", **figures)
    else:
        yield ok(part, "memory", says, **figures)


def _persistence(part: str, facts: Facts, now: float, *, archived: bool) -> Iterator[Finding]:
    appends, age = facts.info.get("aof_enabled") == "1", now - facts.number("rdb_last_save_time")
    figures: Figures = {"appendonly": float(appends), "save": facts.save or "", "last_save_age": round(age)}
    last = f"the last snapshot {age / 3600:.1f} hours ago"
    bad = [
        name
        for name in ("rdb_last_bgsave_status", "aof_last_write_status", "aof_last_bgrewrite_status")
        if facts.info.get(name, "ok") != "ok"
    ]
    if bad:
        says = f"Its last write to disk failed ({', '.join(bad)})."
        yield problem(part, "persistence", says, "See the log of the server, and free disk space.", **figures)
    elif appends:
        yield ok(part, "persistence", "Every change is appended to a file (appendonly yes).", **figures)
    elif facts.save:
        says = f"Snapshots only ({facts.save}), {last}: a crash loses every later change."
        yield note(part, "persistence", says, "Set appendonly yes.", **figures)
    elif facts.save is None:
        says = f"No append-only file; its user may not read the snapshot rules; {last}."
        yield note(part, "persistence", says, "Set appendonly yes if you run the server.", **figures)
    elif archived:
        says = "It saves nothing to disk; the archive has the carts."
        yield note(part, "persistence", says, "Nothing has to be done.", **figures)
    else:
        says = "It saves nothing to disk: a restart loses every cart that no running shop holds in its standby."
        yield warning(part, "persistence", says, "Set appendonly yes, or CART_ARCHIVE=on.", **figures)


def _replication(part: str, facts: Facts) -> Iterator[Finding]:
    info = facts.info
    if info.get("role") != "master":
        primary = f"{info.get('master_host')}:{info.get('master_port')}"
        says = f"It is a replica of {primary} (link {info.get('master_link_status')}) and accepts no changes."
        yield problem(part, "replication", says, "Set the URL to the primary, or to its Sentinels.")
        return
    replicas = [dict(pair.split("=", 1) for pair in info[name].split(",")) for name in info if _REPLICA.match(name)]
    details = [f"{r.get('ip')}:{r.get('port')} {r.get('state')}, {r.get('lag')} s behind" for r in replicas]
    behind = [r for r in replicas if r.get("state") != "online" or int(r.get("lag", 0)) > MAX_LAG_SECONDS]
    says = f"{counted(len(replicas), 'replica')}: {'; '.join(details)}." if details else "A primary without replicas."
    figures: Figures = {
        "replicas": float(len(replicas)),
        "lag": max((float(r.get("lag", 0)) for r in replicas), default=0.0),
    }
    if behind:
        yield warning(
            part, "replication", says, "A replica that lags behind loses changes when it is promoted.", **figures
        )
    else:
        yield ok(part, "replication", says, **figures)


_REPLICA = re.compile(r"slave\d+$")


def _clients(part: str, facts: Facts) -> Iterator[Finding]:
    clients, limit, rejected = (facts.number(n) for n in ("connected_clients", "maxclients", "rejected_connections"))
    of = f" of {limit:.0f}" if limit else ""
    says = f"{counted(clients, 'client')}{of}, {rejected:.0f} connections rejected since it started."
    figures: Figures = {"clients": clients, "max": limit, "rejected": rejected}
    if (limit and clients / limit >= NEARLY_FULL) or rejected:
        yield warning(
            part, "clients", says, "Raise maxclients, or find the client that holds so many connections.", **figures
        )
    else:
        yield ok(part, "clients", says, **figures)


def _traffic(part: str, facts: Facts) -> Iterator[Finding]:
    hits, misses, expired = (facts.number(n) for n in ("keyspace_hits", "keyspace_misses", "expired_keys"))
    rate = hits / (hits + misses) if hits + misses else 0.0
    figures: Figures = {"hits": hits, "misses": misses, "expired": expired}
    details = []
    for command in CART_COMMANDS:
        numbers = dict(pair.split("=", 1) for pair in facts.info.get(f"cmdstat_{command}", "").split(",") if pair)
        if numbers:
            figures[f"{command}_calls"] = float(numbers["calls"])
            figures[f"{command}_seconds"] = float(numbers["usec_per_call"]) / 1_000_000
            details.append(f"{command.upper()} {int(numbers['calls']):,} x {float(numbers['usec_per_call']):.0f} µs")
    says = f"{rate:.0%} of {counted(hits + misses, 'read')} found their key, {counted(expired, 'key')} expired."
    says += f" {', '.join(details)}." if details else ""
    yield ok(part, "traffic", says, **figures)


def _clock(part: str, facts: Facts) -> Iterator[Finding]:
    if facts.clock_ahead is None:
        return
    says = f"Its clock is {abs(facts.clock_ahead):.3f} s {'ahead of' if facts.clock_ahead > 0 else 'behind'} ours."
    if abs(facts.clock_ahead) > MAX_CLOCK_DIFFERENCE_SECONDS:
        advice = "Synchronize both machines with a time server: cart expiry depends on both clocks."
        yield warning(part, "clock", says, advice, ahead=facts.clock_ahead)
    else:
        yield ok(part, "clock", says, ahead=facts.clock_ahead)


def _carts(part: str, facts: Facts) -> Iterator[Finding]:
    if facts.keys is None:
        return
    carts, size = facts.keys * facts.cart_share, mean(facts.cart_bytes) if facts.cart_bytes else 0.0
    script = {True: "its script is loaded", False: "its script will be loaded at the first change", None: ""}
    details = (f"about {counted(carts, 'cart')}", f"{size:.0f} bytes each" if size else "", script[facts.has_script])
    yield ok(part, "carts", f"{', '.join(filter(None, details)).capitalize()}.", carts=round(carts), bytes=round(size))


def unreadable_values(part: str, values: int, where: str) -> Iterator[Finding]:
    """A warning if stored values could not be read as carts and were put aside."""
    if values:
        says = f"{counted(values, 'stored value')} could not be read as carts: they were put aside, under {where}."
        advice = "See what wrote them: the disk, another program, or another release. They expire after 30 days."
        yield warning(part, "unreadable", says, advice, values=values)


def _slow_commands(part: str, facts: Facts, now: float) -> Iterator[Finding]:
    if not facts.slow:
        return
    worst = max(facts.slow, key=lambda entry: entry.seconds)
    ago = (now - worst.at) / 60
    says = (
        f"{counted(len(facts.slow), 'command')} on carts in SLOWLOG; the slowest was {worst.command} {worst.key}, "
        f"{worst.seconds * 1000:.1f} ms, {ago:.0f} minutes ago."
    )
    advice = "Look for a busy machine, a slow script of another program, or a snapshot fork at that time."
    yield note(part, "slow commands", says, advice, entries=len(facts.slow), slowest=worst.seconds)


def format_bytes(number: float) -> str:
    """A number of bytes for a person to read: '1.2 MB'."""
    for unit in ("bytes", "KB", "MB", "GB"):
        if number < 1024:
            return f"{number:.0f} {unit}" if unit == "bytes" else f"{number:.1f} {unit}"
        number /= 1024
    return f"{number:.1f} TB"
