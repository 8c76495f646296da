"""Hands a cart over to another device: a link to open there, and the page that asks whether to bring the cart.

Following a link changes nothing. The button copies the lines of the other cart into the cart here: the other cart stays
as it is, and neither device sees or changes what the other does later. Each line is one change whose id is derived from
the link, the cart and the sku: a second click, a second tab or a retry after a timeout adds nothing.
docs/decisions/handing-a-cart-over.md has the reasons.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Annotated
from urllib.parse import parse_qs, urlsplit

import msgspec
import segno
from litestar.params import FromPath

from shop.cart.model import REMEMBERED_CHANGES, Add, Cart, Change, Line, SetQuantity, change_id
from shop.cart.service import CartService
from shop.errors import InvalidInput
from shop.i18n import gettext as _
from shop.web.handoff.links import HandoffLinks
from shop.web.handoff.merge import OpenedLink, merge_lines
from shop.web.handoff.replies import HandoffReplies
from shop.web.http.limits import CARTS
from shop.web.http.origin import origin_of
from shop.web.http.reply import Reply, go_to
from shop.web.http.request import ShopRequest
from shop.web.render.storefront import Storefront

Handler = Callable[[ShopRequest, str], Awaitable[Reply]]
_LOOPBACK_HOSTS = ("localhost", "127.0.0.1", "::1")


class HandoffHandlers:
    """Handles /cart/handoff, which makes a link, and /handoff/{token}, which the link leads to."""

    def __init__(self, site: Storefront, carts: CartService, links: HandoffLinks, replies: HandoffReplies) -> None:
        self._site = site
        self._carts = carts
        self._links = links
        self._replies = replies

    async def offer(self, request: ShopRequest) -> Reply:
        """GET /cart/handoff: a link, as text and as a QR code. Making it stores nothing, so GET is safe.

        Raises InvalidInput if the shop does not know its own address.
        """
        session = self._site.sessions.read(request)
        cart = await self._carts.get(session.cart_id) if session else Cart("")
        if session is None or not cart.active:
            return await self._replies.empty_cart(request)
        origin = origin_of(request, self._site.public_url)
        if not origin:
            raise InvalidInput(_("The shop does not know its own address, so it cannot make a link to it."))
        url = f"{origin}/handoff/{self._links.make(session.cart_id)}"
        qr_code = segno.make_qr(url, error="m").svg_inline(border=4, light="#fff", omitsize=True, lineclass=None)
        local_only = urlsplit(url).hostname in _LOOPBACK_HOSTS
        return await self._replies.link(request, cart, url, qr_code, local_only=local_only)

    def following(self, action: Callable[[OpenedLink], Awaitable[Reply]]) -> Handler:
        """The handler of /handoff/{token}: calls `action` for a valid link on another device than it was made on."""

        async def follow(request: ShopRequest, token: FromPath[str]) -> Reply:
            link = self._links.read(token)
            if link is None:
                return await self._replies.invalid(request)
            if self._links.expired(link):
                return await self._replies.expired(request)
            session = self._site.sessions.read(request)
            if session is not None and session.cart_id == link.cart_id:
                return await self._replies.same_device(request)
            target = await self._carts.get(session.cart_id) if session else Cart("")
            if session is not None and not (session.issued or target.revision or target.partial):
                session, target = None, Cart("")  # a number that is not ours begins no cart
            source = await self._carts.get(link.cart_id)
            skus = [line.sku for line in source.active]
            offers = await self._site.catalog.offers(skus, target.id) if skus else {}
            lines = merge_lines(
                source, target, offers, self._carts.limits, lambda sku: _change_of(token, target.id, sku)
            )
            before = _quantities_before(request.scope["query_string"])
            return await action(OpenedLink(request, token, session, source, target, lines, before))

        return follow

    async def ask(self, opened: OpenedLink) -> Reply:
        """GET: asks whether to bring the cart here, or reports what the link has brought."""
        if any(line.added_quantity for line in opened.lines):
            return await self._replies.ask(opened)
        brought = _brought(opened)
        if brought or any(line.merged_before for line in opened.lines):
            return await self._replies.done(opened, sum(line.quantity for line in brought))
        return await self._replies.nothing_to_bring(opened)

    async def take(self, opened: OpenedLink) -> Reply:
        """POST: merge the lines into the cart here, then redirect to the GET, which reports the result."""
        if (session := opened.session) is None:
            await self._site.limits.count(opened.request.scope, CARTS)
            session = self._site.sessions.begin()
        at = int(self._site.clock())
        changes = [
            Add(
                id=_change_of(opened.token, session.cart_id, line.line.sku),
                at=at,
                sku=line.line.sku,
                quantity=line.added_quantity,
                price=line.offer.price,
                at_most=line.offer.stock or 0,
            )
            for line in opened.lines
            if line.offer is not None and line.added_quantity
        ]
        cart = await self._apply(session.cart_id, opened.target, changes)
        cookies = self._site.sessions.keep(opened.request, session, cart, cart.quantity) if changes else []
        return go_to(opened.request, opened.path(opened.quantities_before), headers=cookies)

    async def take_back(self, opened: OpenedLink) -> Reply:
        """POST …/undo: restore the quantities from before the merge."""
        if opened.session is None or opened.quantities_before is None:
            return go_to(opened.request, "/cart")
        at, target, before = int(self._site.clock()), opened.target, opened.quantities_before
        changes = [
            SetQuantity(_change_of(opened.token, target.id, line.sku, "undo"), at, line.sku, before.get(line.sku, 0))
            for line in _brought(opened)
            if line.quantity > before.get(line.sku, 0)
        ]
        cart = await self._apply(target.id, target, changes)
        cookies = self._site.sessions.keep(opened.request, opened.session, cart, cart.quantity)
        return go_to(opened.request, "/cart", headers=cookies)

    async def _apply(self, cart_id: str, cart: Cart, changes: Sequence[Change]) -> Cart:
        for start in range(0, len(changes), REMEMBERED_CHANGES):
            cart = await self._carts.replay(cart_id, changes[start : start + REMEMBERED_CHANGES])
        return cart


def _change_of(token: str, cart_id: str, sku: str, action: str = "bring") -> bytes:
    """The id of the change that an action of this link makes to a line of a cart."""
    return change_id("handoff", action, token, cart_id, sku)


def _brought(opened: OpenedLink) -> tuple[Line, ...]:
    """The lines of the target cart that the link has added or increased."""
    target = opened.target
    return tuple(line for line in target.active if target.knows(_change_of(opened.token, target.id, line.sku)))


def _quantities_before(query_string: bytes) -> Mapping[str, int] | None:
    """Quantity by sku before the merge, from the parameter `have`; None if it is missing or malformed."""
    try:
        parameters = parse_qs(query_string.decode("utf-8", "replace"), max_num_fields=50)
        return msgspec.json.decode(parameters["have"][0], type=dict[str, Annotated[int, msgspec.Meta(ge=0)]])
    except (KeyError, ValueError):  # msgspec's errors are ValueErrors
        return None
