"""Builds the pages of the handoff. All are sent with no-store: no browser and no proxy keeps them."""

from __future__ import annotations

import msgspec

from shop.cart.model import Cart, Limits
from shop.i18n import gettext as _
from shop.i18n import ngettext
from shop.web.cart.replies import CartReplies
from shop.web.handoff.merge import OpenedLink, line_notices
from shop.web.handoff.views import ClosedPage, HandoffLine, LinkPage, TakePage
from shop.web.http.reply import NO_STORE, Reply, html
from shop.web.http.request import ShopRequest
from shop.web.render.storefront import Storefront
from shop.web.render.views import Link, Shell


class HandoffReplies:
    """Builds the replies of HandoffHandlers; CartReplies builds the lines of the carts."""

    def __init__(self, site: Storefront, replies: CartReplies, limits: Limits) -> None:
        self._site = site
        self._replies = replies
        self._limits = limits

    async def link(self, request: ShopRequest, cart: Cart, url: str, qr_code: str, *, local_only: bool) -> Reply:
        """The link to open on another device; `qr_code` as SVG."""
        shell = await self._shell(request, _("Continue on your phone"))
        view = LinkPage(shell, url, qr_code, cart.quantity, bool(cart.coupon), bool(cart.saved), local_only)
        return self._page("handoff/link.html", request, view)

    async def ask(self, opened: OpenedLink) -> Reply:
        """Asks whether to bring the lines of the other cart to this device."""
        added = sum(line.added_quantity for line in opened.lines)
        heading = ngettext("Bring this item to this device?", "Bring these {count} items to this device?", added)
        existing = opened.target.quantity
        lead = _("The other device keeps its cart as it is.")
        if existing:
            stay = ngettext(
                "What is in your cart here stays: {count} item.",
                "What is in your cart here stays: {count} items.",
                existing,
            )
            lead = f"{stay} {lead}"
        before = opened.quantities_before
        if before is None:
            before = {line.line.sku: line.existing_quantity for line in opened.lines if line.existing_quantity}
        return await self._take(opened, heading, lead, asks=True, action=opened.path(before))

    async def done(self, opened: OpenedLink, quantity: int) -> Reply:
        """Reports what the link brought to this device. `quantity`: units now in the lines that it brought."""
        before = opened.quantities_before
        undo = opened.path(before, "/undo") if quantity and before is not None else ""
        heading = _("Your cart is here")
        lead = ngettext(
            "From the other device: {count} item. It keeps its own cart.",
            "From the other device: {count} items. It keeps its own cart.",
            quantity,
        )
        if not quantity:
            heading = _("This link has already been used here")
            lead = _(
                "What it brought is no longer in your cart. To bring it again, make a new link on the other device."
            )
        return await self._take(opened, heading, lead, asks=False, action=undo if "?" in undo else "")

    async def nothing_to_bring(self, opened: OpenedLink) -> Reply:
        """The other cart is empty, or everything in it is here already or cannot be bought."""
        if opened.lines:
            heading = _("There is nothing to bring")
            lead = _("Everything that is still available is already in your cart here.")
            return await self._take(opened, heading, lead, asks=False, action="")
        lead = _("It was ordered or emptied on the other device. Your cart on this device is as it was.")
        if opened.source.partial:
            lead = _("It cannot be read just now. Please try again in a few minutes.")
        return await self._closed(opened.request, 200, _("The cart of this link is empty"), lead)

    async def empty_cart(self, request: ShopRequest) -> Reply:
        """The cart here is empty, so no link is made."""
        lead = _("There is nothing to bring yet. What you add to it can be taken to another device.")
        return await self._closed(request, 200, _("Your cart is empty"), lead)

    async def same_device(self, request: ShopRequest) -> Reply:
        """The link was opened on the device that made it."""
        lead = _("This link leads to the cart that you already have here. Open it on another device.")
        return await self._closed(request, 200, _("This cart is already here"), lead)

    async def expired(self, request: ShopRequest) -> Reply:
        """410: the link has expired."""
        lead = _(
            "A link works for ten minutes. Your cart is still on the device where it was made: make a new link there. "
            "What this link has brought here stays."
        )
        return await self._closed(request, 410, _("This link has ended"), lead)

    async def invalid(self, request: ShopRequest) -> Reply:
        """404: the token is incomplete, or this shop did not sign it."""
        lead = _("Part of it may be missing. Nothing was changed. Please copy the whole link, or scan the code again.")
        return await self._closed(request, 404, _("This link is not complete"), lead)

    async def _take(self, opened: OpenedLink, heading: str, lead: str, *, asks: bool, action: str) -> Reply:
        source = msgspec.structs.replace(opened.source, coupon="", removed=None)
        line_views = (await self._replies.view(opened.request, source, show_returning=False)).lines
        lines = tuple(
            HandoffLine(line_view, tuple(line_notices(line, self._limits)))
            for line_view, line in zip(line_views, opened.lines, strict=True)
        )
        shell = await self._shell(opened.request, heading, opened.path(None))
        return self._page("handoff/take.html", opened.request, TakePage(shell, heading, lead, lines, asks, action))

    async def _closed(self, request: ShopRequest, status: int, heading: str, lead: str) -> Reply:
        links = (Link(_("To your cart"), "/cart"), Link(_("Look around"), "/"))
        view = ClosedPage(await self._shell(request, heading), heading, lead, links)
        return self._page("handoff/closed.html", request, view, status)

    async def _shell(self, request: ShopRequest, title: str, path: str = "/cart") -> Shell:
        return await self._site.shell(request, title, path=path)

    def _page(
        self, template: str, request: ShopRequest, view: LinkPage | TakePage | ClosedPage, status: int = 200
    ) -> Reply:
        return html(self._site.templates.render(template, view, request.badge), status=status, cache=NO_STORE)
