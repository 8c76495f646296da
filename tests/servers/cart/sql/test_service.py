"""What SQL stores promise beyond the contract of every store: few statements, and clear errors."""

import asyncio
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import asyncpg  # type: ignore[import-untyped]
import pytest
from sqlalchemy import text

from shop.cart import codec
from shop.cart.model import Add, Cart, Limits, apply, new_change_id
from shop.cart.service import now
from shop.cart.sql.postgres_connections import Target
from shop.cart.sql.rows import READERS, WRITERS
from shop.cart.sql.service import SqlCartService
from shop.cart.sql.table import IdleCart
from shop.database import create_engine, fetch, writing
from shop.errors import CartUnreadable, ConfigurationError, QuantityLimitExceeded, StoreRefused, StoreUnavailable
from shop.money import Money

EUR = Money(1900, "EUR")
DAY = 24 * 3600
CLICKS = 20


@pytest.fixture
async def carts(database_url: str) -> AsyncIterator[SqlCartService]:
    service = SqlCartService.connect(database_url, limits=Limits(quantity=10), timeout=30)
    yield service
    await service.close()


async def ask(url: str, statement: str) -> list[tuple[object, ...]]:
    """Query the database directly, without the service."""
    engine = create_engine(url)
    rows = [tuple(row) for row in await fetch(engine, text(statement))]
    await engine.dispose()
    return rows


async def tell(url: str, statement: str) -> None:
    engine = create_engine(url)
    async with writing(engine) as connection:
        await connection.execute(text(statement))
    await engine.dispose()


def old(cart_id: str, days: int, sku: str = "mug", price: Money = EUR) -> Cart:
    """A cart that last changed `days` days ago."""
    return apply(Cart(cart_id), Add(new_change_id(), now() - days * DAY, sku, 2, price))


async def test_concurrent_changes_of_carts_share_transactions(postgres_url: str) -> None:
    carts = SqlCartService.connect(postgres_url, timeout=30)
    await asyncio.gather(*(carts.add(f"cart-{n}", "mug", 1, EUR) for n in range(500)))
    ((rows, transactions),) = await ask(postgres_url, "SELECT count(*), count(DISTINCT xmin::text) FROM carts")
    assert (rows, transactions) == (500, 6), "two single calls, and the rest of each writer in two batches"
    assert [cart.quantity for cart in await carts.get_many([f"cart-{n}" for n in range(500)])] == [1] * 500
    await carts.close()


async def test_concurrent_changes_of_a_cart_are_one_write_and_refused_separately(
    carts: SqlCartService,
) -> None:
    await carts.add("a", "bowl", 1, EUR)
    adds = (carts.add("a", "mug", 3, EUR) for _ in range(5))
    answers = await asyncio.gather(*adds, carts.add("b", "mug", 1, EUR), return_exceptions=True)
    assert [type(answer) for answer in answers] == [Cart] * 3 + [QuantityLimitExceeded] * 2 + [Cart]
    cart = await carts.get("a")
    assert ({line.sku: line.quantity for line in cart.lines}, cart.revision) == ({"bowl": 1, "mug": 9}, 4)


async def test_cancelled_callers_do_not_affect_the_others(database_url: str, carts: SqlCartService) -> None:
    added = await carts.add("a", "mug", 1, EUR)
    for _ in range(5):
        calls = [asyncio.ensure_future(carts.get("a")) for _ in range(8)]
        calls += [asyncio.ensure_future(carts.add("b", "mug", 1, EUR, change_id=b"the same")) for _ in range(8)]
        await asyncio.sleep(0)
        for call in calls[::2]:
            call.cancel()
        left = await asyncio.gather(*calls, return_exceptions=True)
        assert [type(answer) for answer in left[1::2]] == [Cart] * 8
    assert await carts.get("a") == added
    assert (await carts.get("b")).quantity == 1
    if database_url.startswith("postgresql"):
        kept = await ask(database_url, "SELECT 1 FROM pg_stat_activity WHERE application_name = 'shop carts'")
        assert len(kept) <= READERS + WRITERS


