"""Tells a shopper that their archived cart is back, and what has changed in the shop since."""

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

MAX_CHANGES = 5
DISMISSED = "seen-"
"""Prefix of the `welcome` cookie once the notice is dismissed; the time of the cart's last change follows."""
_SECONDS = re.compile(r"[1-9][0-9]{9}")


class ReturningCartNotice:
    """Decides whether to show the notice: from the restore of a cart until its next change or until it is dismissed.

    `sleep_after`: seconds from a cart's last change until it is archived. A change that restores a cart makes it look
    like any other, so the `welcome` cookie carries the notice over to the next page.
    """

    def __init__(self, sessions: Sessions, sleep_after: int) -> None:
        self._sessions = sessions
        self._sleep_after = sleep_after

    def since(self, request: ShopRequest, cart: Cart, now: int) -> int:
        """Last change of the returning cart before its restore, seconds since the epoch; 0 for no notice."""
        cookie = request.cookies.get("welcome", "")
        since = cart.idle_since
        if not since and _SECONDS.fullmatch(cookie):
            since = min(int(cookie), now)
        elif not since and cart.revision and cart.changed_at + self._sleep_after <= now:
            since = cart.changed_at
        return 0 if cookie == f"{DISMISSED}{since}" else since

    def after_change(self, request: ShopRequest, cart: Cart) -> list[SetCookie]:
        """Cookies for the reply to a change: set by a change that restored the cart, deleted by the next one."""
        if cart.idle_since:
            return [self._sessions.remember_welcome(request, str(cart.idle_since))]
        return [self._sessions.remember_welcome(request, "")] if "welcome" in request.cookies else []

    def after_dismissal(self, request: ShopRequest, since: int) -> list[SetCookie]:
        """Cookies that record the dismissal of the notice; none without a notice (`since` 0)."""
        return [self._sessions.remember_welcome(request, f"{DISMISSED}{since}")] if since else []


def returning_cart_view(since: int, lines: Sequence[LineView]) -> ReturningCartView | None:
    """The notice for a cart last changed at `since`; None for no notice (0) or an empty cart."""
    if not since or not lines:
        return None
    changes = tuple(f"{_name(line)}: {_after_colon(change)}" for line in lines for change in line.changes)
    return ReturningCartView(
        message=_("Your cart of {day} is here again.", day=day_of(since)),
        changes=changes[:MAX_CHANGES],
        more=max(0, len(changes) - MAX_CHANGES),
    )


def _name(line: LineView) -> str:
    if line.discontinued:
        return line.sku
    return full_name(line.title, line.variant)


def _after_colon(notice: str) -> str:
    """A notice to follow a colon: in English it then starts with a lower-case letter."""
    return notice[:1].lower() + notice[1:] if spoken() is ENGLISH else notice
