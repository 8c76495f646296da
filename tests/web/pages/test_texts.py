"""The about and help pages: anchors, and the same delivery costs as the checkout."""

from __future__ import annotations

import re

import pytest

from shop.resources import resource_dir
from tests.fixtures.shop_app import Client

LINKS = sorted(
    {
        link
        for template in resource_dir("templates").rglob("*.html")
        for link in re.findall(r"[\"'](/(?:help|about)#[^\"']+)[\"']", template.read_text())
    }
)


def ids(page: str) -> list[str]:
    return re.findall(r'\sid="([^"]+)"', page)


@pytest.mark.parametrize("link", LINKS)
async def test_links_to_answers_have_a_target(shop: Client, link: str) -> None:
    path, _, name = link.partition("#")
    assert name in ids((await shop.get(path)).text)


@pytest.mark.parametrize("path", ["/help", "/about"])
async def test_each_answer_has_its_own_anchor(shop: Client, path: str) -> None:
    page = (await shop.get(path)).text
    known = ids(page)
    assert len(known) == len(set(known))
    assert set(re.findall(r'href="#([^"]+)"', page)) <= set(known)
    words = page.partition('class="prose')[2].partition("</article>")[0]
    assert all(" id=" in heading for heading in re.findall(r"<h[23][^>]*>", words))


async def test_delivery_costs_match_the_checkout_in_the_shoppers_currency(shop: Client) -> None:
    def ways(page: str) -> list[tuple[str, ...]]:
        return re.findall(r'<th scope="row">([^<]+)</th><td>([^<]+)</td><td>([^<]+)</td>', page)

    assert ways((await shop.get("/help")).text)[:2] == [
        ("Standard, 3 to 5 working days", "€4.90", "€60.00"),
        ("Express, 1 to 2 working days", "€12.90", "–"),
    ]
    shop.cookies.set("currency", "JPY")
    assert all(price.startswith("¥") for _, price, _ in ways((await shop.get("/help")).text))


async def test_an_icon_is_where_old_programs_look(shop: Client) -> None:
    reply = await shop.get("/favicon.ico")
    assert (reply.status_code, reply.headers["content-type"]) == (200, "image/png")
    assert reply.content.startswith(b"\x89PNG")
