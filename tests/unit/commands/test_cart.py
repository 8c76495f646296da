"""`shop cart` as a person uses it: what it prints, and its exit status."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Coroutine
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import pytest
from redis import Redis

from shop import cli
from shop.cart.migration import keep
from shop.cart.model import Add, Cart, Clear, SaveForLater, apply, new_change_id
from shop.cart.redis import Patience, RedisCartService
from shop.cart.service import CartService, now
from shop.cart.sql import SqlCartService
from shop.demo.valkey import Valkey
from shop.web.session import cart_id as cart_of_session
from tests.fixtures.many_carts import PRICE, a_cart, fill

DAY = 24 * 3600
T = TypeVar("T")


class Told(NamedTuple):
    """What a command left: its exit status, and all that it printed."""

    status: int
    out: str
    err: str


Shop = Callable[..., Told]
With = Callable[[str, Callable[[CartService], Coroutine[Any, Any, T]]], T]


@pytest.fixture
def shop(
    monkeypatch: pytest.MonkeyPatch, capsysbinary: pytest.CaptureFixture[bytes], tmp_path: Path, valkey_url: str
) -> Shop:
    """Runs `shop cart …` in this process, for a shop with its carts in Redis and an archive that is off."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("REDIS_URL", valkey_url)
    monkeypatch.setenv("DATABASE_URL", f"sqlite+aiosqlite:///{tmp_path / 'shop.db'}")
    monkeypatch.setenv("COLUMNS", "120")

    def run(*arguments: str, piped: bytes | None = None, **environ: str) -> Told:
        with monkeypatch.context() as patch:
            for name, value in environ.items():
                patch.setenv(name, value)
            patch.setattr(sys, "argv", ["shop", "cart", *arguments])
            if piped is not None:
                patch.setattr(sys, "stdin", pipe(piped))
            with pytest.raises(SystemExit) as ended:
                cli.main()
        out, err = capsysbinary.readouterr()
        return Told(int(ended.value.code or 0), out.decode(), err.decode())

    return run


def pipe(content: bytes) -> Any:
    """Standard input as it comes from another program: it cannot be read twice."""
    read, write = os.pipe()
    assert len(content) < 60_000, "a pipe holds no more"
    os.write(write, content)
    os.close(write)
    return os.fdopen(read)


def at(url: str, work: Callable[[CartService], Coroutine[Any, Any, T]]) -> T:
    """Do something with the store at a URL."""

    async def do() -> T:
        is_redis = url.startswith("redis")
        store = (
            RedisCartService.connect(url, patience=Patience(5, 5))
            if is_redis
            else SqlCartService.connect(url, ttl=180 * DAY)
        )
        try:
            return await work(store)
        finally:
            await store.close()

    return asyncio.run(do())


def put(url: str, *carts: Cart) -> None:
    at(url, lambda store: keep(store, carts))


def stored(url: str) -> dict[str, Cart]:
    async def scan(store: CartService) -> dict[str, Cart]:
        return {cart.id: cart async for cart in store.scan()}

    return at(url, scan)


