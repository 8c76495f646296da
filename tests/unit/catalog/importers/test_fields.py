"""Single values of an import file."""

from __future__ import annotations

import pytest

from shop.catalog.importers.fields import image_source


@pytest.mark.parametrize("start", ["https:", "HTTPS:", "http:", "Http:", ""])
def test_pictures_elsewhere_are_fetched_by_https(start: str) -> None:
    assert image_source(f"{start}//CDN.example/A.jpg") == "https://CDN.example/A.jpg"


@pytest.mark.parametrize(
    "odd", ["https://", "https://a b", 'https://a"b', "https://a\x7fb", "https://a\ufffeb", "data:,x"]
)
def test_what_pages_and_sitemaps_cannot_name_is_no_picture(odd: str) -> None:
    with pytest.raises(ValueError, match="neither"):
        image_source(odd)
