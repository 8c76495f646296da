"""Builds the cart service from the settings. No other code knows which services are in use."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple
from urllib.parse import parse_qs, urlsplit

from redis.exceptions import RedisError

from shop.cart.around.failover import FailoverCartService
from shop.cart.around.moving import MovingCartService
from shop.cart.around.shared_journal import SharedJournal
from shop.cart.around.tiered import TieredCartService
from shop.cart.journal import MemoryJournal
from shop.cart.memory import MemoryCartService
from shop.cart.model import Limits
from shop.cart.redis.cluster import Cluster, seeds_of
from shop.cart.redis.sentinel import SentinelServers
from shop.cart.redis.sentinel_url import names_service
from shop.cart.redis.service import RedisCartService, Timeouts
from shop.cart.service import CartService
from shop.cart.sql.journal import SqlJournal
from shop.cart.sql.service import SqlCartService
from shop.errors import ConfigurationError
from shop.settings import Settings

MAX_ARCHIVE_DELAY = 3600
"""In seconds. If the process and its store fail together, the changes of this period are lost."""
CONNECT_SHARE = 0.6
"""The share of the patience with Redis in which a connection must be made, at most."""
_FORBIDDEN_OPTIONS = frozenset({"decode_responses", "encoding", "encoding_errors", "parser_class"})
"""Options of a Redis URL that would change what redis-py returns or sends."""


class _Opening(NamedTuple):
    """How a store is opened, apart from its URL."""

    limits: Limits
    ttl: int
    name: str
    """The setting that holds the URL, for messages."""
    patience: float

    @property
    def timeouts(self) -> Timeouts:
        """The timeouts of a call to Redis. A connection is made in less than the whole patience."""
        return Timeouts(min(Timeouts().connect, self.patience * CONNECT_SHARE), self.patience)


def connect(settings: Settings) -> CartService:
    """Build the cart service for the settings. Raises ConfigurationError for a URL that it cannot parse.

    Contacts nothing yet: call `start()` in the event loop that will use the service, and `close()` at the end.
    """
    limits = limits_of(settings)
    carts = _live_carts(settings, limits)
    if settings.cart_archive:
        carts = _with_archive(carts, settings)
    if settings.cart_move_from:
        if settings.cart_move_from == settings.redis_url:
            raise ConfigurationError("CART_MOVE_FROM and REDIS_URL are the same store; leave CART_MOVE_FROM out.")
        old = open_store(
            settings.cart_move_from,
            limits=limits,
            ttl=settings.cart_ttl,
            name="CART_MOVE_FROM",
            patience=settings.redis_patience,
        )
        carts = MovingCartService(carts, old)
    return carts


def open_store(url: str, *, limits: Limits, ttl: int, name: str, patience: float = Timeouts().reply) -> CartService:
    """Build the store that a URL names, without a standby. Contacts nothing yet.

    `name` is the setting or option that holds the URL, for messages; Redis has to answer within `patience` seconds.
    Raises ConfigurationError for a URL that it cannot parse.
    """
    try:
        parts = urlsplit(url)
        _ = parts.port if "," not in parts.netloc else None
    except ValueError as error:
        raise ConfigurationError(
            f"{name} is not a valid URL. Write it like redis://user:password@host:6379/0, and encode / ? # @ in a "
            "password as %2F %3F %23 %40."
        ) from error
    opened = _STORES.get(parts.scheme)
    if opened is None:
        raise ConfigurationError(
            f"{name} starts with {f'{parts.scheme}://' if parts.scheme else 'no scheme'}; "
            "it must be redis://host:port/db, rediss:// (TLS), unix:///path, redis+sentinel://host:port,host:port/name "
            "or redis+cluster://host:port,host:port; for a database, sqlite+aiosqlite:///file or "
            "postgresql+asyncpg://host/name."
        )
    forbidden = _FORBIDDEN_OPTIONS.intersection(parse_qs(parts.query, keep_blank_values=True))
    if forbidden and opened is not _database:
        raise ConfigurationError(
            f"{name} has the option {min(forbidden)}; remove it: the shop has to get the bytes of Redis as they are."
        )
    try:
        return opened(url, _Opening(limits, ttl, name, patience))
    except (ValueError, TypeError, RedisError) as error:
        raise ConfigurationError(f"{name} has an invalid option: {_option(error)}.") from error


def redacted(url: str) -> str:
    """A URL without its user, password and options, safe to print."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"


