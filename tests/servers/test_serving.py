"""The server bounds what a client can occupy, adds up its workers' metrics, and ends so that a balancer notices."""

from __future__ import annotations

import os
import signal
import socket
import sqlite3
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress
from itertools import product
from pathlib import Path
from tempfile import TemporaryDirectory

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from shop.connections import MAX_HEAD
from shop.demo.valkey import Valkey
from shop.operator_password import hashed
from tests.fixtures.orders_over_http import add, browser, order
from tests.fixtures.shop_process import OpenShop, ShopProcess, metrics_ports, workers_of

PATIENCE = 10
NOT_FORKED = {"PYTHONHASHSEED": "0"}
"""With another setting of Python's, a shop and its workers are started as usual."""


def eventually(holds: Callable[[], bool], seconds: float = PATIENCE) -> None:
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def answer_to(shop: ShopProcess, request: bytes) -> bytes:
    """The first line of the answer to raw bytes."""
    with socket.create_connection(("127.0.0.1", shop.port), timeout=PATIENCE) as connection:
        connection.sendall(request)
        return connection.recv(1000).partition(b"\r\n")[0]


def metric(shop: ShopProcess, name: str, **labels: str) -> float:
    text = httpx.get(f"http://127.0.0.1:{metrics_ports[shop.port]}/metrics").text
    samples = [sample for family in text_string_to_metric_families(text) for sample in family.samples]
    return sum(s.value for s in samples if s.name == name and labels.items() <= s.labels.items())


@pytest.fixture
def shop(open_shop: OpenShop) -> ShopProcess:
    return open_shop(products={"mug": 1900})


