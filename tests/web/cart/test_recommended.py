"""Recommendations for a cart: cached, with a timeout, and without error messages."""

from __future__ import annotations

import asyncio
import re

import pytest

from shop.catalog.model import Listing, Product, Query
from shop.errors import StoreUnavailable
from shop.web.cart.recommended import DEADLINE, recommendations
from tests.fixtures.fixed_catalog import FixedCatalog, product
from tests.fixtures.shop_app import HTMX, Client, CountingCarts, MakeClient

SLOT = re.compile(r'data-hx-get="(/recommended[^"]*)"')


class SlowCatalog(FixedCatalog):
    """Answers `related` once its event `knows` is set."""

    def __init__(self, *products: Product) -> None:
        super().__init__(*products)
        self.knows = asyncio.Event()

    async def related(self, handle: str) -> tuple[Listing, ...]:
        await self.knows.wait()
        return await super().related(handle)


class BrokenCatalog(FixedCatalog):
    """Raises its `error` from `related`."""

    error: Exception

    async def related(self, handle: str) -> tuple[Listing, ...]:
        raise self.error


@pytest.fixture
def catalog() -> FixedCatalog:
    return FixedCatalog(
        product("tide-mug"), product("last-jug"), product("reed-vase"), product("gone-bowl", stock=0), product("tray")
    )


@pytest.fixture
async def full(shop: Client) -> Client:
    """A shopper who added a mug, then a jug."""
    for handle in ("tide-mug", "last-jug"):
        await shop.post("/cart", data={"product_id": handle})
    return shop


def titles(text: str) -> list[str]:
    return re.findall(r'recommended__link" href="[^"]*">([^<]*)<', text)


async def test_the_cart_and_the_drawer_have_the_url_of_their_recommendations(full: Client) -> None:
    page = (await full.get("/cart")).text
    assert SLOT.findall(page) == ["/recommended?handles=last-jug,tide-mug"]
    added = (await full.post("/cart", data={"product_id": "tray"}, headers=HTMX)).text
    assert SLOT.findall(added) == ["/recommended?handles=tray,last-jug,tide-mug"]
    quantity = (await full.post("/cart/lines/TRAY", data={"quantity": "3"}, headers=HTMX)).text
    assert set(SLOT.findall(quantity)) == {"/recommended?handles=tray,last-jug,tide-mug"}, "a quantity asks nothing new"


async def test_an_empty_cart_has_no_recommendations(full: Client) -> None:
    assert SLOT.search((await full.post("/cart/empty", headers=HTMX)).text) is None


async def test_items_in_the_cart_or_sold_out_are_not_recommended(full: Client) -> None:
    reply = await full.get("/recommended?handles=last-jug,tide-mug", headers=HTMX)
    assert titles(reply.text) == ["Reed Vase", "Tray"]
    assert "set-cookie" not in reply.headers


async def test_recommendations_are_cached_and_read_no_cart(full: Client, carts: CountingCarts) -> None:
    path = "/recommended?handles=last-jug"
    first = await full.get(path)
    carts.calls.clear()
    again = await full.get(path, headers={"If-None-Match": first.headers["etag"]})
    assert again.status_code == 304
    assert not carts.calls


async def test_an_add_from_the_cart_page_updates_the_cart(full: Client) -> None:
    here = HTMX | {"HX-Current-URL": "http://shop.test/cart"}
    reply = await full.post("/cart", data={"product_id": "tray"}, headers=here)
    assert 'hx-target="#cart"' in reply.text
    assert "Added Tray." in reply.text
    for elsewhere in ("http://shop.test/", "http://[", "/cartoon"):
        reply = await full.post("/cart", data={"product_id": "tray"}, headers=HTMX | {"HX-Current-URL": elsewhere})
        assert 'hx-target="#cart"' not in reply.text


async def test_any_handles_are_answered(shop: Client) -> None:
    for query in ("", "?handles=", "?handles=no-such", "?handles=%ff", "?handles=" + "x" * 5000):
        assert (await shop.get(f"/recommended{query}")).status_code == 200


async def test_a_slow_catalogue_times_out(make_client: MakeClient) -> None:
    catalog = SlowCatalog(product("tide-mug"), product("tray"))
    async with make_client(catalog=catalog) as shop:
        began = asyncio.get_running_loop().time()
        reply = await shop.get("/recommended?handles=tide-mug", headers=HTMX)
        waited = asyncio.get_running_loop().time() - began
        assert (reply.status_code, reply.content) == (204, b"")
        assert DEADLINE <= waited < DEADLINE + 1
        assert (await shop.get("/cart")).status_code == 200
        catalog.knows.set()
        assert titles((await shop.get("/recommended?handles=tide-mug", headers=HTMX)).text) == ["Tray"]


@pytest.mark.parametrize("error", [StoreUnavailable("away"), RuntimeError("broken")])
async def test_a_failing_catalogue_gives_no_recommendations(make_client: MakeClient, error: Exception) -> None:
    catalog = BrokenCatalog(product("tide-mug"))
    catalog.error = error
    async with make_client(catalog=catalog) as shop:
        reply = await shop.get("/recommended?handles=tide-mug", headers=HTMX)
    assert (reply.status_code, reply.content) == (204, b"")


async def test_recommendations_alternate_between_products() -> None:
    of = {listing.handle: listing for listing in (await FixedCatalog(*map(product, "abcdefg")).page(Query())).listings}
    mug, jug = (of["a"], of["b"], of["c"]), (of["c"], of["d"], of["e"], of["f"], of["g"])
    assert [each.handle for each in recommendations([mug, jug], ("a",))] == ["c", "b", "d", "e"]
