"""Terms of checkout: the example, and invalid files."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import msgspec
import pytest

from shop.catalog.exchange_rates import read_rates
from shop.catalog.model import TaxClass
from shop.checkout.model import TaxAmount
from shop.checkout.pricing.countries import names
from shop.checkout.pricing.terms import TERMS, Terms, read_terms
from shop.errors import ConfigurationError
from tests.fixtures.catalog import eur

ROOT = Path(__file__).parents[4]
BY_SEA = {"id": "sea", "title": "By sea", "bands": [{"up_to": 1000, "price": "4.90"}, {"price": "9.90"}]}
HOME = {"title": "the islands", "countries": ["IE"], "methods": [BY_SEA]}
ELSEWHERE = {"title": "elsewhere", "countries": ["*"], "methods": [BY_SEA | {"free_from": "100"}]}
SALES = {"name": "Sales tax", "included": False, "rates": {"US-CA": "7.25", "US-OR": "0", "US": "1"}}
VAT = {"name": "VAT", "included": True, "rates": {"IE": "23", "FI": "25.5"}}


def read(tmp_path: Path, **given: Any) -> Terms:
    file = tmp_path / "own.json"
    whole = {"currency": "EUR", "zones": [HOME, ELSEWHERE], "taxes": [VAT]} | given
    file.write_bytes(msgspec.json.encode(whole))
    return read_terms(str(file))


def titles(terms: Terms, place: str, tax_class: TaxClass = "standard") -> str:
    """The titles of the taxes at a place, such as 'CA-QC'."""
    country, dash, _ = place.partition("-")
    rates = terms.tax_case(country, place if dash else "").rates.get(tax_class, ())
    return ", ".join(TaxAmount(rate.name, rate.rate, 0, 0).title for rate in rates)


class TestExample:
    def test_ships_to_every_country_there_is_and_to_those_that_it_does_not_know(self) -> None:
        terms = read_terms()
        for code in ("", *names()):
            assert any(method.band(10**6) for method in terms.zone(code).methods)
        assert terms.zone("").title == "the rest of the world"
        assert terms.home == "DE"

    def test_names_only_existing_countries(self) -> None:
        terms = read_terms()
        countries = [code for zone in terms.zones for code in zone.countries]
        assert {*countries} - {"*"} <= names().keys()
        assert len(countries) == len(set(countries))

    def test_says_where_its_rates_are_from(self) -> None:
        file = msgspec.json.decode(TERMS.read_bytes())
        assert "example" in file["source"]
        assert all(group["source"] for group in file["taxes"])

    @pytest.mark.parametrize(
        ("country", "title", "included"),
        [
            ("DE", "VAT 19%", True),
            ("FI", "VAT 25.5%", True),
            ("JP", "Consumption tax 10%", True),
            ("CA", "GST 5%", False),
        ],
    )
    def test_has_taxes_that_prices_contain_and_taxes_on_top(self, country: str, title: str, included: bool) -> None:
        assert (titles(read_terms(), country), read_terms().tax_case(country[:2]).included) == (title, included)

    @pytest.mark.parametrize("country", ["US", "BR", ""])
    def test_charges_no_tax_where_it_knows_of_none(self, country: str) -> None:
        case = read_terms().tax_case(country)
        assert (case.rates, case.untaxed) == ({}, "abroad")


@pytest.mark.parametrize(
    ("place", "taxes"),
    [
        ("CA", "GST 5%"),
        ("CA-AB", "GST 5%"),
        ("CA-QC", "GST 5%, QST 9.975%"),
        ("CA-ON", "HST 13%"),
        ("CA-NS", "HST 14%"),
        ("CA-BC", "GST 5%, PST 7%"),
        ("CA-MB", "GST 5%, RST 7%"),
    ],
)
def test_the_example_of_canada_has_the_taxes_of_provinces(place: str, taxes: str) -> None:
    terms = read_terms(str(ROOT / "docs" / "examples" / "terms-ca.json"))
    assert terms.needs_region("CA")
    assert titles(terms, place) == taxes


def test_the_example_of_the_united_states_has_a_rate_of_every_state() -> None:
    terms = read_terms(str(ROOT / "docs" / "examples" / "terms-us.json"))
    assert terms.needs_region("US")
    assert [titles(terms, place) for place in ("US-CA", "US-MN", "US-OR")] == [
        "Sales tax 7.25%",
        "Sales tax 6.875%",
        "",
    ]
    assert terms.tax_case("US", "US-OR").untaxed == "", "nothing is due on arrival at home"
    assert len([place for place in terms.taxes.groups[0].rates if place.startswith("US-")]) == 51


class TestCustomFile:
    def test_is_read(self, tmp_path: Path) -> None:
        terms = read(tmp_path)
        assert (terms.home, terms.zone("IE").title, terms.zone("XX").title) == ("IE", "the islands", "elsewhere")
        assert [terms.zone(code).methods[0].free_from for code in ("IE", "XX")] == [None, eur(10_000)]
        assert [band.price for band in terms.zone("IE").methods[0].bands] == [eur(490), eur(990)]
        assert [titles(terms, code) for code in ("IE", "FI")] == ["VAT 23%", "VAT 25.5%"]

    def test_may_leave_countries_out_and_have_rates_of_three_decimals_or_none(self, tmp_path: Path) -> None:
        nowhere = {"title": "elsewhere", "countries": ["*"], "ships": False}
        terms = read(tmp_path, zones=[HOME, nowhere], taxes=[VAT | {"rates": {"IE": "0", "FI": "9.975"}}])
        assert terms.zone("XX").methods == ()
        assert [titles(terms, code) for code in ("IE", "FI")] == ["VAT 0%", "VAT 9.975%"]

    def test_has_a_reduced_rate_where_there_is_one_and_the_rates_of_regions(self, tmp_path: Path) -> None:
        terms = read(tmp_path, taxes=[VAT | {"reduced": {"IE": "13.5"}}, SALES])
        places = ("IE", "FI", "US-CA", "US-OR", "US-TX", "US")
        assert [titles(terms, place, "reduced") for place in places] == [
            *("VAT 13.5%", "VAT 25.5%", "Sales tax 7.25%", "", "Sales tax 1%", "Sales tax 1%")
        ]
        assert [terms.needs_region(code) for code in ("IE", "US", "")] == [False, True, False]

    def test_a_small_business_charges_nobody_in_the_union_and_says_why(self, tmp_path: Path) -> None:
        terms = read(tmp_path, taxes=[], seller={"small_business": "S.I. 1"})
        assert [terms.tax_case(code).untaxed for code in ("IE", "FI", "US")] == [
            *("small-business", "small-business", "abroad")
        ]
        assert [terms.tax_case(code).law for code in ("IE", "US")] == ["S.I. 1", ""]

    def test_the_buyer_owes_the_tax_with_a_vat_id_of_another_member_state_in_another_one(self, tmp_path: Path) -> None:
        terms = read(tmp_path, seller={"vat_id": "IE 6433435F"})
        reversed_in = [
            (country, vat_id)
            for country in ("IE", "FI", "US")
            for vat_id in ("", "FI20774740", "IE6433435F", "DE136695976")
            if terms.tax_case(country, vat_id=vat_id).untaxed == "reverse-charge"
        ]
        assert reversed_in == [("FI", "FI20774740"), ("FI", "DE136695976")]
        case = terms.tax_case("FI", vat_id="FI20774740")
        assert (case.net(12_550, "standard"), case.shipping_excess, case.rates) == (10_000, 25_500, {})
        assert read(tmp_path).tax_case("FI", vat_id="FI20774740").included

    def test_net_prices_are_without_the_sellers_own_taxes_and_taxes_are_added(self, tmp_path: Path) -> None:
        zones = [HOME, ELSEWHERE | {"prices": "net"}]
        terms = read(tmp_path, zones=zones, taxes=[VAT | {"reduced": {"IE": "13.5"}}])
        assert [terms.tax_case("IE").net(12_300, "standard"), terms.tax_case("IE").included] == [12_300, True]
        for country in ("US", "FI"):
            case = terms.tax_case(country)
            assert [case.net(12_300, each) for each in ("standard", "reduced", "zero", "exempt", "gift-card")] == [
                *(10_000, 10_837, 12_300, 12_300, 12_300)
            ]
            assert not case.included

    @pytest.mark.parametrize(
        ("given", "words"),
        [
            ({"zones": []}, "zones begin with a country"),
            ({"zones": [HOME]}, "zones begin with a country"),
            ({"zones": [ELSEWHERE]}, "zones begin with a country"),
            ({"zones": [HOME | {"countries": []}, ELSEWHERE]}, "a zone has countries"),
            ({"zones": [HOME | {"methods": [BY_SEA, BY_SEA]}, ELSEWHERE]}, "an id of its own"),
            ({"zones": [HOME | {"methods": []}, ELSEWHERE]}, "ships false"),
            ({"zones": [HOME | {"ships": False}, ELSEWHERE]}, "ships false"),
            (
                {"zones": [HOME | {"methods": [BY_SEA | {"bands": [{"up_to": 5, "price": "1"}]}]}]},
                "must carry any weight",
            ),
            ({"zones": [HOME | {"methods": [BY_SEA | {"bands": []}]}]}, "needs bands of weight"),
            ({"zones": [HOME | {"methods": [BY_SEA | {"free": "1"}]}]}, "unknown field `free`"),
            ({"taxes": [VAT, VAT]}, "IE has two rates of VAT"),
            ({"taxes": [VAT | {"rates": {"IE-XX": "5"}}]}, "IE-XX: IE has no such region"),
            ({"taxes": [VAT, SALES | {"rates": {"IE": "5"}}]}, "IE: prices contain all taxes of a country, or none"),
            ({"taxes": [VAT | {"reduced": {"DK": "5"}}]}, "DK: a place with a reduced rate of VAT"),
            ({"zones": [HOME | {"prices": "half"}, ELSEWHERE]}, "Invalid enum value 'half'"),
            ({"seller": {"small_business": "§ 19 UStG"}}, "leave `taxes` empty"),
            ({"seller": {"vat_id": "DE123"}}, "DE123 is no VAT identification number"),
            ({"seller": {"country": "Ireland"}}, "Ireland: a country is two capitals"),
            ({"taxes": [VAT | {"rates": {"IE": "-1"}}]}, "no rate of tax"),
            ({"taxes": [VAT | {"rates": {"IE": "101"}}]}, "no rate of tax"),
            ({"taxes": [VAT | {"rates": {"IE": "2.5555"}}]}, "no rate of tax"),
            ({"taxes": [VAT | {"rates": {"IE": "NaN"}}]}, "no rate of tax"),
            ({"taxes": [VAT | {"rates": {"IE": "many"}}]}, "Invalid decimal"),
            ({"taxes": [VAT | {"rates": {"ie": "20"}}]}, "ie: a country is two capitals"),
            ({"zones": [HOME | {"countries": ["IE", "EL"]}, ELSEWHERE]}, "EL: a country is two capitals"),
            ({"zones": [HOME | {"methods": [BY_SEA | {"bands": [{"price": "NaN"}]}]}]}, ""),
            ({"currency": 5}, "Expected `str`"),
        ],
    )
    def test_invalid_terms_are_a_configuration_error(self, tmp_path: Path, given: Any, words: str) -> None:
        with pytest.raises(ConfigurationError) as wrong:
            read(tmp_path, **given)
        assert str(wrong.value).startswith("CHECKOUT_TERMS: own.json cannot be read as terms of checkout: ")
        assert words in str(wrong.value)

    def test_a_missing_file_is_a_configuration_error(self) -> None:
        with pytest.raises(ConfigurationError, match=r"CHECKOUT_TERMS: missing\.json cannot be read"):
            read_terms("missing.json")

    @pytest.mark.parametrize(
        ("currency", "shops", "fits"), [("EUR", "USD", True), ("CHF", "CHF", True), ("CHF", "EUR", False)]
    )
    def test_needs_a_rate_to_the_shops_own_currency(
        self, tmp_path: Path, currency: str, shops: str, fits: bool
    ) -> None:
        terms = read(tmp_path, currency=currency)
        if fits:
            terms.check(read_rates(), shops)
        else:
            with pytest.raises(ConfigurationError, match="CHECKOUT_TERMS: the amounts are in CHF"):
                terms.check(read_rates(), shops)


@pytest.mark.parametrize(
    ("sent", "days"),
    [
        (date(2026, 11, 30), (date(2026, 12, 3), date(2026, 12, 7))),  # a Monday
        (date(2026, 12, 4), (date(2026, 12, 9), date(2026, 12, 11))),  # a Friday
        (date(2026, 12, 5), (date(2026, 12, 9), date(2026, 12, 11))),  # a Saturday
    ],
)
def test_a_parcel_arrives_on_working_days(sent: date, days: tuple[date, date]) -> None:
    assert read_terms().arrival("IE", "standard", sent) == days


def test_no_day_is_promised_where_the_terms_have_none() -> None:
    assert read_terms().arrival("IE", "by-balloon", date(2026, 11, 30)) is None
