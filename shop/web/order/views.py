"""What the templates of orders are given; see shop.web.render.views."""

from __future__ import annotations

import msgspec

from shop.checkout.model import Fact
from shop.web.checkout.views import Alert, SummaryView
from shop.web.render.views import Link, Shell


class OrderView(msgspec.Struct, frozen=True):
    """The page of an order."""

    shell: Shell
    number: str
    """In groups, to be read out."""
    state: str
    tone: str
    """'done', 'waiting' or 'failed'."""
    heading: str
    words: tuple[str, ...]
    """What has become of it and what happens next."""
    waiting: bool
    """Whether the page looks again by itself."""
    path: str
    date: str
    """ISO 8601, for <time>."""
    day: str
    email: str
    address: tuple[str, ...]
    """Its lines."""
    payment: str
    """'Visa ending in 4242'."""
    facts: tuple[Fact, ...]
    """What else the shopper has said."""
    summary: SummaryView
    page: str
    """Where this page is found again, absolute."""
    mail_to: str
    """A mailto: link that sends oneself this page's address."""
    json_ld: str
    """JSON-LD Order with '<' escaped; '' for one that is not firm."""
    act: Link | None
    """What the shopper can do now."""
    badge: str = ""
    """Pieces in the cart, which an order that has become firm has left; '' for none."""


class FindOrderView(msgspec.Struct, frozen=True):
    """The look-up of an order."""

    shell: Shell
    number: str
    """As it was typed, as is the e-mail address."""
    email: str
    alert: Alert | None = None
