import pytest
from hypothesis import given
from hypothesis import strategies as st

from shop.cart import codec
from shop.cart.model import Cart, Line, Removed
from shop.money import Money
from tests.fixtures.carts import ids, prices, skus, times

lines = st.builds(Line, skus, st.integers(1, 65535), prices, times, st.booleans())
indexed = st.tuples(st.integers(0, 65535), lines)
removed = st.builds(Removed, ids, times, st.lists(indexed, min_size=1).map(tuple))
carts = st.builds(
    Cart,
    st.just("c"),
    st.integers(0, 2**32 - 1),
    st.lists(lines).map(tuple),
    st.none() | removed,
    st.lists(ids).map(b"".join),
    times,
)


@given(carts)
def test_a_cart_comes_back_as_it_was(cart: Cart) -> None:
    assert codec.decode("c", codec.encode(cart)) == cart


def test_a_three_line_cart_is_small() -> None:
    three = tuple(Line(f"TIDE-MUG-{n}", n, Money(1900, "EUR"), 1_800_000_000) for n in range(1, 4))
    assert len(codec.encode(Cart("c", 3, three, None, bytes(24), 1_800_000_000))) <= 128


def test_bytes_of_another_version_are_not_misread() -> None:
    with pytest.raises(ValueError, match="version 9"):
        codec.decode("c", b"\x09" + bytes(20))
