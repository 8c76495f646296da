"""Links that carry a cart to another device: signed, and good for ten minutes.

A link says which cart it is of and how long it works, with an HMAC-SHA256 by a key derived from SECRET_KEY; nothing is
stored. What it names is the cart's id, a hash that no cookie can be made of: a link that gets into other hands shows
what is in the cart, and neither opens nor changes it.
"""

from __future__ import annotations

import binascii
import hmac
import secrets
import time
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable

import msgspec

LIFE = 600
"""Seconds for which a link works."""
_PURPOSE = b"a link that carries a cart, 1"
_ID, _TIME, _SIGNATURE = 16, 5, 16
"""Bytes of each part of a token: 50 characters in all, which keeps its QR code coarse enough for any camera."""


class Link(msgspec.Struct, frozen=True):
    """A link that we made: of which cart, and until when it works, seconds since the epoch."""

    cart_id: str
    until: int


class HandoffLinks:
    """Makes tokens and reads them. Processes that serve one shop need the same secret; '' draws one."""

    def __init__(self, secret: str, clock: Callable[[], float] = time.time) -> None:
        self._key = hmac.digest((secret or secrets.token_hex(32)).encode(), _PURPOSE, "sha256")
        self._clock = clock

    def make(self, cart_id: str) -> str:
        """The token for a session's cart: letters, digits, - and _."""
        until = int(self._clock()) + LIFE
        said = urlsafe_b64decode(cart_id + "==") + until.to_bytes(_TIME, "big")
        return _text(said + self._sign(said))

    def read(self, token: str) -> Link | None:
        """The link of a token, which may have ended; None for one that is not ours."""
        try:
            packed = urlsafe_b64decode(token.encode("ascii") + b"==")
        except (binascii.Error, UnicodeEncodeError):
            return None
        said, signature = packed[:-_SIGNATURE], packed[-_SIGNATURE:]
        # A link has one spelling: what it brings counts once by its text. The decoder would pass over other characters.
        if not hmac.compare_digest(signature, self._sign(said)) or _text(packed) != token:
            return None
        return Link(_text(said[:_ID]), int.from_bytes(said[_ID:], "big"))

    def ended(self, link: Link) -> bool:
        """Whether its ten minutes are over."""
        return self._clock() >= link.until

    def _sign(self, said: bytes) -> bytes:
        return hmac.digest(self._key, said, "sha256")[:_SIGNATURE]


def _text(packed: bytes) -> str:
    return urlsafe_b64encode(packed).decode().rstrip("=")
