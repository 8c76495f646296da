"""A cart goes on on another device: a link to take along, and the page that asks there.

Following a link changes nothing. The button copies what is in the other cart into the one here: the other keeps
everything, and neither device can see or change what the other does later. Each line is brought by a change of its own,
whose id stands for this link, this cart and this line: pressed again, in a second tab or after a time-out, it counts
once. docs/decisions/handing-a-cart-over.md has the reasons.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Annotated
from urllib.parse import parse_qs, urlsplit

import msgspec
import segno

from shop.cart.model import REMEMBERED_CHANGES, Add, Cart, Change, Line, SetQuantity, change_id
from shop.cart.service import CartService
from shop.errors import InvalidInput
from shop.i18n import gettext as _
from shop.web.handoff.links import HandoffLinks
from shop.web.handoff.merge_builder import Opened, steps
from shop.web.handoff.replies import HandoffReplies
from shop.web.http.origin import origin_of
from shop.web.http.reply import Reply, go_to
from shop.web.http.request import ShopRequest
from shop.web.render.storefront import Storefront

Handler = Callable[[ShopRequest], Awaitable[Reply]]
_HERE_ONLY = ("localhost", "127.0.0.1", "::1")


class HandoffHandlers:
    """Handles /cart/handoff, where a link is made, and /handoff/{token}, where it leads."""

    def __init__(self, site: Storefront, carts: CartService, links: HandoffLinks, pages: HandoffReplies) -> None:
        self._site = site
        self._carts = carts
        self._links = links
        self._replies = pages

    async def offer(self, request: ShopRequest) -> Reply:
        """GET /cart/handoff: a link, as words and as a QR code. Making it keeps nothing, so a GET may."""
        session = self._site.sessions.read(request)
        cart = await self._carts.get(session.cart_id) if session else Cart("")
        if session is None or not cart.active:
            return await self._replies.nothing_to_carry(request)
        origin = origin_of(request, self._site.public_url)
        if not origin:
            raise InvalidInput(_("The shop does not know its own address, so it cannot make a link to it."))
        url = f"{origin}/handoff/{self._links.make(session.cart_id)}"
        code = segno.make_qr(url, error="m").svg_inline(border=4, light="#fff", omitsize=True, lineclass=None)
        return await self._replies.link(request, cart, url, code, near=urlsplit(url).hostname in _HERE_ONLY)

    def following(self, then: Callable[[Opened], Awaitable[Reply]]) -> Handler:
        """The handler of /handoff/{token}: `then` for a link that works, on another device than it was made on."""

        async def follow(request: ShopRequest) -> Reply:
            token = request.path_params["token"]
            link = self._links.read(token)
            if link is None:
                return await self._replies.broken(request)
            if self._links.ended(link):
                return await self._replies.ended(request)
            session = self._site.sessions.read(request)
            if session is not None and session.cart_id == link.cart_id:
                return await self._replies.same_device(request)
            here = await self._carts.get(session.cart_id) if session else Cart("")
            there = await self._carts.get(link.cart_id)
            offers = (
                await self._site.catalog.offers([line.sku for line in there.active], here.id) if there.active else {}
            )
            plan = steps(there, here, offers, self._carts.limits, lambda sku: _change_of(token, here.id, sku))
            return await then(
                Opened(request, token, session, here, there, plan, _before(request.scope["query_string"]))
            )

        return follow

    async def ask(self, opened: Opened) -> Reply:
        """GET: what it would bring here, or what it has brought."""
        if any(step.more for step in opened.steps):
            return await self._replies.ask(opened)
        brought = _brought(opened)
        if brought or any(step.taken for step in opened.steps):
            return await self._replies.done(opened, sum(line.quantity for line in brought))
        return await self._replies.nothing_to_bring(opened)

    async def take(self, opened: Opened) -> Reply:
        """POST: bring it here; then GET says what came of it."""
        session = opened.session or self._site.sessions.begin()
        at = int(self._site.clock())
        changes = [
            Add(
                id=_change_of(opened.token, session.cart_id, step.line.sku),
                at=at,
                sku=step.line.sku,
                quantity=step.more,
                price=step.offer.price,
                at_most=step.offer.stock or 0,
            )
            for step in opened.steps
            if step.offer is not None and step.more
        ]
        cart = await self._apply(session.cart_id, opened.here, changes)
        cookies = self._site.sessions.keep(opened.request, session, cart.quantity) if changes else []
        return go_to(opened.request, opened.address(opened.before), headers=cookies)

    async def take_back(self, opened: Opened) -> Reply:
        """POST …/undo: what it brought goes out again; what was here before stays."""
        if opened.session is None or opened.before is None:
            return go_to(opened.request, "/cart")
        at, here, before = int(self._site.clock()), opened.here, opened.before
        changes = [
            SetQuantity(_change_of(opened.token, here.id, line.sku, "undo"), at, line.sku, before.get(line.sku, 0))
            for line in _brought(opened)
            if line.quantity > before.get(line.sku, 0)
        ]
        cart = await self._apply(here.id, here, changes)
        cookies = self._site.sessions.keep(opened.request, opened.session, cart.quantity)
        return go_to(opened.request, "/cart", headers=cookies)

    async def _apply(self, cart_id: str, cart: Cart, changes: Sequence[Change]) -> Cart:
        for start in range(0, len(changes), REMEMBERED_CHANGES):
            cart = await self._carts.replay(cart_id, changes[start : start + REMEMBERED_CHANGES])
        return cart


def _change_of(token: str, cart_id: str, sku: str, what: str = "bring") -> bytes:
    """The id of the change that does this to a line, by this link, in this cart."""
    return change_id("handoff", what, token, cart_id, sku)


def _brought(opened: Opened) -> tuple[Line, ...]:
    """The lines here that the link has brought, or added to."""
    here = opened.here
    return tuple(line for line in here.active if here.knows(_change_of(opened.token, here.id, line.sku)))


def _before(query_string: bytes) -> Mapping[str, int] | None:
    """What an address says was here before, pieces by sku; None where it says nothing of it."""
    try:
        given = parse_qs(query_string.decode("utf-8", "replace"), max_num_fields=50)
        return msgspec.json.decode(given["have"][0], type=dict[str, Annotated[int, msgspec.Meta(ge=0)]])
    except (KeyError, ValueError):  # the latter is also what msgspec raises
        return None
