"""Answers with a cart: as the page, or as the fragments that one change swaps; and keeps the shopper's cookies."""

from __future__ import annotations

import time
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
from shop.web.http.request import Visit
from shop.web.http.session import Session, Sessions
from shop.web.render.catalog import Catalog
from shop.web.render.pictures import Pictures
from shop.web.render.prices import Currencies
from shop.web.render.shell import ShellBuilder
from shop.web.render.templating import Templates

Words = Callable[[CartView], str]
"""Says what happened, given the cart as it is now."""


class CartReplies:
    """Builds the answers that show a cart."""

    def __init__(
        self,
        catalog: Catalog,
        sums: CartPricing,
        sessions: Sessions,
        shells: ShellBuilder,
        currencies: Currencies,
        pictures: Pictures,
        templates: Templates,
        limits: Limits,
        welcome: ReturningCartNotice,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._catalog = catalog
        self._sums = sums
        self._sessions = sessions
        self._shells = shells
        self._currencies = currencies
        self._pictures = pictures
        self._templates = templates
        self._limits = limits
        self._welcome = welcome
        self._clock = clock

    async def view(self, visit: Visit, cart: Cart, *, welcomed: bool = False) -> CartView:
        """The cart in the shopper's currency: one look-up of what the catalogue says of its lines.

        `welcomed`: not to be told any more that their cart is back.
        """
        now = int(self._clock())
        since = 0 if welcomed else self._welcome.since(visit, cart, now)
        prices = self._currencies.prices(visit.cookies.get("currency"))
        skus = skus_of(cart, now)
        offers = await self._catalog.offers(skus, cart.id) if skus else {}
        comes_to = await self._sums.of(cart, offers, prices, self._country(visit), now)
        return cart_view(cart, offers, comes_to, prices, self._pictures, self._limits, now, since)

    def _country(self, visit: Visit) -> str:
        language = visit.header(b"accept-language")
        return guessed_country(visit.cookies.get("currency", ""), language, self._sums.home)

    async def shown(self, visit: Visit, cart: Cart) -> Reply:
        """The cart page; htmx gets what a change would send, without words."""
        view = await self.view(visit, cart)
        headers = self._sessions.correct_count(visit, view.quantity)
        if visit.wants_fragment:
            return self._fragments("cart/changed.html", CartReply(view, view.quantity, ""), headers=headers)
        return await self._page(visit, view, headers=headers)

    async def changed(self, visit: Visit, session: Session | None, cart: Cart, words: Words) -> Reply:
        """What a change in the cart swaps; without htmx, off to the cart page."""
        return await self._after(visit, session, cart, words, "cart/changed.html")

    async def added(self, visit: Visit, session: Session, cart: Cart, words: Words, sku: str) -> Reply:
        """What an add of `sku` swaps, from the cart's page the cart too; without htmx, off to the cart page."""
        template = "cart/changed.html" if visit.in_the_cart else "cart/added.html"
        return await self._after(visit, session, cart, words, template, sku)

    async def welcomed(self, visit: Visit, cart: Cart) -> Reply:
        """The cart of a shopper who has read that it is back; without htmx, off to the cart page."""
        cookies = self._welcome.after_reading(visit, self._welcome.since(visit, cart, int(self._clock())))
        if not visit.wants_fragment:
            return go_to(visit, "/cart", headers=cookies)
        view = await self.view(visit, cart, welcomed=True)
        return self._fragments("cart/changed.html", CartReply(view, view.quantity, ""), headers=cookies)

    async def refused(self, visit: Visit, cart: Cart, error: str) -> Reply:
        """Why a change was refused, and the cart as it is (422)."""
        return await self._refused(visit, await self.view(visit, cart), error, "cart/refused.html")

    async def refused_coupon(self, visit: Visit, cart: Cart, error: str, form: Form) -> Reply:
        """Why a coupon was refused, at the field where its code was typed, if the cart has one (422)."""
        view = await self.view(visit, cart)
        if view.coupon or not view.lines:
            return await self._refused(visit, view, error, "cart/refused.html")
        typed = form.fields.get("code", "")[:64]
        view = msgspec.structs.replace(view, typed=typed, coupon_error=error)
        return await self._refused(visit, view, error, "cart/coupon_refused.html")

    async def _refused(self, visit: Visit, view: CartView, error: str, template: str) -> Reply:
        if visit.wants_fragment:
            return self._fragments(template, CartReply(view, view.quantity, error, error), status=422)
        return await self._page(visit, view, error=error)

    async def _after(
        self, visit: Visit, session: Session | None, cart: Cart, words: Words, template: str, added: str = ""
    ) -> Reply:
        if session is not None and session.fresh and cart.partial:
            cart = msgspec.structs.replace(cart, partial=False)
        welcome = self._welcome.after_change(visit, cart)
        if not visit.wants_fragment:
            # Nothing is looked up: the change is made, and no store that is away may make it look as if it were not.
            cookies = self._sessions.keep(visit, session, cart.quantity) if session else []
            return go_to(visit, "/cart", headers=[*cookies, *welcome])
        view = await self.view(visit, cart, welcomed=not cart.woken)
        cookies = self._sessions.keep(visit, session, view.quantity) if session else []
        reply = CartReply(view, view.quantity, words(view), added=added)
        return self._fragments(template, reply, headers=[*cookies, *welcome])

    def _fragments(self, template: str, view: CartReply, *, status: int = 200, headers: Iterable[Header] = ()) -> Reply:
        return html(self._templates.fragments(template, view), status=status, headers=headers)

    async def _page(self, visit: Visit, view: CartView, *, error: str = "", headers: Iterable[Header] = ()) -> Reply:
        await self._shells.refresh()
        currency = self._currencies.prices(visit.cookies.get("currency")).currency
        shell = self._shells.shell(_("Your cart"), path="/cart", currency=currency)
        page = self._templates.render("cart/page.html", CartPage(shell, view, error), str(view.quantity or ""))
        return html(page, status=422 if error else 200, headers=headers)