class TestMigrate:
    def test_says_what_was_moved_and_what_to_do_next(self, shop: Shop, valkey: Valkey, valkey_url: str) -> None:
        at(valkey.url, lambda store: fill(store, 300, age=60))
        told = shop("migrate", "--from", valkey.url, "--to", valkey_url, CART_MOVE_FROM=valkey.url)
        assert told.status == 0
        first, last = told.out.splitlines()
        assert first.startswith(f"{valkey.url}: 300 carts; 300 copied in 2 passes; checksum ")
        assert first.endswith(" in both.")
        assert last == f"All of them are in {valkey_url}. Take CART_MOVE_FROM out and restart the shop."
        assert told.err == ""
        assert stored(valkey_url) == stored(valkey.url)

    def test_can_be_run_again(self, shop: Shop, valkey: Valkey, valkey_url: str) -> None:
        put(valkey.url, a_cart("ada"))
        command = ("migrate", "--from", valkey.url, "--to", valkey_url)
        shop(*command)
        told = shop(*command)
        assert told.status == 0
        assert ": 1 carts; 0 copied in 1 pass; " in told.out
        assert told.err.startswith("CART_MOVE_FROM is not set to the old store here.")

    def test_moves_a_hybrid_of_two_stores_into_one(
        self, shop: Shop, valkey: Valkey, valkey_url: str, sqlite_url: str
    ) -> None:
        both, asleep = a_cart("both"), a_cart("asleep", age=40 * DAY)
        awake = apply(both, Add(new_change_id(), now(), "late", 1, PRICE))
        put(sqlite_url, both, asleep)
        put(valkey.url, awake)
        told = shop("migrate", "--from", valkey.url, "--from", sqlite_url, "--to", valkey_url)
        assert told.status == 0
        assert "1 were older than the new store keeps carts" in told.out
        assert stored(valkey_url) == {"both": awake, "asleep": asleep}

    def test_moves_into_a_database_that_is_not_there_yet(self, shop: Shop, valkey_url: str, tmp_path: Path) -> None:
        url = f"sqlite+aiosqlite:///{tmp_path / 'new.db'}"
        put(valkey_url, a_cart("ada"))
        assert shop("migrate", "--from", valkey_url, "--to", url).status == 0
        assert stored(url) == stored(valkey_url) != {}

    def test_goes_round_the_ladder_and_comes_back_as_it_was(
        self, shop: Shop, valkey_url: str, request: pytest.FixtureRequest
    ) -> None:
        rungs = [request.getfixturevalue(f"{rung}_url") for rung in ("cluster", "postgres", "sentinel", "sqlite")]
        at(valkey_url, lambda store: fill(store, 500, age=DAY))
        before = stored(valkey_url)
        for old, new in pairwise([valkey_url, *rungs]):
            told = shop("migrate", "--from", old, "--to", new)
            assert told.status == 0, told
            assert "500 carts; 500 copied in 2 passes; " in told.out
        with Redis.from_url(valkey_url) as client:
            client.flushall()
        assert shop("migrate", "--from", rungs[-1], "--to", valkey_url).status == 0
        assert stored(valkey_url) == before
        assert at(valkey_url, lambda store: store.time_left("cart-1")) == pytest.approx(29 * DAY, abs=60)

    def test_dry_run_counts_and_writes_nothing(self, shop: Shop, valkey: Valkey, valkey_url: str) -> None:
        put(valkey.url, a_cart("ada"), a_cart("bob"))
        put(valkey_url, a_cart("bob", "vase"))
        told = shop("migrate", "--from", valkey.url, "--to", valkey_url, "--dry-run")
        assert told == Told(0, f"{valkey.url}: 2 carts; 2 of them would be copied. Nothing was.\n", "")
        assert list(stored(valkey_url)) == ["bob"]

    def test_empty_stores_are_soon_moved(self, shop: Shop, valkey: Valkey, valkey_url: str) -> None:
        told = shop("migrate", "--from", valkey.url, "--to", valkey_url)
        assert told.status == 0
        assert told.out.startswith(f"{valkey.url}: 0 carts; 0 copied in 1 pass; ")

    def test_a_new_store_that_drops_carts_is_told_by_the_exit_status(
        self, shop: Shop, valkey: Valkey, valkey_url: str
    ) -> None:
        at(valkey_url, lambda store: fill(store, 300))
        ended = threading.Event()
        dropping = threading.Thread(target=drop_all, args=(valkey, ended))
        dropping.start()
        told = shop("migrate", "--from", valkey_url, "--to", valkey.url, "--passes", "2")
        ended.set()
        dropping.join()
        assert told.status == 1
        assert "Not complete: pass 2 still found carts that were missing" in told.err

    def test_ctrl_c_says_how_far_it_came_and_the_next_run_does_the_rest(
        self, shop: Shop, valkey: Valkey, valkey_url: str
    ) -> None:
        at(valkey.url, lambda store: fill(store, 600))
        command = ("migrate", "--from", valkey.url, "--to", valkey_url)
        process = subprocess.Popen(
            [sys.executable, "-m", "shop.cli", "cart", *command, "--rate", "200"], stderr=subprocess.PIPE, text=True
        )
        wait_until(lambda: len(stored(valkey_url)) > 20)
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=20)
        there = len(stored(valkey_url))
        assert 20 < there < 600
        assert process.returncode == 130
        assert "Interrupted. " in said
        assert "run the same command again" in said
        assert "Traceback" not in said
        told = shop(*command)
        assert f": 600 carts; {600 - there} copied in 2 passes; " in told.out
        assert stored(valkey_url) == stored(valkey.url)

    def test_an_old_store_that_dies_is_told_and_the_next_run_does_the_rest(self, shop: Shop, valkey_url: str) -> None:
        old = Valkey(appendonly="yes")
        old.start()
        try:
            at(old.url, lambda store: fill(store, 600))
            command = ("migrate", "--from", old.url, "--to", valkey_url)
            process = subprocess.Popen(
                [sys.executable, "-m", "shop.cli", "cart", *command, "--rate", "200"], stderr=subprocess.PIPE, text=True
            )
            wait_until(lambda: len(stored(valkey_url)) > 20)
            old.kill()
            _, said = process.communicate(timeout=20)
            assert process.returncode == 1
            assert "The old store does not go on." in said
            assert "nothing is half done: run the same command again" in said
            old.start()
            wait_until(old.answers)
            assert shop(*command).status == 0
            assert len(stored(valkey_url)) == 600
            assert stored(valkey_url) == stored(old.url)
        finally:
            old.stop()

    @pytest.mark.parametrize(
        ("old", "new", "words"),
        [
            ("http://h", "redis://127.0.0.1:1", "--from http://h starts with http://"),
            ("redis://u:secret@h:port", "redis://127.0.0.1:1", "cannot be read"),
            ("redis://127.0.0.1:1", "nonsense", "--to starts with"),
            ("sqlite:///missing.db", "sqlite:///new.db", "there is no database file missing.db"),
        ],
    )
    def test_a_url_that_cannot_be_used_is_one_plain_line(self, shop: Shop, old: str, new: str, words: str) -> None:
        told = shop("migrate", "--from", old, "--to", new)
        assert told.status == 2
        assert words in told.err
        assert len(told.err.splitlines()) == 1
        assert "secret" not in told.err

    def test_a_new_store_that_is_away_is_one_plain_line(self, shop: Shop, valkey_url: str) -> None:
        told = shop("migrate", "--from", valkey_url, "--to", "redis://127.0.0.1:1")
        assert told.status == 1
        assert told.err.startswith("shop: --to: ")
        assert len(told.err.splitlines()) == 1

    def test_a_store_is_not_moved_to_itself(self, shop: Shop, valkey_url: str) -> None:
        told = shop("migrate", "--from", valkey_url, "--to", valkey_url)
        assert told.status == 2
        assert "--from and --to name the same store." in told.err


