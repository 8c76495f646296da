from __future__ import annotations

import io
import json
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shop.cart import jsonl
from shop.cart.model import Cart, Change, Line, Removed, apply
from shop.errors import InvalidInput
from shop.money import Money
from tests.fixtures.carts import LIMITS, changes, ids

ADA: dict[str, Any] = {
    "id": "ada",
    "revision": 3,
    "changed_at": 30,
    "lines": [
        {
            "sku": "mug",
            "quantity": 2,
            "price": {"amount": 1900, "currency": "EUR"},
            "added_at": 10,
            "saved": True,
        }
    ],
    "removed": {
        "change": "33" * 8,
        "at": 30,
        "lines": [
            {
                "index": 1,
                "line": {
                    "sku": "bowl",
                    "quantity": 1,
                    "price": {"amount": 3210, "currency": "JPY"},
                    "added_at": 20,
                    "saved": False,
                },
            }
        ],
    },
    "changes": ["31" * 8, "32" * 8, "33" * 8],
}
MUG = ADA["lines"][0]


def test_a_line_contains_the_whole_cart() -> None:
    bowl = Line("bowl", 1, Money(3210, "JPY"), 20)
    cart = Cart(
        id="ada",
        revision=3,
        lines=(Line("mug", 2, Money(1900, "EUR"), 10, saved=True),),
        removed=Removed(b"3" * 8, 30, ((1, bowl),)),
        changes=b"1" * 8 + b"2" * 8 + b"3" * 8,
        changed_at=30,
    )
    assert json.loads(jsonl.encode(cart)) == ADA
    assert jsonl.decode(json.dumps(ADA).encode()) == cart
    with_coupon = msgspec.structs.replace(cart, coupon="SPRING")
    assert json.loads(jsonl.encode(with_coupon)) == {**ADA, "coupon": "SPRING"}
    assert jsonl.decode(jsonl.encode(with_coupon)) == with_coupon


@given(st.data())
def test_an_encoded_cart_decodes_to_the_same_cart(data: st.DataObject) -> None:
    known = data.draw(st.lists(ids, min_size=1, max_size=3))
    cart = Cart(data.draw(st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=40)))
    for change in data.draw(st.lists(changes(known), max_size=12)):
        cart = changed(cart, change)
    if cart.revision:
        assert jsonl.decode(jsonl.encode(cart)) == cart
        assert b"\n" not in jsonl.encode(cart)


def changed(cart: Cart, change: Change) -> Cart:
    try:
        return apply(cart, change, LIMITS)
    except InvalidInput:
        return cart


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"id": ""}, "length >= 1"),
        ({"revision": 0}, ">= 1"),
        ({"revision": 2**32}, "4294967295"),
        ({"changed_at": -1}, ">= 0"),
        ({"changes": []}, "length >= 1"),
        ({"changes": ["0011"] * 2}, r"changes\[0\]"),
        ({"changes": ["0" * 16] * 257}, "length <= 256"),
        ({"lines": [MUG, MUG]}, "two lines have the same sku"),
        ({"lines": [{**MUG, "quantity": 0}]}, r"lines\[0\].quantity"),
        ({"lines": [{**MUG, "quantity": 60_001}]}, r"lines\[0\].quantity"),
        ({"lines": [{**MUG, "sku": "ü" * 128}]}, "255 bytes"),
        ({"lines": [{**MUG, "price": {"amount": 2**40, "currency": "EUR"}}]}, "amount"),
        ({"lines": [{**MUG, "price": {"amount": 1, "currency": "euro"}}]}, "currency"),
        ({"coupon": "spring"}, r"coupon"),
        ({"coupon": "SPRING\n"}, r"coupon"),
        ({"colour": "blue"}, "unknown field `colour`"),
    ],
)
def test_a_cart_that_no_store_can_store_is_refused(given: dict[str, Any], words: str) -> None:
    jsonl.decode(json.dumps(ADA).encode())
    with pytest.raises(ValueError, match=words):
        jsonl.decode(json.dumps({**ADA, **given}).encode())


def test_bad_lines_are_reported_by_number() -> None:
    good = json.dumps(ADA).encode()
    file = io.BytesIO(b"\n".join([good, b"", b"{", good, b"\xff\xff", good[:-1]]))
    told = {number: type(cart) for number, cart in jsonl.read(file)}
    assert {number for number, kind in told.items() if issubclass(kind, ValueError)} == {3, 5, 6}
    assert {number for number, kind in told.items() if kind is Cart} == {1, 4}
