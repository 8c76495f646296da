"""A real Valkey is killed, hung and emptied under a cart service. No change is lost, doubled or refused."""

import asyncio
import logging
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from shop.cart.around import failover
from shop.cart.around.failover import FailoverCartService
from shop.cart.connect import with_standby
from shop.cart.model import Add, Cart, Limits, new_change_id
from shop.cart.redis.service import RedisCartService, Timeouts
from shop.cart.service import now
from shop.demo.valkey import Valkey
from tests.chaos.clicks import EUR, Clicks, recovered, until
from tests.fixtures.cart_services import LONG_TIMEOUTS, past_the_shop

LIMITS = Limits(quantity=10_000)
IMPATIENT = Timeouts(5, 1)
"""For a server that hangs."""
MUCH_TOO_LONG = 10.0
"""Seconds. Nothing is measured here; this only tells a wait for time-outs from a slow machine."""


@asynccontextmanager
async def opened(valkey: Valkey, timeouts: Timeouts) -> AsyncIterator[FailoverCartService]:
    store = RedisCartService.connect(valkey.url, limits=LIMITS, timeouts=timeouts)
    service = with_standby(store, max_carts=1000)
    await service.start()
    yield service
    await service.close()


@pytest.fixture
async def carts(valkey: Valkey) -> AsyncIterator[FailoverCartService]:
    """Falls back only from a server that is away or refuses, never from a slow one."""
    async with opened(valkey, LONG_TIMEOUTS) as service:
        assert not service.standby_active
        yield service


@pytest.fixture
async def impatient_carts(valkey: Valkey) -> AsyncIterator[FailoverCartService]:
    async with opened(valkey, IMPATIENT) as service:
        await recovered(service)
        yield service


async def stored(valkey: Valkey, cart_id: str) -> Cart:
    """What the server itself holds, read past the failover."""
    async with past_the_shop(valkey.url, limits=LIMITS) as plain:
        return await plain.get(cart_id)


def calls_of(valkey: Valkey, command: str) -> int:
    return int(valkey.client().info("commandstats")[f"cmdstat_{command}"]["calls"])


async def test_killed_and_restarted_empty_under_clicks(valkey: Valkey, carts: FailoverCartService) -> None:
    async with Clicks(carts) as clicks:
        await clicks.more(200)
        for _ in range(3):
            valkey.kill()
            await clicks.more(200)
            assert carts.standby_active, "the server really was away"
            valkey.start()
            assert not list(valkey.client().scan_iter("cart:never")), "it answers again"
            await until(lambda: not carts.standby_active)
            await clicks.more(200)
    assert carts.failovers >= 3
    await clicks.are_stored_once(valkey.url)
    assert carts.replayed > 0


async def test_hung_under_clicks(valkey: Valkey, impatient_carts: FailoverCartService) -> None:
    async with Clicks(impatient_carts) as clicks:
        await clicks.more(200)
        for _ in range(2):
            valkey.hang()
            await until(lambda: impatient_carts.standby_active)
            assert not await asyncio.to_thread(valkey.answers), "the server really hung"
            await clicks.more(500)
            valkey.resume()
            await until(lambda: not impatient_carts.standby_active)
            await clicks.more(200)
    await clicks.are_stored_once(valkey.url)
    assert clicks.slowest < MUCH_TOO_LONG


async def test_emptied_in_a_moment_nobody_noticed(valkey: Valkey, carts: FailoverCartService) -> None:
    async with Clicks(carts) as clicks:
        await clicks.more(200)
        for _ in range(3):
            valkey.client().flushall()
            await clicks.more(200)
    assert carts.failovers == 0
    assert carts.repaired > 0
    await clicks.are_stored_once(valkey.url)


async def test_every_connection_cut_under_clicks(valkey: Valkey, carts: FailoverCartService) -> None:
    async with Clicks(carts) as clicks:
        for _ in range(5):
            await clicks.more(100)
            killed = valkey.client().client_kill_filter(_type="normal", skipme=True)
            assert killed >= 1
    await clicks.are_stored_once(valkey.url)


async def test_the_first_request_is_answered_and_later_ones_do_not_wait(
    valkey: Valkey, impatient_carts: FailoverCartService
) -> None:
    before = await impatient_carts.add("a", "mug", 2, EUR)
    valkey.hang()
    started = time.monotonic()
    assert await impatient_carts.get("a") == before
    first = time.monotonic() - started
    assert IMPATIENT.reply * 0.9 <= first < MUCH_TOO_LONG, "the first one waited for the reply that never came"
    started = time.monotonic()
    for _ in range(100):
        await impatient_carts.add("a", "mug", 1, EUR)
    assert time.monotonic() - started < MUCH_TOO_LONG, "one time-out each would have been 100 seconds"
    valkey.resume()
    await recovered(impatient_carts)
    assert (await stored(valkey, "a")).quantity == 102


async def test_a_change_with_an_unknown_outcome_is_not_doubled(
    valkey: Valkey, impatient_carts: FailoverCartService
) -> None:
    await impatient_carts.add("a", "mug", 1, EUR)
    await asyncio.gather(*(impatient_carts.get(str(n)) for n in range(40)))
    sent = calls_of(valkey, "evalsha")
    valkey.hang()
    answers = await asyncio.gather(*(impatient_carts.add("a", "mug", 1, EUR) for _ in range(40)))
    assert max(cart.quantity for cart in answers) == 41
    assert impatient_carts.backlog == 1, "carts with changes in the journal"
    valkey.resume()
    await recovered(impatient_carts)
    assert calls_of(valkey, "evalsha") > sent + 1, "some arrived when it went on, besides what was replayed"
    assert (await stored(valkey, "a")).quantity == 41


