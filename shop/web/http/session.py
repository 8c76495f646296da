"""The session: an opaque cookie that identifies a cart, and a cookie with the quantity for its badge.

The cookie's token is 160 random bits and a mark of 96 bits that only this shop can make. The cart's id is a hash of it,
so read access to the store does not open a cart. A session has no other state: reading it never creates or writes
anything, and a malformed cookie counts as none. A token without our mark, from an earlier release or another
SECRET_KEY, is good for a cart that exists, but begins none: so no cart is tied to the key, and no client chooses the
number of a new one.

Its name begins with `__Host-` where the browser connects by https, which keeps sibling domains from setting it. It is
found under either name, so a cart survives the move from http to https and a proxy that begins to terminate TLS.
"""

from __future__ import annotations

import hmac
import re
import secrets
from base64 import urlsafe_b64decode, urlsafe_b64encode
from functools import lru_cache
from hashlib import blake2b

import msgspec

from shop.cart.model import ID_BYTES, SHOWN_CHANGES, Cart, ids_in, ids_shown
from shop.cart.service import CartService
from shop.web.http.request import ShopRequest

SetCookie = tuple[bytes, bytes]

NAME = "neap_session"
SECURE_NAME = f"__Host-{NAME}"
NAMES = (SECURE_NAME, "__Host-session", NAME, "session")
"""Every name a token is looked for under, in this order; those without `neap_` are of the releases before."""
LATEST, SEEN = "cart_latest", "cart_seen"
"""The latest changes of the cart as a change has shown it, and as a page has shown it since: a page that was asked for
before a change, and arrives after it, must not take the browser back."""
ORDERS = "orders"
"""The orders of this browser; see shop.web.order.own_orders."""
JOURNAL = "cart_journal"
JOURNAL_SECONDS = 60
"""How long a shopper's requests look into the journal first: longer than a process may take to notice it."""
_SECURE_NAMES = tuple(name for name in NAMES if name.startswith("__Host-"))
_COOKIE = re.compile(rb"(?:^|[;,\s])((?:__Host-)?(?:neap_)?session)=([A-Za-z0-9_-]{43})(?=[;,\s]|$)")
_LATEST = re.compile(r"((?:[0-9a-f]{16}){1,4})\.([0-9]{1,10})\.([0-9a-f]{16})")
_KEY = re.compile(r"[0-9a-f]{32,64}")
_PURPOSE = b"the number of a session, 1"
_LATEST_BYTES = SHOWN_CHANGES * ID_BYTES
_REMEMBERED = 4096
"""Tokens, and signatures of what has been shown, that a process remembers: a few hundred bytes each."""
_RANDOM, _MARK = 20, 12
"""Bytes of each part of a token."""


class Session(msgspec.Struct, frozen=True):
    """A shopper's session; `fresh` until its cookie has been sent for the first time."""

    token: str
    cart_id: str
    fresh: bool = False
    issued: bool = True
    """Whether the token has our mark. If not, it must not begin a cart."""


