"""`shop cart migrate`: its output and exit status."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import pytest
from redis import Redis

from shop.cart.model import Add, apply, new_change_id
from shop.cart.service import now
from shop.demo.valkey import Valkey
from tests.fixtures.cart_commands import DAY, ShopCart, Told, at, put, stored
from tests.fixtures.commands import restore_signals
from tests.fixtures.many_carts import PRICE, a_cart, fill


def test_says_what_was_moved_and_what_to_do_next(shop_cart: ShopCart, valkey: Valkey, valkey_url: str) -> None:
    at(valkey.url, lambda store: fill(store, 300, age=60))
    told = shop_cart("migrate", "--from", valkey.url, "--to", valkey_url, CART_MOVE_FROM=valkey.url)
    assert told.status == 0
    first, last = told.out.splitlines()
    assert first.startswith(f"{valkey.url}: 300 carts; 300 copied in 2 passes; checksum ")
    assert first.endswith(" in both.")
    assert last == f"All carts are in {valkey_url}. Unset CART_MOVE_FROM and restart the shop."
    assert told.err == ""
    assert stored(valkey_url) == stored(valkey.url)


def test_can_be_run_again(shop_cart: ShopCart, valkey: Valkey, valkey_url: str) -> None:
    put(valkey.url, a_cart("ada"))
    command = ("migrate", "--from", valkey.url, "--to", valkey_url)
    shop_cart(*command)
    told = shop_cart(*command)
    assert told.status == 0
    assert ": 1 carts; 0 copied in 1 pass; " in told.out
    assert told.err.startswith("CART_MOVE_FROM is not set to the old store here.")


def test_moves_a_hybrid_of_two_stores_into_one(
    shop_cart: ShopCart, valkey: Valkey, valkey_url: str, sqlite_url: str
) -> None:
    both, asleep = a_cart("both"), a_cart("asleep", age=40 * DAY)
    awake = apply(both, Add(new_change_id(), now(), "late", 1, PRICE))
    put(sqlite_url, both, asleep)
    put(valkey.url, awake)
    told = shop_cart("migrate", "--from", valkey.url, "--from", sqlite_url, "--to", valkey_url)
    assert told.status == 0
    assert "1 were older than the CART_TTL of the new store" in told.out
    assert stored(valkey_url) == {"both": awake, "asleep": asleep}


def test_moves_into_a_database_that_is_not_there_yet(shop_cart: ShopCart, valkey_url: str, tmp_path: Path) -> None:
    url = f"sqlite+aiosqlite:///{tmp_path / 'new.db'}"
    put(valkey_url, a_cart("ada"))
    assert shop_cart("migrate", "--from", valkey_url, "--to", url).status == 0
    assert stored(url) == stored(valkey_url) != {}


def test_goes_round_the_ladder_and_comes_back_as_it_was(
    shop_cart: ShopCart, valkey_url: str, request: pytest.FixtureRequest
) -> None:
    rungs = [request.getfixturevalue(f"{rung}_url") for rung in ("cluster", "postgres", "sentinel", "sqlite")]
    at(valkey_url, lambda store: fill(store, 500, age=DAY))
    before = stored(valkey_url)
    for old, new in pairwise([valkey_url, *rungs]):
        told = shop_cart("migrate", "--from", old, "--to", new)
        assert told.status == 0, told
        assert "500 carts; 500 copied in 2 passes; " in told.out
    with Redis.from_url(valkey_url) as client:
        client.flushall()
    assert shop_cart("migrate", "--from", rungs[-1], "--to", valkey_url).status == 0
    assert stored(valkey_url) == before
    assert at(valkey_url, lambda store: store.time_left("cart-1")) == pytest.approx(29 * DAY, abs=60)


def test_dry_run_counts_and_writes_nothing(shop_cart: ShopCart, valkey: Valkey, valkey_url: str) -> None:
    put(valkey.url, a_cart("ada"), a_cart("bob"))
    put(valkey_url, a_cart("bob", "vase"))
    told = shop_cart("migrate", "--from", valkey.url, "--to", valkey_url, "--dry-run")
    assert told == Told(0, f"{valkey.url}: 2 carts; 2 of them would be copied. Nothing was copied.\n", "")
    assert list(stored(valkey_url)) == ["bob"]


def test_empty_stores_are_soon_moved(shop_cart: ShopCart, valkey: Valkey, valkey_url: str) -> None:
    told = shop_cart("migrate", "--from", valkey.url, "--to", valkey_url)
    assert told.status == 0
    assert told.out.startswith(f"{valkey.url}: 0 carts; 0 copied in 1 pass; ")


def test_a_new_store_that_drops_carts_is_told_by_the_exit_status(
    shop_cart: ShopCart, valkey: Valkey, valkey_url: str
) -> None:
    at(valkey_url, lambda store: fill(store, 300))
    ended = threading.Event()
    dropping = threading.Thread(target=drop_all, args=(valkey, ended))
    dropping.start()
    told = shop_cart("migrate", "--from", valkey_url, "--to", valkey.url, "--passes", "2")
    ended.set()
    dropping.join()
    assert told.status == 1
    assert "Not complete: pass 2 still found missing or outdated carts" in told.err


def test_ctrl_c_says_how_far_it_came_and_the_next_run_does_the_rest(
    shop_cart: ShopCart, valkey: Valkey, valkey_url: str
) -> None:
    at(valkey.url, lambda store: fill(store, 600))
    command = ("migrate", "--from", valkey.url, "--to", valkey_url)
    process = slowly(*command)
    wait_until(lambda: len(stored(valkey_url)) > 20)
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=20)
    there = len(stored(valkey_url))
    assert 20 < there < 600
    assert process.returncode == 130
    assert "Interrupted. " in said
    assert "run the same command again" in said
    assert "Traceback" not in said
    told = shop_cart(*command)
    assert f": 600 carts; {600 - there} copied in 2 passes; " in told.out
    assert stored(valkey_url) == stored(valkey.url)


def test_an_old_store_that_dies_is_told_and_the_next_run_does_the_rest(shop_cart: ShopCart, valkey_url: str) -> None:
    old = Valkey(appendonly="yes")
    old.start()
    try:
        at(old.url, lambda store: fill(store, 600))
        command = ("migrate", "--from", old.url, "--to", valkey_url)
        process = slowly(*command)
        wait_until(lambda: len(stored(valkey_url)) > 20)
        old.kill()
        _, said = process.communicate(timeout=20)
        assert process.returncode == 1
        assert "The old store is unchanged, and no cart is half copied" in said
        assert "no cart is half copied: run the same command again" in said
        old.start()
        wait_until(old.answers)
        assert shop_cart(*command).status == 0
        assert len(stored(valkey_url)) == 600
        assert stored(valkey_url) == stored(old.url)
    finally:
        old.stop()


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("http://h", "redis://127.0.0.1:1", "--from http://h starts with http://"),
        ("redis://u:secret@h:port", "redis://127.0.0.1:1", "is not a valid URL"),
        ("redis://127.0.0.1:1", "nonsense", "--to starts with"),
        ("sqlite:///missing.db", "sqlite:///new.db", "the database file missing.db does not exist"),
    ],
)
def test_a_url_that_cannot_be_used_is_one_plain_line(shop_cart: ShopCart, old: str, new: str, words: str) -> None:
    told = shop_cart("migrate", "--from", old, "--to", new)
    assert told.status == 2
    assert words in told.err
    assert len(told.err.splitlines()) == 1
    assert "secret" not in told.err


def test_a_new_store_that_is_away_is_one_plain_line(shop_cart: ShopCart, valkey_url: str) -> None:
    told = shop_cart("migrate", "--from", valkey_url, "--to", "redis://127.0.0.1:1")
    assert told.status == 1
    assert told.err.startswith("shop: --to: ")
    assert len(told.err.splitlines()) == 1


def test_a_store_is_not_moved_to_itself(shop_cart: ShopCart, valkey_url: str) -> None:
    told = shop_cart("migrate", "--from", valkey_url, "--to", valkey_url)
    assert told.status == 2
    assert "--from and --to name the same store." in told.err


def slowly(*command: str) -> subprocess.Popen[str]:
    """Run `shop cart …` in its own process, at 200 carts per second."""
    whole = [sys.executable, "-m", "shop.cli", "cart", *command, "--rate", "200"]
    return subprocess.Popen(whole, stderr=subprocess.PIPE, text=True, preexec_fn=restore_signals)


def drop_all(server: Valkey, ended: threading.Event) -> None:
    """Empty the server repeatedly."""
    with server.client() as client:
        while not ended.is_set():
            client.flushall()


def wait_until(condition: Callable[[], bool]) -> None:
    """Return when the condition holds; pytest ends a test that hangs."""
    while not condition():
        pass
