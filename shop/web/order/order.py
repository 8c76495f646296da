"""The page of an order, under an address that nobody can guess, and the look-up of an order.

The address is the secret: shoppers can save, print or e-mail it. The page needs no session, so it opens on any device.
"""

from __future__ import annotations

from hmac import compare_digest

import msgspec
from litestar.params import FromPath

from shop.cart.service import CartService
from shop.checkout.model import Order
from shop.checkout.order_numbers import typed_number
from shop.checkout.placing.orders import Orders
from shop.errors import InvalidInput, NotFound, StoreUnavailable
from shop.i18n import gettext as _
from shop.i18n import noted
from shop.web.checkout.views import Alert
from shop.web.http.forms import Form, read_form
from shop.web.http.origin import origin_of
from shop.web.http.reply import NO_STORE, Header, Reply, go_to, html
from shop.web.http.request import ShopRequest
from shop.web.order.order_builder import order_view, title_of
from shop.web.order.views import FindOrderView
from shop.web.render.paths import order_path
from shop.web.render.storefront import Storefront

UNKNOWN = noted("We have no order with this number and this e-mail address. Please check both.")
MAX_FIELD = 254
"""Characters of a field; the rest is cut off."""


class OrderHandlers:
    """Handles /order."""

    def __init__(self, site: Storefront, orders: Orders, carts: CartService) -> None:
        self._site = site
        self._orders = orders
        self._carts = carts

    async def show(self, request: ShopRequest, number: FromPath[str]) -> Reply:
        """GET /order/{number}; redirects from other spellings of the number. Raises NotFound."""
        canonical = typed_number(number)
        order = await self._orders.get(canonical) if canonical else None
        if order is None:
            raise NotFound("There is no order at this address. Its number has 16 letters and digits.")
        if number != canonical:
            return go_to(request, order_path(canonical))
        badge, headers = await self._badge(request, order)
        shell = await self._site.shell(request, title_of(order), path=order_path(canonical))
        view = order_view(order, shell, origin_of(request, self._site.public_url), sends_email=self._site.sends_email)
        view = msgspec.structs.replace(view, badge=badge)
        if request.wants_fragment:
            return html(self._site.templates.fragments("order/changed.html", view), headers=headers, cache=NO_STORE)
        return html(self._site.templates.render("order/page.html", view, badge), headers=headers, cache=NO_STORE)

    async def ask(self, request: ShopRequest) -> Reply:
        """GET /order: the look-up form."""
        return await self._form(request, "", "")

    async def find(self, request: ShopRequest) -> Reply:
        """POST /order: number and email. A wrong number and a wrong e-mail address get the same reply."""
        form = await read_form(request)
        number, email = _text(form, "number"), _text(form, "email")
        order = await self._orders.get(typed_number(number))
        expected = order.buyer.email if order else ""
        if compare_digest(_folded(expected), _folded(email)) and order:
            return go_to(request, order_path(order.number))
        alert = Alert(_("Nothing was found"), (_(UNKNOWN),))
        return await self._form(request, number, email, alert)

    async def _form(self, request: ShopRequest, number: str, email: str, alert: Alert | None = None) -> Reply:
        shell = await self._site.shell(
            request, _("Error: Find an order") if alert else _("Find an order"), path="/order"
        )
        page = self._site.templates.render("order/find.html", FindOrderView(shell, number, email, alert), request.badge)
        return html(page, status=422 if alert else 200, cache=NO_STORE)

    async def _badge(self, request: ShopRequest, order: Order) -> tuple[str, list[Header]]:
        """The cart's badge and its cookie, corrected if this shopper's own order has just emptied the cart."""
        session = self._site.sessions.read(request)
        if session is None or session.cart_id != order.quote.cart_id or not order.firm:
            return request.badge, []
        try:
            cart = await self._carts.get(session.cart_id)
        except StoreUnavailable:
            return request.badge, []
        cookies = self._site.sessions.correct_count(request, cart.quantity)
        if cookies:
            cookies += self._site.sessions.shows(request, cart)
        return str(cart.quantity or ""), cookies


def _text(form: Form, name: str) -> str:
    try:
        return form.text(name)[:MAX_FIELD]
    except InvalidInput:
        return ""


def _folded(email: str) -> bytes:
    return email.strip().casefold().encode()
