"""Real Sentinels and their servers are killed, hung and promoted. No change is lost, doubled or refused."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from redis import Redis
from redis.exceptions import RedisError

from shop.cart.around.failover import FailoverCartService
from shop.cart.connect import open_store, with_standby
from shop.cart.model import Limits
from shop.cart.redis import sentinel
from shop.cart.redis.sentinel import SentinelServers
from shop.cart.redis.service import KEY_PREFIX, RedisCartService, Timeouts
from shop.cart.service import CartService
from shop.demo.sentinel import SERVICE, SentinelDemo
from shop.demo.valkey import Valkey
from shop.errors import StoreRefused, StoreUnavailable
from tests.chaos.clicks import EUR, Clicks, recovered, until

LIMITS = Limits(quantity=10_000)
SLOW_MACHINE = Timeouts(10, 10)
"""For what is not about time."""
LOST = [f"lost-{n}" for n in range(20)]


def store(url: str, *, patience: float = 10) -> CartService:
    return open_store(url, limits=LIMITS, ttl=3600, name="REDIS_URL", patience=patience)


@asynccontextmanager
async def started(primary: CartService) -> AsyncIterator[FailoverCartService]:
    """The store with a standby that is not in charge."""
    service = with_standby(primary, max_carts=1000)
    await service.start()
    await recovered(service)
    yield service
    await service.close()


@pytest.fixture
async def carts(sentinels: SentinelDemo) -> AsyncIterator[FailoverCartService]:
    async with started(store(sentinels.url, patience=1)) as service:
        yield service


@pytest.fixture
async def patient_carts(sentinels: SentinelDemo) -> AsyncIterator[FailoverCartService]:
    servers = SentinelServers.connect(sentinels.url, timeouts=SLOW_MACHINE)
    async with started(RedisCartService(servers, limits=LIMITS, ttl=3600)) as service:
        yield service


async def promotion(sentinels: SentinelDemo, before: Valkey) -> Valkey:
    """Wait until the Sentinels name another server."""
    async with asyncio.timeout(20):
        while (primary := await asyncio.to_thread(sentinels.primary)) is before:
            await asyncio.sleep(0.02)
    assert role(primary) == "master"
    return primary


def role(server: Valkey) -> str:
    try:
        return str(server.client().info("replication")["role"])
    except RedisError:  # whoever makes it a replica cuts its connections
        return ""


def values(server: Valkey) -> list[object]:
    """What it has of the carts that are about to be lost."""
    return list(server.client().mget([KEY_PREFIX + cart_id for cart_id in LOST]))


def drop_connections(server: Valkey) -> None:
    assert server.client().client_kill_filter(_type="normal", skipme=True) >= 1


async def test_the_primary_is_killed_under_clicks(sentinels: SentinelDemo, carts: FailoverCartService) -> None:
    first = sentinels.primary()
    async with Clicks(carts) as clicks:
        await clicks.more(200)
        first.kill()
        await promotion(sentinels, first)
        await recovered(carts)
        await clicks.more(200)
    assert carts.epoch >= 1
    assert not first.runs
    await clicks.are_stored_once(sentinels.primary().url)


async def test_the_primary_hangs_under_clicks_and_comes_back(
    sentinels: SentinelDemo, carts: FailoverCartService
) -> None:
    first = sentinels.primary()
    async with Clicks(carts) as clicks:
        await clicks.more(200)
        first.hang()
        await promotion(sentinels, first)
        await recovered(carts)
        first.resume()
        assert role(first) == "master", "it does not know yet that it was replaced"
        await until(lambda: role(first) == "slave")
        await clicks.more(200)
    await clicks.are_stored_once(sentinels.primary().url)


async def test_a_failover_on_command_under_clicks(sentinels: SentinelDemo, carts: FailoverCartService) -> None:
    first = sentinels.primary()
    async with Clicks(carts) as clicks:
        await clicks.more(200)
        sentinels.failover()
        await promotion(sentinels, first)
        await until(lambda: carts.epoch >= 1)
        await recovered(carts)
        await clicks.more(200)
    await clicks.are_stored_once(sentinels.primary().url)


async def test_all_sentinels_gone_and_every_connection_cut(
    sentinels: SentinelDemo, patient_carts: FailoverCartService
) -> None:
    primary = sentinels.primary()
    async with Clicks(patient_carts) as clicks:
        await clicks.more(200)
        for one in sentinels.sentinels:
            one.kill()
        await clicks.more(200)
        for _ in range(3):
            drop_connections(primary)
            await clicks.more(100)
    assert patient_carts.failovers == 0, "it went on with the primary that it knew"
    await clicks.are_stored_once(primary.url)


async def test_no_replica_is_taken_for_the_primary(sentinels: SentinelDemo) -> None:
    carts = store(sentinels.url)
    await carts.add("a", "mug", 1, EUR)
    primary = sentinels.primary()
    for one in sentinels.sentinels:
        one.kill()
    primary.client().replicaof("127.0.0.1", "1")
    drop_connections(primary)
    with pytest.raises(StoreUnavailable, match="is a replica; a failover is in progress"):
        await carts.get("a")
    await carts.close()


async def test_sentinels_that_hang_cost_no_more_than_a_call(sentinels: SentinelDemo) -> None:
    for one in sentinels.sentinels[:2]:
        one.hang()
    carts = store(sentinels.url)
    assert (await carts.add("a", "mug", 1, EUR)).quantity == 1, "the third one is heard"
    sentinels.sentinels[2].hang()
    drop_connections(sentinels.servers[0])
    assert (await carts.add("a", "mug", 1, EUR)).quantity == 2, "the last known primary is still one"
    await carts.close()
    unknowing = store(sentinels.url, patience=1)
    started = time.monotonic()
    with pytest.raises(StoreUnavailable, match=r"No Sentinel answered|it timed out"):
        await unknowing.get("a")
    assert time.monotonic() - started < 10, "not the sum over Sentinels, addresses and attempts"
    await unknowing.close()


def name_another(sentinels: SentinelDemo) -> tuple[Valkey, Valkey]:
    """Promote a replica by hand, unknown to the old primary: both, the old one first."""
    old, new = sentinels.servers[:2]
    new.client().replicaof("NO", "ONE")
    for one in sentinels.sentinels:
        one.ask("REMOVE", SERVICE)
        one.ask("MONITOR", SERVICE, "127.0.0.1", str(new.port), "2")
    return old, new


async def test_an_old_primary_that_its_sentinels_have_left_is_left(
    sentinels: SentinelDemo, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sentinel, "WATCH_SECONDS", 0.05)
    carts = store(sentinels.url)
    await carts.add("a", "mug", 1, EUR)
    old, new = name_another(sentinels)
    await until(lambda: carts.epoch == 1)
    assert role(old) == "master", "it still takes changes"
    await carts.add("a", "mug", 1, EUR)
    assert old.client().get(KEY_PREFIX + "a") != new.client().get(KEY_PREFIX + "a")
    await carts.close()


async def test_a_primary_that_became_a_replica_sends_the_change_on(
    sentinels: SentinelDemo, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sentinel, "WATCH_SECONDS", 3600)
    carts = store(sentinels.url)
    await carts.add("a", "mug", 1, EUR)
    await until(sentinels.replicated)
    old, new = name_another(sentinels)
    old.client().replicaof("127.0.0.1", str(new.port))
    assert (await carts.add("a", "mug", 1, EUR)).quantity == 2
    assert "errorstat_READONLY" in old.client().info("errorstats"), "it was asked first, and refused"
    assert carts.epoch == 1
    await carts.close()


async def test_what_the_promoted_replica_never_got_is_brought_to_it(sentinels: SentinelDemo) -> None:
    servers = SentinelServers.connect(sentinels.url, timeouts=SLOW_MACHINE)
    carts = with_standby(RedisCartService(servers, limits=LIMITS, ttl=3600), max_carts=1000)
    await carts.start()
    first = sentinels.primary()
    for cart_id in LOST:
        await carts.add(cart_id, "mug", 1, EUR)
    await until(sentinels.replicated)
    before = values(first)
    with sentinels.replication_cut():
        acknowledged = {cart_id: await carts.add(cart_id, "bowl", 2, EUR) for cart_id in LOST}
        assert not carts.standby_active, "the primary itself acknowledged them"
        # before the kill: once one of them is the primary, it is brought at once what it lacks
        assert all(values(replica) == before for replica in sentinels.replicas()), "they lack what was acknowledged"
        first.kill()
    second = await promotion(sentinels, first)
    plain = store(second.url)
    await carts.add("somebody-else", "mug", 1, EUR)
    await recovered(carts)
    await carts.add("somebody-else", "mug", 1, EUR)
    async with asyncio.timeout(10):
        while {cart_id: await plain.get(cart_id) for cart_id in LOST} != acknowledged:
            await asyncio.sleep(0.02)
    await plain.close()
    await carts.close()


async def test_a_service_that_no_sentinel_knows(sentinel_url: str) -> None:
    carts = store(sentinel_url.replace("mymaster", "herbert"))
    with pytest.raises(StoreRefused, match=r'does not monitor the service "herbert" .* it monitors: mymaster\.'):
        await carts.get("a")
    await carts.close()


async def test_sentinels_with_a_password_of_their_own(shared_sentinels: SentinelDemo, sentinel_url: str) -> None:
    for one in shared_sentinels.sentinels:
        one.client().acl_setuser("default", enabled=True, reset_passwords=True, passwords=["+hunter2"])
    try:
        for query in ("", "?sentinel_password=wrong"):
            carts = store(sentinel_url + query)
            with pytest.raises(StoreRefused, match=r"refuses the login.*sentinel_password=…") as refused:
                await carts.get("a")
            assert "wrong" not in str(refused.value)
            await carts.close()
        carts = store(sentinel_url + "?sentinel_username=default&sentinel_password=hunter2")
        assert (await carts.add("a", "mug", 1, EUR)).quantity == 1
        await carts.close()
    finally:
        for one in shared_sentinels.sentinels:
            Redis(port=one.port, password="hunter2").acl_setuser("default", enabled=True, nopass=True)


async def test_a_server_that_is_no_sentinel(valkey_url: str) -> None:
    carts = store(f"{valkey_url}/mymaster")
    with pytest.raises(StoreRefused, match="is not a Sentinel"):
        await carts.get("a")
    await carts.close()
