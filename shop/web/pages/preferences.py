"""What a shopper may set or take back: the currency, the language, and the session itself."""

from __future__ import annotations

from urllib.parse import urlsplit

from shop.cart.service import CartService
from shop.errors import InvalidInput
from shop.formatting import listed
from shop.i18n import gettext as _
from shop.web.http.forms import read_form
from shop.web.http.reply import Reply, go_to, html, safe_return
from shop.web.http.request import Visit, WebRequest
from shop.web.http.session import Sessions
from shop.web.render.language import Languages, in_language
from shop.web.render.prices import Currencies
from shop.web.render.shell import ShellBuilder
from shop.web.render.templating import Templates
from shop.web.render.views import TextPage


class PreferenceHandlers:
    """Handles /setCurrency, /setLanguage and /logout."""

    def __init__(
        self,
        carts: CartService,
        sessions: Sessions,
        shells: ShellBuilder,
        currencies: Currencies,
        languages: Languages,
        templates: Templates,
    ) -> None:
        self._carts = carts
        self._sessions = sessions
        self._shells = shells
        self._currencies = currencies
        self._languages = languages
        self._templates = templates

    async def set_currency(self, request: WebRequest) -> Reply:
        """POST /setCurrency: currency_code, and return_to where to go on; raises InvalidInput for an unknown code."""
        visit = Visit(request.scope)
        form = await read_form(request, visit)
        code = form.text("currency_code").upper()
        if code not in self._currencies:
            raise InvalidInput(
                "Prices come in {currencies}. Please choose one of them.", currencies=listed(self._currencies.codes)
            )
        back = form.text("return_to") or _referring_path(visit)
        return go_to(visit, back, headers=[self._sessions.remember_currency(visit, code)])

    async def set_language(self, request: WebRequest) -> Reply:
        """POST /setLanguage: language_code, and return_to where to go on; raises InvalidInput for an unknown code."""
        visit = Visit(request.scope)
        form = await read_form(request, visit)
        code = form.text("language_code")
        if code not in self._languages:
            raise InvalidInput("This shop does not speak that language. Please choose one from the list.")
        back = safe_return(form.text("return_to") or _referring_path(visit))
        return go_to(visit, in_language(back, ""), headers=[self._sessions.remember_language(visit, code)])

    async def ask_logout(self, request: WebRequest) -> Reply:
        """GET /logout only asks: following a link never loses a cart."""
        visit = Visit(request.scope)
        await self._shells.refresh()
        currency = self._currencies.prices(visit.cookies.get("currency")).currency
        shell = self._shells.shell(_("Forget this cart"), path="/logout", currency=currency)
        lead = _("This browser forgets its cart and what is saved for later. That cannot be undone.")
        page = TextPage(shell, _("Forget this cart?"), lead)
        return html(self._templates.render("pages/logout.html", page, visit.badge))

    async def logout(self, request: WebRequest) -> Reply:
        """POST /logout: the cart is deleted and the cookies taken back."""
        visit = Visit(request.scope)
        session = self._sessions.read(visit)
        if session is not None:
            await self._carts.delete(session.cart_id)
        return go_to(visit, "/", headers=self._sessions.forget(visit))


def _referring_path(visit: Visit) -> str:
    """The path of the page that sent the form, if it is one of ours."""
    try:
        referrer = urlsplit(visit.header(b"referer"))
    except ValueError:
        return "/"
    if referrer.netloc.lower() != visit.header(b"host").lower():
        return "/"
    return f"{referrer.path}?{referrer.query}" if referrer.query else referrer.path
