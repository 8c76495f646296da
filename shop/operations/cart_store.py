"""A look at a store of carts: whether it takes a change, and what its servers tell of themselves."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager

from shop.cart.connect import limits_of, open_store, shown
from shop.cart.model import new_change_id
from shop.cart.redis.sentinel import SentinelServers
from shop.cart.redis.servers import OneServer, Servers
from shop.cart.redis.service import RedisCartService
from shop.cart.service import CartService
from shop.errors import StoreUnavailable
from shop.money import Money
from shop.operations.findings import Finding, ok, problem
from shop.operations.redis_cluster import cluster_findings, myself
from shop.operations.redis_facts import Facts, ask
from shop.operations.redis_findings import findings
from shop.operations.redis_sentinels import look_at_sentinels
from shop.settings import Settings

PROBE_TTL = 1
"""Seconds that what is written to try a store out lives at most."""


async def _try_a_change(carts: CartService) -> None:
    cart_id = f"probe-{new_change_id().hex()}"
    await carts.add(cart_id, "probe", 1, Money(1, "EUR"))
    await carts.get(cart_id)
    await carts.delete(cart_id)


@asynccontextmanager
async def _probed(url: str, name: str, settings: Settings) -> AsyncIterator[CartService]:
    """The store at a URL, without a standby, where carts live for a second only. Raises ConfigurationError."""
    store = open_store(url, limits=limits_of(settings), ttl=PROBE_TTL, name=name)
    try:
        yield store
    finally:
        await store.close()


async def look_at(url: str, name: str, settings: Settings) -> list[Finding]:
    """Everything there is to say of the store at a URL. Raises ConfigurationError.

    Where it does not work a problem comes first: about the 'answer', or about 'changes' if it answers well.
    """
    found: list[Finding] = []
    async with _probed(url, name, settings) as store:
        about = "answer"
        try:
            if isinstance(store, RedisCartService):
                found += await _of_sentinels(name, store.servers)
                found += await _of_servers(name, store.servers, archived=settings.cart_archive)
            await store.start()
            await store.ping()
            about = "changes"
            await _try_a_change(store)
        except StoreUnavailable as error:
            return [problem(name, about, str(error)), *found]
    return [ok(name, "changes", f"{shown(url)} takes a change."), *found]


async def _of_sentinels(name: str, servers: Servers) -> list[Finding]:
    if isinstance(servers, SentinelServers):
        return await look_at_sentinels(name, servers.service, servers.sentinels)
    return []


async def _of_servers(name: str, servers: Servers, *, archived: bool) -> list[Finding]:
    """What the servers tell. Raises StoreUnavailable where none does."""
    replies = await asyncio.gather(*map(ask, await servers.primaries()), return_exceptions=True)
    silent = [reply for reply in replies if isinstance(reply, BaseException)]
    told = [reply for reply in replies if isinstance(reply, Facts)]
    if any(not isinstance(error, StoreUnavailable) for error in silent) or not told:
        raise silent[0]
    found = [*_as_a_cluster(name, servers, told[0]), *(problem(name, "server", str(error)) for error in silent)]
    for facts in told:
        part = f"{name} {myself(facts.nodes)}" if len(replies) > 1 else name
        found += findings(part, facts, now=time.time(), archived=archived)
    return found


def _as_a_cluster(name: str, servers: Servers, facts: Facts) -> Iterator[Finding]:
    """What a node says of its cluster; and whether it was addressed as a server that is alone."""
    if facts.nodes:
        yield from cluster_findings(name, facts.nodes)
    if facts.nodes and isinstance(servers, OneServer):
        says = "It is a node of a cluster, and its URL treats it as one server."
        yield problem(name, "cluster", says, "Write redis+cluster:// for redis://, without a database number.")
