"""What becomes of another device's cart here: line by line, and as the pages say it."""

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

_LONGEST = 1500
"""Characters of a query: longer addresses are cut off by some on the way."""


class Step(msgspec.Struct, frozen=True):
    """A line of the other cart, and what becomes of it here.

    `goal`: how many pieces the line is to have here: as many as there, as far as stock and limits allow. What is here
    already counts towards it, so that the same things on both sides do not become twice as many.
    """

    line: Line
    offer: Offer | None
    have: int
    goal: int
    taken: bool
    """The link has brought this line here before."""
    room: bool
    """The cart here can take the line."""

    @property
    def more(self) -> int:
        """How many pieces it brings."""
        return 0 if self.taken or not self.room else max(0, self.goal - self.have)


def steps(
    there: Cart, here: Cart, offers: Mapping[str, Offer], limits: Limits, change_of: Callable[[str], bytes]
) -> tuple[Step, ...]:
    """What becomes of each active line of the cart there; `offers` by sku, for each sku that is still sold.

    `change_of`: the id of the change that brings a sku here.
    """
    made: list[Step] = []
    free = limits.lines - len(here.lines)
    for line in there.active:
        own, offer = here.line(line.sku), offers.get(line.sku)
        step = Step(
            line=line,
            offer=offer,
            have=own.quantity if own else 0,
            goal=min(line.quantity, _most(offer, limits)),
            taken=here.knows(change_of(line.sku)),
            room=own is not None or free > 0,
        )
        free -= own is None and step.more > 0
        made.append(step)
    return tuple(made)


def _most(offer: Offer | None, limits: Limits) -> int:
    if offer is None:
        return 0
    return limits.quantity if offer.stock is None else max(0, min(limits.quantity, offer.stock))


class Opened(msgspec.Struct, frozen=True):
    """A link that works, where it was followed."""

    request: ShopRequest
    token: str
    session: Session | None
    here: Cart
    there: Cart
    steps: tuple[Step, ...]
    before: Mapping[str, int] | None
    """Pieces by sku that were here before it brought anything, as its address says; None: it does not."""

    def address(self, before: Mapping[str, int] | None, then: str = "") -> str:
        """The link's path, then what follows it, with what was here before; without that where it is too long."""
        path = f"/handoff/{self.token}{then}"
        query = urlencode({"have": msgspec.json.encode(before)}) if before is not None else ""
        return f"{path}?{query}" if query and len(query) < _LONGEST else path


def notes(step: Step, limits: Limits) -> Iterator[str]:
    """What is otherwise here than it is there."""
    if step.offer is None:
        yield _("We no longer sell this item.")
        return
    if not step.goal and step.offer.held:
        yield _("The last ones are in another cart at the checkout. They may come back within minutes.")
    elif not step.goal:
        yield _("Sold out.")
    elif step.goal < step.line.quantity:
        yield ngettext("Only {count} left.", "Only {count} left.", step.goal)
    if step.taken:
        return
    if not step.room:
        yield _("Your cart here is full: it takes {count} different items.", count=limits.lines)
    elif step.have and step.more:
        yield _("You have {have} here already, {goal} after this.", have=step.have, goal=step.goal)
    elif step.have:
        yield _("You have {have} here already.", have=step.have)
