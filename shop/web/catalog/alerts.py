"""Asking to be told when something is back. An address counts only once its owner has confirmed it by its e-mail."""

from __future__ import annotations

from litestar.params import FromPath

from shop.catalog.model import Offer
from shop.checkout.mail.address import read_email
from shop.checkout.mail.stock_alerts import StockAlerts
from shop.errors import InvalidInput, NotFound
from shop.i18n import content, full_name
from shop.i18n import gettext as _
from shop.web.catalog.views import AlertState, AlertView
from shop.web.http.forms import read_form
from shop.web.http.origin import email_origin
from shop.web.http.reply import NO_STORE, Reply, go_to, html
from shop.web.http.request import ShopRequest
from shop.web.render.paths import product_path
from shop.web.render.storefront import Storefront
from shop.web.render.views import Link

MAX_FIELD = 254
"""Characters of a field; the rest is cut off."""


class AlertHandlers:
    """Handles /alerts."""

    def __init__(self, site: Storefront, alerts: StockAlerts) -> None:
        self._site = site
        self._alerts = alerts

    async def ask(self, request: ShopRequest) -> Reply:
        """POST /alerts: variant_id and email. The reply is the same whether the address is known or not."""
        form = await read_form(request)
        sku, email = form.text("variant_id"), form.text("email")[:MAX_FIELD]
        origin = email_origin(request, self._site.public_url, sends_email=self._site.sends_email)
        offer = await self._offer(sku)
        if offer is None or not origin:
            raise NotFound("We have no such product. It may have been taken out of the shop.")
        item = _link_to(offer)
        if offer.stock is None or offer.stock > 0:
            return go_to(request, item.url)
        try:
            address = read_email(email)
        except InvalidInput as error:
            return await self._page(request, "asked", item, email=email, sku=sku, error=error.message)
        await self._alerts.ask(offer, address, origin)
        return await self._page(request, "asked", item, email=address)

    async def show(self, request: ShopRequest, token: FromPath[str]) -> Reply:
        """GET /alerts/{token}: the buttons that confirm a request and take it back. Raises NotFound."""
        alert = await self._alerts.get(token)
        offer = await self._offer(alert.sku) if alert else None
        if alert is None or offer is None:
            raise NotFound("This request has ended. If it is sold out, you can ask again on its page.")
        state: AlertState = "pending" if alert.confirmed_at is None else "confirmed"
        return await self._page(request, state, _link_to(offer), email=alert.email, path=f"/alerts/{alert.token}")

    async def confirm(self, request: ShopRequest, token: FromPath[str]) -> Reply:
        """POST /alerts/{token}: confirm the address."""
        await self._alerts.confirm(token)
        return go_to(request, f"/alerts/{token}")

    async def stop(self, request: ShopRequest, token: FromPath[str]) -> Reply:
        """POST /alerts/{token}/stop: take the request back."""
        await self._alerts.stop(token)
        return await self._page(request, "stopped", Link(_("To the front page"), "/"))

    async def _offer(self, sku: str) -> Offer | None:
        return (await self._site.catalog.offers((sku,))).get(sku)

    async def _page(
        self,
        request: ShopRequest,
        state: AlertState,
        item: Link,
        *,
        email: str = "",
        sku: str = "",
        error: str = "",
        path: str = "",
    ) -> Reply:
        title = _("Tell me when it is back")
        shell = await self._site.shell(request, _("Error: {title}", title=title) if error else title, path=item.url)
        view = AlertView(
            shell=shell,
            state=state,
            item=item,
            email=email,
            sku=sku,
            error=error,
            path=path,
            sends_email=self._site.sends_email,
        )
        page = self._site.templates.render("catalog/alert.html", view, request.badge)
        return html(page, status=422 if error else 200, cache=NO_STORE)


def _link_to(offer: Offer) -> Link:
    return Link(full_name(content(offer.title), offer.variant), product_path(offer.handle, offer.sku))