class Sessions:
    """Reads and sets the cookies. They live as long as a cart of `carts` can be found or restored.

    After a change a cookie names the cart's latest changes, so every process can tell whether what it knows of the cart
    is what the shopper has been shown; so does a page that shows more. If the change was acknowledged while the store
    of the cart was away, another cookie tells every process to look into the journal first.

    All processes of a shop should have the same secret; '' generates one. With another one, tokens are asked for in
    the store.
    """

    def __init__(self, carts: CartService, public_url: str = "", secret: str = "") -> None:
        self._carts = carts
        self._ttl = carts.ttl
        self._https = public_url.startswith("https:")
        self._key = hmac.digest((secret or secrets.token_hex(32)).encode(), _PURPOSE, "sha256")
        # A shopper comes back with what the last reply set: signing it again takes half as long as a kept page.
        self._is_issued = lru_cache(maxsize=_REMEMBERED)(self._has_mark)
        self._shown_mark = lru_cache(maxsize=_REMEMBERED)(self._mark_of_shown)

    def read(self, request: ShopRequest) -> Session | None:
        """The session of a request, or None. Never starts one. One with our mark goes before any other."""
        found = _tokens(request)
        if not found:
            return None
        token = next(filter(self._is_issued, found), None)
        session = Session(token, cart_id(token)) if token else Session(found[0], cart_id(found[0]), issued=False)
        changes, at = self._shown(request, session.cart_id)
        if changes:
            self._carts.shown(session.cart_id, changes, at, journalled=JOURNAL in request.cookies)
        return session

    def begin(self, key: str = "") -> Session:
        """A new session: the same one for the same Idempotency-Key, if that is as hard to guess as a session.

        So the very first change of a browser, sent again because its reply was lost, meets the cart that it made.
        """
        drawn = self._sign(b"first", key.encode())[:_RANDOM] if _KEY.fullmatch(key) else secrets.token_bytes(_RANDOM)
        token = _text(drawn + self._mark(drawn))
        return Session(token, cart_id(token), fresh=True)

    def keep(self, request: ShopRequest, session: Session, cart: Cart, quantity: int) -> list[SetCookie]:
        """The cookies after a change that made the cart this one; `quantity` is shown on its badge. Renews them all.

        A token that came under another name loses that name: it is not to travel by http, and not to be found twice.
        """
        attributes = self._attributes(request, self._ttl)
        name = self._name(request)
        return [
            _set_cookie(f"{name}={session.token}{attributes}; HttpOnly"),
            _set_cookie(f"cart_count={quantity}{attributes}"),
            *self.shows(request, cart),
            *([_set_cookie(f"{SEEN}={self._attributes(request, 0)}; HttpOnly")] if SEEN in request.cookies else ()),
            *self._journaled(request, session),
            *self._dropped(request, [other for other in NAMES if other != name], session.token),
        ]

    def shows(self, request: ShopRequest, cart: Cart) -> list[SetCookie]:
        """The cookie for a browser that is shown a cart."""
        return self.latest(request, cart.id, ids_shown(cart, self._shown(request, cart.id)[0]), cart.changed_at)

    def latest(self, request: ShopRequest, cart_id: str, changes: bytes, at: int) -> list[SetCookie]:
        """The cookie with the ids of a cart's latest changes, and when the last of them was made."""
        return [self._changes(request, LATEST, cart_id, changes, at)] if changes else []

    def seen(self, request: ShopRequest, cart: Cart) -> list[SetCookie]:
        """The cookie for a page that shows changes of the cart which the browser has not been shown."""
        changes, _ = self._shown(request, cart.id)
        if not cart.changes or cart.latest_change in ids_in(changes) or not cart.knows_all(changes):
            return []
        return [self._changes(request, SEEN, cart.id, cart.changes, cart.changed_at)]

    def _changes(self, request: ShopRequest, name: str, cart_id: str, changes: bytes, at: int) -> SetCookie:
        latest = f"{changes[-_LATEST_BYTES:].hex()}.{at}"
        return _set_cookie(
            f"{name}={latest}.{self._shown_mark(cart_id, latest)}{self._attributes(request, self._ttl)}; HttpOnly"
        )

    def _shown(self, request: ShopRequest, cart_id: str) -> tuple[bytes, int]:
        """The ids of the latest changes that the browser has been shown, and when the last was made; empty if unknown.

        What this shop has not signed for this cart does not count: it would be looked for in vain.
        """
        changes, latest = b"", 0
        for name in (LATEST, SEEN):
            match = _LATEST.fullmatch(request.cookies.get(name, ""))
            if match and hmac.compare_digest(match[3], self._shown_mark(cart_id, f"{match[1]}.{match[2]}")):
                changes, latest = changes + bytes.fromhex(match[1]), max(latest, int(match[2]))
        return changes, latest

    def _mark_of_shown(self, cart_id: str, latest: str) -> str:
        return self._sign(b"shown", f"{cart_id}.{latest}".encode())[:8].hex()

    def _journaled(self, request: ShopRequest, session: Session) -> list[SetCookie]:
        """The cookie for a process that has not noticed that the store of the cart is away for others."""
        if not self._carts.uses_standby(session.cart_id):
            return []
        return [_set_cookie(f"{JOURNAL}=1{self._attributes(request, JOURNAL_SECONDS)}; HttpOnly")]

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

    def remember_orders(self, request: ShopRequest, value: str, seconds: int) -> SetCookie:
        """The cookie with the orders of this browser."""
        return _set_cookie(f"{ORDERS}={value}{self._attributes(request, seconds)}; HttpOnly")

    def remember_welcome(self, request: ShopRequest, value: str) -> SetCookie:
        """The cookie with the state of the notice about a returning cart; '' deletes it."""
        return _set_cookie(f"welcome={value}{self._attributes(request, self._ttl if value else 0)}; HttpOnly")

    def forget(self, request: ShopRequest) -> list[SetCookie]:
        """Cookies that delete all cookies of the shop."""
        attributes = self._attributes(request, 0)
        session = self.read(request)
        mine = self._name(request)
        others = [name for name in NAMES if name != mine]
        return [
            *(
                _set_cookie(f"{name}={attributes}")
                for name in (mine, "cart_count", LATEST, SEEN, JOURNAL, ORDERS, "currency", "language", "welcome")
            ),
            *(self._dropped(request, others, session.token) if session else ()),
        ]

    def secure(self, request: ShopRequest) -> bool:
        """Whether the browser connects by https, to the shop or to its proxy: else it would not send `__Host-`."""
        return self._https or request.scheme == "https" or any(name in request.cookies for name in _SECURE_NAMES)

    def _name(self, request: ShopRequest) -> str:
        return SECURE_NAME if self.secure(request) else NAME

    def _dropped(self, request: ShopRequest, names: list[str], token: str) -> list[SetCookie]:
        """Deletes the cookies of these names that hold the token; another application's stay."""
        attributes = self._attributes(request, 0)
        held = [name for name in names if request.cookies.get(name) == token]
        return [_set_cookie(f"{name}={attributes}") for name in held]

    def _attributes(self, request: ShopRequest, max_age: int) -> str:
        return f"; Path=/; Max-Age={max_age}; SameSite=Lax{'; Secure' if self.secure(request) else ''}"

    def _has_mark(self, token: str) -> bool:
        content = urlsafe_b64decode(f"{token}=")
        is_marked = hmac.compare_digest(content[_RANDOM:], self._mark(content[:_RANDOM]))
        return is_marked and _text(content) == token  # the decoder accepts four spellings

    def _mark(self, drawn: bytes) -> bytes:
        return self._sign(b"mark", drawn)[:_MARK]

    def _sign(self, purpose: bytes, content: bytes) -> bytes:
        return hmac.digest(self._key, purpose + content, "sha256")


def cart_id(token: str) -> str:
    """The id of a session's cart: a hash of the token, 22 characters of base64url."""
    return _text(blake2b(token.encode(), digest_size=16).digest())


def _text(content: bytes) -> str:
    return urlsafe_b64encode(content).decode().rstrip("=")


def _tokens(request: ShopRequest) -> list[str]:
    """What may be a token, of the cookies with any of the names, in their order."""
    found = _COOKIE.findall(request.cookie_header)
    found.sort(key=lambda pair: NAMES.index(pair[0].decode()))
    return [token.decode() for _, token in found]


def _set_cookie(value: str) -> SetCookie:
    return b"set-cookie", value.encode("latin-1")
