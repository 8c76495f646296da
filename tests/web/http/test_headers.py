"""Every response has the security headers, whatever its status."""

from __future__ import annotations

import pytest

from tests.fixtures.fixed_catalog import FixedCatalog
from tests.fixtures.shop_app import HTMX, Client, MakeClient
from tests.web.pages.test_errors import BrokenCatalog

REQUESTS = [
    ("GET", "/", {}, 200),
    ("GET", "/cart", HTMX, 200),
    ("GET", "/static/css/shop.css", {}, 200),
    ("GET", "/metrics", {}, 404),
    ("GET", "/sitemap.xml", {}, 200),
    ("POST", "/cart/empty", {}, 303),
    ("POST", "/cart", {"Sec-Fetch-Site": "cross-site"}, 403),
    ("GET", "/nothing", {}, 404),
    ("PUT", "/", {}, 405),
    ("OPTIONS", "/", {}, 204),
    ("POST", "/setCurrency", {}, 422),
    ("GET", "/", {"Host": "b@d host"}, 400),
]


def assert_safe(headers: dict[str, str]) -> None:
    policy = headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert "frame-ancestors 'none'" in policy
    assert "form-action 'self'" in policy
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "strict-origin-when-cross-origin"
    assert "camera=()" in headers["permissions-policy"]
    assert headers["cross-origin-opener-policy"] == "same-origin"
    assert headers["cross-origin-resource-policy"] == "same-origin"
    assert "strict-transport-security" not in headers


@pytest.mark.parametrize(("method", "path", "headers", "status"), REQUESTS)
async def test_every_response_has_the_security_headers(
    shop: Client, method: str, path: str, headers: dict[str, str], status: int
) -> None:
    reply = await shop.request(method, path, headers=headers)
    assert reply.status_code == status
    assert_safe(dict(reply.headers))


@pytest.mark.parametrize(("error", "status"), [(RuntimeError("x"), 500)])
async def test_server_errors_have_the_security_headers(make_client: MakeClient, error: Exception, status: int) -> None:
    catalog: FixedCatalog = BrokenCatalog(error)
    async with make_client(catalog=catalog) as shop:
        reply = await shop.get("/")
    assert reply.status_code == status
    assert_safe(dict(reply.headers))


async def test_hsts_is_sent_under_https(make_client: MakeClient) -> None:
    async with make_client("https://shop.test") as shop:
        for path in ("/", "/nothing"):
            assert "max-age=" in (await shop.get(path)).headers["strict-transport-security"]


async def test_no_page_needs_inline_script_or_style(shop: Client) -> None:
    for path in ("/", "/product/throw", "/cart", "/about", "/help", "/logout", "/nothing"):
        text = (await shop.get(path)).text
        assert " style=" not in text
        assert " onclick=" not in text
        assert "<style" not in text
        assert text.count("<script") == text.count("<script src=") + text.count('<script type="application/ld+json">')
