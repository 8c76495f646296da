"""The taxes of the shop by place and by class of goods: which of them an order pays, and why it pays none."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec
from stdnum.eu import vat

from shop.catalog.model import TaxClass
from shop.checkout.model import Untaxed
from shop.checkout.pricing.taxes import Rates, TaxCase, TaxRate

EUROPEAN_UNION = frozenset(code.upper() for code in vat.MEMBER_STATES) - {"XI"} | {"MC"}
"""The countries of the common system of VAT; Monaco belongs to France (Directive 2006/112/EC, article 7)."""


class TaxGroup(msgspec.Struct, frozen=True, kw_only=True):
    """A tax, with its rates (thousandths of a percent) by place: a country ('CA'), or a region of one ('CA-QC').

    A region's own rate is instead of its country's, and 0 says that the tax does not exist there.
    """

    name: str
    included: bool
    rates: Mapping[str, int]
    reduced: Mapping[str, int] = {}
    on_shipping: bool = True

    def rate(self, country: str, region: str, tax_class: TaxClass) -> TaxRate | None:
        """The rate at a place for the classes that have rates; None if the tax is not charged there."""
        place = region if region in self.rates else country
        standard = self.rates.get(place)
        if standard is None or (place == region and not standard):
            return None
        rate = self.reduced.get(region, self.reduced.get(country, standard)) if tax_class == "reduced" else standard
        return TaxRate(name=self.name, rate=0 if tax_class == "zero" else rate, on_shipping=self.on_shipping)


class Seller(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Who sells: on invoices, and what it means for taxes."""

    country: str = ""
    """ISO 3166-1 alpha-2; by default the first country of the first zone."""
    name: str = ""
    address: tuple[str, ...] = ()
    """The lines of the postal address."""
    vat_id: str = ""
    """With it, businesses in other countries of the European Union are not charged VAT."""
    tax_number: str = ""
    small_business: str = ""
    """The law by which the seller charges no VAT: '§ 19 UStG'; '' for a seller who does."""


class TaxTable(msgspec.Struct, frozen=True, kw_only=True):
    """The taxes that the seller charges."""

    seller: Seller
    groups: tuple[TaxGroup, ...]

    def case(self, country: str, region: str = "", *, business: bool = False, net: bool = False) -> TaxCase:
        """The taxes of an order to a place ('' for an unknown one).

        `net`: whether taxes at home are taken out of the prices, and those of the place added. `business`: whether the
        buyer has given a VAT identification number of a country other than the seller's.
        """
        rates, included = self._rates(country, region)
        excess = self._contained(self.seller.country, "") if net else {}
        if business and self._reverses(country):
            own = {} if net else self._contained(country, region)
            return TaxCase(
                excess=excess or own, shipping_excess=own.get("standard", 0), untaxed="reverse-charge", included=False
            )
        if not rates:
            untaxed = self._reason(country)
            law = self.seller.small_business if untaxed == "small-business" else ""
            return TaxCase(excess=excess, untaxed=untaxed, law=law)
        return TaxCase(rates=rates, included=included and not net, excess=excess)

    def has_regions(self, country: str) -> bool:
        """Whether taxes differ within a country, so that the state or province has to be known."""
        return any(place.startswith(f"{country}-") for group in self.groups for place in group.rates)

    def _rates(self, country: str, region: str) -> tuple[dict[TaxClass, Rates], bool]:
        """The rates by class, and whether prices contain them."""
        here = [group for group in self.groups if group.rate(country, region, "standard")]
        rates: dict[TaxClass, Rates] = {}
        for tax_class in _RATED:
            found = [group.rate(country, region, tax_class) for group in here]
            rates[tax_class] = tuple(rate for rate in found if rate)
        rates["zero"] = rates["zero"][:1]
        return (rates, here[0].included) if here else ({}, False)

    def _contained(self, country: str, region: str) -> dict[TaxClass, int]:
        """The rate of all taxes together that prices contain at a place, by class."""
        rates, included = self._rates(country, region)
        return {tax_class: sum(rate.rate for rate in found) for tax_class, found in rates.items()} if included else {}

    def _reverses(self, country: str) -> bool:
        seller = self.seller
        return bool(seller.vat_id) and country in EUROPEAN_UNION and country != seller.country

    def _reason(self, country: str) -> Untaxed:
        seller = self.seller
        near = country == seller.country or {country, seller.country} <= EUROPEAN_UNION
        if seller.small_business and near:
            return "small-business"
        return "" if country == seller.country else "abroad"


_RATED: tuple[TaxClass, ...] = ("standard", "reduced", "zero")


def vat_id_of(text: str) -> str:
    """The VAT identification number in what was typed, with its country: 'DE136695976'; '' if it cannot be one.

    Only its form and check digits are looked at, not whether it was issued.
    """
    if not vat.is_valid(text):
        return ""
    number: str = vat.compact(text)
    return f"EL{number[2:]}" if number.startswith("GR") else number
