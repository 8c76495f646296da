"""Words as people type them: plurals, mistakes, colours."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.fixtures.browser import PHONE, OpenShopper


@pytest.mark.parametrize(
    ("words", "found", "options"),
    [
        ("mugs", "Tide Mug", {}),
        ("teepot", "Cove Teapot", {}),
        ("blue mug", "Tide Mug", PHONE),
    ],
)
def test_what_is_typed_is_found(open_shopper: OpenShopper, words: str, found: str, options: dict[str, object]) -> None:
    shopper = open_shopper("/about", **options)
    shopper.searches_for(words)
    panel = shopper.page.get_by_role("search")
    expect(panel.get_by_role("link", name=re.compile(found)).first).to_be_visible()
    shopper.search_field.press("Enter")
    expect(shopper.titles().first).to_have_text(found)
