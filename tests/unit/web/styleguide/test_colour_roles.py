"""The contrast of the colour roles, and the same figures in docs/brand.md."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from shop.resources import resource_dir
from shop.web.styleguide.colour_roles import Role, contrast, roles

TOKENS = (resource_dir("static") / "css" / "shop" / "tokens.css").read_text("utf-8")
BRAND = (Path(__file__).parents[4] / "docs" / "brand.md").read_text("utf-8")
TEXT = {"ink", "soft", "kelp", "kelp-strong", "rust", "ochre", "moss"}
ROLES = {role.name: role for role in roles(TOKENS)}


def test_contrast_is_that_of_wcag() -> None:
    assert contrast("#FFFFFF", "#000000") == pytest.approx(21)
    assert contrast("#777777", "#FFFFFF") == contrast("#FFFFFF", "#777777") == pytest.approx(4.478, abs=0.001)


@pytest.mark.parametrize("name", sorted(TEXT))
def test_text_has_enough_contrast_on_every_background(name: str) -> None:
    assert min(ROLES[name].light_ratios + ROLES[name].dark_ratios) >= 4.5


def test_control_borders_have_enough_contrast_on_every_background() -> None:
    assert min(ROLES["edge"].light_ratios + ROLES["edge"].dark_ratios) >= 3


@pytest.mark.parametrize("ground", ["kelp", "kelp-strong"])
def test_button_text_has_enough_contrast(ground: str) -> None:
    words, button = ROLES["on-kelp"], ROLES[ground]
    assert min(contrast(words.light, button.light), contrast(words.dark, button.dark)) >= 4.5


@pytest.mark.parametrize("role", ROLES.values(), ids=lambda role: role.name)
def test_the_brand_document_has_the_same_colours_and_ratios(role: Role) -> None:
    row = next(line for line in BRAND.splitlines() if line.startswith(f"| {role.name}, "))
    assert re.findall(r"#[0-9A-F]{6}", row) == [role.light, role.dark]
    if role.name in TEXT | {"edge"}:
        told = [float(figure) for figure in re.findall(r"\d+\.\d\d", row)]
        assert told == pytest.approx([*role.light_ratios, *role.dark_ratios], abs=0.006)
