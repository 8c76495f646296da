import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shop.cart import codec
from shop.cart.model import COUPON, MOST_REMOVALS, Cart, Line, Removed, removed_of
from shop.money import Money
from tests.fixtures.carts import ids, prices, skus, times

lines = st.builds(Line, skus, st.integers(1, 65535), prices, times, st.booleans())
indexed = st.tuples(st.integers(0, 65535), lines)
removals = st.builds(Removed, ids, times, st.lists(indexed, min_size=1).map(tuple))
removed = st.lists(removals, min_size=1, max_size=MOST_REMOVALS).map(removed_of)
carts = st.builds(
    Cart,
    st.just("c"),
    st.integers(0, 2**32 - 1),
    st.lists(lines).map(tuple),
    st.none() | removed,
    st.lists(ids).map(b"".join),
    times,
    st.from_regex(COUPON, fullmatch=True),
)


@given(carts)
def test_an_encoded_cart_decodes_to_the_same_cart(cart: Cart) -> None:
    assert codec.decode("c", codec.encode(cart)) == cart


def test_a_three_line_cart_is_small() -> None:
    three = tuple(Line(f"TIDE-MUG-{n}", n, Money(1900, "EUR"), 1_800_000_000) for n in range(1, 4))
    assert len(codec.encode(Cart("c", 3, three, None, bytes(24), 1_800_000_000))) <= 128


def test_bytes_of_another_version_are_not_misread() -> None:
    with pytest.raises(ValueError, match="version 9"):
        codec.decode("c", b"\x09" + bytes(20))


def test_bytes_of_a_later_release_are_told_from_bytes_that_are_no_cart() -> None:
    data = codec.encode(Cart("c", 1, (Line("mug", 1, Money(1900, "EUR"), 5),), None, b"1" * 8, 7, "SPRING"))
    for version in range(codec.VERSION + 1, 16):
        with pytest.raises(codec.NewerCart):
            codec.decode("c", bytes((version,)) + data[1:])
    wrong = [b"", b"\x00" + data[1:], b"\x10" + data[1:], b'{"items": []}', data[:-6] + b"spring", data[:-1] + b"\xff"]
    for no_cart in (*wrong, *(data[:size] for size in range(13, len(data) - 43))):
        with pytest.raises(codec.UnreadableCart) as refused:
            codec.decode("c", no_cart)
        assert refused.value.data == no_cart


def test_only_a_cart_with_several_removals_is_beyond_earlier_releases() -> None:
    bowl, mug = (Removed(b"3" * 8, 7, ((0, Line(sku, 1, Money(1, "EUR"), 5)),)) for sku in ("bowl", "mug"))
    one, two = (Cart("c", 1, (), removed_of(each), b"1" * 8, 7, "SPRING") for each in ([bowl], [bowl, mug]))
    assert [codec.encode(cart)[0] for cart in (one, two)] == [1, 2]


BEFORE_COUPONS = (
    "01" "00000003" "6b49d203" "0003" "0001" "1111111111111111" "2222222222222222" "3333333333333333"
    "036d7567" "0002" "00" "000000076c" "455552" "6b49d201"
    "3333333333333333" "6b49d203" "0001" "0000" "04626f776c" "0001" "01" "0000000c8a" "4a5059" "6b49d202"
)  # fmt: skip
"""A cart written by a release that did not know coupons."""


def test_the_format_of_a_cart_without_a_coupon_has_not_changed() -> None:
    bowl = Line("bowl", 1, Money(3210, "JPY"), 1_800_000_002, saved=True)
    cart = Cart(
        id="c",
        revision=3,
        lines=(Line("mug", 2, Money(1900, "EUR"), 1_800_000_001),),
        removed=Removed(b"\x33" * 8, 1_800_000_003, ((0, bowl),)),
        changes=b"\x11" * 8 + b"\x22" * 8 + b"\x33" * 8,
        changed_at=1_800_000_003,
    )
    assert codec.encode(cart).hex() == BEFORE_COUPONS
    assert codec.decode("c", bytes.fromhex(BEFORE_COUPONS)) == cart


@pytest.mark.parametrize("removed", [None, Removed(b"3" * 8, 7, ((0, Line("bowl", 1, Money(1, "EUR"), 5)),))])
def test_earlier_releases_ignore_the_coupon(removed: Removed | None) -> None:
    with_it = Cart("c", 1, (), removed, b"1" * 8, 7, "SPRING")
    data = codec.encode(with_it)
    assert data.endswith(b"SPRING")
    assert codec.decode("c", data.removesuffix(b"SPRING")) == msgspec.structs.replace(with_it, coupon="")
    assert len(data) <= 13 + 8 + 37 + 6
