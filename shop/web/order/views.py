"""View structs for the templates of orders; see shop.web.render.views."""

from __future__ import annotations

import msgspec

from shop.checkout.model import Fact
from shop.web.checkout.views import Alert, SummaryView
from shop.web.render.views import Link, Shell


class ParcelView(msgspec.Struct, frozen=True):
    """What was sent together, or came back."""

    title: str
    """'Sent on 3 December'."""
    items: tuple[str, ...]
    carriage: str
    """'DHL 0034043'; '' if nobody said."""


class OrderView(msgspec.Struct, frozen=True):
    """The page of an order."""

    shell: Shell
    number: str
    """In groups, for reading aloud."""
    state: str
    tone: str
    """'done', 'waiting' or 'failed'."""
    heading: str
    paragraphs: tuple[str, ...]
    """The state of the order and what happens next."""
    waiting: bool
    """Whether the page polls for a new state."""
    path: str
    invoice_path: str
    """'' if there is no invoice."""
    credit_notes: tuple[Link, ...]
    date: str
    """ISO 8601, for <time>."""
    day: str
    email: str
    address: tuple[str, ...]
    """Lines of the address."""
    arrival: str
    """When the parcel should arrive, as text; '' if nothing is promised."""
    payment: str
    """'Visa ending in 4242'."""
    facts: tuple[Fact, ...]
    """What else the shopper has said."""
    summary: SummaryView
    refunded: str
    """What was refunded in parts; '' for nothing."""
    parcels: tuple[ParcelView, ...]
    url: str
    """Absolute URL of this page."""
    mail_to: str
    """A mailto: link to e-mail this page's address to oneself."""
    json_ld: str
    """JSON-LD Order with '<' escaped; '' for an order that is not firm."""
    action: Link | None
    """The next step for the shopper, if there is one."""
    badge: str = ""
    """Quantity on the cart's badge; '' for none. A firm order has emptied the cart."""


class OwnOrder(msgspec.Struct, frozen=True):
    """An order in the list of a browser's orders."""

    number: str
    path: str
    date: str
    """ISO 8601, for <time>."""
    day: str
    state: str
    """'On its way'."""
    items: str
    """The names of what was ordered."""
    total: str


class OwnOrdersView(msgspec.Struct, frozen=True):
    """The latest orders of this browser, the latest first."""

    shell: Shell
    orders: tuple[OwnOrder, ...]


class FindOrderView(msgspec.Struct, frozen=True):
    """The look-up form."""

    shell: Shell
    number: str
    """As it was typed, as is the e-mail address."""
    email: str
    alert: Alert | None = None