async def test_a_click_rewrites_no_index_and_a_read_writes_nothing(postgres_url: str) -> None:
    """All versions of the row fit into its page; the test does not depend on when PostgreSQL removes old ones.

    Concurrent reads, such as those of PostgreSQL itself for its statistics, can delay that.
    """
    carts = SqlCartService.connect(postgres_url, timeout=30)
    await carts.add("a", "mug", 1, EUR)
    for n in range(CLICKS):
        await carts.set_quantity("a", "mug", n % 9 + 2)
    version = await ask(postgres_url, "SELECT xmin::text, ctid::text FROM carts")
    for _ in range(20):
        assert (await carts.get("a")).revision == CLICKS + 1
    assert await ask(postgres_url, "SELECT xmin::text, ctid::text FROM carts") == version
    await carts.close()
    async with asyncio.timeout(10):  # PostgreSQL counts with a delay
        while (changed := await updates(postgres_url))[0] < CLICKS:
            await asyncio.sleep(0.05)
    assert changed == (CLICKS, CLICKS)


async def updates(url: str) -> tuple[int, int]:
    """The number of updates of the table, and how many of them changed no index."""
    ((changed, hot),) = await ask(
        url, "SELECT n_tup_upd, n_tup_hot_upd FROM pg_stat_user_tables WHERE relname = 'carts'"
    )
    return int(str(changed)), int(str(hot))


async def test_an_expired_row_is_not_read_and_is_purged(carts: SqlCartService, database_url: str) -> None:
    for n in range(5):
        await carts.add(f"expired-{n}", "mug", 1, EUR)
    kept = await carts.add("kept", "mug", 1, EUR)
    await tell(database_url, f"UPDATE carts SET expires_at = {now()} WHERE id LIKE 'expired-%'")
    assert await carts.get("expired-0") == Cart("expired-0")
    assert await carts.time_left("expired-0") == 0
    assert [cart async for cart in carts.scan()] == [kept]
    assert await carts.count() == 1
    assert (await carts.add("expired-0", "bowl", 1, EUR)).revision == 1, "a new cart"
    assert [await carts.purge(3), await carts.purge(3)] == [3, 1]
    assert await ask(database_url, "SELECT id FROM carts ORDER BY id") == [("expired-0",), ("kept",)]


async def test_an_aged_put_keeps_the_age_and_never_shortens_the_ttl(carts: SqlCartService) -> None:
    await carts.put(old("aged", 10), aged=True)
    assert carts.ttl - 10 * DAY - 60 <= await carts.time_left("aged") <= carts.ttl - 10 * DAY
    cart = await carts.put(old("fresh", 10))
    assert await carts.time_left("fresh") >= carts.ttl - 60
    more = apply(cart, Add(new_change_id(), now() - 5 * DAY, "bowl", 1, EUR))
    assert await carts.put(more, aged=True) == more
    assert await carts.time_left("fresh") >= carts.ttl - 60


async def test_idle_carts_are_listed_by_age_and_by_value(carts: SqlCartService) -> None:
    cheap, dear, young = old("cheap", 20), old("dear", 10, price=Money(9900, "EUR")), old("young", 1)
    await carts.put_many([dear, young, cheap], aged=True)
    await carts.put(old("empty", 15), aged=True)
    await carts.clear("empty")
    before = now() - 5 * DAY
    found = await carts.idle(before)
    assert found == [
        IdleCart("cheap", 2, Money(3800, "EUR"), cheap.changed_at),
        IdleCart("dear", 2, Money(19800, "EUR"), dear.changed_at),
    ]
    assert list(await carts.idle(before, by_value=True)) == found[::-1]
    assert await carts.idle(before, limit=1) == found[:1]


async def test_a_probe_leaves_no_trace(carts: SqlCartService, database_url: str) -> None:
    await asyncio.gather(*(carts.ping() for _ in range(5)))
    assert await ask(database_url, "SELECT * FROM carts") == []


async def test_a_corrupt_row_fails_only_its_own_cart(carts: SqlCartService, database_url: str) -> None:
    await carts.add("broken", "mug", 1, EUR)
    state = "'\\x07'" if database_url.startswith("postgresql") else "x'07'"
    await tell(database_url, f"UPDATE carts SET state = {state}")
    calls = (carts.add(cart_id, "mug", 1, EUR) for cart_id in ("first", "broken", "second"))
    answers = await asyncio.gather(*calls, return_exceptions=True)
    assert [isinstance(answer, Cart) for answer in answers] == [True, False, True]


