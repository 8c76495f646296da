"""Validation of e-mail addresses."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shop.checkout.mail.address import ascii_address, read_email
from shop.errors import InvalidInput


@pytest.mark.parametrize(
    ("typed", "address"),
    [
        ("kim@example.org", "kim@example.org"),
        (" Kim.Lee+neap@Mail.Example.ORG ", "Kim.Lee+neap@mail.example.org"),
        ("o'neil_1@a-b.example", "o'neil_1@a-b.example"),
        ("kim@bücher.example", "kim@bücher.example"),
        ("kim@xn--bcher-kva.example", "kim@xn--bcher-kva.example"),
        ("k" * 64 + "@example.org", "k" * 64 + "@example.org"),
    ],
)
def test_an_address_is_taken_as_it_was_typed(typed: str, address: str) -> None:
    assert read_email(typed) == address


@pytest.mark.parametrize(
    "typed",
    [
        "",
        "kim",
        "kim@",
        "@example.org",
        "kim@example",
        "kim@@example.org",
        "kim@lee@example.org",
        "kim lee@example.org",
        "kim@exam ple.org",
        "kim@example..org",
        "kim@.example.org",
        "kim@example.org.",
        "kim@-example.org",
        "kim@exa_mple.org",
        "kim@example.o",
        "kim\x00@example.org",
        "kim\n@example.org",
        "kim@example.org\nBcc: all@example.org",
        "Kim <kim@example.org>",
        "kim@example.org,lee@example.org",
        '"kim"@example.org',
        "küm@example.org",
        "k" * 65 + "@example.org",
        "kim@" + "e" * 64 + ".org",
        "kim@" + ".".join(["example"] * 32) + ".org",
        "kim@[127.0.0.1]",
    ],
)
def test_invalid_addresses_are_refused(typed: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        read_email(typed)
    assert refused.value.field == "email"


@given(st.text(max_size=300))
def test_valid_addresses_convert_to_ascii_and_stay_valid(typed: str) -> None:
    try:
        address = read_email(typed)
    except InvalidInput:
        return
    assert read_email(address) == address
    wire = ascii_address(address)
    assert wire.isascii()
    assert wire.isprintable()
    assert " " not in wire
    assert wire.count("@") == 1


@given(st.from_regex(r"[a-z.+]{1,10}@[a-zà-öø-ÿ]{1,10}\.[a-z]{2,5}", fullmatch=True))
def test_addresses_that_look_like_it_are_taken(typed: str) -> None:
    assert read_email(typed) == typed
