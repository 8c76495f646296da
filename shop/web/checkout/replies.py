"""Renders the checkout: as a page, or as the fragments that htmx swaps."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from functools import lru_cache

import msgspec
from babel.dates import format_time

from shop.catalog.model import Offer
from shop.checkout.model import Order, Quote
from shop.checkout.order_numbers import grouped
from shop.checkout.payments.demo_cards import DEMO_CARDS
from shop.checkout.pricing.countries import name_of, names, suggestions
from shop.checkout.pricing.quotes import QuoteProblem, QuoteResult, ShippingOption
from shop.checkout.pricing.signed_quote import QuoteSigner
from shop.errors import StoreUnavailable
from shop.i18n import content, ngettext, spoken
from shop.i18n import gettext as _
from shop.web.checkout.fields import Field, PaymentFields, of_country
from shop.web.checkout.form import Entries
from shop.web.checkout.summary_builder import price_or_free, summary_view
from shop.web.checkout.views import (
    Alert,
    CheckoutView,
    CheckView,
    Choice,
    ClockView,
    EmptyCheckoutView,
    FieldView,
    MethodView,
    TestCardView,
)
from shop.web.http.reply import NO_STORE, Header, Reply, html
from shop.web.http.request import ShopRequest
from shop.web.render.storefront import Storefront
from shop.web.render.views import Link, Shell


class CheckoutState(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that a checkout page shows: a quote, the entries of the form, and messages about them."""

    quote: Quote
    methods: tuple[ShippingOption, ...] = ()
    problems: tuple[QuoteProblem, ...] = ()
    untaxed: bool = False
    region_missing: bool = False
    """Whether taxes depend on a state or province that is not known."""
    entries: Entries
    guessed: bool = False
    """Whether the country is a guess."""
    reserved_until: int = 0
    """When the reservation of all items expires, seconds since the epoch; 0 if not all are reserved."""
    pending_order: Order | None = None
    """The order of this cart that waits for the bank."""
    alert: Alert | None = None
    free_before: bool = False
    """Whether the form shows an order that costs nothing."""
    token: str = ""
    """The form's own token, if its quote is shown again; '' for a new quote."""
    retype: bool = False


def checkout_state(result: QuoteResult, entries: Entries, **options: object) -> CheckoutState:
    """The state of a checkout with a new quote; `options` are further fields of CheckoutState."""
    return CheckoutState(
        quote=result.quote,
        methods=result.methods,
        problems=result.problems,
        untaxed=result.untaxed,
        region_missing=result.region_missing,
        entries=entries,
        **options,  # type: ignore[arg-type]
    )


def all_reserved(result: QuoteResult, reserved: Mapping[str, int]) -> bool:
    """Whether the full quantities of the quote are reserved."""
    return all(reserved.get(sku, 0) >= quantity for sku, quantity in result.quote.wanted.items())


