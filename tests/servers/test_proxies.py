"""Shops behind the proxies of deploy/: what a proxy must do, and a restart of each shop that nobody notices."""

from __future__ import annotations

import re
import signal
import sqlite3
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import pytest

from shop.demo.valkey import Valkey
from tests.fixtures.orders_over_http import add, order
from tests.fixtures.shop_process import OpenShop, ShopProcess
from tests.fixtures.web_proxy import NAME, OpenProxy, WebProxy

PATIENCE = 10
SLOW_CARD = "4000 0000 0000 1117"
"""Its payment takes three seconds."""
KINDS = pytest.mark.parametrize("kind", ["nginx", "caddy"])


@pytest.fixture
def shops(open_shop: OpenShop, valkey: Valkey, tmp_path: Path) -> list[ShopProcess]:
    """Two shops of one database and one Redis."""
    settings = {
        "REDIS_URL": valkey.url,
        "DATABASE_URL": f"sqlite+aiosqlite:///{tmp_path}/shared.db",
        "PUBLIC_URL": f"https://{NAME}",
        "SECRET_KEY": "a secret of thirty-two characters",
        "DRAIN_SECONDS": "5",  # Caddy looks every second
        "LOG_LEVEL": "INFO",
        "LOG_FORMAT": "json",
    }
    return [open_shop(products={"mug": 1900}, **settings), open_shop(**settings)]


@KINDS
def test_a_proxy_does_what_the_shop_counts_on(kind: str, shops: list[ShopProcess], open_proxy: OpenProxy) -> None:
    proxy = open_proxy(kind, [shop.port for shop in shops])
    assert proxy.protocol() == "h2"
    with proxy.browser(**{"X-Forwarded-For": "203.0.113.9", "X-Request-ID": "mine"}) as client:
        page = client.get("/")
        assert page.status_code == 200
        assert page.headers["content-encoding"] == "gzip"
        assert page.headers["strict-transport-security"]
        assert f'<link rel="canonical" href="https://{NAME}/">' in page.text
        assert (id_ := page.headers["x-request-id"]) != "mine"
        assert any(f'"request":"{id_}"' in shop.log.read_text() for shop in shops), "one id from proxy to log"
        assert kind == "caddy" or id_ in nginx_log(proxy)

        add(client, "mug")
        (cookie,) = (header for header in client.cookies.jar if header.name.startswith("__Host-"))
        assert cookie.secure
        assert len(re.findall("Mug", client.get("/cart").text)) > 0

        asset = re.search(r'href="(/static/css/shop\.[0-9a-f]{8}\.css)"', page.text)
        assert asset
        plain = client.get(asset[1], headers={"Accept-Encoding": "identity"})
        assert "content-encoding" not in plain.headers
        zipped = [client.get(asset[1], headers={"Accept-Encoding": "gzip"}) for _ in range(2)]
        assert [reply.headers["content-encoding"] for reply in zipped] == ["gzip", "gzip"]
        assert all(reply.content == plain.content for reply in zipped)
        assert "immutable" in plain.headers["cache-control"]
        if kind == "nginx":
            assert [reply.headers["x-cache"] for reply in zipped] == ["MISS", "HIT"]

        assert client.post("/cart", content=b"x" * 2_000_000).status_code == 413
        assert client.get("/", headers={"Cookie": "a" * 40_000}).status_code in (400, 431)


@KINDS
def test_another_name_gets_no_page(kind: str, shops: list[ShopProcess], open_proxy: OpenProxy) -> None:
    proxy = open_proxy(kind, [shop.port for shop in shops])
    with proxy.browser() as client:
        other = client.get("/sitemap.xml", headers={"Host": "evil.example"})
    assert "evil.example" not in other.text
    assert other.status_code >= 400 or other.text == "", "Caddy answers nothing"


