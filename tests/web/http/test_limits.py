"""One client cannot do in ten minutes what no shopper does; a shopper never notices."""

from __future__ import annotations

import asyncio

import pytest
from prometheus_client import CollectorRegistry

from shop.errors import StoreUnavailable, TooManyRequests
from shop.settings import Settings
from shop.web.http import limits
from shop.web.http.limits import ClientLimits, Limit, network_of
from tests.fixtures.shop_app import Client, MakeClient

FEW = Limit("few", 8)


class Counters:
    """Counters of all processes, in memory."""

    def __init__(self) -> None:
        self.counts: dict[str, int] = {}
        self.error: Exception | None = None
        self.calls = 0

    async def incr(self, key: str, seconds: int, number: int = 1) -> int:
        self.calls += 1
        if self.error:
            raise self.error
        self.counts[key] = self.counts.get(key, 0) + number
        return self.counts[key]


def from_(address: str) -> dict[str, object]:
    return {"client": (address, 1), "method": "GET", "path_template": "/"}


async def times(client_limits: ClientLimits, address: str = "192.0.2.1") -> int:
    """How often the client may, until it is refused; at most 100."""
    for done in range(100):
        try:
            await client_limits.count(from_(address), FEW)  # type: ignore[arg-type]
        except TooManyRequests:
            return done
    return 100


async def test_a_client_is_refused_and_others_are_not() -> None:
    one = ClientLimits()
    assert await times(one) == 8
    assert await times(one) == 0
    assert await times(one, "192.0.2.2") == 8
    assert await times(one, "") == 100
    registry = CollectorRegistry()
    registry.register(one)
    assert registry.get_sample_value("shop_limited_total", {"limit": "few"}) == 3


async def test_it_can_be_turned_off() -> None:
    assert await times(ClientLimits(is_on=False)) == 100


async def test_workers_do_not_mean_more_tries_and_a_shopper_costs_no_call() -> None:
    counters = Counters()
    first, second = ClientLimits(shared=counters, secret="key"), ClientLimits(shared=counters, secret="key")
    await first.count(from_("192.0.2.1"), FEW)  # type: ignore[arg-type]
    assert counters.calls == 0
    assert await times(first) == 7
    assert await times(second) <= 1
    assert "192.0.2.1" not in str(counters.counts)


@pytest.mark.parametrize("error", [StoreUnavailable("away"), ValueError("odd")])
async def test_nobody_is_refused_because_the_counters_are_away(error: Exception) -> None:
    counters = Counters()
    counters.error = error
    one = ClientLimits(shared=counters)
    assert await times(one) == 8
    assert counters.calls == 1, "it is left alone for a while"


async def test_counters_that_hang_are_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "STORE_SECONDS", 0.01)

    class Hanging(Counters):
        async def incr(self, key: str, seconds: int, number: int = 1) -> int:
            await asyncio.Event().wait()
            raise AssertionError

    assert await times(ClientLimits(shared=Hanging())) == 8


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("2001:db8::1", "2001:db8::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("testclient", "testclient"),
    ],
)
def test_a_household_is_one_client(address: str, network: str) -> None:
    assert network_of(address) == network


async def test_a_flood_of_new_carts_ends_in_words(shop: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shop.web.cart.add.CARTS", Limit("carts", 2))
    first = await shop.post("/cart", data={"product_id": "tide-mug"})
    session = dict(shop.cookies)
    for expected in (303, 429):
        shop.cookies.clear()
        reply = await shop.post("/cart", data={"product_id": "tide-mug"})
        assert reply.status_code == expected
    assert "so it was not done" in reply.text
    assert 0 < int(reply.headers["retry-after"]) <= 600
    shop.cookies.update(session)
    assert first.status_code == (await shop.post("/cart", data={"product_id": "tide-mug"})).status_code == 303


async def test_guesses_are_counted_and_what_is_right_is_not(shop: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    look_ups = Limit("look_ups", 2, only_failures=True)
    monkeypatch.setitem(limits.ROUTES, ("GET", "/product/{handle}"), (look_ups,))
    for _ in range(5):
        assert (await shop.get("/product/tide-mug")).status_code == 200
    statuses = [(await shop.get("/product/nothing")).status_code for _ in range(4)]
    assert statuses == [404, 404, 429, 429]


async def test_off_means_off(make_client: MakeClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(limits.ROUTES, ("GET", "/product/{handle}"), (Limit("pages", 1),))
    async with make_client(settings=Settings(limits=False)) as shop:
        assert [(await shop.get("/product/tide-mug")).status_code for _ in range(3)] == [200] * 3
