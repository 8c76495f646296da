import msgspec
import pytest

from shop.cart.around.failover import FailoverCartService
from shop.cart.around.moving import MovingCartService
from shop.cart.around.tiered import TieredCartService
from shop.cart.connect import connect, open_store
from shop.cart.memory import MemoryCartService
from shop.cart.model import Limits
from shop.cart.redis.cluster import Cluster
from shop.cart.redis.sentinel import SentinelServers
from shop.cart.redis.service import RedisCartService
from shop.cart.sql.service import SqlCartService
from shop.errors import ConfigurationError
from shop.settings import Settings


def test_carts_are_in_memory_without_a_url() -> None:
    carts = connect(Settings(cart_ttl=60, cart_max_lines=7))
    assert isinstance(carts, MemoryCartService)
    assert (carts.ttl, carts.limits) == (60, Limits(lines=7))


@pytest.mark.parametrize(
    "url", ["redis://h", "redis://u:p@h:6379/0", "rediss://h:6380/1", "unix:///run/redis.sock", "redis://h/"]
)
def test_a_url_of_a_single_server_makes_redis_with_a_standby(url: str) -> None:
    carts = connect(Settings(redis_url=url, cart_ttl=60))
    assert isinstance(carts, FailoverCartService)
    assert isinstance(carts.primary, RedisCartService)
    assert carts.ttl == 60


@pytest.mark.parametrize(
    "url",
    [
        "redis+sentinel://h1:26379,h2:26379/mymaster",
        "rediss+sentinel://user:word@h1:26379/mymaster/2?sentinel_password=x",
        "redis://h:26379/mymaster",
    ],
)
def test_a_url_that_ends_with_a_service_uses_sentinels(url: str) -> None:
    carts = connect(Settings(redis_url=url))
    assert isinstance(carts, FailoverCartService)
    assert isinstance(carts.primary, RedisCartService)
    assert isinstance(carts.primary.servers, SentinelServers)


@pytest.mark.parametrize("settings", [Settings(cart_max_lines=0), Settings(cart_max_quantity=1_000_000)])
def test_limits_out_of_range_are_refused(settings: Settings) -> None:
    with pytest.raises(ConfigurationError, match="CART_MAX_QUANTITY or CART_MAX_LINES"):
        connect(settings)


def test_redis_gets_the_patience_of_the_settings() -> None:
    for url in ("redis://h", "redis+cluster://h:1", "redis+sentinel://h:1/m"):
        carts = open_store(url, limits=Limits(), ttl=60, name="REDIS_URL", patience=7)
        assert isinstance(carts, RedisCartService)
        servers = carts.servers
        pipeline = servers._node(("h", 1)).pipeline if isinstance(servers, Cluster) else servers._pipeline  # type: ignore[attr-defined]
        assert pipeline._timeout == 7


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("http://h:6379", "starts with http://"),
        ("h:6379", "must be redis://"),
        ("redis://h:port", "is not a valid URL"),
        ("redis://h:99999", "is not a valid URL"),
        ("redis://h/carts", "A database is a number"),
        ("redis://h?colour=red", "an invalid option: got an unexpected keyword argument 'colour'"),
        ("redis://h?socket_timeout=long", "an invalid option: Invalid value for 'socket_timeout'"),
        ("redis://h?decode_responses=true", "REDIS_URL has the option decode_responses; remove it"),
        ("redis+cluster://h:1?encoding=latin-1", "has the option encoding"),
        ("redis+sentinel://h:1/m?decode_responses=", "has the option decode_responses"),
        ("rediss://h?ssl_cert_reqs=maybe", "an invalid option: Invalid SSL Certificate Requirements"),
    ],
)
def test_the_error_for_an_invalid_url_says_what_to_write(url: str, words: str) -> None:
    with pytest.raises(ConfigurationError, match=words):
        connect(Settings(redis_url=url))


@pytest.mark.parametrize("url", ["redis://u:hunter/2@h", "redis://hunter/2@h", ":hunter2@h", "redis://u:hunter#2@h:1"])
def test_an_error_never_repeats_a_password_that_breaks_the_url(url: str) -> None:
    with pytest.raises(ConfigurationError) as refused:
        connect(Settings(redis_url=url))
    assert "hunter" not in str(refused.value)
    assert "2@" not in str(refused.value)


async def test_the_archive_is_the_cold_tier_behind_the_live_carts() -> None:
    settings = Settings(cart_archive=True, cart_archive_delay=0.5, cart_ttl=60, cart_archive_ttl=600)
    carts = connect(settings)
    assert isinstance(carts, TieredCartService)
    assert isinstance(carts.hot, MemoryCartService)
    assert isinstance(carts.cold, SqlCartService)
    assert (carts.hot.ttl, carts.cold.ttl, carts.ttl) == (60, 600, 600)
    hot = connect(msgspec.structs.replace(settings, redis_url="redis://h"))
    assert isinstance(hot, TieredCartService)
    assert isinstance(hot.hot, FailoverCartService)


async def test_the_moving_service_is_outermost() -> None:
    carts = connect(Settings(redis_url="redis://new", cart_move_from="redis://old", cart_archive=True))
    assert isinstance(carts, MovingCartService)
    assert isinstance(carts.new, TieredCartService)
    assert isinstance(carts.old, RedisCartService)


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        (Settings(cart_archive=True, cart_archive_delay=0), "CART_ARCHIVE_DELAY is 0; it must be more than 0"),
        (Settings(cart_archive=True, cart_archive_delay=1e9), "CART_ARCHIVE_DELAY is 1e.09; .* at most 3600"),
        (Settings(cart_archive=True, cart_archive_ttl=60), "CART_ARCHIVE_TTL is 60 seconds, less than CART_TTL"),
        (Settings(cart_archive=True, database_url="mysql://h"), "DATABASE_URL starts with mysql://"),
        (
            Settings(redis_url="redis://h", cart_move_from="redis://h"),
            "CART_MOVE_FROM and REDIS_URL are the same store",
        ),
        (Settings(redis_url="redis://h", cart_move_from="http://h"), "CART_MOVE_FROM starts with http://"),
    ],
)
def test_contradictory_settings_are_refused(settings: Settings, words: str) -> None:
    with pytest.raises(ConfigurationError, match=words):
        connect(settings)
