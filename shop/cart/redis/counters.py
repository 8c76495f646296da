"""Counters that several processes share, beside the carts in Redis: for limits of what one client may do."""

from __future__ import annotations

from shop.cart.redis.servers import Servers

PREFIX = "limit:"
_INCREMENT = """
local count = redis.call('INCRBY', KEYS[1], ARGV[1])
if count == tonumber(ARGV[1]) then redis.call('EXPIRE', KEYS[1], ARGV[2]) end
return count
"""


class RedisCounters:
    """Counters under `limit:…`, each in the server that its key belongs to."""

    def __init__(self, servers: Servers) -> None:
        self._servers = servers

    async def incr(self, key: str, seconds: int, number: int = 1) -> int:
        """Add to a counter, which ends `seconds` after its first use, and return its value. May raise ShopError."""
        name = f"{PREFIX}{key}"
        return int(await self._servers.call(name, "EVAL", _INCREMENT, 1, name, number, seconds))
