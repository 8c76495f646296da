"""Reads the shipping zones, shipping prices and taxes of the shop from a JSON file, by default terms.json.

The included file is an example; operators replace it (CHECKOUT_TERMS). Its fields are

    currency   ISO 4217: of all its amounts, which are decimals in quotes, "4.90"
    zones      each a title, countries (ISO 3166-1 alpha-2; "*" for all others, in the last zone) and shipping methods;
               a method has bands of weight in grams, and may have `free_from`, `days` (the working days that it takes,
               at least and at most) or be a `collection` by the shopper, which is never the default; one of a zone's
               carries any weight; a zone with `ships` false has none; in one with `prices` "net", the seller's own
               taxes are taken out of the prices of goods, and taxes are added
    taxes      groups of one name, whether prices include them, rates in percent by country or region ("CA-QC", ISO
               3166-2), `reduced` rates for goods of that class, whether `shipping` is taxed too, and their source
    seller     who sells: see shop.checkout.pricing.tax_table.Seller

The first country of the first zone is the default of shoppers who have not named one.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Literal

import msgspec

from shop.checkout.pricing.countries import names
from shop.checkout.pricing.regions import regions_of
from shop.checkout.pricing.tax_table import EUROPEAN_UNION, Seller, TaxGroup, TaxTable, vat_id_of
from shop.checkout.pricing.taxes import TaxCase
from shop.checkout.pricing.totals import Band, ShippingMethod
from shop.errors import ConfigurationError
from shop.money import Money, Rates

TERMS = Path(__file__).with_name("terms.json")
"""The example file."""
OTHERS = "*"
SATURDAY = 5
"""The first day of the week that is no working day, Monday being 0."""


class Zone(msgspec.Struct, frozen=True):
    """Countries with the same shipping methods and prices."""

    title: str
    """The form used after 'to': 'the European Union'."""
    countries: tuple[str, ...]
    methods: tuple[ShippingMethod, ...]
    """In no order; at least one of them carries any weight. Empty where the shop does not ship to."""
    net: bool = False
    """Whether the seller's own taxes are taken out of the prices of goods, and taxes are added."""


class Terms(msgspec.Struct, frozen=True):
    """The shipping zones and taxes of the shop. The last zone has all countries that no other has."""

    currency: str
    zones: tuple[Zone, ...]
    taxes: TaxTable

    @property
    def home(self) -> str:
        """The default country of shoppers."""
        return self.zones[0].countries[0]

    def zone(self, country_code: str) -> Zone:
        """The zone of a country; the last one for an unknown country ('')."""
        return next((zone for zone in self.zones if country_code in zone.countries), self.zones[-1])

    def arrival(self, country_code: str, method: str, sent: date) -> tuple[date, date] | None:
        """The first and the last day on which a parcel should arrive; None if nothing is promised."""
        days = next((each.days for each in self.zone(country_code).methods if each.id == method), None)
        return (_working_days_after(sent, days[0]), _working_days_after(sent, days[1])) if days else None

    def tax_case(self, country_code: str, region: str = "", vat_id: str = "") -> TaxCase:
        """The taxes of an order to a country and region (ISO 3166-2), by a business if it has a VAT id."""
        business = bool(vat_id) and vat_id[:2] != _vat_prefix(self.taxes.seller.country)
        return self.taxes.case(country_code, region, business=business, net=self.zone(country_code).net)

    def needs_region(self, country_code: str) -> bool:
        """Whether the state or province decides the taxes of an order to a country."""
        return self.taxes.has_regions(country_code)

    def check(self, rates: Rates, currency: str) -> None:
        """Raise ConfigurationError if the amounts cannot be converted to `currency`, the shop's own."""
        if self.currency != currency and not {self.currency, currency} <= rates.per_base.keys():
            raise ConfigurationError(
                f"CHECKOUT_TERMS: the amounts are in {self.currency}, the shop's own currency is {currency}, and "
                "the table of exchange rates does not have both. Set EXCHANGE_RATES or CHECKOUT_TERMS."
            )


def _working_days_after(day: date, count: int) -> date:
    while count or day.weekday() >= SATURDAY:
        day += timedelta(days=1)
        count -= day.weekday() < SATURDAY
    return day


class _Band(msgspec.Struct, forbid_unknown_fields=True):
    price: Decimal
    up_to: int | None = None


class _Method(msgspec.Struct, forbid_unknown_fields=True):
    id: str
    title: str
    bands: list[_Band]
    free_from: Decimal | None = None
    collection: bool = False
    days: tuple[int, int] | None = None


class _Zone(msgspec.Struct, forbid_unknown_fields=True):
    title: str
    countries: list[str]
    methods: list[_Method] = []
    ships: bool = True
    prices: Literal["gross", "net"] = "gross"


class _Taxes(msgspec.Struct, forbid_unknown_fields=True):
    name: str
    included: bool
    rates: dict[str, Decimal]
    reduced: dict[str, Decimal] = {}
    shipping: bool = True
    source: str = ""


