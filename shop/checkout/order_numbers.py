"""The numbers of orders, which are read aloud and typed, and the secrets that open their pages.

The digits are Crockford's base 32 (https://www.crockford.com/base32.html), which has no I, L, O and U.
"""

from __future__ import annotations

import secrets

from shop.cart.model import change_id
from shop.typed import digits

DIGITS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
LENGTH = 16
"""5 bits each."""
SECRET_BYTES = 15
_TYPED = str.maketrans("ILO", "110")


def new_number() -> str:
    """A new order number, 80 random bits."""
    return "".join(secrets.choice(DIGITS) for _ in range(LENGTH))


def new_secret() -> str:
    """A new secret for the address of an order's page, 120 random bits."""
    return secrets.token_urlsafe(SECRET_BYTES)


def typed_number(text: str) -> str:
    """The number in what a person typed: any case, digits, spaces or dashes, O for 0. '' if it is no number."""
    number = digits(text).upper().translate(_TYPED)
    return number if len(number) == LENGTH and set(number) <= set(DIGITS) else ""


def purchase_id(number: str) -> bytes:
    """The id of the change that takes the ordered lines out of the cart: repeating it has no effect."""
    return change_id("purchase", number)


def masked(number: str) -> str:
    """The part of a number that is logged: with the e-mail address the whole number opens a receipt."""
    return f"{number[:4]}…"


def grouped(number: str) -> str:
    """A number as people read it: 'K3F9-0QZX-7M2T-VB8D'."""
    return "-".join(number[at : at + 4] for at in range(0, len(number), 4))
