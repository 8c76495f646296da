"""The shopper's preferences: set the currency or the language, delete the session."""

from __future__ import annotations

from urllib.parse import urlsplit

from shop.cart.service import CartService
from shop.checkout.placing.reservations import Reservations
from shop.errors import InvalidInput
from shop.formatting import listed
from shop.i18n import gettext as _
from shop.web.http.forms import read_form
from shop.web.http.reply import Reply, go_to, html, safe_return
from shop.web.http.request import ShopRequest
from shop.web.render.language import in_language
from shop.web.render.storefront import Storefront
from shop.web.render.views import TextPage


class PreferenceHandlers:
    """Handles /setCurrency, /setLanguage and /logout."""

    def __init__(self, site: Storefront, carts: CartService, reservations: Reservations) -> None:
        self._site = site
        self._carts = carts
        self._reservations = reservations

    async def set_currency(self, request: ShopRequest) -> Reply:
        """POST /setCurrency: currency_code, and the path return_to. Raises InvalidInput for an unknown code."""
        form = await read_form(request)
        code = form.text("currency_code").upper()
        if code not in self._site.currencies:
            raise InvalidInput(
                "Prices can be shown in {currencies}. Please choose one of these.",
                currencies=listed(self._site.currencies.codes),
            )
        return_to = form.text("return_to") or _referring_path(request)
        return go_to(request, return_to, headers=[self._site.sessions.remember_currency(request, code)])

    async def set_language(self, request: ShopRequest) -> Reply:
        """POST /setLanguage: language_code, and the path return_to. Raises InvalidInput for an unknown code."""
        form = await read_form(request)
        code = form.text("language_code")
        if code not in self._site.languages:
            raise InvalidInput("This shop does not have that language. Please choose one from the list.")
        return_to = safe_return(form.text("return_to") or _referring_path(request))
        return go_to(
            request, in_language(return_to, ""), headers=[self._site.sessions.remember_language(request, code)]
        )

    async def ask_logout(self, request: ShopRequest) -> Reply:
        """GET /logout: asks for confirmation, so that following a link never loses a cart."""
        shell = await self._site.shell(request, _("Forget this cart"), path="/logout")
        lead = _(
            "This deletes your cart and what you saved for later from this browser, and its list of orders. "
            "It cannot be undone."
        )
        page = TextPage(shell, _("Forget this cart?"), lead)
        return html(self._site.templates.render("pages/logout.html", page, request.badge))

    async def logout(self, request: ShopRequest) -> Reply:
        """POST /logout: delete the cart, its reservation and all cookies."""
        session = self._site.sessions.read(request)
        if session is not None:
            await self._carts.delete(session.cart_id)
            await self._reservations.keep(session.cart_id, {})
        return go_to(request, "/", headers=self._site.sessions.forget(request))


def _referring_path(request: ShopRequest) -> str:
    """The path of the page that sent the form, from Referer; '/' if that is not a page of this site."""
    try:
        referrer = urlsplit(request.header(b"referer"))
    except ValueError:
        return "/"
    if referrer.netloc.lower() != request.header(b"host").lower():
        return "/"
    return f"{referrer.path}?{referrer.query}" if referrer.query else referrer.path
