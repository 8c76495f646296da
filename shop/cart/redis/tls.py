"""Shares one TLS context among all connections with the same certificates.

redis-py makes one per connection, and each loads all CA certificates of the system, which blocks the event loop for
50 ms.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from redis.asyncio.connection import RedisSSLContext, SSLConnection

_contexts: dict[tuple[str, ...], RedisSSLContext] = {}
"""By the options that they were made from. A process has only a few."""


def connections_of(pool: Any) -> Callable[[], Any]:
    """Return a function that makes connections like those of a redis-py pool, not yet connected."""

    def make() -> Any:
        connection = pool.make_connection()
        if isinstance(connection, SSLConnection):
            own = connection.ssl_context
            made_of = tuple(str(getattr(own, name)) for name in own.__slots__ if name != "context")
            connection.ssl_context = _contexts.setdefault(made_of, own)
        return connection

    return make
