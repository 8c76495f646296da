"""The stock on the page for operators, as by `shop stock`."""

from __future__ import annotations

from urllib.parse import urlencode

from shop.catalog.model import StockLevel
from shop.catalog.stock.counting import number, told
from shop.errors import InvalidInput, NotFound
from shop.parts import Parts
from shop.typed import one_line
from shop.web.http.forms import read_form
from shop.web.http.reply import NO_STORE, Reply, go_to, html
from shop.web.http.request import ShopRequest
from shop.web.operations.sign_in import OPERATOR, PATH, OperatorAccess
from shop.web.operations.views import StockView
from shop.web.render.storefront import Storefront

MAX_TEXT = 200
MOST_CHANGES = 10


class OperatorStock:
    """Handles /operations/stock."""

    def __init__(self, site: Storefront, parts: Parts, access: OperatorAccess) -> None:
        self._site = site
        self._parts = parts
        self._access = access

    async def show(self, request: ShopRequest) -> Reply:
        """GET /operations/stock?sku=…: the stock of a sku and its history, and the form for another."""
        if refusal := self._access.refusal(request):
            return refusal
        return await self._page(one_line(request.query_params.get("sku", ""))[:MAX_TEXT])

    async def set(self, request: ShopRequest) -> Reply:
        """POST /operations/stock: sku, on_hand and why."""
        if refusal := self._access.refusal(request):
            return refusal
        form = await read_form(request)
        sku = one_line(form.fields.get("sku", ""))[:MAX_TEXT]
        try:
            on_hand, why = form.count("on_hand"), one_line(form.text("why"))[:MAX_TEXT]
            book, sync = self._parts.stock_book, self._parts.stock_sync
            await book.change([sku], lambda _sku, _before: on_hand, "set", reason=why, who=OPERATOR)
        except (InvalidInput, NotFound) as error:
            return await self._page(sku, str(error), error.status)
        sync.touched([sku])
        return go_to(request, f"{PATH}/stock?{urlencode({'sku': sku})}")

    async def _page(self, sku: str, alert: str = "", status: int = 200) -> Reply:
        book = self._parts.stock_book
        rows = await book.levels([sku]) if sku else []
        if sku and not rows:
            alert, status = f"There is no sku {sku}.", 404
        history = await book.history(sku, MOST_CHANGES) if rows else []
        view = StockView(
            sku=sku,
            levels=levels_of(rows[0].level) if rows else (),
            on_hand=str(rows[0].level.on_hand) if rows and rows[0].level.on_hand is not None else "",
            history=tuple(map(told, history)),
            alert=alert,
        )
        return html(self._site.templates.fragments("operations/stock.html", view), status=status, cache=NO_STORE)


def levels_of(level: StockLevel) -> tuple[tuple[str, str], ...]:
    """The quantities of a sku, by name."""
    counts = {
        "On hand": level.on_hand,
        "Committed": level.committed,
        "Reserved": level.reserved,
        "On sale": level.stock,
    }
    return tuple((name, number(count)) for name, count in counts.items())