class TestExportAndImport:
    def test_what_was_exported_comes_back_as_it_was(
        self, shop: Shop, valkey: Valkey, valkey_url: str, tmp_path: Path
    ) -> None:
        emptied = apply(a_cart("emptied", age=60), Clear(new_change_id(), now() - 30))
        saved = apply(a_cart("saved", "mug", "bowl", age=60), SaveForLater(new_change_id(), now() - 30, "mug"))
        put(valkey_url, emptied, saved)
        file = tmp_path / "carts.jsonl"
        assert shop("export", str(file)).err == "2 carts written.\n"
        told = shop("import", str(file), "--url", valkey.url)
        assert told == Told(0, f"2 carts are in {valkey.url}.\n", "")
        assert stored(valkey.url) == {"emptied": emptied, "saved": saved}
        assert at(valkey.url, lambda store: store.time_left("saved")) == pytest.approx(30 * DAY - 30, abs=2)

    def test_through_a_pipe(self, shop: Shop, valkey: Valkey, valkey_url: str) -> None:
        at(valkey_url, lambda store: fill(store, 20))
        written = shop("export").out
        assert shop("import", "-", "--url", valkey.url, piped=written.encode()).status == 0
        assert stored(valkey.url) == stored(valkey_url)
        assert len(stored(valkey.url)) == 20

    def test_importing_joins_and_never_overwrites(self, shop: Shop, valkey_url: str, tmp_path: Path) -> None:
        put(valkey_url, a_cart("ada", "mug"))
        shop("export", "carts.jsonl")
        later = at(valkey_url, lambda store: store.add("ada", "bowl", 1, PRICE))
        assert shop("import", "carts.jsonl").status == 0
        assert stored(valkey_url) == {"ada": later}

    def test_a_cart_that_is_awake_and_archived_is_written_once(
        self, shop: Shop, valkey_url: str, sqlite_url: str
    ) -> None:
        both = a_cart("both")
        put(valkey_url, both)
        put(sqlite_url, both, a_cart("asleep"))
        told = shop("export", CART_ARCHIVE="on", DATABASE_URL=sqlite_url)
        assert sorted(json.loads(line)["id"] for line in told.out.splitlines()) == ["asleep", "both"]

    def test_a_file_with_bad_lines_is_refused_as_a_whole(self, shop: Shop, valkey_url: str, tmp_path: Path) -> None:
        put(valkey_url, a_cart("ada"))
        good = shop("export").out
        (tmp_path / "bad.jsonl").write_text(good.replace("ada", "bob") + "{}\n" + good + "no cart\n")
        told = shop("import", "bad.jsonl")
        assert told.status == 1
        rows = told.err.splitlines()
        assert [row.partition(":")[0] for row in rows] == ["line 2", "line 4", "shop"]
        assert "nothing was imported" in rows[-1]
        assert list(stored(valkey_url)) == ["ada"]

    def test_a_pipe_with_a_bad_line_says_where_it_stopped(self, shop: Shop, valkey_url: str) -> None:
        put(valkey_url, a_cart("ada"))
        good = shop("export").out
        piped = good.replace("ada", "bob") + "no cart\n" + good.replace("ada", "eve")
        told = shop("import", "-", piped=piped.encode())
        assert told.status == 1
        assert told.err.startswith("shop: line 2: ")
        assert "The carts of the lines before it are imported." in told.err
        assert set(stored(valkey_url)) == {"ada", "bob"}

    def test_a_store_that_is_full_says_how_far_it_came_and_the_next_run_does_the_rest(
        self, shop: Shop, valkey: Valkey, valkey_url: str
    ) -> None:
        at(valkey_url, lambda store: fill(store, 2000))
        shop("export", "carts.jsonl")
        with valkey.client() as client:
            client.config_set("maxmemory", client.info("memory")["used_memory"] + 300_000)
            told = shop("import", "carts.jsonl", "--url", valkey.url)
            client.config_set("maxmemory", 0)
        assert told.status == 1
        assert " carts are imported. Import the file again: what is there counts once." in told.err
        assert 0 < len(stored(valkey.url)) < 2000
        assert shop("import", "carts.jsonl", "--url", valkey.url).status == 0
        assert stored(valkey.url) == stored(valkey_url)

    def test_a_file_appears_when_it_is_complete(self, shop: Shop, valkey: Valkey, tmp_path: Path) -> None:
        (tmp_path / "carts.jsonl").write_text("an older one")
        valkey.kill()
        assert shop("export", "carts.jsonl", "--url", valkey.url).status == 1
        assert [path.name for path in tmp_path.iterdir()] == ["carts.jsonl"]
        assert (tmp_path / "carts.jsonl").read_text() == "an older one"

    @pytest.mark.parametrize("command", [("export",), ("import", "-"), ("stats",), ("show", "ada")])
    def test_carts_in_a_process_cannot_be_reached_and_that_is_said(self, shop: Shop, command: tuple[str, ...]) -> None:
        told = shop(*command, REDIS_URL="", piped=b"")
        assert told.status == 2
        assert told.err.startswith("shop: Without REDIS_URL carts are in the memory of the shop's own process")
        assert "--url" in told.err