def test_nginx_logs_no_address_that_opens_something(shops: list[ShopProcess], open_proxy: OpenProxy) -> None:
    proxy = open_proxy("nginx", [shop.port for shop in shops])
    with proxy.browser() as client:
        add(client, "mug")
        receipt = order(client).headers["location"]
        assert client.get(receipt).status_code == 200
    secret = receipt.rpartition("/order/")[2].partition("?")[0]
    assert len(secret) > 10
    assert "/order/- 200" in nginx_log(proxy)
    assert secret not in nginx_log(proxy)


def nginx_log(proxy: WebProxy) -> str:
    return (proxy.log.parent / "shop.log").read_text()


class Shopper:
    """Adds one mug after the other, and looks whether the cart has as many, until told to stop."""

    def __init__(self, proxy: WebProxy, is_done: Callable[[], bool]) -> None:
        self.requests = 0
        self.failures: list[str] = []
        self._proxy = proxy
        self._is_done = is_done

    def shops(self) -> None:
        while not self._is_done():
            with self._proxy.browser() as client:
                self._fills(client)

    def _fills(self, client: httpx.Client) -> None:
        """Fill one cart; what was acknowledged must be in it."""
        added = 0
        for click in range(50):
            key = {"Idempotency-Key": str(click)}
            added += self._asks(client, "POST", 303, data={"product_id": "mug"}, headers=key) is not None
            page = self._asks(client, "GET", 200)
            shown = re.search(r'class="cart__count">(\d+) item', page.text) if page else None
            if page and int(shown[1] if shown else 0) != added:
                self.failures.append(f"{shown and shown[1]} of {added}")
            if self._is_done():
                return

    def _asks(self, client: httpx.Client, method: str, status: int, **options: Any) -> httpx.Response | None:
        """The answer, if it has this status."""
        self.requests += 1
        try:
            reply = client.request(method, "/cart", **options)
        except httpx.TransportError as error:
            self.failures.append(f"{method} {error!r}")
            return None
        if reply.status_code != status:
            self.failures.append(f"{method} {reply.status_code}")
            return None
        return reply


def pays_slowly(proxy: WebProxy) -> httpx.Response:
    with proxy.browser() as client:
        add(client, "mug")
        return order(client, credit_card_number=SLOW_CARD)


def has_pending_order(shop: ShopProcess) -> bool:
    with closing(sqlite3.connect(shop.environ["DATABASE_URL"].partition("///")[2])) as database:
        (pending,) = database.execute("SELECT count(*) FROM orders WHERE state = 'pending'").fetchone()
    return bool(pending)


@KINDS
def test_a_restart_of_each_shop_loses_nothing(kind: str, shops: list[ShopProcess], open_proxy: OpenProxy) -> None:
    """One shop after the other, twice, while shoppers click and one pays by a bank that is slow."""
    proxy = open_proxy(kind, [shop.port for shop in shops])
    done = threading.Event()
    shoppers = [Shopper(proxy, done.is_set) for _ in range(6)]
    with ThreadPoolExecutor(8) as pool:
        clicking = [pool.submit(shopper.shops) for shopper in shoppers]
        try:
            for shop in (*shops, *shops):
                paying = pool.submit(pays_slowly, proxy)
                eventually(partial(has_pending_order, shop), 3 * PATIENCE)
                assert shop.stop() in (0, -signal.SIGTERM)
                shop.start()
                receipt = paying.result(6 * PATIENCE)
                assert receipt.status_code == 303
                assert "/order/" in receipt.headers["location"]
        finally:
            done.set()
        for each in clicking:
            each.result(6 * PATIENCE)
    print(sum(shopper.requests for shopper in shoppers), "requests")
    assert [shopper.failures for shopper in shoppers] == [[]] * len(shoppers)
    assert sum(shopper.requests for shopper in shoppers) > 100
    assert not any("Traceback" in shop.log.read_text() for shop in shops)


def eventually(holds: Callable[[], bool], seconds: float = PATIENCE) -> None:
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.05)
