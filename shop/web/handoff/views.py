"""View structs for the handoff's templates; see shop.web.render.views."""

from __future__ import annotations

import msgspec

from shop.web.cart.views import LineView
from shop.web.render.views import Link, Shell


class HandoffLine(msgspec.Struct, frozen=True):
    """A line of the other device's cart, with notices about its merge."""

    line: LineView
    notices: tuple[str, ...]
    """'Sold out.', 'You have 1 here already, 2 after this.'"""


class LinkPage(msgspec.Struct, frozen=True):
    """The page that shows the link to open on another device."""

    shell: Shell
    url: str
    qr_code: str
    """The link as a QR code: trusted SVG."""
    quantity: int
    has_coupon: bool
    """The cart has a coupon; the link does not carry it."""
    has_saved: bool
    """The cart has items saved for later; the link does not carry them."""
    local_only: bool
    """The address is a loopback address, which no other device can reach."""


class TakePage(msgspec.Struct, frozen=True):
    """Asks whether to bring a cart to this device (`asks`), or reports that it was brought."""

    shell: Shell
    heading: str
    lead: str
    lines: tuple[HandoffLine, ...]
    asks: bool
    action: str
    """Where the form posts to; '' for no form, if there is nothing to bring or to undo."""


class ClosedPage(msgspec.Struct, frozen=True):
    """A link that brings nothing: the reason, and links to other pages."""

    shell: Shell
    heading: str
    lead: str
    links: tuple[Link, ...]
