"""Concurrent calls share round trips; tests/chaos breaks their connections."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Coroutine
from typing import Any

import pytest
import uvloop
from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import ResponseError

from shop.cart.redis import pipelining
from shop.cart.redis.pipelining import SharedPipeline
from shop.demo.valkey import Valkey
from shop.errors import StoreBusy, StoreUnavailable
from tests.fixtures.proxy import Mode, Proxy


def translate(error: Exception) -> Exception:
    """Translate connection errors to StoreUnavailable, as the cart service does."""
    return error if isinstance(error, ResponseError) else StoreUnavailable(str(error))


@pytest.fixture
async def redis(valkey: Valkey) -> AsyncIterator[Redis]:
    async with Redis(host="127.0.0.1", port=valkey.port) as redis:
        yield redis


@pytest.fixture
async def pipeline(redis: Redis) -> AsyncIterator[SharedPipeline]:
    pipeline = SharedPipeline(redis.connection_pool.make_connection, translate, timeout=30)
    yield pipeline
    await pipeline.close()


def trips(valkey: Valkey) -> int:
    """How many times the server has read from its clients so far."""
    return int(valkey.client().info("stats")["total_reads_processed"])


async def test_concurrent_calls_share_round_trips_and_each_gets_its_own_reply(
    valkey: Valkey, pipeline: SharedPipeline
) -> None:
    await asyncio.gather(*(pipeline.call("SET", f"key-{n}", n) for n in range(4)))
    before = trips(valkey)
    replies = await asyncio.gather(*(pipeline.call("GET", f"key-{n % 4}") for n in range(200)))
    assert replies == [b"%d" % (n % 4) for n in range(200)]
    assert trips(valkey) - before <= 10


async def test_a_refused_command_does_not_fail_the_others(pipeline: SharedPipeline) -> None:
    await pipeline.call("SET", "text", "x")
    calls = [pipeline.call("INCR" if n == 7 else "GET", "text") for n in range(20)]
    replies = await asyncio.gather(*calls, return_exceptions=True)
    assert [n for n, reply in enumerate(replies) if reply != b"x"] == [7]
    assert isinstance(replies[7], ResponseError)


async def test_an_argument_that_cannot_be_sent_fails_its_own_caller_only(pipeline: SharedPipeline) -> None:
    await pipeline.call("SET", "text", "x")
    calls = [pipeline.call("GET", "half a pair \ud800" if n % 30 == 7 else "text") for n in range(100)]
    replies = await asyncio.gather(*calls, return_exceptions=True)
    assert [n for n, reply in enumerate(replies) if isinstance(reply, UnicodeEncodeError)] == [7, 37, 67, 97]
    assert [reply for reply in replies if not isinstance(reply, UnicodeEncodeError)] == [b"x"] * 96


@pytest.mark.parametrize("run", [asyncio.run, uvloop.run], ids=["asyncio", "uvloop"])
def test_replies_that_lie_in_the_socket_count_though_the_loop_was_late(
    valkey: Valkey, run: Callable[[Coroutine[Any, Any, None]], None]
) -> None:
    """The loop is held for longer than the timeout while 200 calls are in flight, and while connecting."""

    async def main() -> None:
        async with Redis(port=valkey.port, retry=Retry(NoBackoff(), 1), socket_connect_timeout=1) as redis:
            pipeline = SharedPipeline(redis.connection_pool.make_connection, translate, timeout=1)
            for held in (False, True):
                calls = [asyncio.ensure_future(pipeline.call("INCR", "count")) for _ in range(200)]
                await asyncio.sleep(0)
                if held:
                    time.sleep(1.1)  # noqa: ASYNC251 - the loop is to be held
                await asyncio.gather(*calls)
            assert await pipeline.call("GET", "count") == b"400"
            await pipeline.close()
            connecting = SharedPipeline(redis.connection_pool.make_connection, translate, timeout=1)
            call = asyncio.ensure_future(connecting.call("PING"))
            await asyncio.sleep(0)
            time.sleep(1.1)  # noqa: ASYNC251 - the loop is to be held
            assert await call == b"PONG"
            await connecting.close()

    run(main())


async def test_a_connection_that_was_idle_for_long_is_replaced(valkey: Valkey, monkeypatch: pytest.MonkeyPatch) -> None:
    """A proxy forgets connections without a word, as a firewall does."""
    proxy = Proxy(valkey.port)
    proxy.start()
    try:
        async with Redis(port=proxy.port, retry=Retry(NoBackoff(), 1)) as redis:
            pipeline = SharedPipeline(redis.connection_pool.make_connection, translate, timeout=30)
            await asyncio.gather(*(pipeline.call("PING") for _ in range(10)))
            clients = valkey.client().info("stats")["total_connections_received"]
            assert await pipeline.call("PING") == b"PONG"
            assert valkey.client().info("stats")["total_connections_received"] == clients + 1, "only this client's"
            proxy.become(Mode.FORGET)
            monkeypatch.setattr(pipelining, "IDLE_SECONDS", 0)
            async with asyncio.timeout(10):
                assert await asyncio.gather(*(pipeline.call("PING") for _ in range(10))) == [b"PONG"] * 10
            await pipeline.close()
    finally:
        proxy.stop()


async def test_the_servers_clock_is_measured_on_each_connection(pipeline: SharedPipeline) -> None:
    assert not pipeline.clock.is_measured
    await pipeline.call("PING")
    assert abs(pipeline.clock.now() - time.time()) < 100
    pipeline.clock.measured(time.time() - 500, pipeline.clock.monotonic(), pipeline.clock.monotonic())
    assert pipeline.clock.now() < time.time() - 400
    await pipeline.measure()
    assert abs(pipeline.clock.now() - time.time()) < 100


async def test_a_cancelled_caller_does_not_affect_the_others(pipeline: SharedPipeline) -> None:
    await pipeline.call("SET", "count", 0)
    async with asyncio.TaskGroup() as tasks:
        calls = [tasks.create_task(_increment(pipeline)) for _ in range(50)]
        await asyncio.sleep(0)
        for call in calls[10:20]:
            call.cancel()
    assert all(call.cancelled() for call in calls[10:20])
    assert sorted(call.result() for call in calls if not call.cancelled())[-1] <= 50
    assert await asyncio.gather(*(pipeline.call("GET", "count") for _ in range(5))) == [b"50"] * 5


async def _increment(pipeline: SharedPipeline) -> int:
    return int(await pipeline.call("INCR", "count"))


async def test_all_calls_to_a_hung_server_fail_after_one_timeout(valkey: Valkey, redis: Redis) -> None:
    pipeline = SharedPipeline(redis.connection_pool.make_connection, translate, timeout=1)
    await asyncio.gather(*(pipeline.call("PING") for _ in range(300)))
    valkey.hang()
    calls = [asyncio.ensure_future(pipeline.call("PING")) for _ in range(1000)]
    done, pending = await asyncio.wait(calls, timeout=10)
    assert not pending
    assert {type(call.exception()) for call in done} == {StoreUnavailable}
    valkey.resume()
    async with asyncio.timeout(10):
        while not await _answers(pipeline):
            pass
    await pipeline.close()


async def _answers(pipeline: SharedPipeline) -> bool:
    try:
        return bool(await pipeline.call("PING"))
    except StoreUnavailable:
        return False


def test_a_connection_reset_while_idle_is_replaced(valkey: Valkey) -> None:
    async def main() -> None:
        async with Redis(port=valkey.port, retry=Retry(NoBackoff(), 1)) as redis:
            pipeline = SharedPipeline(redis.connection_pool.make_connection, translate, timeout=30)
            await pipeline.call("PING")
            ((connection, _),) = pipeline._idle
            connection._writer.transport.abort()
            await asyncio.sleep(0)
            assert connection.is_connected, "redis-py has not noticed"
            assert await pipeline.call("PING") == b"PONG"
            await pipeline.close()

    uvloop.run(main())


async def test_commands_beyond_the_queue_limit_are_refused_at_once(
    pipeline: SharedPipeline, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pipelining, "MAX_WAITING", 5)
    replies = await asyncio.gather(*(pipeline.call("PING") for _ in range(10)), return_exceptions=True)
    assert [reply for reply in replies if not isinstance(reply, StoreBusy)] == [b"PONG"] * 7
    assert len(replies) == 10


async def test_a_server_restart_increases_the_epoch(valkey: Valkey, pipeline: SharedPipeline) -> None:
    await pipeline.call("PING")
    valkey.client().client_kill_filter(_type="normal", skipme=True)
    await pipeline.call("PING")
    assert pipeline.epoch == 0
    valkey.restart_empty()
    await pipeline.call("PING")
    assert pipeline.epoch == 1