class CheckoutReplies:
    """Renders the replies of checkout. shop.web.checkout.routes makes one for all its handlers."""

    def __init__(self, site: Storefront, signer: QuoteSigner, payment: PaymentFields) -> None:
        self._payment = payment
        self._site = site
        self._signer = signer

    async def page(self, request: ShopRequest, checkout: CheckoutState) -> Reply:
        """The checkout page."""
        view = await self._view(checkout)
        headers = self._site.sessions.correct_count(request, view.badge)
        return html(self._site.templates.render("checkout/page.html", view, str(view.badge)), headers=headers)

    async def redisplay(
        self, request: ShopRequest, checkout: CheckoutState, status: int, headers: Iterable[Header] = ()
    ) -> Reply:
        """The form again with its entries, an alert and a status: errors to correct, or changes to confirm."""
        checkout = msgspec.structs.replace(checkout, retype=not request.wants_fragment)
        view = await self._view(checkout)
        if request.wants_fragment:
            page = self._site.templates.fragments("checkout/again.html", view)
        else:
            page = self._site.templates.render("checkout/page.html", view, str(view.badge))
        return html(page, status=status, headers=headers, cache=NO_STORE)

    async def unavailable(
        self, request: ShopRequest, quote: Quote, token: str, entries: Entries, alert: Alert
    ) -> Reply:
        """The form with its old quote, because no new one can be calculated now (503)."""
        method = ShippingOption(quote.method, quote.method_title, quote.money(quote.totals.shipping))
        checkout = CheckoutState(quote=quote, methods=(method,), entries=entries, alert=alert, token=token)
        return await self.redisplay(request, checkout, 503, headers=[(b"retry-after", b"5")])

    async def summary(self, request: ShopRequest, checkout: CheckoutState) -> Reply:
        """The totals for another country or shipping method."""
        if not request.wants_fragment:
            return await self.redisplay(request, checkout, 200)
        view = await self._view(checkout)
        return html(self._site.templates.fragments("checkout/quoted.html", view), cache=NO_STORE)

    def field_check(self, problems: Mapping[str, str], doubted: Mapping[str, str]) -> Reply:
        """The error, or none, of each checked field; `doubted` as in Entries."""
        specs = self._payment.all
        fields = (FieldView(specs[name], "", error, doubted=doubted.get(name, "")) for name, error in problems.items())
        view = CheckView(tuple(fields))
        return html(self._site.templates.fragments("checkout/checked.html", view), cache=NO_STORE)

    async def empty(self, request: ShopRequest, currency: str, *, status: int = 200) -> Reply:
        """The page for a cart with nothing to order."""
        view = EmptyCheckoutView(await self._shell(_("Checkout"), currency))
        headers = self._site.sessions.correct_count(request, 0)
        if request.wants_fragment:
            page = self._site.templates.fragments("checkout/emptied.html", view)
        else:
            page = self._site.templates.render("checkout/empty.html", view, "")
        return html(page, status=status, headers=headers)

    async def _view(self, checkout: CheckoutState) -> CheckoutView:
        quote, entries = checkout.quote, checkout.entries
        summary = summary_view(quote, await self._offers(quote), self._site.pictures)
        is_error = checkout.alert is not None and checkout.alert.tone == "error"
        return CheckoutView(
            shell=await self._shell(_("Error: Checkout") if is_error else _("Checkout"), quote.currency),
            badge=summary.quantity,
            summary=summary,
            seen=checkout.token or self._signer.sign(quote),
            fields={
                name: _field(entries, field)
                for name, field in of_country(self._payment.all, quote.country_code).items()
            },
            methods=_methods(checkout),
            countries=_countries(spoken().cldr),
            estimate=_estimate(checkout),
            further_open=any(
                entries.text.get(name) or entries.problems.get(name)
                for name, field in self._payment.all.items()
                if field.further
            ),
            duties=_("Tax and duties may be due on arrival.") if checkout.untaxed else "",
            shortages=tuple(problem.message for problem in checkout.problems if problem.kind == "short"),
            remarks=tuple(problem.message for problem in checkout.problems if problem.kind != "short"),
            reserved_until=_clock(checkout.reserved_until) if checkout.reserved_until else None,
            pending_order=Link(grouped(checkout.pending_order.number), checkout.pending_order.path)
            if checkout.pending_order
            else None,
            test_cards=tuple(TestCardView(card.number, _(card.description)) for card in DEMO_CARDS)
            if not self._payment.hosted
            else (),
            hosted=self._payment.hosted,
            alert=checkout.alert,
            free=not quote.totals.total,
            payment_changed=checkout.free_before == bool(quote.totals.total),
            confirm=bool(checkout.alert and checkout.alert.changes),
            retype=checkout.retype,
        )

    async def _offers(self, quote: Quote) -> Mapping[str, Offer]:
        """The offers with the pictures of lines; without a database the form has no pictures."""
        try:
            return await self._site.catalog.offers([line.sku for line in quote.lines])
        except StoreUnavailable:
            return {}

    async def _shell(self, title: str, currency: str) -> Shell:
        return await self._site.shells.personal(title, path="/checkout", currency=currency)


def field_errors_alert(problems: Mapping[str, str], changes: Sequence[str] = ()) -> Alert:
    """The alert with the errors of fields, and with the changes since the form was shown."""
    heading = ngettext("There is one problem", "There are {count} problems", len(problems))
    fields = tuple(Link(message, f"#{name}") for name, message in problems.items())
    return Alert(heading, (_("Nothing was ordered or charged."),), fields, tuple(changes))


def _field(entries: Entries, field: Field) -> FieldView:
    name = field.name
    return FieldView(
        field,
        entries.text.get(name, ""),
        entries.problems.get(name, ""),
        choices=_choices(entries) if field.kind == "country" else (),
        doubted=entries.doubted.get(name, ""),
    )


def _choices(entries: Entries) -> tuple[Choice, ...]:
    """The country that is chosen; one that is not understood as it was typed, before those that may be meant."""
    if code := entries.country_code:
        return (Choice(code, name_of(code)),)
    country = entries.text.get("country", "")
    meant = tuple(Choice(code, name_of(code)) for code in suggestions(country))
    return (Choice(country, country or _("Please choose")), *meant)


@lru_cache(maxsize=16)
def _countries(_language: str) -> tuple[Choice, ...]:
    """All countries, in the current language."""
    return tuple(Choice(code, name) for code, name in names().items())


def _methods(checkout: CheckoutState) -> tuple[MethodView, ...]:
    chosen = checkout.quote.method
    return tuple(
        MethodView(method.id, content(method.title), price_or_free(method.price), method.id == chosen)
        for method in checkout.methods
    )


def _estimate(checkout: CheckoutState) -> str:
    code = checkout.quote.country_code
    if checkout.region_missing:
        return _(
            "Estimated: the taxes depend on your state or province. You will see the total before you are charged."
        )
    if checkout.guessed:
        return _(
            "Estimated for {country}. If it goes elsewhere, you will see the new total before you are charged.",
            country=name_of(code),
        )
    return ""


def _clock(seconds: int) -> ClockView:
    moment = datetime.fromtimestamp(seconds, UTC)
    return ClockView(moment.isoformat(), f"{format_time(moment, 'short', locale=spoken().locale)} UTC")
