"""Validation of e-mail addresses."""

from __future__ import annotations

from email.headerregistry import Address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shop.checkout.mail.address import KNOWN_DOMAINS, ascii_address, mailbox, read_email, suggested_email
from shop.checkout.mail.outbox import Email
from shop.checkout.mail.smtp import mime_message
from shop.errors import InvalidInput


@pytest.mark.parametrize(
    ("typed", "address"),
    [
        ("kim@example.org", "kim@example.org"),
        (" Kim.Lee+neap@Mail.Example.ORG ", "Kim.Lee+neap@mail.example.org"),
        ("o'neil_1@a-b.example", "o'neil_1@a-b.example"),
        ("kim@bücher.example", "kim@bücher.example"),
        ("kim@BÜCHER.example", "kim@bücher.example"),
        ("kim@xn--bcher-kva.example", "kim@bücher.example"),
        ("kim@example。org", "kim@example.org"),
        ("\u200ekim@example.org\u200b", "kim@example.org"),
        ("kim＠example．org", "kim@example.org"),
        ("kim@ex\u00adample.org", "kim@example.org"),
        ("k" * 64 + "@example.org", "k" * 64 + "@example.org"),
    ],
)
def test_an_address_has_one_normal_form(typed: str, address: str) -> None:
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
        "kim..lee@example.org",
        ".kim@example.org",
        "kim.@example.org",
        "kim@1.23",
        "kim@shop.local",
        "kim@example.invalid",
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
    email = Email(id="placed:1", recipient=address, subject="Your order", plain="Thank you.", html="<p>Thank you.</p>")
    assert str(mime_message(email, Address("Neap", addr_spec="orders@neap.example"))["To"]) == wire, (
        "the sender can write it"
    )


@given(st.from_regex(r"[a-z+]{1,10}@[a-zà-öø-ÿ]{1,10}\.[a-z]{2,5}", fullmatch=True))
def test_addresses_that_look_like_it_are_taken(typed: str) -> None:
    assert read_email(typed) == typed


@pytest.mark.parametrize(
    ("address", "wire"),
    [
        ("kim@straße.de", "kim@xn--strae-oqa.de"),
        ("kim@faß.de", "kim@xn--fa-hia.de"),
        ("kim@βόλος.gr", "kim@xn--nxasmm1c.gr"),
        ("kim@münchen.de", "kim@xn--mnchen-3ya.de"),
    ],
)
def test_a_letter_goes_to_the_domain_that_was_typed(address: str, wire: str) -> None:
    assert ascii_address(read_email(address)) == wire


def test_spellings_of_one_mailbox_are_equal() -> None:
    spellings = ("kim@münchen.de", "KIM@MÜNCHEN.DE", "kim@xn--mnchen-3ya.de", " kim@münchen。de\u200b")
    assert len({mailbox(spelling) for spelling in spellings}) == 1
    assert mailbox("kim@straße.de") != mailbox("kim@strasse.de")
    assert mailbox(" Not An Address ") == "not an address"


@pytest.mark.parametrize(
    ("address", "meant"),
    [
        ("kim@gmial.com", "kim@gmail.com"),
        ("kim@gmail.con", "kim@gmail.com"),
        ("kim@gmail.co", "kim@gmail.com"),
        ("kim@hotmial.com", "kim@hotmail.com"),
        ("kim@outlok.com", "kim@outlook.com"),
        ("kim@yaho.com", "kim@yahoo.com"),
        ("kim@icloud.cm", "kim@icloud.com"),
        ("kim@example.org", ""),
        *((f"kim@{domain}", "") for domain in sorted(KNOWN_DOMAINS)),
    ],
)
def test_a_mistyped_domain_has_a_suggestion(address: str, meant: str) -> None:
    assert suggested_email(address) == meant
