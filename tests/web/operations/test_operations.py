"""The page for operators: behind a password, the same figures for every worker, without JavaScript."""

from __future__ import annotations

import re
import time
from collections.abc import AsyncIterator
from pathlib import Path

import msgspec
import pytest

from shop.demo.valkey import Valkey
from shop.metrics.collector import HISTORY
from shop.metrics.history import Figures
from shop.operator_password import hashed
from shop.settings import Settings
from shop.web.http import limits
from shop.web.http.limits import Limit
from shop.web.operations.sign_in import SECONDS
from tests.fixtures.shop_app import HTMX, Client, Clock, MakeClient

PASSWORD = "correct horse"


@pytest.fixture(scope="module")
def password_hash() -> str:
    return hashed(PASSWORD)


@pytest.fixture
async def operator(make_client: MakeClient, password_hash: str, tmp_path: Path) -> AsyncIterator[Client]:
    settings = Settings(
        database_url=f"sqlite+aiosqlite:///{tmp_path}/shop.db",
        operator_password=password_hash,
        metrics_sockets=str(tmp_path),
    )
    async with make_client(settings=settings) as client:
        yield client


async def signs_in(client: Client, password: str = PASSWORD) -> int:
    return (await client.post("/operations/sign-in", data={"password": password})).status_code


async def test_without_a_password_there_is_no_such_page(shop: Client) -> None:
    for method, path in (("GET", ""), ("POST", "/sign-in"), ("POST", "/sign-out")):
        assert (await shop.request(method, f"/operations{path}")).status_code == 404


async def test_only_the_password_opens_it(operator: Client) -> None:
    assert 'type="password"' in (await operator.get("/operations")).text
    assert await signs_in(operator, "wrong") == 422
    assert "The last hour" not in (await operator.get("/operations")).text
    assert await signs_in(operator) == 303
    page = await operator.get("/operations")
    assert "The last hour" in page.text
    assert page.headers["cache-control"] == "no-store"
    await operator.post("/operations/sign-out")
    assert "The last hour" not in (await operator.get("/operations")).text


async def test_the_session_is_short_and_cannot_be_made_up(operator: Client, clock: Clock) -> None:
    await signs_in(operator)
    (cookie,) = [value for name, value in operator.cookies.items() if name == "neap_operator"]
    until, _, signature = cookie.partition(".")
    for forged in (f"{int(until) + 1}.{signature}", f"{until}.", "", "x.y", f"٣.{signature}"):
        operator.cookies.clear()
        reply = await operator.get("/operations", headers={b"Cookie": f"neap_operator={forged}".encode()})
        assert "The last hour" not in reply.text
    headers = {"Cookie": f"neap_operator={cookie}"}
    assert "The last hour" in (await operator.get("/operations", headers=headers)).text
    clock.now += SECONDS
    assert "The last hour" not in (await operator.get("/operations", headers=headers)).text


async def test_passwords_cannot_be_guessed_for_long(operator: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    few = Limit("sign_ins", 2, only_failures=True)
    monkeypatch.setitem(limits.ROUTES, ("POST", "/operations/sign-in"), (few,))
    assert [await signs_in(operator, "wrong") for _ in range(3)] == [422, 422, 429]
    assert await signs_in(operator) == 429


async def test_it_draws_what_the_workers_counted(operator: Client, tmp_path: Path) -> None:
    now = time.time()
    history = [
        Figures(now - 20, operations=100, reads=10, hits=10, lines=2.5, kept=40, workers=2),
        Figures(now - 10, operations=200, reads=20, hits=15, lines=3.0, kept=41, workers=2, standby=1, expired=5),
    ]
    (tmp_path / HISTORY).write_bytes(msgspec.json.encode(history))
    await signs_in(operator)
    text = (await operator.get("/operations")).text
    shown = dict(re.findall(r'figcaption class="ops__caption">(.*?)<strong class="ops__now">(.*?) <', text))
    assert shown["Cart operations"] == "10"
    assert shown["Average size of kept carts"] == "3"
    assert shown["Hit rate"] == "50"
    assert shown["Carts that expire"] == "30"
    assert "The standby took over" in text
    assert "2 answer." in text
    assert "style=" not in text
    fragment = (await operator.get("/operations", headers=HTMX)).text
    assert fragment.startswith('<div id="figures"')
    assert "<html" not in fragment


async def test_it_shows_what_redis_found_slow(
    make_client: MakeClient, password_hash: str, valkey: Valkey, tmp_path: Path
) -> None:
    settings = Settings(
        redis_url=valkey.url,
        database_url=f"sqlite+aiosqlite:///{tmp_path}/shop.db",
        operator_password=password_hash,
        metrics_sockets=str(tmp_path),
    )
    with valkey.client() as redis:
        redis.config_set("slowlog-log-slower-than", 0)
        redis.get("cart:0123456789abcdef")
        redis.get("another:0123456789abcdef")
    async with make_client(settings=settings, carts=None) as client:
        await signs_in(client)
        text = (await client.get("/operations")).text
        assert re.search(r"GET on cart:01234567… took [0-9.]+ ms\.", text)
        assert "89abcdef" not in text
        assert "another" not in text
        valkey.stop()
        assert "What Redis found slow" not in (await client.get("/operations")).text
