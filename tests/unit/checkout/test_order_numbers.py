"""Order numbers cannot be guessed, and can be typed."""

from __future__ import annotations

import pytest

from shop.checkout.order_numbers import DIGITS, LENGTH, grouped, new_number, typed_number


def test_a_number_has_80_random_bits() -> None:
    numbers = {new_number() for _ in range(1000)}
    assert len(numbers) == 1000
    assert all(len(number) == LENGTH and set(number) <= set(DIGITS) for number in numbers)
    assert len(DIGITS) ** LENGTH == 2**80
    assert {number[at] for number in numbers for at in range(LENGTH)} == set(DIGITS)


@pytest.mark.parametrize(
    "typed",
    [
        "K3F90QZX7M2TVB81",
        "k3f9-0qzx-7m2t-vb81",
        " K3F9 OQZX 7M2T VB8L ",
        "k3f9–oqzx–7m2t–vb8i",
        "K3F9\t0QZX7M2TVB81\n",
        "\u200fＫ٣F٩—0QZX−7M2T‑VB81\u200b",
    ],
)
def test_a_number_is_known_however_it_is_typed(typed: str) -> None:
    assert typed_number(typed) == "K3F90QZX7M2TVB81"


@pytest.mark.parametrize("typed", ["", "K3F90QZX7M2TVB8", "K3F90QZX7M2TVB8DD", "K3F90QZX7M2TVB8U", "ǅ" * 16])
def test_what_is_none_is_none(typed: str) -> None:
    assert typed_number(typed) == ""


def test_a_grouped_number_is_the_same_number() -> None:
    number = new_number()
    assert grouped(number).count("-") == 3
    assert typed_number(grouped(number)) == number
