"""The shop's origin, from the settings or the request's Host header."""

from __future__ import annotations

from typing import Any, cast

import pytest

from shop.web.http.origin import email_origin, origin_of
from shop.web.http.request import ShopRequest


def a_request(host: str) -> ShopRequest:
    scope = {"headers": [(b"host", host.encode())], "scheme": "http", "path": "/"}
    return ShopRequest(cast("Any", scope))


def test_the_public_url_overrides_the_host_header() -> None:
    assert origin_of(a_request("evil.example"), "https://shop.example") == "https://shop.example"


@pytest.mark.parametrize("host", ["shop.test", "127.0.0.1:8000", "[::1]:8000"])
def test_without_a_public_url_the_host_header_counts(host: str) -> None:
    assert origin_of(a_request(host), "") == f"http://{host}"


@pytest.mark.parametrize("host", ["", "evil.example/<script>", "a b", "x@y", "shop.test\r\nX: y"])
def test_a_malformed_host_header_is_ignored(host: str) -> None:
    assert origin_of(a_request(host), "") == ""


@pytest.mark.parametrize(
    ("public_url", "sends_email", "origin"),
    [
        ("https://shop.example", True, "https://shop.example"),
        ("https://shop.example", False, "https://shop.example"),
        ("", False, "http://evil.example"),
        ("", True, ""),
    ],
)
def test_an_email_that_is_sent_never_links_to_the_host_header(public_url: str, sends_email: bool, origin: str) -> None:
    assert email_origin(a_request("evil.example"), public_url, sends_email=sends_email) == origin
