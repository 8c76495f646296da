"""Builds the delivery costs of one unit of a variant, from the shop's terms."""

from __future__ import annotations

from shop.catalog.model import Variant
from shop.checkout.pricing.terms import Terms, Zone
from shop.checkout.pricing.totals import shipping_prices
from shop.i18n import content
from shop.i18n import gettext as _
from shop.money import Money
from shop.web.render.prices import Prices
from shop.web.render.views import DeliveryView, DeliveryWay


def delivery_view(variant: Variant, terms: Terms, prices: Prices) -> tuple[DeliveryView, ...]:
    """The shipping methods that carry one unit of the variant, for each zone that has any."""
    zones = ((zone, _ways(variant, zone, prices)) for zone in terms.zones)
    return tuple(DeliveryView(content(zone.title), ways) for zone, ways in zones if ways)


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