@pytest.mark.parametrize(
    ("request_", "status"),
    [
        (b"GET / HTTP/1.1\r\nHost: a\r\nX: " + b"a" * (2 * MAX_HEAD), b"431"),
        (b"GET / HTTP/1.1\r\nHost: a\r\n" + b"X: a\r\n" * 200, b"431"),
        (b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", b"400"),
        (b"GET / HTTP/1.1\r\n\r\n", b"400"),
        (b"what is this\r\n\r\n", b"400"),
        (b"GET /healthz HTTP/1.0\r\n\r\n", b"200"),
        (b"GET /healthz HTTP/1.1\r\nHost: a\r\nX: " + b"a" * 20_000 + b"\r\n\r\n", b"200"),
    ],
)
def test_what_is_too_much_is_refused(shop: ShopProcess, request_: bytes, status: bytes) -> None:
    assert answer_to(shop, request_).split()[1] == status
    assert httpx.get(f"{shop.url}/healthz").text == "ok\n"


def test_the_workers_metrics_add_up(open_shop: OpenShop, valkey: Valkey) -> None:
    shop = open_shop(products={"mug": 1900}, REDIS_URL=valkey.url, WORKERS="2")
    for _ in range(40):
        assert httpx.post(f"{shop.url}/cart", data={"product_id": "mug"}).status_code == 303
    assert metric(shop, "shop_cart_operations_total", operation="Add") == 40
    assert metric(shop, "shop_carts_begun_total") == 40
    assert metric(shop, "shop_http_requests_total", method="POST", route="/cart", status="303") == 40
    assert metric(shop, "process_resident_memory_bytes") > 10**7
    assert httpx.get(f"{shop.url}/metrics").status_code == 404
    eventually(lambda: metric(shop, "shop_carts_kept") == 40, 6 * PATIENCE)
    assert metric(shop, "shop_kept_cart_lines") == 1


def test_an_unchanged_page_is_not_sent_again_by_any_worker(open_shop: OpenShop, valkey: Valkey) -> None:
    """Nor after a restart."""
    shop = open_shop(REDIS_URL=valkey.url, WORKERS="2")
    tags: dict[tuple[str, str], str] = {}
    for language, path in product(("en", "ar"), ("/", "/product/tide-mug", "/help")):
        tags[language, path] = httpx.get(shop.url + path, headers={"Accept-Language": language}).headers["etag"]

    def revalidated() -> Counter[int]:
        return Counter(
            httpx.get(shop.url + path, headers={"Accept-Language": language, "If-None-Match": tag}).status_code
            for (language, path), tag in tags.items()
        )

    def both_workers_have_answered() -> bool:
        assert revalidated() == {304: len(tags)}
        return metric(shop, "shop_page_cache_reads_total", result="miss") == 2 * len(tags)

    eventually(both_workers_have_answered, 6 * PATIENCE)
    shop.stop()
    shop.start()
    assert revalidated() == {304: len(tags)}


def test_requests_are_counted_by_route_not_by_path(shop: ShopProcess) -> None:
    for path in ("/product/mug", "/product/mug", "/product/nothing", "/x/y", "/z"):
        httpx.get(f"{shop.url}{path}")
    httpx.request("INVENTED", f"{shop.url}/")
    text = httpx.get(f"http://127.0.0.1:{metrics_ports[shop.port]}/metrics").text
    assert 'shop_http_requests_total{method="GET",route="/product/{handle}",status="200"} 2.0' in text
    assert 'shop_http_requests_total{method="GET",route="/product/{handle}",status="404"} 1.0' in text
    assert 'shop_http_requests_total{method="GET",route="unknown",status="404"} 2.0' in text
    assert 'shop_http_request_seconds_count{route="/product/{handle}"} 3.0' in text
    assert "nothing" not in text
    assert "INVENTED" not in text


def test_what_an_ended_worker_has_counted_stays(open_shop: OpenShop, valkey: Valkey) -> None:
    shop = open_shop(products={"mug": 1900}, REDIS_URL=valkey.url, WORKERS="2")
    for _ in range(10):
        httpx.post(f"{shop.url}/cart", data={"product_id": "mug"})
    assert metric(shop, "shop_carts_begun_total") == 10
    workers = workers_of(shop)
    assert len(workers) == 2
    for worker in workers:
        worker.kill()
    eventually(lambda: _answers(shop), 6 * PATIENCE)  # others are started
    assert metric(shop, "shop_carts_begun_total") == 10


def _answers(shop: ShopProcess) -> bool:
    try:
        return httpx.get(f"{shop.url}/healthz", timeout=PATIENCE).is_success
    except httpx.TransportError:
        return False


def test_expired_carts_are_counted_in_memory_too(open_shop: OpenShop) -> None:
    shop = open_shop(products={"mug": 1900}, CART_TTL="1")
    for _ in range(5):
        httpx.post(f"{shop.url}/cart", data={"product_id": "mug"})
    deadline = time.monotonic() + 3 * PATIENCE  # it is looked at every 15 seconds
    while metric(shop, "shop_carts_expired_total") < 5:
        assert time.monotonic() < deadline
        time.sleep(0.2)


def test_the_page_for_operators_has_the_figures_of_all_workers(open_shop: OpenShop, valkey: Valkey) -> None:
    settings = {"REDIS_URL": valkey.url, "WORKERS": "2", "OPERATOR_PASSWORD": hashed("word")}
    shop = open_shop(products={"mug": 1900}, **settings)
    httpx.post(f"{shop.url}/cart", data={"product_id": "mug"})
    with httpx.Client(base_url=shop.url, timeout=PATIENCE) as client:
        assert client.post("/operations/sign-in", data={"password": "word"}).status_code == 303
        eventually(lambda: "2 answer." in client.get("/operations").text, 6 * PATIENCE)  # looked at every 10 seconds


def test_a_balancer_is_told_before_the_port_closes(open_shop: OpenShop) -> None:
    shop = open_shop(products={"mug": 1900}, DRAIN_SECONDS="3")
    with httpx.Client(base_url=shop.url) as client:
        assert client.get("/readyz").json()["status"] == "ready"
        shop.process.terminate()
        eventually(lambda: client.get("/readyz").status_code == 503)
        assert client.get("/readyz").json()["status"] == "ending"
        page = client.get("/product/mug")
        assert (page.status_code, page.headers["connection"]) == (200, "close"), "a proxy keeps no connection"
    assert shop.process.wait(timeout=20) in (0, -signal.SIGTERM)


def test_nobody_waits_where_nobody_watches(open_shop: OpenShop) -> None:
    shop = open_shop(products={"mug": 1900}, DRAIN_SECONDS="600")
    assert shop.stop() == 0


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_it_leaves_no_temporary_files(open_shop: OpenShop, number: signal.Signals) -> None:
    with TemporaryDirectory(prefix="shop-test-") as folder:
        shop = open_shop(products={"mug": 1900}, TMPDIR=folder)
        assert len(list(Path(folder).iterdir())) == 1
        shop.process.send_signal(number)
        assert shop.process.wait(timeout=20) == 0
        assert list(Path(folder).iterdir()) == []


def test_a_payment_in_progress_is_finished(open_shop: OpenShop) -> None:
    shop = open_shop(products={"mug": 1900})
    with browser(shop.url) as client, ThreadPoolExecutor(1) as pool:
        add(client, "mug")
        paying = pool.submit(order, client, credit_card_number="4000 0000 0000 1117")  # the bank takes three seconds
        with closing(sqlite3.connect(shop.environ["DATABASE_URL"].partition("///")[2])) as database:
            eventually(lambda: database.execute("SELECT state FROM orders").fetchall() == [("pending",)])
            shop.process.terminate()
            answer = paying.result(6 * PATIENCE)
            assert answer.status_code == 303
            assert "/order/" in answer.headers["location"]
            assert shop.process.wait(timeout=20) in (0, -signal.SIGTERM)
            assert database.execute("SELECT state FROM orders").fetchall() in ([("placed",)], [("paid",)])
    assert "Traceback" not in shop.log.read_text()


def test_a_shop_removes_what_a_killed_one_has_left(open_shop: OpenShop) -> None:
    with TemporaryDirectory(prefix="shop-test-") as folder:
        killed, alive = (open_shop(products={"mug": 1900}, TMPDIR=folder) for _ in range(2))
        before = set(Path(folder).iterdir())
        killed.process.kill()
        killed.process.wait(timeout=20)
        assert set(Path(folder).iterdir()) == before
        killed.start()
        after = set(Path(folder).iterdir())
        assert (len(before & after), len(after)) == (1, 2), "that of the living shop, and a new one"
        assert metric(alive, "process_start_time_seconds") > 0


def test_connections_that_wait_for_workers_are_served_before_the_port_closes(
    open_shop: OpenShop, valkey: Valkey
) -> None:
    shop = open_shop(products={"mug": 1900}, REDIS_URL=valkey.url, WORKERS="2", **NOT_FORKED)
    shop.process.send_signal(signal.SIGSTOP)  # it would kill workers that do not answer it
    workers = [worker.pid for worker in workers_of(shop)]
    assert len(workers) == 2
    for worker in workers:
        os.kill(worker, signal.SIGSTOP)
    waiting = asks_for_pages(shop, 200)
    for process in (*workers, shop.process.pid):
        os.kill(process, signal.SIGTERM)
        os.kill(process, signal.SIGCONT)
    assert all_served(waiting)
    assert shop.process.wait(timeout=20) in (0, -signal.SIGTERM)


def test_connections_that_wait_are_served_before_the_port_closes(open_shop: OpenShop) -> None:
    shop = open_shop(products={"mug": 1900})
    shop.process.send_signal(signal.SIGSTOP)
    waiting = asks_for_pages(shop, 200)
    shop.process.send_signal(signal.SIGTERM)
    shop.process.send_signal(signal.SIGCONT)
    assert all_served(waiting)
    assert shop.process.wait(timeout=20) in (0, -signal.SIGTERM)


def asks_for_pages(shop: ShopProcess, count: int) -> list[socket.socket]:
    waiting = [socket.create_connection(("127.0.0.1", shop.port), timeout=6 * PATIENCE) for _ in range(count)]
    for connection in waiting:
        connection.sendall(b"GET /product/mug HTTP/1.1\r\nHost: a\r\n\r\n")
    return waiting


def all_served(waiting: list[socket.socket]) -> bool:
    answers = []
    for connection in waiting:
        with connection, suppress(ConnectionError):
            answers.append(connection.recv(12))
    return answers == [b"HTTP/1.1 200"] * len(waiting)
