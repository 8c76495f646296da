"""Browse pages in a shared cache: nobody is sent what is another's."""

from __future__ import annotations

import pytest
from httpx import Response

from shop.settings import Settings
from tests.fixtures.shop_app import HTMX, Client, MakeClient

BROWSE = ("/", "/?q=mug", "/product/tide-mug", "/help")
PERSONAL = ("/cart", "/checkout", "/order", "/logout")
GERMAN = {"Accept-Language": "de"}


class SharedCache:
    """Keeps what RFC 9111 lets a shared cache keep, by address and the headers that Vary names."""

    def __init__(self) -> None:
        self.hits = 0
        self._kept: dict[str, list[tuple[dict[str, str], Response]]] = {}

    async def get(self, visitor: Client, path: str, headers: dict[str, str] | None = None) -> Response:
        asked = visitor.build_request("GET", path, headers=headers)
        for chosen_by, reply in self._kept.get(path, []):
            if all(asked.headers.get(name, "") == value for name, value in chosen_by.items()):
                self.hits += 1
                return reply
        reply = await visitor.send(asked)
        if "s-maxage" in reply.headers["cache-control"]:
            assert "set-cookie" not in reply.headers
            named = {name: asked.headers.get(name, "") for name in reply.headers["vary"].split(", ")}
            self._kept.setdefault(path, []).append((named, reply))
        return reply


def edge_settings(seconds: int = 10) -> Settings:
    return Settings(languages="en de", edge_seconds=seconds)


async def test_visitors_share_a_page_and_shoppers_have_their_own(make_client: MakeClient) -> None:
    edge = SharedCache()
    async with make_client(settings=edge_settings()) as shopper, make_client(settings=edge_settings()) as visitor:
        await shopper.post("/cart", data={"product_id": "tide-mug", "quantity": "7"})
        await shopper.post("/setCurrency", data={"currency_code": "JPY"})
        for path in BROWSE:
            own = await edge.get(shopper, path)
            assert ">7</span" in own.text
            common = await edge.get(visitor, path)
            assert ">7</span" not in common.text
            assert "¥" not in common.text
            assert await edge.get(visitor, path) is common
            assert (await edge.get(shopper, path)).text == own.text
        assert edge.hits == len(BROWSE), "nothing of the shopper was kept"
        german = await edge.get(visitor, "/", headers=GERMAN)
        assert 'lang="de"' in german.text
        assert await edge.get(visitor, "/", headers=GERMAN) is german


@pytest.mark.parametrize("path", BROWSE)
async def test_a_page_is_kept_only_without_cookies(make_client: MakeClient, path: str) -> None:
    async with make_client(settings=edge_settings()) as shop:
        assert (await shop.get(path)).headers["cache-control"] == "public, max-age=0, s-maxage=10"
        assert (await shop.get(path, headers={"Cookie": "a=b"})).headers["cache-control"] == "private, no-cache"
        for name in ("Cookie", "Accept-Language", "HX-Request", "Accept-Encoding", "Available-Dictionary"):
            assert name in (await shop.get(path)).headers["vary"]


async def test_a_page_that_sets_a_cookie_is_not_kept(make_client: MakeClient) -> None:
    async with make_client(settings=edge_settings()) as shop:
        reply = await shop.get("/?lang=de")
    assert reply.headers["set-cookie"]
    assert reply.headers["cache-control"] == "private, no-cache"


@pytest.mark.parametrize("headers", [{}, HTMX])
async def test_what_is_personal_is_never_kept(make_client: MakeClient, headers: dict[str, str]) -> None:
    async with make_client(settings=edge_settings()) as shop:
        for path in PERSONAL:
            assert "public" not in (await shop.get(path, headers=headers)).headers["cache-control"], path


async def test_without_the_setting_no_page_is_kept(make_client: MakeClient) -> None:
    async with make_client(settings=edge_settings(0)) as shop:
        assert (await shop.get("/")).headers["cache-control"] == "private, no-cache"
