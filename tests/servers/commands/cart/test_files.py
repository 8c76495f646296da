"""`shop cart export` and `shop cart import`."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from shop.cart.model import Clear, SaveForLater, apply, new_change_id
from shop.cart.service import now
from shop.demo.valkey import Valkey
from tests.fixtures.cart_commands import DAY, ShopCart, Told, at, put, stored
from tests.fixtures.many_carts import PRICE, a_cart, fill


def test_what_was_exported_comes_back_as_it_was(
    shop_cart: ShopCart, valkey: Valkey, valkey_url: str, tmp_path: Path
) -> None:
    emptied = apply(a_cart("emptied", age=60), Clear(new_change_id(), now() - 30))
    saved = apply(a_cart("saved", "mug", "bowl", age=2 * DAY), SaveForLater(new_change_id(), now() - DAY, "mug"))
    put(valkey_url, emptied, saved)
    file = tmp_path / "carts.jsonl"
    assert shop_cart("export", str(file)).err == "2 carts written.\n"
    told = shop_cart("import", str(file), "--url", valkey.url)
    assert told == Told(0, f"2 carts are in {valkey.url}.\n", "")
    assert stored(valkey.url) == {"emptied": emptied, "saved": saved}
    assert at(valkey.url, lambda store: store.time_left("saved")) == pytest.approx(29 * DAY, abs=60)


def test_carts_pass_through_a_pipe(shop_cart: ShopCart, valkey: Valkey, valkey_url: str) -> None:
    at(valkey_url, lambda store: fill(store, 20))
    written = shop_cart("export").out
    assert shop_cart("import", "-", "--url", valkey.url, piped=written.encode()).status == 0
    assert stored(valkey.url) == stored(valkey_url)
    assert len(stored(valkey.url)) == 20


def test_importing_joins_and_never_overwrites(shop_cart: ShopCart, valkey_url: str, tmp_path: Path) -> None:
    put(valkey_url, a_cart("ada", "mug"))
    shop_cart("export", "carts.jsonl")
    later = at(valkey_url, lambda store: store.add("ada", "bowl", 1, PRICE))
    assert shop_cart("import", "carts.jsonl").status == 0
    assert stored(valkey_url) == {"ada": later}


def test_a_cart_that_is_awake_and_archived_is_written_once(
    shop_cart: ShopCart, valkey_url: str, sqlite_url: str
) -> None:
    both = a_cart("both")
    put(valkey_url, both)
    put(sqlite_url, both, a_cart("asleep"))
    told = shop_cart("export", CART_ARCHIVE="on", DATABASE_URL=sqlite_url)
    assert sorted(json.loads(line)["id"] for line in told.out.splitlines()) == ["asleep", "both"]


def test_a_file_with_bad_lines_is_refused_as_a_whole(shop_cart: ShopCart, valkey_url: str, tmp_path: Path) -> None:
    put(valkey_url, a_cart("ada"))
    good = shop_cart("export").out
    (tmp_path / "bad.jsonl").write_text(good.replace("ada", "bob") + "{}\n" + good + "no cart\n")
    told = shop_cart("import", "bad.jsonl")
    assert told.status == 1
    rows = told.err.splitlines()
    assert [row.partition(":")[0] for row in rows] == ["line 2", "line 4", "shop"]
    assert "nothing was imported" in rows[-1]
    assert list(stored(valkey_url)) == ["ada"]


def test_a_pipe_with_a_bad_line_says_where_it_stopped(shop_cart: ShopCart, valkey_url: str) -> None:
    put(valkey_url, a_cart("ada"))
    good = shop_cart("export").out
    piped = good.replace("ada", "bob") + "no cart\n" + good.replace("ada", "eve")
    told = shop_cart("import", "-", piped=piped.encode())
    assert told.status == 1
    assert told.err.startswith("shop: line 2: ")
    assert "The carts before this line were imported." in told.err
    assert set(stored(valkey_url)) == {"ada", "bob"}


def test_a_store_that_is_full_says_how_far_it_came_and_the_next_run_does_the_rest(
    shop_cart: ShopCart, valkey: Valkey, valkey_url: str
) -> None:
    at(valkey_url, lambda store: fill(store, 2000))
    shop_cart("export", "carts.jsonl")
    with valkey.client() as client:
        client.config_set("maxmemory", client.info("memory")["used_memory"] + 300_000)
        told = shop_cart("import", "carts.jsonl", "--url", valkey.url)
        client.config_set("maxmemory", 0)
    assert told.status == 1
    assert " carts were imported. Import the file again: existing carts are not duplicated." in told.err
    assert 0 < len(stored(valkey.url)) < 2000
    assert shop_cart("import", "carts.jsonl", "--url", valkey.url).status == 0
    assert stored(valkey.url) == stored(valkey_url)


def test_a_file_appears_when_it_is_complete(shop_cart: ShopCart, valkey: Valkey, tmp_path: Path) -> None:
    (tmp_path / "carts.jsonl").write_text("an older one")
    valkey.kill()
    assert shop_cart("export", "carts.jsonl", "--url", valkey.url).status == 1
    assert [path.name for path in tmp_path.iterdir()] == ["carts.jsonl"]
    assert (tmp_path / "carts.jsonl").read_text() == "an older one"


@pytest.mark.parametrize("command", [("export",), ("import", "-"), ("stats",), ("show", "ada")])
def test_carts_in_a_process_cannot_be_reached_and_that_is_said(shop_cart: ShopCart, command: tuple[str, ...]) -> None:
    told = shop_cart(*command, REDIS_URL="", piped=b"")
    assert told.status == 2
    assert told.err.startswith("shop: Without REDIS_URL, carts are in the memory of the shop's process")
    assert "--url" in told.err


def test_values_that_are_no_carts_are_left_out_and_counted(
    shop_cart: ShopCart, valkey: Valkey, valkey_url: str, sqlite_url: str
) -> None:
    ada = a_cart("ada")
    put(valkey.url, ada)
    valkey.client().set("cart:bob", '{"items": []}')
    valkey.client().hset("cart:eve", mapping={"mug": 1})
    note = "  2 stored values are no carts that this release can read; they stay.\n"
    assert shop_cart("export", "--url", valkey.url).err == f"1 carts written.\n{note}"
    told = shop_cart("stats", "--url", valkey.url)
    assert told.status == 0
    assert " ".join(next(row for row in told.out.splitlines() if "not readable" in row).split()) == (
        "│ not readable as carts │ 2 │"
    )
    assert json.loads(shop_cart("stats", "--json", "--url", valkey.url).out)["--url"]["unreadable"] == 2
    told = shop_cart("migrate", "--from", valkey.url, "--to", valkey_url)
    assert told.status == 0
    assert note in told.out
    assert stored(valkey_url) == {"ada": ada}
    assert sorted(valkey.client().keys()) == [b"cart:ada", b"cart:bob", b"cart:eve"]
