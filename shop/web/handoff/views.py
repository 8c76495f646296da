"""What the templates of the handoff are given; see shop.web.render.views."""

from __future__ import annotations

import msgspec

from shop.web.cart.views import LineView
from shop.web.render.views import Link, Shell


class HandoffLine(msgspec.Struct, frozen=True):
    """A line of the other cart, and what there is to say of it here."""

    line: LineView
    notes: tuple[str, ...]
    """'Sold out.', 'You have 1 here already, 2 after this.'"""


class LinkPage(msgspec.Struct, frozen=True):
    """The page with the link to take along."""

    shell: Shell
    url: str
    code: str
    """The link as a QR code: SVG of ours."""
    quantity: int
    coupon: bool
    """The cart has one, which does not come along."""
    saved: bool
    """Something is saved for later, which does not come along either."""
    near: bool
    """The address is one that this computer alone can reach."""


class TakePage(msgspec.Struct, frozen=True):
    """Asks whether to bring a cart here (`asks`), or says that it is done."""

    shell: Shell
    heading: str
    lead: str
    lines: tuple[HandoffLine, ...]
    asks: bool
    posts_to: str
    """'' where there is nothing to press: it is done, and cannot be taken out in one go."""


class ClosedPage(msgspec.Struct, frozen=True):
    """A link that brings nothing: why, and where to go on."""

    shell: Shell
    heading: str
    lead: str
    links: tuple[Link, ...]
