"""What the template of the demonstration bank's page is given; see shop.web.render.views."""

from __future__ import annotations

import msgspec

from shop.web.render.views import Shell


class PaymentView(msgspec.Struct, frozen=True):
    """A payment that waits for its shopper's answer."""

    shell: Shell
    path: str
    """Where the answer goes."""
    amount: str
    number: str
    """The order's, in groups."""
