"""The style guide: for developers, not for customers."""

from __future__ import annotations

from shop.settings import Settings
from tests.fixtures.shop_app import Client, MakeClient

COMPONENTS = ["button", "card", "price", "stepper", "badge", "label", "notice", "toast", "table", "pager", "facet"]
COMPONENTS += ["breadcrumb", "empty", "skeleton", "swatch", "field", "alert", "progress", "tile", "chosen", "error"]


async def test_the_page_shows_every_component(shop: Client) -> None:
    reply = await shop.get("/styleguide")
    assert reply.status_code == 200
    assert '<meta name="robots" content="noindex">' in reply.text
    for component in COMPONENTS:
        assert f'class="{component}' in reply.text, component


async def test_the_page_shows_the_contrast_of_the_colours(shop: Client) -> None:
    text = (await shop.get("/styleguide")).text
    assert "#1F2B2A" in text
    assert "13.30 14.37 11.76" in text


async def test_a_public_shop_has_no_style_guide(make_client: MakeClient) -> None:
    async with make_client("https://shop.example", settings=Settings(public_url="https://shop.example")) as public:
        assert (await public.get("/styleguide")).status_code == 404
