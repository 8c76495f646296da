"""Builds the replies that show a cart: the page, or the fragments that a change swaps. Also renews the cookies."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import msgspec

from shop.cart.model import Cart, Limits
from shop.i18n import gettext as _
from shop.web.cart.cart_builder import cart_view, skus_of
from shop.web.cart.returning_cart import ReturningCartNotice
from shop.web.cart.totals import CartPricing
from shop.web.cart.views import CartPage, CartReply, CartView
from shop.web.http.country_guess import guessed_country
from shop.web.http.forms import Form
from shop.web.http.reply import Header, Reply, go_to, html
from shop.web.http.request import ShopRequest
from shop.web.http.session import Session
from shop.web.render.storefront import Storefront

Announcement = Callable[[CartView], str]
"""Returns the message about a change, given the cart after it. Shown in the status region."""


class CartReplies:
    """Builds the replies of CartHandlers, AddHandlers and, for the lines of a cart, HandoffReplies."""

    def __init__(self, site: Storefront, pricing: CartPricing, limits: Limits, returning: ReturningCartNotice) -> None:
        self._site = site
        self._pricing = pricing
        self._limits = limits
        self._returning = returning

    async def view(self, request: ShopRequest, cart: Cart, *, show_returning: bool = True) -> CartView:
        """The cart in the shopper's currency, with one catalogue look-up for all its lines.

        `show_returning`: whether a returning cart gets its notice.
        """
        now = int(self._site.clock())
        since = self._returning.since(request, cart, now) if show_returning else 0
        prices = self._site.prices(request)
        skus = skus_of(cart, now)
        offers = await self._site.catalog.offers(skus, cart.id) if skus else {}
        totals = await self._pricing.totals(cart, offers, prices, self._country(request), now)
        return cart_view(cart, offers, totals, prices, self._site.pictures, self._limits, now, since)

    def _country(self, request: ShopRequest) -> str:
        language = request.header(b"accept-language")
        return guessed_country(request.cookies.get("currency", ""), language, self._pricing.home_country)

    async def shown(self, request: ShopRequest, cart: Cart) -> Reply:
        """The cart page; for htmx the fragments of a change, without a status message."""
        view = await self.view(request, cart)
        sessions = self._site.sessions
        headers = [*sessions.correct_count(request, view.quantity), *sessions.seen(request, cart)]
        if request.wants_fragment:
            return self._fragments("cart/changed.html", CartReply(view, view.quantity, ""), headers=headers)
        return await self._page(request, view, headers=headers)

    async def changed(
        self, request: ShopRequest, session: Session | None, cart: Cart, announcement: Announcement
    ) -> Reply:
        """The fragments that a change in the cart swaps; without htmx, a redirect to the cart page."""
        template = "cart/drawn.html" if request.on_other_page else "cart/changed.html"
        return await self._change_reply(request, session, cart, announcement, template)

    async def added(
        self, request: ShopRequest, session: Session, cart: Cart, announcement: Announcement, sku: str
    ) -> Reply:
        """The fragments after an add of `sku`, on the cart page with the cart; without htmx, a redirect there."""
        template = "cart/changed.html" if request.on_cart_page else "cart/added.html"
        return await self._change_reply(request, session, cart, announcement, template, sku)

    async def returning_dismissed(self, request: ShopRequest, cart: Cart) -> Reply:
        """The cart without the notice of its return, for good; without htmx, a redirect to the cart page."""
        since = self._returning.since(request, cart, int(self._site.clock()))
        cookies = self._returning.after_dismissal(request, since)
        if not request.wants_fragment:
            return go_to(request, "/cart", headers=cookies)
        view = await self.view(request, cart, show_returning=False)
        return self._fragments("cart/changed.html", CartReply(view, view.quantity, ""), headers=cookies)

    async def refused(self, request: ShopRequest, cart: Cart, error: str) -> Reply:
        """422: why a change was refused, and the unchanged cart."""
        return await self._refused(request, await self.view(request, cart), error, "cart/refused.html")

    async def coupon_refused(self, request: ShopRequest, cart: Cart, error: str, form: Form) -> Reply:
        """422: why a coupon was refused, beside the field with the code if the cart shows one."""
        view = await self.view(request, cart)
        if view.coupon or not view.lines:
            return await self._refused(request, view, error, "cart/refused.html")
        typed_code = form.fields.get("code", "")[:64]
        view = msgspec.structs.replace(view, typed_code=typed_code, coupon_error=error)
        return await self._refused(request, view, error, "cart/coupon_refused.html")

    async def _refused(self, request: ShopRequest, view: CartView, error: str, template: str) -> Reply:
        if request.wants_fragment:
            return self._fragments(template, CartReply(view, view.quantity, error, error), status=422)
        return await self._page(request, view, error=error)

    async def _change_reply(
        self,
        request: ShopRequest,
        session: Session | None,
        cart: Cart,
        announcement: Announcement,
        template: str,
        added_sku: str = "",
    ) -> Reply:
        if session is not None and session.fresh and cart.partial:
            cart = msgspec.structs.replace(cart, partial=False)
        returning = self._returning.after_change(request, cart)
        if not request.wants_fragment:
            # No look-up here: the change is made, and an unavailable store must not turn it into an error page.
            cookies = self._site.sessions.keep(request, session, cart, cart.quantity) if session else []
            return go_to(request, "/cart", headers=[*cookies, *returning])
        view = await self.view(request, cart, show_returning=bool(cart.idle_since))
        cookies = self._site.sessions.keep(request, session, cart, view.quantity) if session else []
        reply = CartReply(view, view.quantity, announcement(view), added_sku=added_sku)
        return self._fragments(template, reply, headers=[*cookies, *returning])

    def _fragments(self, template: str, view: CartReply, *, status: int = 200, headers: Iterable[Header] = ()) -> Reply:
        return html(self._site.templates.fragments(template, view), status=status, headers=headers)

    async def _page(
        self, request: ShopRequest, view: CartView, *, error: str = "", headers: Iterable[Header] = ()
    ) -> Reply:
        shell = await self._site.shell(request, _("Your cart"), path="/cart")
        page = self._site.templates.personal("cart/page.html", CartPage(shell, view, error), str(view.quantity or ""))
        return html(page, status=422 if error else 200, headers=headers)