def with_standby(primary: CartService, *, max_carts: int, database_url: str = "") -> FailoverCartService:
    """Add what takes over while the primary is unavailable: near copies, and a journal in the database.

    Without a database the journal is in the memory of this process.
    """
    near = MemoryCartService(limits=primary.limits, ttl=primary.ttl, max_carts=max_carts)
    own = MemoryJournal()
    journal = SharedJournal(SqlJournal.connect(database_url), own) if database_url else own
    return FailoverCartService(primary, near, journal)


def _live_carts(settings: Settings, limits: Limits) -> CartService:
    if not settings.redis_url:
        return MemoryCartService(limits=limits, ttl=settings.cart_ttl, max_carts=settings.memory_carts)
    primary = open_store(
        settings.redis_url, limits=limits, ttl=settings.cart_ttl, name="REDIS_URL", patience=settings.redis_patience
    )
    return with_standby(primary, max_carts=settings.memory_carts, database_url=settings.database_url)


def _with_archive(hot: CartService, settings: Settings) -> TieredCartService:
    """Add an archive in the database, which keeps carts that the hot store has dropped."""
    delay, ttl = settings.cart_archive_delay, settings.cart_archive_ttl
    if not 0 < delay <= MAX_ARCHIVE_DELAY:
        raise ConfigurationError(
            f"CART_ARCHIVE_DELAY is {delay:g}; it must be more than 0 and at most {MAX_ARCHIVE_DELAY} seconds."
        )
    if ttl < hot.ttl:
        raise ConfigurationError(
            f"CART_ARCHIVE_TTL is {ttl} seconds, less than CART_TTL ({hot.ttl}); the archive must keep carts longer."
        )
    cold = open_store(settings.database_url, limits=hot.limits, ttl=ttl, name="DATABASE_URL")
    return TieredCartService(hot, cold, delay=delay)


def _option(error: Exception) -> str:
    """redis-py's message about a URL option, without the names of its own functions."""
    return str(error).rpartition("__() ")[2].rstrip(".")


def limits_of(settings: Settings) -> Limits:
    """The cart limits of the settings. Raises ConfigurationError."""
    try:
        return Limits(settings.cart_max_quantity, settings.cart_max_lines)
    except ValueError as error:
        raise ConfigurationError(f"CART_MAX_QUANTITY or CART_MAX_LINES is invalid: {error}.") from error


def _one_server(url: str, how: _Opening) -> CartService:
    parts = urlsplit(url)
    database = parts.path.strip("/")
    if parts.scheme == "unix" or database.isdecimal() or (not database and "," not in parts.netloc):
        return RedisCartService.connect(url, limits=how.limits, ttl=how.ttl, timeouts=how.timeouts)
    if "@" in database:  # the rest of a password that contains a /
        raise ConfigurationError(f"{how.name} ends with /…; the database must be a number, such as /0.")
    return _by_sentinels(url, how)


def _by_sentinels(url: str, how: _Opening) -> CartService:
    parts = urlsplit(url)
    try:
        seeds_of(parts)
    except ValueError as error:
        raise ConfigurationError(
            f"{how.name} must name Sentinels as host:port, followed by the service that they monitor: "
            f"{parts.scheme}://host1:26379,host2:26379/mymaster. A database is a number, such as /0."
        ) from error
    if not names_service(parts):
        raise ConfigurationError(
            f"{how.name} must end with the name of the service that its Sentinels monitor, as in /mymaster or "
            "/mymaster/0."
        )
    return RedisCartService(SentinelServers.connect(url, timeouts=how.timeouts), limits=how.limits, ttl=how.ttl)


def _cluster(url: str, how: _Opening) -> CartService:
    parts = urlsplit(url)
    try:
        seeds_of(parts)
    except ValueError as error:
        raise ConfigurationError(
            f"{how.name} must name nodes as host:port, separated by commas: {parts.scheme}://host1:7000,host2:7000."
        ) from error
    if parts.path not in ("", "/", "/0"):
        raise ConfigurationError(f"{how.name} ends with a path. Remove it: a cluster has only the database 0.")
    return RedisCartService(Cluster.connect(url, timeouts=how.timeouts), limits=how.limits, ttl=how.ttl)


def _database(url: str, how: _Opening) -> CartService:
    return SqlCartService.connect(url, limits=how.limits, ttl=how.ttl)


_STORES: dict[str, Callable[[str, _Opening], CartService]] = {
    "redis": _one_server,
    "rediss": _one_server,
    "unix": _one_server,
    "redis+sentinel": _by_sentinels,
    "rediss+sentinel": _by_sentinels,
    "redis+cluster": _cluster,
    "rediss+cluster": _cluster,
    **dict.fromkeys(("sqlite", "sqlite+aiosqlite", "postgres", "postgresql", "postgresql+asyncpg"), _database),
}
