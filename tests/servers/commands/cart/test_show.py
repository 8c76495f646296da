"""`shop cart show`, `stats` and `sleeping`: their output and errors."""

from __future__ import annotations

import json

import pytest

from shop.cart.model import Add, SaveForLater, UseCoupon, apply, new_change_id
from shop.cart.service import now
from shop.demo.valkey import Valkey
from shop.web.http.session import cart_id as cart_of_session
from tests.fixtures.cart_commands import DAY, ShopCart, Told, at, put
from tests.fixtures.many_carts import PRICE, a_cart, fill


class TestShow:
    def test_says_what_is_in_a_cart_and_where_it_is(self, shop_cart: ShopCart, valkey_url: str) -> None:
        cart = apply(a_cart("ada", "mug", "bowl", age=3700), SaveForLater(new_change_id(), now() - 3600, "bowl"))
        put(valkey_url, apply(cart, UseCoupon(new_change_id(), now() - 3600, "SPRING")))
        told = shop_cart("show", "ada")
        assert told.status == 0
        assert "Cart ada, revision 4, changed 1 h " in told.out
        assert "Coupon: SPRING." in told.out
        assert "2 lines, 1 units to buy, " in told.out
        (bowl,) = (row for row in told.out.splitlines() if "bowl" in row)
        assert "€19.00" in bowl
        assert "saved for later" in bowl
        assert f"REDIS_URL ({valkey_url}) has the same cart; it expires in 29 d 2" in told.out

    def test_shows_skus_as_they_are_but_for_what_terminals_obey(self, shop_cart: ShopCart, valkey_url: str) -> None:
        put(valkey_url, a_cart("ada", "mug[/b]", "\x1b[2Jbowl"))
        out = shop_cart("show", "ada").out
        assert "mug[/b]" in out
        assert "\ufffd[2Jbowl" in out

    def test_finds_the_cart_of_a_session(self, shop_cart: ShopCart, valkey_url: str) -> None:
        put(valkey_url, a_cart(cart_of_session("a-session-token")))
        assert "Cart " + cart_of_session("a-session-token") in shop_cart("show", "--session", "a-session-token").out
        assert "Cart " in shop_cart("show", "--session", "-", piped=b"a-session-token\n").out

    def test_says_whether_live_store_and_archive_agree(
        self, shop_cart: ShopCart, valkey_url: str, sqlite_url: str
    ) -> None:
        earlier = a_cart("ada")
        put(sqlite_url, earlier)
        put(valkey_url, apply(earlier, Add(new_change_id(), now(), "bowl", 1, PRICE)))
        told = shop_cart("show", "ada", "--json", CART_ARCHIVE="on", DATABASE_URL=sqlite_url)
        figures = json.loads(told.out)
        assert figures["cart"]["revision"] == 2
        assert [(store["name"], store["state"]) for store in figures["stores"]] == [
            ("REDIS_URL", "has the same cart"),
            ("DATABASE_URL", "is behind, at revision 1"),
        ]

    def test_shows_what_the_archive_has_while_redis_is_away(
        self, shop_cart: ShopCart, valkey: Valkey, sqlite_url: str
    ) -> None:
        put(sqlite_url, a_cart("ada"))
        valkey.kill()
        told = shop_cart("show", "ada", CART_ARCHIVE="on", DATABASE_URL=sqlite_url, REDIS_URL=valkey.url)
        assert told.status == 0
        assert f"REDIS_URL ({valkey.url}) did not answer" in told.out
        assert "has the same cart" in told.out

    def test_an_unknown_cart_is_one_plain_line(self, shop_cart: ShopCart, valkey_url: str) -> None:
        assert shop_cart("show", "nobody") == Told(1, "", f"shop: There is no cart nobody in {valkey_url}.\n")

    def test_wants_one_way_to_name_a_cart(self, shop_cart: ShopCart) -> None:
        assert shop_cart("show").status == shop_cart("show", "ada", "--session", "x").status == 2


class TestStats:
    def test_counts_what_is_there(self, shop_cart: ShopCart, valkey_url: str) -> None:
        put(valkey_url, a_cart("ada", "mug", "bowl", age=DAY + 60), a_cart("bob", age=29 * DAY + 60))
        figures = json.loads(shop_cart("stats", "--json").out)["REDIS_URL"]
        assert (figures["carts"], figures["pieces"], figures["expiring_within_a_day"]) == (2, 3, 1)
        assert figures["lines"] == {"average": 1.5, "median": 1, "p95": 2, "most": 2}
        assert figures["value_in_minor_units"] == {"EUR": 5700}
        assert figures["sample_of_about"] is None
        told = shop_cart("stats").out
        assert "€57.00" in told
        assert "1.5 on average, median 1, p95 2, max 2" in told

    def test_says_that_a_sample_is_one(self, shop_cart: ShopCart, valkey_url: str) -> None:
        at(valkey_url, lambda store: fill(store, 30))
        assert (
            "a sample of 10 of about 30; the figures below describe the sample"
            in shop_cart("stats", "--sample", "10").out
        )

    def test_statistics_of_an_empty_store(self, shop_cart: ShopCart) -> None:
        assert json.loads(shop_cart("stats", "--json").out)["REDIS_URL"]["carts"] == 0
        assert shop_cart("stats").status == 0


class TestSleeping:
    @pytest.fixture
    def archive(self, sqlite_url: str) -> str:
        mugs = apply(a_cart("rich", age=50 * DAY), Add(new_change_id(), now() - 40 * DAY, "vase", 9, PRICE))
        put(sqlite_url, mugs, a_cart("old", age=90 * DAY), a_cart("awake", age=3 * DAY))
        return sqlite_url

    def test_lists_the_longest_asleep_first(self, shop_cart: ShopCart, archive: str) -> None:
        told = json.loads(shop_cart("sleeping", "--json", CART_ARCHIVE="on", DATABASE_URL=archive).out)
        assert [cart["id"] for cart in told] == ["old", "rich"]
        assert set(told[0]) == {"id", "pieces", "amount", "currency", "changed_at"}, "and nothing about whose it is"

    def test_lists_the_most_valuable_first(self, shop_cart: ShopCart, archive: str) -> None:
        told = shop_cart("sleeping", "--by", "value", "--limit", "1", "--url", archive).out
        assert "rich" in told
        assert "€190.00" in told
        assert "old" not in told

    def test_a_time_span_is_written_with_its_unit(self, shop_cart: ShopCart, archive: str) -> None:
        told = shop_cart("sleeping", "--older-than", "2000h", "--json", "--url", archive)
        assert [cart["id"] for cart in json.loads(told.out)] == ["old"]
        assert "not a duration" in shop_cart("sleeping", "--older-than", "soon", "--url", archive).err

    def test_says_when_nothing_sleeps(self, shop_cart: ShopCart, archive: str) -> None:
        told = shop_cart("sleeping", "--older-than", "100d", "--url", archive)
        assert told.out.endswith("has changed within the last 100 d.\n")

    def test_says_that_there_is_no_archive(self, shop_cart: ShopCart, valkey_url: str) -> None:
        assert shop_cart("sleeping").err.startswith("shop: CART_ARCHIVE is off")
        assert "a cart archive is an SQL database" in shop_cart("sleeping", "--url", valkey_url).err
