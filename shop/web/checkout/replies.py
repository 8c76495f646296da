"""Answers with the checkout: as the page, or as the fragments that htmx swaps."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime

import msgspec
from babel.dates import format_time

from shop.catalog.model import Offer
from shop.checkout.model import Quote
from shop.checkout.order_numbers import grouped
from shop.checkout.payments.demo_cards import DEMO_CARDS
from shop.checkout.pricing.countries import name_of, names
from shop.checkout.pricing.quotes import QuoteProblem, QuoteResult, ShippingOption
from shop.checkout.pricing.signed_quote import QuoteSigner
from shop.errors import StoreUnavailable
from shop.i18n import content, ngettext, spoken
from shop.i18n import gettext as _
from shop.web.checkout.fields import FIELDS
from shop.web.checkout.form import Entries
from shop.web.checkout.summary_builder import price_or_free, summary_view
from shop.web.checkout.views import (
    Alert,
    CheckoutView,
    CheckView,
    ClockView,
    EmptyCheckoutView,
    FieldView,
    MethodView,
    TestCardView,
)
from shop.web.http.reply import NO_STORE, Header, Reply, html
from shop.web.http.request import ShopRequest
from shop.web.render.paths import order_path
from shop.web.render.storefront import Storefront
from shop.web.render.views import Link, Shell


class Checkout(msgspec.Struct, frozen=True, kw_only=True):
    """What a checkout shows: a quote, what was typed, and what is to be said about them."""

    quote: Quote
    methods: tuple[ShippingOption, ...] = ()
    problems: tuple[QuoteProblem, ...] = ()
    untaxed: bool = False
    entries: Entries
    guessed: bool = False
    """Whether the country is a guess."""
    until: int = 0
    """When everything in it stops being set aside, seconds since the epoch; 0 where it is not."""
    waiting: str = ""
    """The number of an order of this cart that is not decided yet."""
    alert: Alert | None = None
    token: str = ""
    """The token that came with the form, where the quote is the one it stands for; '' for a quote of today."""
    retype: bool = False


def proposed(proposal: QuoteResult, entries: Entries, **more: object) -> Checkout:
    """The checkout of a proposal."""
    return Checkout(
        quote=proposal.quote,
        methods=proposal.methods,
        problems=proposal.problems,
        untaxed=proposal.untaxed,
        entries=entries,
        **more,  # type: ignore[arg-type]
    )


def all_reserved(proposal: QuoteResult, held: Mapping[str, int]) -> bool:
    """Whether everything that is proposed is set aside."""
    return all(held.get(sku, 0) >= quantity for sku, quantity in proposal.quote.wanted.items())


class CheckoutReplies:
    """Builds the answers of checkout."""

    def __init__(self, site: Storefront, signer: QuoteSigner) -> None:
        self._site = site
        self._signer = signer

    async def shown(self, request: ShopRequest, checkout: Checkout) -> Reply:
        """GET /checkout."""
        view = await self._view(checkout)
        headers = self._site.sessions.correct_count(request, view.badge)
        return html(self._site.templates.render("checkout/page.html", view, str(view.badge)), headers=headers)

    async def again(
        self, request: ShopRequest, checkout: Checkout, status: int, headers: Iterable[Header] = ()
    ) -> Reply:
        """The form once more, with what was typed: something has to be mended or agreed to first."""
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
        """The form as it was: nothing new can be worked out now (503)."""
        way = ShippingOption(quote.method, quote.method_title, quote.money(quote.totals.shipping))
        checkout = Checkout(quote=quote, methods=(way,), entries=entries, alert=alert, token=token)
        return await self.again(request, checkout, 503, headers=[(b"retry-after", b"5")])

    async def quoted(self, request: ShopRequest, checkout: Checkout) -> Reply:
        """What it comes to for another country or way of shipping."""
        if not request.wants_fragment:
            return await self.again(request, checkout, 200)
        view = await self._view(checkout)
        return html(self._site.templates.fragments("checkout/quoted.html", view), cache=NO_STORE)

    def checked(self, problems: Mapping[str, str]) -> Reply:
        """What is wrong with each of some fields."""
        view = CheckView(tuple(FieldView(FIELDS[name], "", error) for name, error in problems.items()))
        return html(self._site.templates.fragments("checkout/checked.html", view), cache=NO_STORE)

    async def empty(self, request: ShopRequest, currency: str, *, status: int = 200) -> Reply:
        """There is nothing to order."""
        view = EmptyCheckoutView(await self._shell(_("Checkout"), currency))
        headers = self._site.sessions.correct_count(request, 0)
        if request.wants_fragment:
            page = self._site.templates.fragments("checkout/emptied.html", view)
        else:
            page = self._site.templates.render("checkout/empty.html", view, "")
        return html(page, status=status, headers=headers)

    async def _view(self, checkout: Checkout) -> CheckoutView:
        quote, entries = checkout.quote, checkout.entries
        summary = summary_view(quote, await self._offers(quote), self._site.pictures)
        failed = checkout.alert is not None and checkout.alert.tone == "error"
        return CheckoutView(
            shell=await self._shell(_("Error: Checkout") if failed else _("Checkout"), quote.currency),
            badge=summary.quantity,
            summary=summary,
            seen=checkout.token or self._signer.sign(quote),
            fields={name: _field(entries, name) for name in FIELDS},
            methods=_methods(checkout),
            countries=tuple(names().values()),
            estimate=_estimate(checkout),
            duties=_("Tax and duties may be due on arrival.") if checkout.untaxed else "",
            shortages=tuple(problem.message for problem in checkout.problems if problem.kind == "short"),
            remarks=tuple(problem.message for problem in checkout.problems if problem.kind != "short"),
            set_aside=_clock(checkout.until) if checkout.until else None,
            waiting=Link(grouped(checkout.waiting), order_path(checkout.waiting)) if checkout.waiting else None,
            test_cards=tuple(TestCardView(card.number, _(card.description)) for card in DEMO_CARDS),
            alert=checkout.alert,
            confirm=bool(checkout.alert and checkout.alert.changes),
            retype=checkout.retype,
        )

    async def _offers(self, quote: Quote) -> Mapping[str, Offer]:
        """What the pictures are looked up in: the form comes back without them while the database is away."""
        try:
            return await self._site.catalog.offers([line.sku for line in quote.lines])
        except StoreUnavailable:
            return {}

    async def _shell(self, title: str, currency: str) -> Shell:
        return await self._site.shells.personal(title, path="/checkout", currency=currency)


def mend(problems: Mapping[str, str], changes: Sequence[str] = ()) -> Alert:
    """What is wrong with what was typed; and what is otherwise than it was shown, where something is."""
    heading = ngettext("One thing has to be put right", "{count} things have to be put right", len(problems))
    fields = tuple(Link(words, f"#{name}") for name, words in problems.items())
    return Alert(heading, (_("Nothing was ordered or charged."),), fields, tuple(changes))


def _field(entries: Entries, name: str) -> FieldView:
    return FieldView(FIELDS[name], entries.text.get(name, ""), entries.problems.get(name, ""))


def _methods(checkout: Checkout) -> tuple[MethodView, ...]:
    chosen = checkout.quote.method
    return tuple(
        MethodView(method.id, content(method.title), price_or_free(method.price), method.id == chosen)
        for method in checkout.methods
    )


def _estimate(checkout: Checkout) -> str:
    code = checkout.quote.country_code
    if checkout.guessed:
        return _(
            "Estimated for {country}. If it goes elsewhere, you will see the new total before you are charged.",
            country=name_of(code),
        )
    return "" if code else _("We do not know this country, so shipping is worked out for the rest of the world.")


def _clock(seconds: int) -> ClockView:
    moment = datetime.fromtimestamp(seconds, UTC)
    return ClockView(moment.isoformat(), f"{format_time(moment, 'short', locale=spoken().locale)} UTC")
