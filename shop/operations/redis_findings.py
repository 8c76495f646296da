"""What the facts of a Redis server mean for the carts in it. Pure: no server is asked here."""

from __future__ import annotations

import re
from collections.abc import Iterator
from statistics import mean

from shop.operations.findings import Figures, Finding, counted, note, ok, problem, warning
from shop.operations.redis_facts import Facts

OLDEST = (6, 2)
FULL, NEARLY_FULL = 0.95, 0.8
SLOW_TRIP_SECONDS = 0.02
CLOCK_SECONDS = 2.0
LAG_SECONDS = 10
OUR_COMMANDS = ("get", "evalsha", "eval", "set", "del")


def findings(part: str, facts: Facts, *, now: float, archived: bool = False) -> Iterator[Finding]:
    """Everything worth saying. `archived`: the carts are in a database too, so that a loss is a short one."""
    if "used_memory" in facts.info:  # a Sentinel has none
        yield from _server(part, facts)
        yield from _memory(part, facts)
        yield from _persistence(part, facts, now, archived=archived)
        yield from _replication(part, facts)
        yield from _clients(part, facts)
        yield from _traffic(part, facts)
    yield from _clock(part, facts)
    yield from _carts(part, facts)
    yield from _slow_commands(part, facts, now)
    if facts.refused:
        yield note(part, "rights", f"Its user may not ask for {', '.join(facts.refused)}: that is not looked at.")


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
    if tuple(int(digits) for digits in re.findall(r"\d+", version)[:2]) < OLDEST:
        yield problem(part, "server", says, "The shop needs Redis 6.2 or newer, or Valkey.", **figures)
    elif facts.round_trip > SLOW_TRIP_SECONDS:
        yield warning(part, "server", says, "Bring the shop nearer to it: each click waits for a trip.", **figures)
    else:
        yield ok(part, "server", says, **figures)


def _memory(part: str, facts: Facts) -> Iterator[Finding]:
    used, most, policy = facts.number("used_memory"), facts.number("maxmemory"), facts.info.get("maxmemory_policy", "")
    share = used / most if most else 0.0
    evicted, fragmentation = facts.number("evicted_keys"), facts.number("mem_fragmentation_ratio")
    figures: Figures = {"used": used, "max": most, "policy": policy, "fragmentation": fragmentation, "evicted": evicted}
    of = f"of {in_bytes(most)} ({share:.0%})" if most else "and no limit"
    says = (
        f"{in_bytes(used)} used {of}, {policy}, {counted(evicted, 'key')} evicted, fragmentation {fragmentation:.2f}."
    )
    keep = "Set maxmemory-policy noeviction: every cart has a lifetime, so this policy drops live ones."
    if policy != "noeviction" and (evicted or share >= NEARLY_FULL):
        yield problem(part, "memory", says, keep, **figures)
    elif policy != "noeviction" and most:
        yield warning(part, "memory", says, keep, **figures)
    elif share >= FULL:
        yield problem(part, "memory", says, "Raise maxmemory: a full server takes no change.", **figures)
    elif share >= NEARLY_FULL:
        yield warning(part, "memory", says, "Raise maxmemory before it is full.", **figures)
    elif evicted:
        yield warning(part, "memory", says, "Carts may have been dropped before the policy was mended.", **figures)
    elif not most:
        yield note(part, "memory", says, "Set maxmemory below what the machine has.", **figures)
    else:
        yield ok(part, "memory", says, **figures)


def _persistence(part: str, facts: Facts, now: float, *, archived: bool) -> Iterator[Finding]:
    appends, age = facts.info.get("aof_enabled") == "1", now - facts.number("rdb_last_save_time")
    figures: Figures = {"appendonly": float(appends), "save": facts.save or "", "last_save_age": round(age)}
    last = f"the last one {age / 3600:.1f} hours ago"
    bad = [
        name
        for name in ("rdb_last_bgsave_status", "aof_last_write_status", "aof_last_bgrewrite_status")
        if facts.info.get(name, "ok") != "ok"
    ]
    if bad:
        says = f"Its last write to disk failed ({', '.join(bad)})."
        yield problem(part, "persistence", says, "See its log; free space on its disk.", **figures)
    elif appends:
        yield ok(part, "persistence", "Every change is appended to a file (appendonly yes).", **figures)
    elif facts.save:
        says = f"Snapshots only ({facts.save}), {last}: a crash loses what changed since."
        yield note(part, "persistence", says, "Set appendonly yes.", **figures)
    elif facts.save is None:
        says = f"No appendonly file; its rules for snapshots may not be asked, {last}."
        yield note(part, "persistence", says, "Set appendonly yes if it is yours to set.", **figures)
    elif archived:
        says = "It saves nothing; the archive has the carts."
        yield note(part, "persistence", says, "Nothing has to be done.", **figures)
    else:
        says = "It saves nothing: a restart loses the carts that no running shop has seen lately."
        yield warning(part, "persistence", says, "Set appendonly yes, or CART_ARCHIVE=on.", **figures)