async def test_carts_only_seen_are_given_back_to_an_empty_server(valkey: Valkey, carts: FailoverCartService) -> None:
    before = await carts.add("a", "mug", 2, EUR)
    valkey.restart_empty()
    assert not (await stored(valkey, "a")).lines, "the server really lost it"
    assert await carts.get("a") == before
    assert await stored(valkey, "a") == before


async def test_a_change_after_the_loss_keeps_what_was_lost(valkey: Valkey, carts: FailoverCartService) -> None:
    await carts.add("a", "mug", 2, EUR)
    await carts.add("a", "bowl", 1, EUR)
    valkey.client().flushall()
    await asyncio.gather(*(carts.add("a", "mug", 1, EUR) for _ in range(20)))
    await recovered(carts)
    cart = await stored(valkey, "a")
    assert {line.sku: line.quantity for line in cart.lines} == {"mug": 22, "bowl": 1}
    assert await carts.get("a") == cart


async def test_a_cart_the_standby_never_saw_is_called_partial(
    valkey: Valkey, impatient_carts: FailoverCartService
) -> None:
    async with past_the_shop(valkey.url) as plain:
        await plain.add("a", "mug", 2, EUR)
    valkey.hang()
    assert await impatient_carts.get("a") == Cart("a", partial=True)
    added = await impatient_carts.add("a", "bowl", 1, EUR)
    assert (added.quantity, added.partial) == (1, True)
    valkey.resume()
    await recovered(impatient_carts)
    cart = await impatient_carts.get("a")
    assert (cart.quantity, cart.partial) == (3, False)


async def test_a_replay_that_meets_the_limit_is_cut_off_not_dropped(valkey: Valkey) -> None:
    limits = Limits(quantity=10)
    service = with_standby(RedisCartService.connect(valkey.url, limits=limits, timeouts=IMPATIENT), max_carts=10)
    await service.start()
    async with past_the_shop(valkey.url, limits=limits) as plain:
        await plain.add("a", "mug", 8, EUR)
        valkey.hang()
        assert (await service.add("a", "mug", 5, EUR)).quantity == 5
        valkey.resume()
        await recovered(service)
        assert (await plain.get("a")).quantity == 10
    await service.close()


async def test_full_memory_is_an_outage_of_writes_only(valkey: Valkey, carts: FailoverCartService) -> None:
    await carts.add("a", "mug", 1, EUR)
    client = valkey.client()
    client.config_set("maxmemory-policy", "noeviction")
    client.config_set("maxmemory", "1mb")
    assert (await carts.add("a", "mug", 1, EUR)).quantity == 2
    assert carts.standby_active, "the server really refused the write"
    assert (await carts.get("a")).quantity == 2
    client.config_set("maxmemory", "0")
    await recovered(carts)
    assert (await stored(valkey, "a")).quantity == 2


async def test_a_read_only_replica_is_an_outage(valkey: Valkey, carts: FailoverCartService) -> None:
    await carts.add("a", "mug", 1, EUR)
    client = valkey.client()
    client.replicaof("127.0.0.1", "1")
    assert (await carts.add("a", "mug", 1, EUR)).quantity == 2
    assert carts.standby_active
    client.replicaof("NO", "ONE")
    await recovered(carts)
    assert (await stored(valkey, "a")).quantity == 2


async def test_down_at_boot(valkey: Valkey, caplog: pytest.LogCaptureFixture) -> None:
    valkey.kill()
    service = with_standby(RedisCartService.connect(valkey.url), max_carts=10)
    await service.start()
    assert service.standby_active
    assert "cannot be reached" in caplog.text
    assert (await service.add("a", "mug", 1, EUR)).quantity == 1
    valkey.start()
    await recovered(service)
    assert (await stored(valkey, "a")).quantity == 1
    await service.close()


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("redis://:wrong@127.0.0.1:{port}", "refuses the user or the password"),
        ("redis://127.0.0.1:{port}/4711", "has no database with this number"),
        ("redis://no-such-host.invalid:{port}", "host name of Redis at no-such-host.invalid:{port} cannot be resolved"),
    ],
)
async def test_wrong_settings_are_said_at_once(
    valkey: Valkey, caplog: pytest.LogCaptureFixture, url: str, words: str
) -> None:
    valkey.client().config_set("requirepass", "right" if "wrong" in url else "")
    with caplog.at_level(logging.ERROR):
        patient = RedisCartService.connect(url.format(port=valkey.port), timeouts=Timeouts(20, 20))
        service = with_standby(patient, max_carts=10)  # a busy machine looks a name up slowly
        await service.start()
    assert words.format(port=valkey.port) in caplog.text
    assert "right" not in caplog.text
    assert "wrong@" not in caplog.text
    assert (await service.get("a")).partial
    await service.close()


async def test_closing_waits_for_the_replay(
    valkey: Valkey, impatient_carts: FailoverCartService, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(failover, "CLOSE_SECONDS", 30)
    await impatient_carts.add("a", "mug", 1, EUR)
    valkey.hang()
    await impatient_carts.apply("a", Add(new_change_id(), now(), "mug", 1, EUR))
    assert impatient_carts.backlog == 1
    valkey.resume()
    await impatient_carts.close()
    assert (await stored(valkey, "a")).quantity == 2


async def test_a_script_cache_that_was_emptied_costs_nothing(valkey: Valkey, carts: FailoverCartService) -> None:
    await carts.add("a", "mug", 1, EUR)
    valkey.client().script_flush()
    assert (await carts.add("a", "mug", 1, EUR)).quantity == 2
    assert carts.failovers == 0
