"""Addresses are printed in the form of their country, and nothing that was typed is left out."""

from __future__ import annotations

import pytest

from shop.checkout.addresses import address_format, looks_wrong
from shop.checkout.model import Address
from shop.checkout.pricing.countries import names


def lines(country_code: str, **given: str) -> tuple[str, ...]:
    empty = dict.fromkeys(("zip_code", "city", "state"), "")
    fields = {"name": "Ada", "street_address": "1 Quay", "country": "", **empty, **given}
    return Address(country_code=country_code, **fields).lines


@pytest.mark.parametrize(
    ("country", "given", "expected"),
    [
        ("DE", {"zip_code": "10115", "city": "Berlin"}, ("Ada", "1 Quay", "10115 Berlin")),
        ("DE", {"city": "Berlin", "country": "Germany"}, ("Ada", "1 Quay", "Berlin", "Germany")),
        ("US", {"zip_code": "94043", "city": "View", "state": "CA"}, ("Ada", "1 Quay", "View, CA 94043")),
        ("US", {"zip_code": "94043", "city": "View"}, ("Ada", "1 Quay", "View, 94043")),
        ("GB", {"zip_code": "N1 8SY", "city": "Bath", "line2": "Flat"}, ("Ada", "1 Quay", "Flat", "Bath", "N1 8SY")),
        ("GB", {"city": "Dover", "state": "Kent"}, ("Ada", "1 Quay", "Dover", "Kent")),
        ("AE", {"city": "Deira", "state": "Dubai"}, ("Ada", "1 Quay", "Deira", "Dubai")),
        ("JP", {"zip_code": "154", "city": "Setagaya", "state": "Tokyo"}, ("Ada", "1 Quay", "Setagaya, Tokyo", "154")),
        (
            "JP",
            {"name": "山田", "street_address": "若林1-2", "zip_code": "154", "city": "世田谷区", "state": "東京都"},
            ("〒154", "東京都", "世田谷区", "若林1-2", "山田"),
        ),
        ("", {"zip_code": "1", "city": "Nowhere", "state": "N"}, ("Ada", "1 Quay", "1 Nowhere", "N")),
    ],
)  # fmt: skip
def test_an_address_has_the_form_of_its_country(country: str, given: dict[str, str], expected: tuple[str, ...]) -> None:
    assert lines(country, **given) == expected


def test_in_no_country_is_anything_left_out_or_printed_twice() -> None:
    typed = {"name": "Aname", "company": "Bfirm", "street_address": "Cstreet", "line2": "Dline"}
    typed |= {"zip_code": "Ezip", "city": "Fcity", "state": "Gstate"}
    for country in names():
        text = " ".join(lines(country, **typed))
        assert all(text.count(each) == 1 for each in typed.values()), (country, text)


@pytest.mark.parametrize(
    ("country", "zip_code", "wrong"),
    [
        *(("DE", "10115", False), ("DE", "1010", True), ("AT", "1010", False), ("GB", "ec1y 8sy", False)),
        *(("IE", "A65F4E2", False), ("AE", "-", False), ("AE", "12345", False), ("", "any", False), ("DE", "", False)),
    ],
)
def test_postal_codes_of_a_country(country: str, zip_code: str, wrong: bool) -> None:
    assert looks_wrong(country, zip_code) == wrong


def test_every_country_has_a_form_or_none() -> None:
    forms = {country: address_format(country) for country in names()}
    assert sum(form is not None for form in forms.values()) > 240
    for form in filter(None, forms.values()):
        assert sorted(form.place_order) == ["city", "state", "zip_code"]
