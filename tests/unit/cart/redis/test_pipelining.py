"""SharedPipeline without a server."""

from __future__ import annotations

from redis import exceptions as redis_errors

from shop.cart.redis.pipelining import SharedPipeline


class SlowConnection:
    """A connection whose server does not answer in time, not even when the connection is closed."""

    def __init__(self) -> None:
        self.is_closed = False

    async def disconnect(self, nowait: bool = False) -> None:
        self.is_closed = True
        if not nowait:
            raise redis_errors.TimeoutError("Timed out closing connection after 0.25")


async def test_a_server_that_is_slow_to_close_a_connection_does_not_fail_the_close() -> None:
    pipeline = SharedPipeline(SlowConnection, lambda error: error, timeout=0.4)
    connections = [SlowConnection(), SlowConnection()]
    pipeline._idle.extend((connection, 0.0) for connection in connections)
    await pipeline.close()
    assert all(connection.is_closed for connection in connections)