class TestShow:
    def test_says_what_is_in_a_cart_and_where_it_is(self, shop: Shop, valkey_url: str) -> None:
        cart = apply(a_cart("ada", "mug", "bowl", age=3700), SaveForLater(new_change_id(), now() - 3600, "bowl"))
        put(valkey_url, cart)
        told = shop("show", "ada")
        assert told.status == 0
        assert "Cart ada, revision 3, changed 1 h " in told.out
        assert "2 lines, 1 pieces to buy, " in told.out
        (bowl,) = (row for row in told.out.splitlines() if "bowl" in row)
        assert "€19.00" in bowl
        assert "saved for later" in bowl
        assert f"REDIS_URL ({valkey_url}) holds it like this; it lives for 29 d 2" in told.out

    def test_finds_the_cart_of_a_session(self, shop: Shop, valkey_url: str) -> None:
        put(valkey_url, a_cart(cart_of_session("a-session-token")))
        assert "Cart " + cart_of_session("a-session-token") in shop("show", "--session", "a-session-token").out
        assert "Cart " in shop("show", "--session", "-", piped=b"a-session-token\n").out

    def test_says_whether_live_store_and_archive_agree(self, shop: Shop, valkey_url: str, sqlite_url: str) -> None:
        earlier = a_cart("ada")
        put(sqlite_url, earlier)
        put(valkey_url, apply(earlier, Add(new_change_id(), now(), "bowl", 1, PRICE)))
        told = shop("show", "ada", "--json", CART_ARCHIVE="on", DATABASE_URL=sqlite_url)
        figures = json.loads(told.out)
        assert figures["cart"]["revision"] == 2
        assert [(store["name"], store["state"]) for store in figures["stores"]] == [
            ("REDIS_URL", "holds it like this"),
            ("DATABASE_URL", "is behind, at revision 1"),
        ]

    def test_shows_what_the_archive_has_while_redis_is_away(self, shop: Shop, valkey: Valkey, sqlite_url: str) -> None:
        put(sqlite_url, a_cart("ada"))
        valkey.kill()
        told = shop("show", "ada", CART_ARCHIVE="on", DATABASE_URL=sqlite_url, REDIS_URL=valkey.url)
        assert told.status == 0
        assert f"REDIS_URL ({valkey.url}) could not be asked" in told.out
        assert "holds it like this" in told.out

    def test_an_unknown_cart_is_one_plain_line(self, shop: Shop, valkey_url: str) -> None:
        assert shop("show", "nobody") == Told(1, "", f"shop: There is no cart nobody in {valkey_url}.\n")

    def test_wants_one_way_to_name_a_cart(self, shop: Shop) -> None:
        assert shop("show").status == shop("show", "ada", "--session", "x").status == 2


