"""Links that carry a cart to another device: signed, and valid for ten minutes.

A link holds the cart's id and its expiry, with an HMAC-SHA256 under a key derived from SECRET_KEY; nothing is stored.
The cart's id is a hash that no session cookie can be derived from: a leaked link shows the content of the cart, but it
neither opens nor changes the cart.
"""

from __future__ import annotations

import binascii
import hmac
import secrets
import time
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable

import msgspec

LIFETIME = 600
"""Seconds for which a link is valid."""
_PURPOSE = b"a link that carries a cart, 1"
_ID, _TIME, _SIGNATURE = 16, 5, 16
"""Bytes of each part of a token: 50 characters in all, which keeps its QR code coarse enough for any camera."""


class Link(msgspec.Struct, frozen=True):
    """The content of a token that this shop signed; it may have expired."""

    cart_id: str
    expires_at: int
    """Seconds since the epoch."""


class HandoffLinks:
    """Makes and reads the tokens of links. All processes of a shop need the same secret; '' means a random one."""

    def __init__(self, secret: str, clock: Callable[[], float] = time.time) -> None:
        self._key = hmac.digest((secret or secrets.token_hex(32)).encode(), _PURPOSE, "sha256")
        self._clock = clock

    def make(self, cart_id: str) -> str:
        """A token for a session's cart: letters, digits, - and _."""
        expires_at = int(self._clock()) + LIFETIME
        payload = urlsafe_b64decode(cart_id + "==") + expires_at.to_bytes(_TIME, "big")
        return _text(payload + self._sign(payload))

    def read(self, token: str) -> Link | None:
        """The link of a token, which may have expired; None for a token with a wrong signature."""
        try:
            decoded = urlsafe_b64decode(token.encode("ascii") + b"==")
        except (binascii.Error, UnicodeEncodeError):
            return None
        payload, signature = decoded[:-_SIGNATURE], decoded[-_SIGNATURE:]
        # Accept one spelling only: the change ids of a merge are derived from the token's text. The decoder skips
        # characters outside of its alphabet.
        if not hmac.compare_digest(signature, self._sign(payload)) or _text(decoded) != token:
            return None
        return Link(_text(payload[:_ID]), int.from_bytes(payload[_ID:], "big"))

    def expired(self, link: Link) -> bool:
        """Whether the link's ten minutes are over."""
        return self._clock() >= link.expires_at

    def _sign(self, payload: bytes) -> bytes:
        return hmac.digest(self._key, payload, "sha256")[:_SIGNATURE]


def _text(data: bytes) -> str:
    return urlsafe_b64encode(data).decode().rstrip("=")
