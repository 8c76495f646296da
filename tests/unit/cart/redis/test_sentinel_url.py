from redis.asyncio.connection import SSLConnection

from shop.cart.redis.sentinel import SentinelServers
from shop.cart.redis.sentinel_url import SentinelUrl


def test_a_url_with_every_part_is_parsed() -> None:
    said = SentinelUrl.parse(
        "redis+sentinel://shop:p%40ss@h1:26379,[::1]:26380/my-master.1/2"
        "?sentinel_username=watch&sentinel_password=w%2Brd&client_name=shop"
    )
    assert said.sentinels == (("h1", 26379), ("::1", 26380))
    assert said.service == "my-master.1"
    assert said.server == {"username": "shop", "password": "p@ss", "db": 2, "client_name": "shop"}
    assert said.sentinel == {"username": "watch", "password": "w+rd"}
    assert (said.tls, said.sentinel_tls) == (False, False)


def test_sentinels_do_not_get_the_password_of_the_servers() -> None:
    assert SentinelUrl.parse("redis+sentinel://shop:secret@h:1/m").sentinel == {}


def test_tls_applies_to_sentinels_unless_they_differ() -> None:
    both = SentinelUrl.parse("rediss+sentinel://h:1/m?ssl_ca_certs=ca.pem&ssl_check_hostname=false")
    assert both.server == both.sentinel == {"ssl_ca_certs": "ca.pem", "ssl_check_hostname": False}
    assert (both.tls, both.sentinel_tls) == (True, True)
    servers = SentinelUrl.parse("rediss+sentinel://h:1/m?ssl_ca_certs=ca.pem&sentinel_ssl=off")
    assert (servers.tls, servers.sentinel_tls, servers.sentinel) == (True, False, {})
    sentinels = SentinelUrl.parse("redis+sentinel://h:1/m?ssl_ca_certs=ca.pem&sentinel_ssl=on")
    assert (sentinels.tls, sentinels.sentinel_tls, sentinels.server) == (False, True, {})


def test_the_url_decides_whether_connections_use_tls() -> None:
    for url, tls in (("redis+sentinel://h:1/m", False), ("rediss+sentinel://h:1/m", True)):
        servers = SentinelServers.connect(url)
        assert issubclass(servers._pool.connection_class, SSLConnection) is tls
