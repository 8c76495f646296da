"""Properties of a request, from its headers and cookies."""

from __future__ import annotations

import pytest
from litestar.testing import RequestFactory

from shop.web.http.request import ShopRequest, parse_cookies


def visit(**headers: str) -> ShopRequest:
    return ShopRequest(
        RequestFactory().get(headers={name.replace("_", "-"): text for name, text in headers.items()}).scope
    )


@pytest.mark.parametrize(
    ("header", "cookies"),
    [
        (b"", {}),
        (b"a=1; b=2", {"a": "1", "b": "2"}),
        (b"a=1;b=2;", {"a": "1", "b": "2"}),
        (b"a=first; a=second", {"a": "first"}),
        (b"a=x=y; nothing; =z", {"a": "x=y", "": "z"}),
        (b"\xff=\xfe", {"ÿ": "þ"}),
    ],
)
def test_cookies(header: bytes, cookies: dict[str, str]) -> None:
    assert parse_cookies(header) == cookies


def test_only_htmx_gets_fragments() -> None:
    assert visit(HX_Request="true", HX_Request_Type="partial").wants_fragment
    assert visit(HX_Request="true").wants_fragment
    assert not visit().wants_fragment
    assert not visit(HX_Request="false").wants_fragment
    assert not visit(HX_Request="true", HX_Request_Type="full").wants_fragment
    assert not visit(HX_Request="true", HX_Boosted="true").wants_fragment
