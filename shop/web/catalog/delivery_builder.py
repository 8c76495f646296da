"""Builds the delivery costs of one unit of a variant, from the shop's terms."""

from __future__ import annotations

from datetime import date

from shop.catalog.model import Variant
from shop.checkout.pricing.terms import Terms, Zone
from shop.checkout.pricing.totals import shipping_prices
from shop.formatting import days_between
from shop.i18n import content
from shop.i18n import gettext as _
from shop.money import Money
from shop.web.catalog.views import Promise
from shop.web.http.country_guess import guessed_country
from shop.web.render.prices import Prices
from shop.web.render.views import DeliveryView, DeliveryWay


def delivery_view(variant: Variant, terms: Terms, prices: Prices) -> tuple[DeliveryView, ...]:
    """The shipping methods that carry one unit of the variant, for each zone that has any."""
    zones = ((zone, _ways(variant, zone, prices)) for zone in terms.zones)
    return tuple(DeliveryView(content(zone.title), ways) for zone, ways in zones if ways)


def promise(variant: Variant, terms: Terms, prices: Prices, today: date) -> Promise | None:
    """The cheapest delivery whose days are known, of one unit ordered today; None if there is none.

    The page is the same for everyone, so the country is that of the currency, or else the shop's own.
    """
    country = guessed_country(prices.currency, "", terms.home)
    zone = terms.zone(country)

    def worth(money: Money) -> int:
        return prices.convert(money).amount

    for method, price in shipping_prices(zone.methods, variant.weight, worth(variant.price), worth, free=False):
        days = None if method.collection else terms.arrival(country, method.id, today)
        if days:
            cost = prices.text(Money(price, prices.currency)) if price else _("Free")
            return Promise(cost, content(zone.title), days_between(*days))
    return None


def _ways(variant: Variant, zone: Zone, prices: Prices) -> tuple[DeliveryWay, ...]:
    def worth(money: Money) -> int:
        return prices.convert(money).amount

    return tuple(
        DeliveryWay(
            content(method.title),
            prices.text(Money(price, prices.currency)) if price else _("Free"),
            prices.text(method.free_from) if method.free_from and price else "",
        )
        for method, price in shipping_prices(zone.methods, variant.weight, worth(variant.price), worth, free=False)
    )
