"""Builds the view of the order summary, for the checkout and for receipts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from shop.catalog.model import Offer
from shop.checkout.model import Quote, QuoteLine
from shop.checkout.pricing.countries import name_of
from shop.formatting import listed
from shop.i18n import content, content_options
from shop.i18n import gettext as _
from shop.money import Money
from shop.web.checkout.views import Row, SummaryLine, SummaryView
from shop.web.render.pictures import Pictures


def summary_view(
    quote: Quote, offers: Mapping[str, Offer] | None = None, pictures: Pictures | None = None
) -> SummaryView:
    """The summary of a quote, with pictures if they and the offers by sku are given."""

    def line_view(line: QuoteLine) -> SummaryLine:
        offer = offers.get(line.sku) if offers else None
        return SummaryLine(
            title=line.title,
            variant=content_options(line.variant),
            quantity=line.quantity,
            unit=line.unit.format(),
            total=(line.unit * line.quantity).format(),
            picture=pictures.picture(offer.image, "") if offer and pictures else None,
        )

    return SummaryView(
        lines=tuple(map(line_view, quote.lines)),
        quantity=sum(line.quantity for line in quote.lines),
        rows=tuple(_rows(quote)),
        total=quote.total.format(),
        tax=_tax_words(quote),
    )


def price_or_free(money: Money) -> str:
    """'€4.90', 'free'."""
    return money.format() if money.amount else _("free")


def _rows(quote: Quote) -> Iterator[Row]:
    totals = quote.totals
    yield Row(_("Subtotal"), quote.money(totals.subtotal).format())
    for each in quote.all_discounts:
        yield Row(each.words, f"−{quote.money(each.amount).format()}" if each.amount else "")
    country = name_of(quote.country_code)
    shipping = _("Shipping, {country}", country=country) if country else _("Shipping")
    yield Row(shipping, price_or_free(quote.money(totals.shipping)), content(quote.method_title))
    if not totals.tax_included:
        yield from (Row(tax.words, quote.money(tax.amount).format()) for tax in totals.all_taxes)


def _tax_words(quote: Quote) -> str:
    """The taxes that the total includes, or why no VAT is charged; '' if there is nothing to say."""
    totals = quote.totals
    if not totals.tax_included:
        return totals.untaxed_words
    match totals.all_taxes:
        case (tax,):
            return _("It includes {tax}: {amount}.", tax=tax.words, amount=quote.money(tax.amount).format())
        case taxes:
            each = [f"{tax.words}: {quote.money(tax.amount).format()}" for tax in taxes]
            return _("It includes {taxes}.", taxes=listed(each))
