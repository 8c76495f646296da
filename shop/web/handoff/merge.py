"""Plans how another device's cart is merged into the one here, line by line."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from urllib.parse import urlencode

import msgspec

from shop.cart.model import Cart, Limits, Line
from shop.catalog.model import Offer
from shop.i18n import gettext as _
from shop.i18n import ngettext
from shop.web.http.request import ShopRequest
from shop.web.http.session import Session

_MAX_QUERY = 1500
"""Characters of a query string: some proxies and apps truncate longer addresses."""


class MergeLine(msgspec.Struct, frozen=True):
    """A line of the source cart, and the quantities before and after its merge into the target cart."""

    line: Line
    offer: Offer | None
    existing_quantity: int
    """In the target cart now."""
    merged_quantity: int
    """In the target cart after the merge: that of the source, as far as stock and limits allow. The existing quantity
    counts towards it, so an item that is in both carts is not doubled."""
    merged_before: bool
    """The link has already brought this line into the target cart."""
    fits: bool
    """The target cart has the item already, or a free line for it."""

    @property
    def added_quantity(self) -> int:
        """How many units the merge adds."""
        return 0 if self.merged_before or not self.fits else max(0, self.merged_quantity - self.existing_quantity)


def merge_lines(
    source: Cart, target: Cart, offers: Mapping[str, Offer], limits: Limits, change_of: Callable[[str], bytes]
) -> tuple[MergeLine, ...]:
    """The merge of each active line of the source; `offers` by sku, for each sku that is still sold.

    `change_of`: the id of the change that adds a sku to the target.
    """
    planned: list[MergeLine] = []
    free_lines = limits.lines - len(target.lines)
    for line in source.active:
        existing, offer = target.line(line.sku), offers.get(line.sku)
        merge_line = MergeLine(
            line=line,
            offer=offer,
            existing_quantity=existing.quantity if existing else 0,
            merged_quantity=min(line.quantity, _max_quantity(offer, limits)),
            merged_before=target.knows(change_of(line.sku)),
            fits=existing is not None or free_lines > 0,
        )
        if existing is None and merge_line.added_quantity:
            free_lines -= 1
        planned.append(merge_line)
    return tuple(planned)


def _max_quantity(offer: Offer | None, limits: Limits) -> int:
    if offer is None:
        return 0
    return limits.quantity if offer.stock is None else max(0, min(limits.quantity, offer.stock))


class OpenedLink(msgspec.Struct, frozen=True):
    """A valid link that was opened on another device; made by HandoffHandlers.following for its actions."""

    request: ShopRequest
    token: str
    session: Session | None
    source: Cart
    """The cart of the device that made the link."""
    target: Cart
    """The cart of the device that opened it."""
    lines: tuple[MergeLine, ...]
    quantities_before: Mapping[str, int] | None
    """Quantity by sku in the target before the merge, from the address; None if the address does not have it."""

    def path(self, quantities_before: Mapping[str, int] | None, suffix: str = "") -> str:
        """The link's path, the suffix, and the quantities before the merge as a query, unless that gets too long."""
        path = f"/handoff/{self.token}{suffix}"
        query = urlencode({"have": msgspec.json.encode(quantities_before)}) if quantities_before is not None else ""
        return f"{path}?{query}" if query and len(query) < _MAX_QUERY else path


def line_notices(merge_line: MergeLine, limits: Limits) -> Iterator[str]:
    """Notices about a line: what cannot be merged and why, and what the target cart already has."""
    if merge_line.offer is None:
        yield _("We no longer sell this item.")
        return
    if not merge_line.merged_quantity and merge_line.offer.reserved:
        yield _("The last ones are reserved for another order. They may come back within minutes.")
    elif not merge_line.merged_quantity:
        yield _("Sold out.")
    elif merge_line.merged_quantity < merge_line.line.quantity:
        yield ngettext("Only {count} left.", "Only {count} left.", merge_line.merged_quantity)
    if merge_line.merged_before:
        return
    existing = merge_line.existing_quantity
    if not merge_line.fits:
        yield _("Your cart here is full: it takes {count} different items.", count=limits.lines)
    elif existing and merge_line.added_quantity:
        yield _(
            "You already have {have} here; after this you will have {goal}.",
            have=existing,
            goal=merge_line.merged_quantity,
        )
    elif existing:
        yield _("You already have {have} here.", have=existing)
