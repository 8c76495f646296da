"""The session: one opaque cookie that names a cart, and one that shows its count.

The cookie holds 256 random bits. The cart's id is a hash of them, so who reads the store cannot open a cart.
Nothing else is kept, so there is nothing to log in to and nothing to write back: a read never makes a session,
and a cookie of another shape is as good as none. The token is not signed: a signature proves only that we once
made it, which 256 bits do already, and it would tie every cart to a key that must never be lost. What keeps a
neighbouring site from planting a token of its own is the `__Host-` prefix, under https.
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
    """Reads and writes the cookies. `ttl` is how long they live, in seconds: as long as the cart can be found."""

    def __init__(self, ttl: int, public_url: str = "") -> None:
        self._ttl = ttl
        self._https = public_url.startswith("https:")

    def read(self, request: ShopRequest) -> Session | None:
        """The session of a request, or None; never makes one."""
        token = request.cookies.get(self._name(request), "")
        return Session(token, cart_id(token)) if _TOKEN.fullmatch(token) else None

    def begin(self) -> Session:
        """A new session."""
        token = secrets.token_urlsafe(32)
        return Session(token, cart_id(token), fresh=True)

    def keep(self, request: ShopRequest, session: Session, quantity: int) -> list[SetCookie]:
        """The cookies after a change of the cart, which now holds `quantity` pieces; their life starts again."""
        rest = self._attributes(request, self._ttl)
        return [
            _set_cookie(f"{self._name(request)}={session.token}{rest}; HttpOnly"),
            _set_cookie(f"cart_count={quantity}{rest}"),
        ]

    def correct_count(self, request: ShopRequest, quantity: int) -> list[SetCookie]:
        """The cookie that shows the count, where what the browser has is not what the cart holds."""
        if request.badge == str(quantity or ""):
            return []
        return [_set_cookie(f"cart_count={quantity}{self._attributes(request, self._ttl)}")]

    def remember_currency(self, request: ShopRequest, currency: str) -> SetCookie:
        """The cookie that keeps the shopper's currency for a year."""
        return _set_cookie(f"currency={currency}{self._attributes(request, 365 * 24 * 3600)}; HttpOnly")

    def remember_language(self, request: ShopRequest, code: str) -> SetCookie:
        """The cookie that keeps the shopper's language for a year."""
        return _set_cookie(f"language={code}{self._attributes(request, 365 * 24 * 3600)}; HttpOnly")

    def remember_welcome(self, request: ShopRequest, value: str) -> SetCookie:
        """The cookie that keeps what is said of a cart that has slept; '' takes it back."""
        return _set_cookie(f"welcome={value}{self._attributes(request, self._ttl if value else 0)}; HttpOnly")

    def forget(self, request: ShopRequest) -> list[SetCookie]:
        """Cookies that take back all of ours."""
        rest = self._attributes(request, 0)
        names = (self._name(request), "cart_count", "currency", "language", "welcome")
        return [_set_cookie(f"{name}={rest}") for name in names]

    def _name(self, request: ShopRequest) -> str:
        return "__Host-session" if self.secure(request) else "session"

    def secure(self, request: ShopRequest) -> bool:
        """Whether the shopper's browser speaks https, to us or to the proxy before us."""
        return self._https or request.scheme == "https"

    def _attributes(self, request: ShopRequest, max_age: int) -> str:
        return f"; Path=/; Max-Age={max_age}; SameSite=Lax{'; Secure' if self.secure(request) else ''}"


def cart_id(token: str) -> str:
    """The id of a session's cart: 22 characters of base64url that do not lead back to the token."""
    return urlsafe_b64encode(blake2b(token.encode(), digest_size=16).digest()).decode().rstrip("=")


def _set_cookie(value: str) -> SetCookie:
    return b"set-cookie", value.encode("latin-1")
