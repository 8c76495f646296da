"""One TLS context for all connections with the same certificates.

redis-py makes one for each connection, which reads all authorities of the system: 50 ms in which nothing else runs.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from redis.asyncio.connection import RedisSSLContext, SSLConnection

_contexts: dict[tuple[str, ...], RedisSSLContext] = {}
"""By what they are made of. A process knows a handful."""


def connections_of(pool: Any) -> Callable[[], Any]:
    """Makes connections of a redis-py pool, not yet connected."""

    def make() -> Any:
        connection = pool.make_connection()
        if isinstance(connection, SSLConnection):
            own = connection.ssl_context
            made_of = tuple(str(getattr(own, name)) for name in own.__slots__ if name != "context")
            connection.ssl_context = _contexts.setdefault(made_of, own)
        return connection

    return make
