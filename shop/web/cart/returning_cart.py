"""Says to a shopper whose cart has slept that it is back, and what has changed in the shop meanwhile."""

from __future__ import annotations

import re
from collections.abc import Sequence

from shop.cart.model import Cart
from shop.formatting import day_of
from shop.i18n import ENGLISH, full_name, spoken
from shop.i18n import gettext as _
from shop.web.cart.views import LineView, ReturningCartView
from shop.web.http.request import ShopRequest
from shop.web.http.session import Sessions, SetCookie

MOST_CHANGES = 5
SEEN = "seen-"
"""How the cookie of a shopper begins who has read the welcome of a cart; when that was changed last follows."""
_SECONDS = re.compile(r"[1-9][0-9]{9}")


class ReturningCartNotice:
    """Knows whether to say it: when a cart has just woken, and then until it is changed or the shopper has read it.

    `sleep_after`: seconds after the last change of a cart until it sleeps. A change that woke the cart makes it look
    like any other, so a cookie carries the welcome over to the next page.
    """

    def __init__(self, sessions: Sessions, sleep_after: int) -> None:
        self._sessions = sessions
        self._sleep_after = sleep_after

    def since(self, request: ShopRequest, cart: Cart, now: int) -> int:
        """When the cart that is back was changed last, seconds since the epoch; 0 where there is nothing to say."""
        cookie = request.cookies.get("welcome", "")
        since = cart.woken
        if not since and _SECONDS.fullmatch(cookie):
            since = min(int(cookie), now)
        elif not since and cart.revision and cart.changed_at + self._sleep_after <= now:
            since = cart.changed_at
        return 0 if cookie == f"{SEEN}{since}" else since

    def after_change(self, request: ShopRequest, cart: Cart) -> list[SetCookie]:
        """The cookie after a change: it begins where that woke the cart, and ends with the next one."""
        if cart.woken:
            return [self._sessions.keep_welcome(request, str(cart.woken))]
        return [self._sessions.keep_welcome(request, "")] if "welcome" in request.cookies else []

    def after_reading(self, request: ShopRequest, since: int) -> list[SetCookie]:
        """The cookie of a shopper who has read it."""
        return [self._sessions.keep_welcome(request, f"{SEEN}{since}")] if since else []


def welcome_view(since: int, lines: Sequence[LineView]) -> ReturningCartView | None:
    """What to say of a cart that is back, last changed at `since`; None where nothing is in it."""
    if not since or not lines:
        return None
    changes = tuple(f"{_name(line)}: {_within(change)}" for line in lines for change in line.changes)
    return ReturningCartView(
        words=_("Your cart of {day} is here again.", day=day_of(since)),
        changes=changes[:MOST_CHANGES],
        more=max(0, len(changes) - MOST_CHANGES),
    )


def _name(line: LineView) -> str:
    if line.gone:
        return line.sku
    return full_name(line.title, line.variant)


def _within(notice: str) -> str:
    """A notice after a colon, which in English begins in small letters."""
    return notice[:1].lower() + notice[1:] if spoken() is ENGLISH else notice