async def test_a_database_without_the_table_says_what_to_do(tmp_path: Path, postgres_url: str) -> None:
    (tmp_path / "empty.db").touch()
    await tell(postgres_url, "DROP TABLE carts")
    for url in (f"sqlite:///{tmp_path / 'empty.db'}", postgres_url):
        carts = SqlCartService.connect(url, timeout=30)
        with pytest.raises(StoreRefused, match="'shop run' creates it"):
            await carts.get("a")
        await carts.close()


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("sqlite:///{folder}/none.db", "unable to open"),
        ("sqlite:///{folder}/text.db", "not a SQLite database"),
        ("postgresql://127.0.0.1:1/shop", "cannot be reached"),
        ("postgresql://no-such-host.invalid/shop", "host name"),
        ("postgresql://127.0.0.1:port/shop", "is invalid"),
        ("postgresql://127.0.0.1/shop?sslmode=sometimes", "sslmode"),
    ],
)
async def test_a_wrong_url_raises_a_clear_error(tmp_path: Path, url: str, words: str) -> None:
    (tmp_path / "text.db").write_text("This is not a database, but a text that is long enough." * 20)
    carts = SqlCartService.connect(url.format(folder=tmp_path), timeout=30)
    for call in (carts.get("a"), carts.ping()):
        with pytest.raises(StoreUnavailable, match=words):
            await call
    await carts.close()


async def test_a_missing_database_or_user_is_refused(postgres_url: str) -> None:
    base = postgres_url.partition("?")
    for url in (f"postgresql://postgres@/none?{base[2]}", f"postgresql://nobody@/postgres?{base[2]}"):
        carts = SqlCartService.connect(url, timeout=30)
        with pytest.raises(StoreRefused, match="check the database's URL"):
            await carts.get("a")
        await carts.close()


@pytest.mark.parametrize("url", ["sqlite://", "sqlite:///:memory:", "mysql://host/db"])
def test_a_database_in_memory_or_of_another_kind_is_refused(url: str) -> None:
    with pytest.raises(ConfigurationError, match="A database for carts must be"):
        SqlCartService.connect(url)


def test_postgresql_urls_are_parsed_as_the_catalog_parses_them() -> None:
    url = "postgresql+asyncpg://u:p%40@h1:1,h2:2/shop?ssl=verify-full&sslrootcert=ca.pem&statement_cache_size=0"
    assert Target.parse(url) == Target(
        "postgresql://u:p%40@h1:1,h2:2/shop?sslmode=verify-full&sslrootcert=ca.pem", pooled=True
    )
    assert Target.parse("postgres://h/shop") == Target("postgresql://h/shop", pooled=False)


async def test_connections_through_a_pooler_hold_no_session_state(postgres_url: str) -> None:
    carts = SqlCartService.connect(f"{postgres_url}&statement_cache_size=0", timeout=30)
    await asyncio.gather(*(carts.add(f"cart-{n % 9}", "mug", 1, EUR) for n in range(60)))
    assert sum(cart.quantity for cart in await carts.get_many([f"cart-{n}" for n in range(9)])) == 60
    await carts.close()


async def test_a_wrong_statement_raises_the_error_of_the_driver(postgres_url: str) -> None:
    await tell(postgres_url, "ALTER TABLE carts RENAME COLUMN state TO stat")
    carts = SqlCartService.connect(postgres_url, timeout=30)
    with pytest.raises(asyncpg.UndefinedColumnError):
        await carts.get("a")
    await carts.close()


