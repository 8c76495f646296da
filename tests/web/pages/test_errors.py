"""Errors as pages, as fragments for htmx, and for programs: never with a traceback."""

from __future__ import annotations

import logging
import re
import shutil
from collections.abc import Iterable
from pathlib import Path

import pytest

from shop.catalog.model import Category, Offer, Page, Product, Query
from shop.errors import ConfigurationError, PaymentRefused, StoreUnavailable
from shop.resources import resource_dir
from shop.settings import Settings
from tests.fixtures.fixed_catalog import FixedCatalog, product
from tests.fixtures.shop_app import HTMX, Client, CountingCarts, MakeClient

SECRET = "4111-secret"


class BrokenCatalog(FixedCatalog):
    """Raises its `error`, if it has one, from every call."""

    def __init__(self, error: Exception | None, *products: Product) -> None:
        super().__init__(*products)
        self.error = error

    async def product(self, handle: str) -> Product | None:
        self._fail()
        return await super().product(handle)

    async def page(self, query: Query, language: str = "", currency: str = "") -> Page:
        self._fail()
        return await super().page(query, language, currency)

    async def categories(self) -> tuple[Category, ...]:
        self._fail()
        return await super().categories()

    async def offers(self, skus: Iterable[str], holder: str = "") -> dict[str, Offer]:
        self._fail()
        return await super().offers(skus, holder)

    def _fail(self) -> None:
        if self.error is not None:
            raise self.error


def logged(caplog: pytest.LogCaptureFixture) -> str:
    """The only error in the log."""
    (record,) = [record for record in caplog.records if record.levelno == logging.ERROR]
    return logging.Formatter().format(record)


async def test_an_unexpected_error_shows_a_reference_and_is_logged_with_its_traceback(
    make_client: MakeClient, caplog: pytest.LogCaptureFixture
) -> None:
    async with make_client(catalog=BrokenCatalog(RuntimeError("the shelf fell down"))) as shop:
        reply = await shop.get(f"/product/{SECRET}?note={SECRET}", headers={"Cookie": f"session={SECRET}"})

    assert reply.status_code == 500
    assert "Traceback" not in reply.text
    assert "the shelf fell down" not in reply.text
    reference = re.search(r"quote ([0-9a-f]{8})", reply.text)
    assert reference is not None
    message = logged(caplog)
    assert f"RuntimeError [{reference[1]}] at GET /product/{{handle}}" in message
    assert "Traceback (most recent call last):" in message
    assert re.search(r'test_errors\.py", line [0-9]+, in _fail\n +raise self\.error\n', message)
    assert message.rstrip().endswith("RuntimeError: the shelf fell down")
    assert SECRET not in message


async def test_the_log_has_the_causes_but_no_values_from_the_database(
    make_client: MakeClient, caplog: pytest.LogCaptureFixture
) -> None:
    refused = ValueError(f"violates a constraint\nDETAIL: Failing row contains ({SECRET}).")
    failed = ExceptionGroup("two tasks failed", [KeyError("mug"), refused])
    error = RuntimeError("no page")
    error.__cause__ = failed
    failed.__context__ = error
    async with make_client(catalog=BrokenCatalog(error)) as shop:
        assert (await shop.get("/product/x")).status_code == 500
    message = logged(caplog)
    order = ["KeyError: 'mug'", "ValueError: violates a constraint", "ExceptionGroup: two tasks failed"]
    places = [message.index(told) for told in (*order, "RuntimeError: no page")]
    assert places == sorted(places)
    assert SECRET not in message