def _replication(part: str, facts: Facts) -> Iterator[Finding]:
    info = facts.info
    if info.get("role") != "master":
        primary = f"{info.get('master_host')}:{info.get('master_port')}"
        says = f"It is a replica of {primary} (link {info.get('master_link_status')}) and takes no change."
        yield problem(part, "replication", says, "Address the primary, or the Sentinels that know it.")
        return
    replicas = [dict(pair.split("=", 1) for pair in info[name].split(",")) for name in info if _REPLICA.match(name)]
    told = [f"{r.get('ip')}:{r.get('port')} {r.get('state')}, {r.get('lag')} s behind" for r in replicas]
    behind = [r for r in replicas if r.get("state") != "online" or int(r.get("lag", 0)) > LAG_SECONDS]
    says = f"{counted(len(replicas), 'replica')}: {'; '.join(told)}." if told else "A primary without replicas."
    figures: Figures = {
        "replicas": float(len(replicas)),
        "lag": max((float(r.get("lag", 0)) for r in replicas), default=0.0),
    }
    if behind:
        yield warning(part, "replication", says, "A replica that is behind loses changes when promoted.", **figures)
    else:
        yield ok(part, "replication", says, **figures)


_REPLICA = re.compile(r"slave\d+$")


def _clients(part: str, facts: Facts) -> Iterator[Finding]:
    clients, most, rejected = (facts.number(n) for n in ("connected_clients", "maxclients", "rejected_connections"))
    says = (
        f"{counted(clients, 'client')}{f' of {most:.0f}' if most else ''}, {rejected:.0f} turned away since its start."
    )
    figures: Figures = {"clients": clients, "max": most, "rejected": rejected}
    if (most and clients / most >= NEARLY_FULL) or rejected:
        yield warning(part, "clients", says, "Raise maxclients, or find out who keeps connections.", **figures)
    else:
        yield ok(part, "clients", says, **figures)


def _traffic(part: str, facts: Facts) -> Iterator[Finding]:
    hits, misses, expired = (facts.number(n) for n in ("keyspace_hits", "keyspace_misses", "expired_keys"))
    rate = hits / (hits + misses) if hits + misses else 0.0
    figures: Figures = {"hits": hits, "misses": misses, "expired": expired}
    told = []
    for command in OUR_COMMANDS:
        numbers = dict(pair.split("=", 1) for pair in facts.info.get(f"cmdstat_{command}", "").split(",") if pair)
        if numbers:
            figures[f"{command}_calls"] = float(numbers["calls"])
            figures[f"{command}_seconds"] = float(numbers["usec_per_call"]) / 1_000_000
            told.append(f"{command.upper()} {int(numbers['calls']):,} x {float(numbers['usec_per_call']):.0f} µs")
    says = f"{rate:.0%} of {counted(hits + misses, 'read')} found their key, {counted(expired, 'key')} expired."
    says += f" {', '.join(told)}." if told else ""
    yield ok(part, "traffic", says, **figures)


def _clock(part: str, facts: Facts) -> Iterator[Finding]:
    if facts.clock_ahead is None:
        return
    says = f"Its clock is {abs(facts.clock_ahead):.3f} s {'ahead of' if facts.clock_ahead > 0 else 'behind'} ours."
    if abs(facts.clock_ahead) > CLOCK_SECONDS:
        advice = "Let both machines follow a time server: lifetimes are reckoned on both."
        yield warning(part, "clock", says, advice, ahead=facts.clock_ahead)
    else:
        yield ok(part, "clock", says, ahead=facts.clock_ahead)


def _carts(part: str, facts: Facts) -> Iterator[Finding]:
    if facts.keys is None:
        return
    carts, size = facts.keys * facts.cart_share, mean(facts.cart_bytes) if facts.cart_bytes else 0.0
    script = {True: "its script is loaded", False: "its script is loaded at the first change", None: ""}
    told = (f"about {counted(carts, 'cart')}", f"{size:.0f} bytes each" if size else "", script[facts.has_script])
    yield ok(part, "carts", f"{', '.join(filter(None, told)).capitalize()}.", carts=round(carts), bytes=round(size))


def _slow_commands(part: str, facts: Facts, now: float) -> Iterator[Finding]:
    if not facts.slow:
        return
    worst = max(facts.slow, key=lambda entry: entry.seconds)
    ago = (now - worst.at) / 60
    says = (
        f"{counted(len(facts.slow), 'command')} about carts in SLOWLOG; the slowest {worst.command} {worst.key}, "
        f"{worst.seconds * 1000:.1f} ms, {ago:.0f} minutes ago."
    )
    advice = "Look for a busy machine, a long script of another program, or a fork for a snapshot at that time."
    yield note(part, "slow commands", says, advice, entries=len(facts.slow), slowest=worst.seconds)


def in_bytes(number: float) -> str:
    """A number of bytes for a person: 1.2 MB."""
    for unit in ("bytes", "KB", "MB", "GB"):
        if number < 1024:
            return f"{number:.0f} {unit}" if unit == "bytes" else f"{number:.1f} {unit}"
        number /= 1024
    return f"{number:.1f} TB"
