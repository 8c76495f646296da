"""Says to a shopper whose cart has slept that it is back, and what has changed in the shop meanwhile."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, datetime

from babel.dates import format_date

from shop.cart.model import Cart
from shop.web.session import Sessions, SetCookie
from shop.web.views import LineView, WelcomeView
from shop.web.visit import Visit

MOST_CHANGES = 5
SEEN = "0"
"""The cookie of a shopper who has read the welcome."""
_SECONDS = re.compile(r"[1-9][0-9]{9}")


class Welcome:
    """Knows whether to say it: when a cart has just woken, and then until it is changed or the shopper has read it.

    `sleep_after`: seconds after the last change of a cart until it sleeps. A change that woke the cart makes it look
    like any other, so a cookie carries the welcome over to the next page.
    """

    def __init__(self, sessions: Sessions, sleep_after: int) -> None:
        self._sessions = sessions
        self._sleep_after = sleep_after

    def since(self, visit: Visit, cart: Cart, now: int) -> int:
        """When the cart that is back was changed last, seconds since the epoch; 0 where there is nothing to say."""
        if cart.woken:
            return cart.woken
        cookie = visit.cookies.get("welcome", "")
        if cookie == SEEN or not cart.revision:
            return 0
        if _SECONDS.fullmatch(cookie):
            return min(int(cookie), now)
        return cart.changed_at if cart.changed_at + self._sleep_after <= now else 0

    def after_change(self, visit: Visit, cart: Cart) -> list[SetCookie]:
        """The cookie after a change: it begins where that woke the cart, and ends with the next one."""
        if cart.woken:
            return [self._sessions.keep_welcome(visit, str(cart.woken))]
        return [self._sessions.keep_welcome(visit, "")] if "welcome" in visit.cookies else []

    def after_reading(self, visit: Visit) -> list[SetCookie]:
        """The cookie of a shopper who has read it."""
        return [self._sessions.keep_welcome(visit, SEEN)]


def welcome_view(since: int, lines: Sequence[LineView]) -> WelcomeView | None:
    """What to say of a cart that is back, last changed at `since`; None where nothing is in it."""
    if not since or not lines:
        return None
    changes = tuple(f"{_name(line)}: {_within(notice)}" for line in lines for notice in line.notices)
    day = format_date(datetime.fromtimestamp(since, UTC), "d MMMM y", locale="en")
    return WelcomeView(
        words=f"Your cart of {day} is here again.",
        changes=changes[:MOST_CHANGES],
        more=max(0, len(changes) - MOST_CHANGES),
    )


def _name(line: LineView) -> str:
    if line.gone:
        return line.sku
    return f"{line.title}, {line.variant}" if line.variant else line.title


def _within(notice: str) -> str:
    """A notice after a colon."""
    return notice[:1].lower() + notice[1:]