@pytest.fixture
def templates(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the templates that the shop reads instead."""
    copy = tmp_path / "_resources/templates"
    shutil.copytree(resource_dir("templates"), copy)
    (tmp_path / "_resources/static").symlink_to(resource_dir("static"))
    monkeypatch.setattr("shop.resources.PACKAGE", tmp_path)
    return copy


async def test_an_undefined_name_in_an_include_is_logged_with_its_file_and_line(
    make_client: MakeClient, templates: Path, caplog: pytest.LogCaptureFixture
) -> None:
    file = templates / "cart/_line.html"
    text = file.read_text()
    line = text[: text.index("{{ line.total }}")].count("\n") + 1
    file.write_text(text.replace("{{ line.total }}", "{{ line.totl }}"))
    async with make_client() as shop:
        await shop.post("/cart", data={"product_id": "tide-mug"})
        reply = await shop.get(f"/cart?note={SECRET}", headers={"X-Note": SECRET})
        (session,) = [value for name, value in shop.cookies.items() if "session" in name]

    assert reply.status_code == 500
    message = logged(caplog)
    assert "Unexpected UndefinedError [" in message
    assert f'File "{file}", line {line}, in ' in message
    assert re.search(rf'{re.escape(str(templates))}/cart/_cart\.html", line [0-9]+, in block \'main\'', message)
    assert message.rstrip().endswith("has no attribute 'totl'")
    assert SECRET not in message
    assert session not in message


@pytest.mark.parametrize("path", ["/", "/product/x", "/about", "/?q=x"])
async def test_pages_say_that_the_database_is_unavailable(make_client: MakeClient, path: str) -> None:
    catalog = BrokenCatalog(StoreUnavailable("The shop's database does not answer."))
    async with make_client(catalog=catalog) as shop:
        reply = await shop.get(path)
        assert reply.status_code == 503
        assert int(reply.headers["retry-after"]) > 0
        assert "Please try again in a moment" in reply.text
        assert reply.headers["cache-control"] == "no-store"


async def test_cached_pages_survive_a_database_outage_and_the_others_recover(make_client: MakeClient) -> None:
    catalog = BrokenCatalog(None, product("mug"), product("jug"))
    async with make_client(catalog=catalog) as shop:
        kept = await shop.get("/product/mug")
        catalog.error = StoreUnavailable("away")
        assert (await shop.get("/product/mug")).text == kept.text
        assert (await shop.get("/product/jug")).status_code == 503
        catalog.error = None
        assert (await shop.get("/product/jug")).status_code == 200


async def test_a_database_that_never_answered_gives_an_error_page(make_client: MakeClient) -> None:
    settings = Settings(database_url="postgresql://nobody@127.0.0.1:1/none")
    async with make_client(settings=settings, catalog=None) as shop:
        assert (await shop.get("/")).status_code == 503
        assert (await shop.get("/healthz")).status_code == 200
        assert (await shop.get("/readyz")).status_code == 503


async def test_a_wrong_setting_is_logged_but_not_shown(
    make_client: MakeClient, caplog: pytest.LogCaptureFixture
) -> None:
    async with make_client(catalog=BrokenCatalog(ConfigurationError(f"DATABASE_URL: {SECRET}"))) as shop:
        reply = await shop.get("/")
    assert reply.status_code == 503
    assert SECRET not in reply.text
    assert SECRET in caplog.text


async def test_a_wrong_method_gets_the_allowed_ones(shop: Client) -> None:
    for method, path, allowed in (("GET", "/setCurrency", "POST"), ("POST", "/about", "GET"), ("PUT", "/cart", "POST")):
        reply = await shop.request(method, path)
        assert reply.status_code == 405
        assert allowed in reply.headers["allow"]
        assert "Nothing was changed" in reply.text


@pytest.mark.parametrize(
    ("accept", "kind", "start"),
    [
        ("text/html,application/xhtml+xml,*/*;q=0.8", "text/html; charset=utf-8", "<!doctype html>"),
        ("*/*", "text/html; charset=utf-8", "<!doctype html>"),
        ("application/json", "application/problem+json", '{"title":'),
        ("application/problem+json", "application/problem+json", '{"title":'),
        ("text/css", "text/plain; charset=utf-8", "We could not find that"),
        ("image/avif,image/webp", "text/plain; charset=utf-8", "We could not find that"),
    ],
)
async def test_each_client_gets_the_error_in_its_format(shop: Client, accept: str, kind: str, start: str) -> None:
    reply = await shop.get("/nothing", headers={"Accept": accept})
    assert reply.status_code == 404
    assert reply.headers["content-type"] == kind
    assert reply.text.lstrip().startswith(start)


async def test_htmx_gets_the_error_in_the_status_region(shop: Client) -> None:
    reply = await shop.get("/product/nothing", headers=HTMX)
    assert reply.status_code == 404
    assert reply.text.lstrip().startswith('<hx-partial hx-target="#status"')
    assert "We have no such product" in reply.text


async def test_a_missing_page_has_search_and_links(shop: Client) -> None:
    await shop.get("/")
    page = (await shop.get("/nothing")).text.partition('class="wrong"')[2].partition("</main>")[0]
    assert '<input id="wanted" type="search" name="q"' in page
    for path in ("/?category=", "/cart", "/help"):
        assert f'href="{path}' in page
    assert "Try again" not in page


async def test_only_a_page_load_can_be_retried(make_client: MakeClient) -> None:
    async with make_client(catalog=BrokenCatalog(StoreUnavailable("away"))) as shop:
        again = '<a class="button" href="">Try again</a>'
        assert again in (await shop.get("/?q=x")).text
        assert again not in (await shop.post("/cart", data={"product_id": "x"})).text


async def test_an_unavailable_cart_store_has_its_own_message(make_client: MakeClient) -> None:
    class AwayCarts(CountingCarts):
        async def apply(self, cart_id: str, change: object) -> object:  # type: ignore[override]
            raise StoreUnavailable("Your cart cannot be reached.")

    async with make_client(carts=AwayCarts()) as shop:
        for headers in (HTMX, {}):
            reply = await shop.post("/cart", data={"product_id": "tide-mug"}, headers=headers)
            assert reply.status_code == 503
            assert "Your cart cannot be reached." in reply.text
            assert "set-cookie" not in reply.headers


async def test_a_conflict_has_its_own_message(make_client: MakeClient) -> None:
    async with make_client(
        catalog=BrokenCatalog(PaymentRefused("Payment K is captured; it cannot be let go."))
    ) as shop:
        reply = await shop.get("/product/x")
    assert reply.status_code == 409
    assert "it cannot be let go" in reply.text


async def test_an_error_page_is_compressed(shop: Client) -> None:
    reply = await shop.get("/nowhere", headers={"Accept-Encoding": "gzip"})
    assert reply.headers["content-encoding"] == "gzip"
    assert "We could not find that" in reply.text
    plain = await shop.get("/nowhere", headers={"Accept-Encoding": "identity"})
    assert "content-encoding" not in plain.headers
    assert plain.text == reply.text
