"""A server whose port is taken between choice and start takes another; after its first start it stays where it is."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import httpx
import pytest

from shop.demo.cluster import Cluster
from shop.demo.parts import Shop
from shop.demo.ports import PortTaken, free_port, free_ports, start_on_free_port
from shop.demo.postgres import Postgres
from shop.demo.program import Program
from shop.demo.sentinel import SentinelDemo
from shop.demo.valkey import Valkey
from tests.fixtures.proxy import Proxy
from tests.fixtures.redis_server import REDIS_SERVER
from tests.fixtures.shop_process import ShopProcess


@pytest.fixture
def end() -> Iterator[ExitStack]:
    """What is to be done in the end."""
    with ExitStack() as stack:
        yield stack


def occupy(port: int, end: ExitStack) -> int:
    end.enter_context(socket.create_server(("127.0.0.1", port)))
    return port


@pytest.mark.parametrize(
    "kind",
    [Valkey, Postgres, pytest.param(Program, marks=pytest.mark.skipif(not REDIS_SERVER, reason="no redis-server"))],
)
def test_a_server_takes_another_port(kind: type[Any], end: ExitStack) -> None:
    server = kind([REDIS_SERVER]) if kind is Program else kind()
    end.callback(server.stop)
    taken = occupy(server.port, end)
    server.start()
    assert server.port != taken
    assert server.runs


def test_another_server_of_the_same_kind_is_not_taken_for_it(end: ExitStack) -> None:
    first, second = Valkey(), Valkey()
    end.callback(first.stop)
    end.callback(second.stop)
    second.port = first.port
    first.start()
    second.start()
    assert second.port != first.port
    with first.client() as one, second.client() as other:
        assert [client.info("server")["process_id"] for client in (one, other)] == [first.pid, second.pid]


def test_a_server_that_ran_stays_at_its_port(end: ExitStack) -> None:
    server = Valkey()
    end.callback(server.stop)
    server.start()
    port = server.port
    server.kill()
    occupy(port, end)
    with pytest.raises(PortTaken):
        server.start()
    assert server.port == port


def test_a_cluster_takes_other_ports(end: ExitStack) -> None:
    cluster = Cluster(3, replicas=0)
    end.callback(cluster.stop)
    taken = {occupy(cluster.nodes[0].port, end), occupy(int(cluster.nodes[1].config["cluster_port"]), end)}
    cluster.nodes[1].port = cluster.nodes[2].port
    cluster.start()
    ports = [port for node in cluster.nodes for port in (node.port, int(node.config["cluster_port"]))]
    assert len({*ports, *taken}) == len(ports) + len(taken)


def test_sentinels_watch_the_port_that_their_server_took(end: ExitStack) -> None:
    demo = SentinelDemo(replicas=1, sentinels=1)
    end.callback(demo.stop)
    taken = {occupy(part.port, end) for part in (*demo.servers, *demo.sentinels)}
    demo.start()
    assert demo.primary() is demo.servers[0]
    assert not taken & {part.port for part in (*demo.servers, *demo.sentinels)}


def test_a_proxy_takes_another_port(end: ExitStack) -> None:
    proxy = Proxy(target=1)
    end.callback(proxy.stop)
    taken = occupy(proxy.port, end)
    proxy.start()
    socket.create_connection(("127.0.0.1", proxy.port)).close()
    assert proxy.port != taken


def test_a_shop_takes_another_port(end: ExitStack, tmp_path: Path) -> None:
    shop = ShopProcess(tmp_path)
    taken = occupy(shop.port, end)
    shop.start()
    end.callback(shop.stop)
    assert shop.port != taken
    assert httpx.get(f"{shop.url}/healthz").is_success


@pytest.mark.parametrize("asked_for", [False, True])
def test_a_demonstrated_shop_moves_unless_its_port_was_asked_for(
    end: ExitStack, tmp_path: Path, asked_for: bool
) -> None:
    shop = Shop(tmp_path, free_port() if asked_for else 0)
    end.callback(shop.end)
    taken = occupy(int(shop.address.rpartition(":")[2]), end)
    shop.start()
    assert shop._process is not None
    shop._process.wait()
    assert shop.moves() is not asked_for
    assert shop.address.endswith(f":{taken}") is asked_for


def test_other_failures_are_not_retried() -> None:
    def fail() -> None:
        raise RuntimeError("no such program")

    with pytest.raises(RuntimeError, match="no such program"):
        start_on_free_port(fail, lambda: pytest.fail("it moved"))


def test_ports_are_different() -> None:
    assert len(set(free_ports(50))) == 50
