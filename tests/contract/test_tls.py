"""Every kind of Redis is reached over TLS, by a shop that knows its authority and is known to it."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager

import pytest

from shop.cart.connect import open_store
from shop.cart.model import Limits
from shop.cart.service import CartService
from shop.demo.cluster import Cluster
from shop.demo.program import Program
from shop.demo.sentinel import SERVICE, SentinelDemo
from shop.demo.valkey import Valkey
from shop.errors import StoreRefused, StoreUnavailable
from shop.money import Money
from tests.fixtures.cart_services import cluster, redis, sentinel
from tests.fixtures.redis_server import REDIS_SERVER
from tests.fixtures.tls import Certificates, TlsPorts, query

EUR = Money(1900, "EUR")
SERVERS = ("valkey", "redis-server") if REDIS_SERVER else ("valkey",)


@asynccontextmanager
async def opened(carts: CartService) -> AsyncIterator[CartService]:
    try:
        yield carts
    finally:
        await carts.close()


async def comes_to_be(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(20):
        while not await asyncio.to_thread(condition):
            await asyncio.sleep(0.02)


@pytest.fixture(scope="session")
def redis_server_tls_port(certificates: Certificates) -> Iterator[int]:
    """The port of a redis-server that speaks TLS itself, to those it knows."""
    certificate, key = certificates.server
    server = Program(
        [REDIS_SERVER],
        further_ports=("tls_port",),
        tls_cert_file=str(certificate),
        tls_key_file=str(key),
        tls_ca_cert_file=str(certificates.ca),
    )
    server.start()
    yield int(server.config["tls_port"])
    server.stop()


@pytest.fixture(params=SERVERS)
def tls_port(request: pytest.FixtureRequest, tls_ports: TlsPorts) -> int:
    """The TLS port of one server: behind the proxy, and one that speaks TLS itself."""
    if request.param == "redis-server":
        return int(request.getfixturevalue("redis_server_tls_port"))
    return tls_ports.before(request.getfixturevalue("shared_valkey").port)


async def test_one_server(tls_port: int, certificates: Certificates) -> None:
    async with opened(redis(Limits(), 60, f"rediss://127.0.0.1:{tls_port}{query(certificates.options)}")) as carts:
        added = await carts.add("a", "mug", 1, EUR)
        assert await carts.get("a") == added
        await carts.delete("a")


async def test_a_server_of_another_authority(tls_port: int, certificates: Certificates) -> None:
    options = certificates.options | {"ssl_ca_certs": certificates.other_ca}
    async with opened(redis(Limits(), 60, f"rediss://127.0.0.1:{tls_port}{query(options)}")) as carts:
        with pytest.raises(StoreRefused, match=r"is not trusted: .* Name the CA that signed it"):
            await carts.get("a")


async def test_a_server_by_another_name(tls_port: int, certificates: Certificates) -> None:
    url = f"rediss://localhost:{tls_port}{query(certificates.options)}"
    async with opened(redis(Limits(), 60, url)) as carts:
        with pytest.raises(StoreRefused, match=r"is for another host: .* Correct the host name"):
            await carts.get("a")
    async with opened(redis(Limits(), 60, f"{url}&ssl_check_hostname=false")) as carts:
        assert not (await carts.get("a")).lines


async def test_a_shop_without_a_certificate(tls_port: int, certificates: Certificates) -> None:
    url = f"rediss://127.0.0.1:{tls_port}{query({'ssl_ca_certs': certificates.ca})}"
    async with opened(redis(Limits(), 60, url)) as carts:
        with pytest.raises(StoreUnavailable, match="ssl_certfile=FILE&ssl_keyfile=FILE"):
            await carts.get("a")


async def test_no_tls_to_a_port_with_it(tls_port: int) -> None:
    async with opened(redis(Limits(), 60, f"redis://127.0.0.1:{tls_port}")) as carts:
        with pytest.raises(StoreUnavailable, match="write rediss://"):
            await carts.get("a")


async def test_a_cluster(
    tls_ports: TlsPorts, certificates: Certificates, shared_cluster: Cluster, cluster_url: str
) -> None:
    nodes = shared_cluster.nodes
    ports = [tls_ports.before(node.port) for node in nodes]
    for node, port in zip(nodes, ports, strict=True):
        node.client().config_set("cluster-announce-port", port)
    try:
        await comes_to_be(lambda: all(_announced(node) == set(ports) for node in nodes))
        url = f"rediss+cluster://127.0.0.1:{ports[0]}{query(certificates.options)}"
        async with opened(cluster(Limits(), 60, url)) as carts:
            added = {str(n): await carts.add(str(n), "mug", 1, EUR) for n in range(20)}
            assert {cart.id: cart async for cart in carts.scan()} == added
        assert all(proxy.encrypted for proxy in tls_ports.proxies), "every node was reached"
    finally:
        for node in nodes:
            node.client().config_set("cluster-announce-port", 0)
        await comes_to_be(lambda: all(_announced(node) == {node.port for node in nodes} for node in nodes))


def _announced(node: Valkey) -> set[int]:
    with node.client() as client:
        return {address[1] for _, _, address, *_ in client.execute_command("CLUSTER SLOTS")}


@pytest.fixture
def two_servers() -> Iterator[SentinelDemo]:
    """A primary, a replica and a Sentinel."""
    demo = SentinelDemo(replicas=1, sentinels=1, down_after=30_000)
    demo.start()
    yield demo
    demo.stop()


async def test_sentinels_and_what_they_promote(
    tls_ports: TlsPorts, certificates: Certificates, two_servers: SentinelDemo
) -> None:
    (watch,) = two_servers.sentinels
    ports = [tls_ports.before(server.port, plain=True) for server in two_servers.servers]
    for server, port in zip(two_servers.servers, ports, strict=True):
        server.client().config_set("replica-announce-port", port)
    two_servers.servers[0].client().client_kill_filter(_type="replica")  # it tells its port when it comes again
    watch.ask("REMOVE", SERVICE)
    watch.ask("MONITOR", SERVICE, "127.0.0.1", str(ports[0]), "1")
    await comes_to_be(lambda: [replica["port"] for replica in watch.replicas()] == [str(ports[1])])
    url = f"rediss+sentinel://127.0.0.1:{tls_ports.before(watch.port)}/{SERVICE}{query(certificates.options)}"
    async with opened(sentinel(Limits(), 60, url)) as carts:
        await carts.add("a", "mug", 1, EUR)
        await comes_to_be(two_servers.replicated)
        two_servers.failover()
        await comes_to_be(lambda: watch.knows()["port"] == str(ports[1]))
        await comes_to_be(lambda: carts.epoch == 1)
        assert (await carts.add("a", "mug", 1, EUR)).quantity == 2
    assert all(proxy.encrypted for proxy in tls_ports.proxies), "both servers and the Sentinel were reached by TLS"


async def test_sentinels_without_tls_before_servers_with_it(
    tls_ports: TlsPorts, certificates: Certificates, two_servers: SentinelDemo
) -> None:
    (watch,) = two_servers.sentinels
    port = tls_ports.before(two_servers.servers[0].port, plain=True)
    watch.ask("REMOVE", SERVICE)
    watch.ask("MONITOR", SERVICE, "127.0.0.1", str(port), "1")
    url = f"rediss+sentinel://127.0.0.1:{watch.port}/{SERVICE}{query(certificates.options)}"
    async with opened(open_store(url, limits=Limits(), ttl=60, name="REDIS_URL", patience=2)) as carts:
        with pytest.raises(StoreUnavailable, match=r"Sentinel at .* sentinel_ssl=off"):
            await carts.get("a")
    async with opened(sentinel(Limits(), 60, f"{url}&sentinel_ssl=off")) as carts:
        assert (await carts.add("a", "mug", 1, EUR)).quantity == 1
    assert tls_ports.proxies[0].encrypted
