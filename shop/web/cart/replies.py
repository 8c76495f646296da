"""Answers with a cart: as the page, or as the fragments that one change swaps; and keeps the shopper's cookies."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import msgspec

from shop.cart.model import Cart, Limits
from shop.i18n import gettext as _
from shop.web.cart.cart_builder import cart_view, skus_of
from shop.web.cart.returning_cart import ReturningCartNotice
from shop.web.cart.sums import CartPricing
from shop.web.cart.views import CartPage, CartReply, CartView
from shop.web.http.country_guess import guessed_country
from shop.web.http.forms import Form
from shop.web.http.reply import Header, Reply, go_to, html
from shop.web.http.request import ShopRequest
from shop.web.http.session import Session
from shop.web.render.storefront import Storefront

Words = Callable[[CartView], str]
"""Says what happened, given the cart as it is now."""


class CartReplies:
    """Builds the answers that show a cart."""

    def __init__(self, site: Storefront, pricing: CartPricing, limits: Limits, returning: ReturningCartNotice) -> None:
        self._site = site
        self._pricing = pricing
        self._limits = limits
        self._returning = returning

    async def view(self, request: ShopRequest, cart: Cart, *, welcomed: bool = False) -> CartView:
        """The cart in the shopper's currency: one look-up of what the catalogue says of its lines.

        `welcomed`: not to be told any more that their cart is back.
        """
        now = int(self._site.clock())
        since = 0 if welcomed else self._returning.since(request, cart, now)
        prices = self._site.prices(request)
        skus = skus_of(cart, now)
        offers = await self._site.catalog.offers(skus, cart.id) if skus else {}
        comes_to = await self._pricing.of(cart, offers, prices, self._country(request), now)
        return cart_view(cart, offers, comes_to, prices, self._site.pictures, self._limits, now, since)

    def _country(self, request: ShopRequest) -> str:
        language = request.header(b"accept-language")
        return guessed_country(request.cookies.get("currency", ""), language, self._pricing.home)

    async def shown(self, request: ShopRequest, cart: Cart) -> Reply:
        """The cart page; htmx gets what a change would send, without words."""
        view = await self.view(request, cart)
        headers = self._site.sessions.correct_count(request, view.quantity)
        if request.wants_fragment:
            return self._fragments("cart/changed.html", CartReply(view, view.quantity, ""), headers=headers)
        return await self._page(request, view, headers=headers)

    async def changed(self, request: ShopRequest, session: Session | None, cart: Cart, words: Words) -> Reply:
        """What a change in the cart swaps; without htmx, off to the cart page."""
        return await self._after(request, session, cart, words, "cart/changed.html")

    async def added(self, request: ShopRequest, session: Session, cart: Cart, words: Words, sku: str) -> Reply:
        """What an add of `sku` swaps, from the cart's page the cart too; without htmx, off to the cart page."""
        template = "cart/changed.html" if request.in_the_cart else "cart/added.html"
        return await self._after(request, session, cart, words, template, sku)

    async def welcomed(self, request: ShopRequest, cart: Cart) -> Reply:
        """The cart of a shopper who has read that it is back; without htmx, off to the cart page."""
        cookies = self._returning.after_reading(request, self._returning.since(request, cart, int(self._site.clock())))
        if not request.wants_fragment:
            return go_to(request, "/cart", headers=cookies)
        view = await self.view(request, cart, welcomed=True)
        return self._fragments("cart/changed.html", CartReply(view, view.quantity, ""), headers=cookies)

    async def refused(self, request: ShopRequest, cart: Cart, error: str) -> Reply:
        """Why a change was refused, and the cart as it is (422)."""
        return await self._refused(request, await self.view(request, cart), error, "cart/refused.html")

    async def refused_coupon(self, request: ShopRequest, cart: Cart, error: str, form: Form) -> Reply:
        """Why a coupon was refused, at the field where its code was typed, if the cart has one (422)."""
        view = await self.view(request, cart)
        if view.coupon or not view.lines:
            return await self._refused(request, view, error, "cart/refused.html")
        typed = form.fields.get("code", "")[:64]
        view = msgspec.structs.replace(view, typed=typed, coupon_error=error)
        return await self._refused(request, view, error, "cart/coupon_refused.html")

    async def _refused(self, request: ShopRequest, view: CartView, error: str, template: str) -> Reply:
        if request.wants_fragment:
            return self._fragments(template, CartReply(view, view.quantity, error, error), status=422)
        return await self._page(request, view, error=error)

    async def _after(
        self, request: ShopRequest, session: Session | None, cart: Cart, words: Words, template: str, added: str = ""
    ) -> Reply:
        if session is not None and session.fresh and cart.partial:
            cart = msgspec.structs.replace(cart, partial=False)
        welcome = self._returning.after_change(request, cart)
        if not request.wants_fragment:
            # Nothing is looked up: the change is made, and no store that is away may make it look as if it were not.
            cookies = self._site.sessions.keep(request, session, cart.quantity) if session else []
            return go_to(request, "/cart", headers=[*cookies, *welcome])
        view = await self.view(request, cart, welcomed=not cart.woken)
        cookies = self._site.sessions.keep(request, session, view.quantity) if session else []
        reply = CartReply(view, view.quantity, words(view), added=added)
        return self._fragments(template, reply, headers=[*cookies, *welcome])

    def _fragments(self, template: str, view: CartReply, *, status: int = 200, headers: Iterable[Header] = ()) -> Reply:
        return html(self._site.templates.fragments(template, view), status=status, headers=headers)

    async def _page(
        self, request: ShopRequest, view: CartView, *, error: str = "", headers: Iterable[Header] = ()
    ) -> Reply:
        shell = await self._site.shell(request, _("Your cart"), path="/cart")
        page = self._site.templates.render("cart/page.html", CartPage(shell, view, error), str(view.quantity or ""))
        return html(page, status=422 if error else 200, headers=headers)
