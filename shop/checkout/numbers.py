"""Order numbers. A number opens its receipt, so it is drawn from 80 random bits; it is also read aloud and typed.

The digits are Crockford's base 32 (https://www.crockford.com/base32.html), which has no I, L, O and U.
"""

from __future__ import annotations

import secrets

DIGITS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
LENGTH = 16
"""5 bits each."""
_TYPED = str.maketrans("ILO", "110")


def new_number() -> str:
    """A number that nobody can guess."""
    return "".join(secrets.choice(DIGITS) for _ in range(LENGTH))


def typed_number(text: str) -> str:
    """The number that somebody typed: in any case, with spaces or dashes, with an O for a 0; '' for what is none."""
    number = "".join(sign for sign in text.upper() if sign not in " -–\t\r\n").translate(_TYPED)
    return number if len(number) == LENGTH and set(number) <= set(DIGITS) else ""


def grouped(number: str) -> str:
    """A number as people read it: 'K3F9-0QZX-7M2T-VB8D'."""
    return "-".join(number[at : at + 4] for at in range(0, len(number), 4))
