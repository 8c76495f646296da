"""Which values have a dot of colour."""

from __future__ import annotations

import re

import pytest

from shop.i18n import content, speaking
from shop.languages import known, language_of
from shop.resources import resource_dir
from shop.web.render.swatches import swatch_of


@pytest.mark.parametrize("option", ["Colour", "COLOR", "farbe", "اللون"])
def test_a_value_of_an_option_of_colours_has_one(option: str) -> None:
    assert swatch_of(option, "Moss") == "moss"
    assert swatch_of(option, "HONEY") == "honey"
    assert swatch_of(option, "Linen stripe") == ""


@pytest.mark.parametrize(
    ("option", "value"),
    [("Material", "Clay"), ("Flavour", "Honey"), ("Scent", "Moss"), ("category", "chalk"), ("", "Fog")],
)
def test_what_is_no_colour_has_none(option: str, value: str) -> None:
    assert swatch_of(option, value) == ""


def test_every_language_of_the_shop_has_a_word_for_colour() -> None:
    for code in known():
        with speaking(language_of(code)):
            assert swatch_of(content("Colour"), "Moss"), f"{content('Colour')} ({code}) is missing in swatches.py"


def test_each_colour_of_the_style_sheet_is_known() -> None:
    styles = (resource_dir("static") / "css/shop/swatch.css").read_text()
    named = re.findall(r"\.swatch--(\w+)", styles)
    assert named
    assert [swatch_of("Colour", name) for name in named] == named
