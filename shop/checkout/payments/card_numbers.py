"""Recognises numbers of cards, which must not be typed where they would be stored."""

from __future__ import annotations

import re
from collections.abc import Iterator

from shop.typed import one_form

MAX_DIGITS = 19
"""Of a card's number (ISO/IEC 7812-1)."""
_GROUPS = re.compile(r"\d+(?:[\s.,/_*-]{1,3}\d+)*", re.ASCII)
"""Digits in groups, as people write long numbers."""
_ANY_NUMBER = re.compile(r"3[0689]\d{12}|3[47]\d{13}|(?:2[2-7]|35|[456]\d)\d{14,17}", re.ASCII)
"""Numbers of all brands (ISO/IEC 7812): 14 digits for Diners Club, 15 for American Express, else 16 to 19."""


def has_card_number(text: str) -> bool:
    """Whether a text contains what is probably a card's number, of any brand, however it is divided."""
    return any(
        _ANY_NUMBER.fullmatch(number) and passes_luhn(number)
        for found in _GROUPS.findall(one_form(text))
        for number in _joined(re.findall(r"\d+", found))
    )


def passes_luhn(digits: str) -> bool:
    """Whether the last digit is the check digit of the others (ISO/IEC 7812-1, annex B)."""
    doubled = (sum(divmod(2 * int(digit), 10)) for digit in digits[-2::-2])
    return (sum(map(int, digits[-1::-2])) + sum(doubled)) % 10 == 0


def _joined(groups: list[str]) -> Iterator[str]:
    """The numbers that neighbouring groups of digits make together."""
    for first in range(len(groups)):
        number = ""
        for group in groups[first : first + MAX_DIGITS]:
            number += group
            if len(number) > MAX_DIGITS:
                break
            yield number
