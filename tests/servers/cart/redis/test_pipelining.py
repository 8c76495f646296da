"""Calls that meet on their way share a trip; tests/chaos cuts the way under them."""

import asyncio
from collections.abc import AsyncIterator

import pytest
import uvloop
from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import ResponseError

from shop.cart.redis import pipelining as gather
from shop.cart.redis.pipelining import SharedPipeline
from shop.demo.valkey import Valkey
from shop.errors import StoreBusy, StoreUnavailable


def words(error: Exception) -> Exception:
    """Errors of the way are StoreUnavailable, as the cart service has it."""
    return error if isinstance(error, ResponseError) else StoreUnavailable(str(error))


@pytest.fixture
async def redis(valkey: Valkey) -> AsyncIterator[Redis]:
    async with Redis(host="127.0.0.1", port=valkey.port) as redis:
        yield redis


@pytest.fixture
async def gathered(redis: Redis) -> AsyncIterator[SharedPipeline]:
    gathered = SharedPipeline(redis.connection_pool.make_connection, words, seconds=30)
    yield gathered
    await gathered.close()


def trips(valkey: Valkey) -> int:
    """How often the server has read from its clients so far."""
    return int(valkey.client().info("stats")["total_reads_processed"])


async def test_calls_at_once_share_trips_and_each_gets_its_own_reply(valkey: Valkey, gathered: SharedPipeline) -> None:
    await asyncio.gather(*(gathered.call("SET", f"key-{n}", n) for n in range(4)))
    before = trips(valkey)
    replies = await asyncio.gather(*(gathered.call("GET", f"key-{n % 4}") for n in range(200)))
    assert replies == [b"%d" % (n % 4) for n in range(200)]
    assert trips(valkey) - before <= 10


async def test_a_refused_command_is_refused_alone(gathered: SharedPipeline) -> None:
    await gathered.call("SET", "text", "x")
    calls = [gathered.call("INCR" if n == 7 else "GET", "text") for n in range(20)]
    replies = await asyncio.gather(*calls, return_exceptions=True)
    assert [n for n, reply in enumerate(replies) if reply != b"x"] == [7]
    assert isinstance(replies[7], ResponseError)


async def test_a_cancelled_caller_disturbs_nobody(gathered: SharedPipeline) -> None:
    await gathered.call("SET", "count", 0)
    async with asyncio.TaskGroup() as tasks:
        calls = [tasks.create_task(_increment(gathered)) for _ in range(50)]
        await asyncio.sleep(0)
        for call in calls[10:20]:
            call.cancel()
    assert all(call.cancelled() for call in calls[10:20])
    assert sorted(call.result() for call in calls if not call.cancelled())[-1] <= 50
    assert await asyncio.gather(*(gathered.call("GET", "count") for _ in range(5))) == [b"50"] * 5


async def _increment(gathered: SharedPipeline) -> int:
    return int(await gathered.call("INCR", "count"))


async def test_a_hung_server_costs_all_who_wait_one_time_out(valkey: Valkey, redis: Redis) -> None:
    gathered = SharedPipeline(redis.connection_pool.make_connection, words, seconds=1)
    await asyncio.gather(*(gathered.call("PING") for _ in range(300)))
    valkey.hang()
    calls = [asyncio.ensure_future(gathered.call("PING")) for _ in range(1000)]
    done, pending = await asyncio.wait(calls, timeout=10)
    assert not pending
    assert {type(call.exception()) for call in done} == {StoreUnavailable}
    valkey.resume()
    async with asyncio.timeout(5):
        while not await _answers(gathered):
            pass
    await gathered.close()


async def _answers(gathered: SharedPipeline) -> bool:
    try:
        return bool(await gathered.call("PING"))
    except StoreUnavailable:
        return False


def test_a_connection_reset_while_nobody_used_it_is_replaced(valkey: Valkey) -> None:
    async def main() -> None:
        async with Redis(port=valkey.port, retry=Retry(NoBackoff(), 1)) as redis:
            gathered = SharedPipeline(redis.connection_pool.make_connection, words, seconds=5)
            await gathered.call("PING")
            gathered._idle[0]._writer.transport.abort()
            await asyncio.sleep(0)
            assert gathered._idle[0].is_connected, "redis-py has not noticed"
            assert await gathered.call("PING") == b"PONG"
            await gathered.close()

    uvloop.run(main())


async def test_more_than_can_wait_are_refused_at_once(
    gathered: SharedPipeline, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gather, "WAITING", 5)
    replies = await asyncio.gather(*(gathered.call("PING") for _ in range(10)), return_exceptions=True)
    assert [reply for reply in replies if not isinstance(reply, StoreBusy)] == [b"PONG"] * 7
    assert len(replies) == 10


async def test_a_server_that_is_another_process_than_before_is_noticed(
    valkey: Valkey, gathered: SharedPipeline
) -> None:
    await gathered.call("PING")
    valkey.client().client_kill_filter(_type="normal", skipme=True)
    await gathered.call("PING")
    assert gathered.epoch == 0
    valkey.restart_empty()
    await gathered.call("PING")
    assert gathered.epoch == 1