class _File(msgspec.Struct, forbid_unknown_fields=True):
    currency: str
    zones: list[_Zone]
    taxes: list[_Taxes]
    seller: Seller = Seller()
    source: str = ""


def read_terms(path: str = "") -> Terms:
    """The terms in a JSON file, by default the example. Raises ConfigurationError."""
    file = Path(path) if path else TERMS
    try:
        return _terms(msgspec.json.decode(file.read_bytes(), type=_File))
    except (OSError, ValueError, ArithmeticError) as error:  # msgspec's errors are ValueErrors
        raise ConfigurationError(f"CHECKOUT_TERMS: {file.name} cannot be read as terms of checkout: {error}") from error


def _terms(file: _File) -> Terms:
    zones = tuple(_zone(zone, file.currency) for zone in file.zones)
    if not zones or zones[-1].countries[-1] != OTHERS or zones[0].countries[0] == OTHERS:
        raise ValueError('zones begin with a country and end with one that has "*", for all others')
    _check_countries(country for zone in zones for country in zone.countries if country != OTHERS)
    seller = _seller(file.seller, zones[0].countries[0], charges=bool(file.taxes))
    return Terms(file.currency, zones, TaxTable(seller=seller, groups=_groups(file.taxes)))


def _groups(taxes: list[_Taxes]) -> tuple[TaxGroup, ...]:
    _check_groups(taxes)
    return tuple(
        TaxGroup(
            name=group.name,
            included=group.included,
            rates={place: _thousandths(percent) for place, percent in group.rates.items()},
            reduced={place: _thousandths(percent) for place, percent in group.reduced.items()},
            on_shipping=group.shipping,
        )
        for group in taxes
    )


def _check_groups(taxes: list[_Taxes]) -> None:
    included: dict[str, bool] = {}
    seen: set[tuple[str, str]] = set()
    for group in taxes:
        _check_places([*group.rates, *group.reduced])
        for place in group.rates:
            country = place[:2]
            if (group.name, place) in seen:
                raise ValueError(f"{place} has two rates of {group.name}")
            if included.setdefault(country, group.included) != group.included:
                raise ValueError(f"{country}: prices contain all taxes of a country, or none")
            seen.add((group.name, place))
        if strange := sorted(group.reduced.keys() - group.rates.keys()):
            raise ValueError(f"{', '.join(strange)}: a place with a reduced rate of {group.name} has a standard rate")


def _seller(seller: Seller, home: str, *, charges: bool) -> Seller:
    country = seller.country or home
    _check_countries([country])
    if seller.small_business and charges:
        raise ValueError("a seller who is a small business charges no taxes: leave `taxes` empty")
    if seller.vat_id and (country not in EUROPEAN_UNION or not vat_id_of(seller.vat_id)):
        raise ValueError(f"{seller.vat_id} is no VAT identification number of a seller in the European Union")
    return msgspec.structs.replace(seller, country=country, vat_id=vat_id_of(seller.vat_id))


def _vat_prefix(country: str) -> str:
    """What VAT identification numbers of a country begin with."""
    return {"GR": "EL", "MC": "FR"}.get(country, country)


def _check_countries(codes: Iterable[str]) -> None:
    if unknown := sorted(set(codes) - names().keys()):
        raise ValueError(f"{', '.join(unknown)}: a country is two capitals (ISO 3166-1 alpha-2)")


def _check_places(places: Iterable[str]) -> None:
    places = set(places)
    _check_countries(place.partition("-")[0] for place in places)
    for place in sorted(places):
        country, dash, region = place.partition("-")
        if dash and region not in regions_of(country):
            raise ValueError(f"{place}: {country} has no such region (ISO 3166-2)")


def _zone(zone: _Zone, currency: str) -> Zone:
    methods = tuple(_method(method, currency) for method in zone.methods)
    if not zone.countries or len({method.id for method in methods}) < len(methods):
        raise ValueError(f"{zone.title}: a zone has countries, and each of its methods an id of its own")
    if zone.ships == (not methods):
        raise ValueError(f"{zone.title}: a zone has methods, or says that the shop does not ship there: ships false")
    if methods and not any(method.bands[-1].up_to is None for method in methods):
        raise ValueError(f"{zone.title}: one method must carry any weight (a last band without up_to)")
    return Zone(zone.title, tuple(zone.countries), methods, net=zone.prices == "net")


def _method(method: _Method, currency: str) -> ShippingMethod:
    return ShippingMethod(
        id=method.id,
        title=method.title,
        bands=tuple(Band(Money.of(band.price, currency), band.up_to) for band in method.bands),
        free_from=None if method.free_from is None else Money.of(method.free_from, currency),
        collection=method.collection,
        days=method.days,
    )


def _thousandths(percent: Decimal) -> int:
    rate = percent * 1000
    if not rate.is_finite() or not 0 <= rate <= 100_000 or rate != int(rate):
        raise ValueError(f"{percent} is no rate of tax in percent, with at most three decimals")
    return int(rate)
