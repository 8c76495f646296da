"""Checks a cart store: whether it accepts a change, and what its servers report about themselves."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager

from shop.cart.connect import limits_of, open_store, redacted
from shop.cart.model import new_change_id
from shop.cart.redis.sentinel import SentinelServers
from shop.cart.redis.servers import OneServer, Servers
from shop.cart.redis.service import RedisCartService
from shop.cart.service import CartService
from shop.cart.sql.service import SqlCartService
from shop.cart.sql.table import UNREADABLE_PREFIX
from shop.errors import StoreUnavailable
from shop.money import Money
from shop.operations.findings import Finding, ok, problem, warning
from shop.operations.redis_cluster import cluster_findings, myself
from shop.operations.redis_facts import Facts, collect_facts
from shop.operations.redis_findings import findings, unreadable_values
from shop.operations.redis_sentinels import check_sentinels
from shop.settings import Settings

PROBE_TTL = 1
"""TTL in seconds of the test cart, in case it cannot be deleted."""


async def _write_test_cart(carts: CartService) -> None:
    cart_id = f"probe-{new_change_id().hex()}"
    await carts.add(cart_id, "probe", 1, Money(1, "EUR"))
    await carts.get(cart_id)
    await carts.delete(cart_id)
    if isinstance(carts, SqlCartService):
        await carts.drop(cart_id)


@asynccontextmanager
async def _opened(url: str, name: str, settings: Settings) -> AsyncIterator[CartService]:
    """Open the store at a URL without a standby, with a cart TTL of PROBE_TTL. Raises ConfigurationError."""
    store = open_store(url, limits=limits_of(settings), ttl=PROBE_TTL, name=name, patience=settings.redis_patience)
    try:
        yield store
    finally:
        await store.close()


async def check_cart_store(url: str, name: str, settings: Settings) -> list[Finding]:
    """Every finding about the store at a URL. Raises ConfigurationError.

    If the store does not work, a problem comes first: about 'answer' if it does not answer, else about 'changes'.
    """
    found: list[Finding] = []
    async with _opened(url, name, settings) as store:
        about = "answer"
        try:
            if isinstance(store, RedisCartService):
                found += await _sentinel_findings(name, store.servers)
                found += await _server_findings(name, store.servers, archived=settings.cart_archive)
            await store.start()
            await store.ping()
            about = "changes"
            await _write_test_cart(store)
            if isinstance(store, SqlCartService):
                found += await _table_findings(name, store)
        except StoreUnavailable as error:
            return [problem(name, about, str(error)), *found]
    return [ok(name, "changes", f"{redacted(url)} accepts changes."), *found]


async def _table_findings(name: str, store: SqlCartService) -> list[Finding]:
    """What is wrong with the rows of a database's table of carts."""
    where = f"ids that begin with {UNREADABLE_PREFIX}"
    found = list(unreadable_values(name, await store.count_put_aside(), where))
    if doubts := await store.doubts_time():
        found.append(warning(name, "clock", doubts, "Compare the clocks of the hosts with a time server."))
    return found


async def _sentinel_findings(name: str, servers: Servers) -> list[Finding]:
    if isinstance(servers, SentinelServers):
        return await check_sentinels(name, servers.service, servers.sentinels)
    return []


async def _server_findings(name: str, servers: Servers, *, archived: bool) -> list[Finding]:
    """The findings about each server. Raises StoreUnavailable if no server answers."""
    replies = await asyncio.gather(*map(collect_facts, await servers.primaries()), return_exceptions=True)
    errors = [reply for reply in replies if isinstance(reply, BaseException)]
    answers = [reply for reply in replies if isinstance(reply, Facts)]
    if any(not isinstance(error, StoreUnavailable) for error in errors) or not answers:
        raise errors[0]
    found = [*_topology_findings(name, servers, answers[0]), *(problem(name, "server", str(error)) for error in errors)]
    for facts in answers:
        part = f"{name} {myself(facts.nodes)}" if len(replies) > 1 else name
        found += findings(part, facts, now=time.time(), archived=archived)
    return found


def _topology_findings(name: str, servers: Servers, facts: Facts) -> Iterator[Finding]:
    """What a node reports about its cluster, and whether its URL wrongly treats it as a single server."""
    if facts.nodes:
        yield from cluster_findings(name, facts.nodes)
    if facts.nodes and isinstance(servers, OneServer):
        says = "It is a cluster node, but its URL treats it as a single server."
        yield problem(name, "cluster", says, "Use redis+cluster:// instead of redis://, without a database number.")