async def test_a_connection_that_is_ended_while_it_is_new_is_replaced(
    postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    carts = SqlCartService.connect(postgres_url, timeout=30)
    connect = asyncpg.connect
    ended: list[int] = []

    async def connect_and_end(*args: Any, **options: Any) -> Any:
        connection = await connect(*args, **options)
        if not ended:
            ended.append(connection.get_server_pid())
            await tell(postgres_url, f"SELECT pg_terminate_backend({ended[0]}, 10000)")
        return connection

    monkeypatch.setattr("shop.cart.sql.postgres_connections.asyncpg.connect", connect_and_end)
    assert (await carts.add("a", "mug", 1, EUR)).quantity == 1
    assert ended
    await carts.close()


def unreadable(data: bytes, database_url: str) -> str:
    """A literal of these bytes in SQL."""
    return f"'\\x{data.hex()}'::bytea" if database_url.startswith("postgresql") else f"x'{data.hex()}'"


class TestRowsThatCannotBeRead:
    async def test_a_row_that_is_no_cart_is_put_aside_and_the_cart_begins_anew(
        self, carts: SqlCartService, database_url: str, caplog: pytest.LogCaptureFixture
    ) -> None:
        good = await carts.add("good", "mug", 1, EUR)
        for cart_id in ("a", "b", "c", "d"):
            await carts.add(cart_id, "mug", 1, EUR)
        spoiled = unreadable(b"\x02\xff"[1:], database_url)
        await tell(database_url, f"UPDATE carts SET state = {spoiled} WHERE id <> 'good'")
        assert [cart async for cart in carts.scan()] == [good]
        assert (carts.unreadable, await carts.count_put_aside()) == (4, 0)
        assert await carts.get("a") == Cart("a")
        assert await carts.get_many(["b", "good"]) == [Cart("b"), good]
        answers = await asyncio.gather(
            *(carts.add("c", "mug", 1, EUR) for _ in range(5)), carts.add("good", "mug", 1, EUR)
        )
        assert [cart.quantity for cart in (answers[-1], await carts.get("c"))] == [2, 5]
        given = apply(Cart("d"), Add(new_change_id(), now(), "bowl", 1, EUR))
        assert await carts.put_many([given, answers[-1]]) == [given, answers[-1]]
        assert (carts.unreadable, await carts.count_put_aside()) == (8, 4)
        assert len(caplog.records) == 4
        assert {cart.id async for cart in carts.scan()} == {"good", "c", "d"}
        assert {cart.id for cart in await carts.idle(now() + 5)} == {"good", "c", "d"}
        assert await ask(database_url, "SELECT count(*) FROM carts WHERE id LIKE 'unreadable:%'") == [(4,)]
        await tell(database_url, f"UPDATE carts SET state = {spoiled} WHERE id = 'c'")
        assert await carts.get("c") == Cart("c"), "the value that was put aside before is replaced"
        assert await carts.count_put_aside() == 4

    async def test_a_cart_of_a_newer_release_is_never_overwritten(
        self, carts: SqlCartService, database_url: str
    ) -> None:
        good = await carts.add("good", "mug", 1, EUR)
        await carts.add("a", "mug", 1, EUR)
        newer = unreadable(b"\x03" + codec.encode(good)[1:], database_url)
        await tell(database_url, f"UPDATE carts SET state = {newer} WHERE id = 'a'")
        for call in (carts.get("a"), carts.add("a", "mug", 1, EUR), carts.time_left("a")):
            with pytest.raises(CartUnreadable, match="newer release"):
                await call
        assert await carts.get_many(["a", "good"]) == [Cart("a", partial=True), good]
        mine = apply(Cart("a"), Add(new_change_id(), now(), "bowl", 1, EUR))
        assert await carts.put_many([mine, good]) == [mine, good]
        assert await ask(database_url, f"SELECT count(*) FROM carts WHERE state = {newer}") == [(1,)]


class TestClocks:
    """The host's clock is one that the test sets; PostgreSQL's clock is right, and SQLite has none of its own."""

    async def test_a_host_with_a_wrong_clock_deletes_nothing_from_the_archive(
        self,
        carts: SqlCartService,
        database_url: str,
        monkeypatch: pytest.MonkeyPatch,
        caplog: pytest.LogCaptureFixture,
    ) -> None:
        for n in range(5):
            await carts.add(f"cart-{n}", "mug", 1, EUR)
        wrong = SqlCartService.connect(database_url, timeout=30)
        real = time.time
        with monkeypatch.context() as patch:
            patch.setattr(time, "time", lambda: real() + 200 * DAY)
            assert await wrong.purge(10) == await wrong.purge(10) == 0
            if database_url.startswith("postgresql"):
                assert len([cart async for cart in wrong.scan()]) == await wrong.count() == 5
                assert (await wrong.add("cart-0", "mug", 1, EUR)).changed_at <= real() + 1
                assert await wrong.time_left("cart-0") <= wrong.ttl
                assert caplog.records == []
            else:
                (said,) = [record.getMessage() for record in caplog.records]
                assert "every cart has expired, the newest one 170.0 days ago" in said
        assert len([cart async for cart in carts.scan()]) == 5
        await wrong.close()

    async def test_carts_dated_in_the_future_stop_the_purge(
        self, carts: SqlCartService, database_url: str, caplog: pytest.LogCaptureFixture
    ) -> None:
        await carts.add("expired", "mug", 1, EUR)
        await tell(database_url, f"UPDATE carts SET expires_at = {now() - 5}")
        await carts.put(old("future", -3))
        assert await carts.purge(10) == await carts.purge(10) == 0
        (said,) = [record.getMessage() for record in caplog.records]
        assert "its newest cart was changed 3.0 days from now" in said
        await tell(database_url, "DELETE FROM carts WHERE id = 'future'")
        assert await carts.doubts_time() == ""
        assert await carts.purge(10) == 1
