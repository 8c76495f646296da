"""The shop's own address, from settings or from what a request says."""

from __future__ import annotations

from typing import Any, cast

import pytest

from shop.web.http.origin import email_origin, origin_of
from shop.web.http.request import ShopRequest


def a_visit(host: str) -> ShopRequest:
    scope = {"headers": [(b"host", host.encode())], "scheme": "http", "path": "/"}
    return ShopRequest(cast("Any", scope))


def test_the_public_address_counts_whatever_a_request_says() -> None:
    assert origin_of(a_visit("evil.example"), "https://shop.example/") == "https://shop.example"


@pytest.mark.parametrize("host", ["shop.test", "127.0.0.1:8000", "[::1]:8000"])
def test_else_it_is_the_host_that_was_asked(host: str) -> None:
    assert origin_of(a_visit(host), "") == f"http://{host}"


@pytest.mark.parametrize("host", ["", "evil.example/<script>", "a b", "x@y", "shop.test\r\nX: y"])
def test_what_is_no_host_is_nothing(host: str) -> None:
    assert origin_of(a_visit(host), "") == ""


@pytest.mark.parametrize(
    ("public_url", "writes", "origin"),
    [
        ("https://shop.example", True, "https://shop.example"),
        ("https://shop.example", False, "https://shop.example"),
        ("", False, "http://evil.example"),
        ("", True, ""),
    ],
)
def test_a_letter_that_is_sent_never_links_to_where_a_request_says(public_url: str, writes: bool, origin: str) -> None:
    assert email_origin(a_visit("evil.example"), public_url, sends_email=writes) == origin