class TestStats:
    def test_counts_what_is_there(self, shop: Shop, valkey_url: str) -> None:
        put(valkey_url, a_cart("ada", "mug", "bowl", age=DAY + 60), a_cart("bob", age=29 * DAY + 60))
        figures = json.loads(shop("stats", "--json").out)["REDIS_URL"]
        assert (figures["carts"], figures["pieces"], figures["expiring_within_a_day"]) == (2, 3, 1)
        assert figures["lines"] == {"average": 1.5, "median": 1, "p95": 2, "most": 2}
        assert figures["value_in_minor_units"] == {"EUR": 5700}
        assert figures["sample_of_about"] is None
        told = shop("stats").out
        assert "€57.00" in told
        assert "1.5 on average, median 1, p95 2, most 2" in told

    def test_says_that_a_sample_is_one(self, shop: Shop, valkey_url: str) -> None:
        at(valkey_url, lambda store: fill(store, 30))
        assert "a sample of 10 of about 30; what follows is of the sample" in shop("stats", "--sample", "10").out

    def test_of_an_empty_store(self, shop: Shop) -> None:
        assert json.loads(shop("stats", "--json").out)["REDIS_URL"]["carts"] == 0
        assert shop("stats").status == 0


class TestSleeping:
    @pytest.fixture
    def archive(self, sqlite_url: str) -> str:
        mugs = apply(a_cart("rich", age=50 * DAY), Add(new_change_id(), now() - 40 * DAY, "vase", 9, PRICE))
        put(sqlite_url, mugs, a_cart("old", age=90 * DAY), a_cart("awake", age=3 * DAY))
        return sqlite_url

    def test_lists_the_longest_asleep_first(self, shop: Shop, archive: str) -> None:
        told = json.loads(shop("sleeping", "--json", CART_ARCHIVE="on", DATABASE_URL=archive).out)
        assert [cart["id"] for cart in told] == ["old", "rich"]
        assert set(told[0]) == {"id", "pieces", "amount", "currency", "changed_at"}, "and nothing about whose it is"

    def test_lists_the_most_valuable_first(self, shop: Shop, archive: str) -> None:
        told = shop("sleeping", "--by", "value", "--limit", "1", "--url", archive).out
        assert "rich" in told
        assert "€190.00" in told
        assert "old" not in told

    def test_a_time_span_is_written_with_its_unit(self, shop: Shop, archive: str) -> None:
        told = shop("sleeping", "--older-than", "2000h", "--json", "--url", archive)
        assert [cart["id"] for cart in json.loads(told.out)] == ["old"]
        assert "no time span" in shop("sleeping", "--older-than", "soon", "--url", archive).err

    def test_says_when_nothing_sleeps(self, shop: Shop, archive: str) -> None:
        told = shop("sleeping", "--older-than", "100d", "--url", archive)
        assert told.out.endswith("has been left alone for 100 d.\n")

    def test_says_that_there_is_no_archive(self, shop: Shop, valkey_url: str) -> None:
        assert shop("sleeping").err.startswith("shop: CART_ARCHIVE is off")
        assert "carts sleep in SQL only" in shop("sleeping", "--url", valkey_url).err


def drop_all(server: Valkey, ended: threading.Event) -> None:
    """Empty the server again and again."""
    with server.client() as client:
        while not ended.is_set():
            client.flushall()


def wait_until(condition: Callable[[], bool]) -> None:
    """Return when the condition holds; the test fails if that takes too long."""
    deadline = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < deadline
