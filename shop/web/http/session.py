"""The session: an opaque cookie that identifies a cart, and a cookie with the quantity for its badge.

The session cookie has 256 random bits. The cart's id is their hash, so read access to the store does not open a cart.
A session has no other state: reading it never creates or writes anything, and a malformed cookie counts as none. The
token is not signed: a signature only proves that we issued it, as 256 random bits do already, and it would tie every
cart to a key that must never be lost. Under https the `__Host-` prefix keeps sibling domains from setting a token.
"""

from __future__ import annotations

import re
import secrets
from base64 import urlsafe_b64encode
from hashlib import blake2b

import msgspec

from shop.web.http.request import ShopRequest

SetCookie = tuple[bytes, bytes]
_TOKEN = re.compile(r"[A-Za-z0-9_-]{43}")


class Session(msgspec.Struct, frozen=True):
    """A shopper's session; `fresh` until its cookie has been sent for the first time."""

    token: str
    cart_id: str
    fresh: bool = False


class Sessions:
    """Reads and sets the cookies. `ttl`: their lifetime in seconds, as long as a cart can be found or restored."""

    def __init__(self, ttl: int, public_url: str = "") -> None:
        self._ttl = ttl
        self._https = public_url.startswith("https:")

    def read(self, request: ShopRequest) -> Session | None:
        """The session of a request, or None. Never starts one."""
        token = request.cookies.get(self._name(request), "")
        return Session(token, cart_id(token)) if _TOKEN.fullmatch(token) else None

    def begin(self) -> Session:
        """A new session."""
        token = secrets.token_urlsafe(32)
        return Session(token, cart_id(token), fresh=True)

    def keep(self, request: ShopRequest, session: Session, quantity: int) -> list[SetCookie]:
        """The cookies after a change: renews both; `quantity` is the number of units now in the cart."""
        attributes = self._attributes(request, self._ttl)
        return [
            _set_cookie(f"{self._name(request)}={session.token}{attributes}; HttpOnly"),
            _set_cookie(f"cart_count={quantity}{attributes}"),
        ]

    def correct_count(self, request: ShopRequest, quantity: int) -> list[SetCookie]:
        """The count cookie, if the browser's differs from the cart's quantity; else nothing."""
        if request.badge == str(quantity or ""):
            return []
        return [_set_cookie(f"cart_count={quantity}{self._attributes(request, self._ttl)}")]

    def remember_currency(self, request: ShopRequest, currency: str) -> SetCookie:
        """The cookie with the shopper's currency, for a year."""
        return _set_cookie(f"currency={currency}{self._attributes(request, 365 * 24 * 3600)}; HttpOnly")

    def remember_language(self, request: ShopRequest, code: str) -> SetCookie:
        """The cookie with the shopper's language, for a year."""
        return _set_cookie(f"language={code}{self._attributes(request, 365 * 24 * 3600)}; HttpOnly")

    def remember_welcome(self, request: ShopRequest, value: str) -> SetCookie:
        """The cookie with the state of the notice about a returning cart; '' deletes it."""
        return _set_cookie(f"welcome={value}{self._attributes(request, self._ttl if value else 0)}; HttpOnly")

    def forget(self, request: ShopRequest) -> list[SetCookie]:
        """Cookies that delete all cookies of the shop."""
        attributes = self._attributes(request, 0)
        names = (self._name(request), "cart_count", "currency", "language", "welcome")
        return [_set_cookie(f"{name}={attributes}") for name in names]

    def _name(self, request: ShopRequest) -> str:
        return "__Host-session" if self.secure(request) else "session"

    def secure(self, request: ShopRequest) -> bool:
        """Whether the browser connects by https, to the shop or to its proxy."""
        return self._https or request.scheme == "https"

    def _attributes(self, request: ShopRequest, max_age: int) -> str:
        return f"; Path=/; Max-Age={max_age}; SameSite=Lax{'; Secure' if self.secure(request) else ''}"


def cart_id(token: str) -> str:
    """The id of a session's cart: a hash of the token, 22 characters of base64url."""
    return urlsafe_b64encode(blake2b(token.encode(), digest_size=16).digest()).decode().rstrip("=")


def _set_cookie(value: str) -> SetCookie:
    return b"set-cookie", value.encode("latin-1")
