"""The orders of this browser: a signed cookie with the numbers of its latest orders, for a while.

It opens nothing that the browser has not had in its hands: an order is listed with its address, which has a secret.
"""

from __future__ import annotations

import hmac
import re
import secrets
import time
from collections.abc import Callable

from shop.web.http.request import ShopRequest
from shop.web.http.session import ORDERS

MOST = 10
"""Orders that a browser keeps."""
LIFETIME = 90 * 24 * 3600
"""Seconds for which it keeps an order."""
_PURPOSE = b"the orders of a browser, 1"
_ENTRIES = re.compile(rf"((?:[0-9A-Z]{{16}}\.[0-9]{{1,12}}\.){{1,{MOST}}})([0-9a-f]{{32}})")


class OwnOrders:
    """Reads and writes the value of the cookie. All processes need the same secret; '' means a random one."""

    def __init__(self, secret: str, clock: Callable[[], float] = time.time) -> None:
        self._key = hmac.digest((secret or secrets.token_hex(32)).encode(), _PURPOSE, "sha256")
        self._clock = clock

    def numbers(self, request: ShopRequest) -> list[str]:
        """The numbers of the browser's orders, the latest first; none if it has no cookie of ours."""
        return [number for number, _ in self._entries(request)]

    def with_order(self, request: ShopRequest, number: str) -> str:
        """The value of the cookie with one more order; '' if it has that order already."""
        entries = self._entries(request)
        if any(number == known for known, _ in entries):
            return ""
        kept = [(number, int(self._clock())), *entries][:MOST]
        text = "".join(f"{known}.{at}." for known, at in kept)
        return text + self._sign(text)

    def _entries(self, request: ShopRequest) -> list[tuple[str, int]]:
        """(number, when it was put in) of each order that has not expired."""
        match = _ENTRIES.fullmatch(request.cookies.get(ORDERS, ""))
        if match is None or not hmac.compare_digest(match[2], self._sign(match[1])):
            return []
        parts = match[1].split(".")
        since = int(self._clock()) - LIFETIME
        return [(number, int(at)) for number, at in zip(parts[:-1:2], parts[1::2], strict=True) if int(at) > since]

    def _sign(self, text: str) -> str:
        return hmac.digest(self._key, text.encode(), "sha256")[:16].hex()
