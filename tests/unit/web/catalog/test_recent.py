"""Products that a page asks for by name: what may be asked has no end, what is kept of the answers has."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import pytest
from litestar.types import HTTPScope

from shop.web.cart.recommended import RecommendedHandlers
from shop.web.catalog import recent
from shop.web.catalog.recent import RecentHandlers, handles_of
from shop.web.http.request import ShopRequest
from shop.web.render.storefront import Storefront
from tests.fixtures.fixed_catalog import FixedCatalog, product
from tests.fixtures.storefront import a_storefront


def asking(handles: str) -> ShopRequest:
    scope = {"type": "http", "method": "GET", "path": "/", "scheme": "http", "headers": []}
    named: HTTPScope = {**scope, "query_string": f"handles={handles}".encode()}  # type: ignore[typeddict-item]
    return ShopRequest(named)


@pytest.mark.parametrize(
    ("kind", "handle"), [(RecentHandlers, "bowl"), (partial(RecommendedHandlers, deadline=60), "mug")]
)
async def test_the_same_cards_are_kept_once_however_they_were_asked_for(
    kind: Callable[[Storefront], RecentHandlers | RecommendedHandlers], handle: str
) -> None:
    site, _ = a_storefront(FixedCatalog(product("mug"), product("bowl"), product("tray")))
    page = kind(site)
    sizes = []
    for made_up in ("", *(f",{letter * 200}" for letter in "abcdefgh")):
        reply = await page.show(asking(f"{handle}{made_up}"))
        assert b"Bowl" in reply.body
        sizes.append((len(site.pages), site.pages.bytes))
    assert set(sizes) == {sizes[0]}


def test_only_what_can_be_a_handle_is_asked_for() -> None:
    asked = b"handles=mug,%00,a%0Ab," + b"x" * 256 + b",%7F,bowl,mug,%EF%BF%BF"
    assert handles_of(asked) == ("mug", "bowl", "\uffff")


def test_what_is_too_long_is_neither_read_nor_remembered() -> None:
    before = recent._handles.cache_info().currsize
    for letter in b"abcdefgh":
        assert handles_of(b"handles=mug," + bytes([letter]) * 2000) == ()
    assert recent._handles.cache_info().currsize <= before + 1
