"""The pages of a cart that goes on on another device. No browser and no proxy keeps them."""

from __future__ import annotations

import msgspec

from shop.cart.model import Cart, Limits
from shop.i18n import gettext as _
from shop.i18n import ngettext
from shop.web.cart.replies import CartReplies
from shop.web.handoff.merge_builder import Opened, notes
from shop.web.handoff.views import ClosedPage, HandoffLine, LinkPage, TakePage
from shop.web.http.reply import NO_STORE, Reply, html
from shop.web.http.request import ShopRequest
from shop.web.render.storefront import Storefront
from shop.web.render.views import Link, Shell


class HandoffReplies:
    """Renders them."""

    def __init__(self, site: Storefront, replies: CartReplies, limits: Limits) -> None:
        self._site = site
        self._replies = replies
        self._limits = limits

    async def link(self, request: ShopRequest, cart: Cart, url: str, code: str, *, near: bool) -> Reply:
        """The link to take along."""
        shell = await self._shell(request, _("Continue on your phone"))
        view = LinkPage(shell, url, code, cart.quantity, bool(cart.coupon), bool(cart.saved), near)
        return self._page("handoff/link.html", request, view)

    async def ask(self, opened: Opened) -> Reply:
        """What the link would bring here."""
        more = sum(step.more for step in opened.steps)
        heading = ngettext("Bring this item to this device?", "Bring these {count} items to this device?", more)
        here = opened.here.quantity
        lead = _("The other device keeps its cart as it is.")
        if here:
            stay = ngettext(
                "What is in your cart here stays: {count} item.",
                "What is in your cart here stays: {count} items.",
                here,
            )
            lead = f"{stay} {lead}"
        have = opened.before
        if have is None:
            have = {step.line.sku: step.have for step in opened.steps if step.have}
        return await self._take(opened, heading, lead, asks=True, posts_to=opened.address(have))

    async def done(self, opened: Opened, quantity: int) -> Reply:
        """What the link has brought here, where so many pieces are of its lines now."""
        undo = opened.address(opened.before, "/undo") if quantity and opened.before is not None else ""
        heading = _("Your cart is here")
        lead = ngettext(
            "From the other device: {count} item. It keeps its own cart.",
            "From the other device: {count} items. It keeps its own cart.",
            quantity,
        )
        if not quantity:
            heading = _("This link has done its work here")
            lead = _("What it brought is in your cart no more. To bring it again, make a new link on the other device.")
        return await self._take(opened, heading, lead, asks=False, posts_to=undo if "?" in undo else "")

    async def nothing_to_bring(self, opened: Opened) -> Reply:
        """Nothing of it is missing here, or nothing of it can be had."""
        if opened.steps:
            heading = _("There is nothing to bring")
            lead = _("Everything that can still be had is in your cart here already.")
            return await self._take(opened, heading, lead, asks=False, posts_to="")
        lead = _("It was ordered or emptied on the other device. Your cart on this device is as it was.")
        if opened.there.partial:
            lead = _("It cannot be read just now. Nothing is lost: please try again in a few minutes.")
        return await self._closed(opened.request, 200, _("The cart of this link is empty"), lead)

    async def nothing_to_carry(self, request: ShopRequest) -> Reply:
        """A link to an empty cart would be of no use."""
        lead = _("There is nothing to take along yet. What you put into it can go on on another device.")
        return await self._closed(request, 200, _("Your cart is empty"), lead)

    async def same_device(self, request: ShopRequest) -> Reply:
        """The link came back to where it was made."""
        lead = _("This link leads to the cart that you have here already. Open it on another device.")
        return await self._closed(request, 200, _("This is this very cart"), lead)

    async def ended(self, request: ShopRequest) -> Reply:
        """Its time is over."""
        lead = _(
            "A link works for ten minutes. Your cart is still on the device where it was made: make a new link there. "
            "What this link has brought here stays."
        )
        return await self._closed(request, 410, _("This link has ended"), lead)

    async def broken(self, request: ShopRequest) -> Reply:
        """It is not ours, or not all of it has arrived."""
        lead = _(
            "Perhaps a part of it was cut off. Nothing was changed. Please copy the whole link, or scan the code again."
        )
        return await self._closed(request, 404, _("This link is not complete"), lead)

    async def _take(self, opened: Opened, heading: str, lead: str, *, asks: bool, posts_to: str) -> Reply:
        there = msgspec.structs.replace(opened.there, coupon="", removed=None)
        shown = (await self._replies.view(opened.request, there, welcomed=True)).lines
        lines = tuple(
            HandoffLine(line, tuple(notes(step, self._limits))) for line, step in zip(shown, opened.steps, strict=True)
        )
        shell = await self._shell(opened.request, heading, opened.address(None))
        return self._page("handoff/take.html", opened.request, TakePage(shell, heading, lead, lines, asks, posts_to))

    async def _closed(self, request: ShopRequest, status: int, heading: str, lead: str) -> Reply:
        ways_on = (Link(_("To your cart"), "/cart"), Link(_("Look around"), "/"))
        view = ClosedPage(await self._shell(request, heading), heading, lead, ways_on)
        return self._page("handoff/closed.html", request, view, status)

    async def _shell(self, request: ShopRequest, title: str, path: str = "/cart") -> Shell:
        return await self._site.shell(request, title, path=path)

    def _page(
        self, template: str, request: ShopRequest, view: LinkPage | TakePage | ClosedPage, status: int = 200
    ) -> Reply:
        return html(self._site.templates.render(template, view, request.badge), status=status, cache=NO_STORE)
