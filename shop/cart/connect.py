"""From a URL to a cart service. No other code knows which services are in use."""

from __future__ import annotations

from urllib.parse import urlsplit

from shop.cart.failover import FailoverCartService
from shop.cart.memory import MemoryCartService
from shop.cart.model import Limits
from shop.cart.redis import RedisCartService
from shop.cart.service import CartService
from shop.errors import ConfigurationError
from shop.settings import Settings

SCHEMES = ("redis", "rediss", "unix")


def connect(settings: Settings) -> CartService:
    """The cart service that the settings ask for; raises ConfigurationError for a URL it cannot read.

    Nothing is contacted yet: call `start()` in the event loop that will use the service, `close()` at the end.
    """
    limits = _limits(settings)
    if not settings.redis_url:
        return MemoryCartService(limits=limits, ttl=settings.cart_ttl, max_carts=settings.memory_carts)
    _check(settings.redis_url)
    primary = RedisCartService.connect(settings.redis_url, limits=limits, ttl=settings.cart_ttl)
    return with_standby(primary, max_carts=settings.memory_carts)


def with_standby(primary: CartService, *, max_carts: int) -> FailoverCartService:
    """The service with a standby in memory that takes over when it is away."""
    standby = MemoryCartService(limits=primary.limits, ttl=primary.ttl, max_carts=max_carts)
    return FailoverCartService(primary, standby)


def _limits(settings: Settings) -> Limits:
    try:
        return Limits(settings.cart_max_quantity, settings.cart_max_lines)
    except ValueError as error:
        raise ConfigurationError(f"CART_MAX_QUANTITY or CART_MAX_LINES is wrong: {error}.") from error


def _check(url: str) -> None:
    """Raise ConfigurationError where redis-py would raise something less helpful."""
    try:
        parts = urlsplit(url)
        database = parts.path.strip("/")
        _ = parts.port
    except ValueError as error:
        raise ConfigurationError(f"REDIS_URL cannot be read: {error}.") from error
    if parts.scheme not in SCHEMES:
        raise ConfigurationError(
            f"REDIS_URL starts with {parts.scheme + '://' if parts.scheme else repr(url[:12])}; "
            "it must be redis://host:port/db, rediss:// (TLS) or unix:///path."
        )
    if parts.scheme != "unix" and database and not database.isdigit():
        raise ConfigurationError(f"REDIS_URL ends with /{database}; a database is a number, such as /0.")
