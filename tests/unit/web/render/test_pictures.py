"""Picture views of the catalogue's images."""

from __future__ import annotations

import re
from pathlib import Path

import msgspec
import pytest

from shop.catalog.model import Image
from shop.web.render.assets import Assets
from shop.web.render.pictures import FALLBACK, Pictures

WIDTHS = (320, 720, 960)
BLUR = "data:image/webp;base64,AAAA"


@pytest.fixture
def static(tmp_path: Path) -> Path:
    """A folder of static files with one photograph, one scene and a drawing."""
    for folder, name in (("products", "mug"), ("scenes", "table")):
        there = tmp_path / "img" / folder
        there.mkdir(parents=True)
        shape = {"width": 960, "height": 640, "widths": WIDTHS, "blur": BLUR}
        (there / "pictures.json").write_bytes(msgspec.json.encode({name: shape}))
        for file in (f"{name}.jpg", *(f"{name}-{width}.{suffix}" for width in WIDTHS for suffix in ("avif", "webp"))):
            (there / file).write_text(file)
    (tmp_path / "img" / "drawing.svg").write_text("<svg/>")
    (tmp_path / FALLBACK).write_text("<svg><!-- nothing --></svg>")
    return tmp_path


@pytest.fixture
def pictures(static: Path) -> Pictures:
    return Pictures(Assets(static))


def hashed(address: str) -> str:
    """The address without the hash in its name; it must have one."""
    plain, count = re.subn(r"\.[0-9a-f]{8}\.", ".", address)
    assert count == 1, address
    return plain


def test_a_photograph_has_every_width_and_the_best_format_first(pictures: Pictures) -> None:
    shown = pictures.picture(Image("img/products/mug.jpg", "Moss green mug"), "Mug")
    assert [source.type for source in shown.sources] == ["image/avif", "image/webp"]
    for source, suffix in zip(shown.sources, ("avif", "webp"), strict=True):
        files = [hashed(part) for part in source.srcset.split(", ")]
        assert files == [f"/static/img/products/mug-{width}.{suffix} {width}w" for width in WIDTHS]
        narrow = [hashed(part) for part in source.narrow_srcset.split(", ")]
        assert narrow == files[:-1], "no screen shows 360 pixels with more than 720"
    assert hashed(shown.url) == "/static/img/products/mug-720.webp"
    assert hashed(shown.small) == "/static/img/products/mug-320.webp"
    assert hashed(shown.jpeg) == "/static/img/products/mug.jpg"
    assert (shown.alt, shown.width, shown.height, shown.blur, shown.remote) == ("Moss green mug", 960, 640, BLUR, False)


def test_a_scene_is_found_by_its_name(pictures: Pictures) -> None:
    shown = pictures.scene("table", "A laid table")
    assert shown.alt == "A laid table"
    assert hashed(shown.url) == "/static/img/scenes/table-720.webp"


def test_a_picture_without_alternative_text_gets_the_products_title(pictures: Pictures) -> None:
    assert pictures.picture(Image("img/products/mug.jpg"), "Mug").alt == "Mug"


def test_a_drawing_is_one_file(pictures: Pictures) -> None:
    shown = pictures.picture(Image("img/drawing.svg", "A drawing"), "Mug")
    assert (hashed(shown.url), shown.sources, shown.jpeg) == ("/static/img/drawing.svg", (), "")
    assert shown.width == shown.height > 0


def test_a_remote_picture_is_loaded_by_https(pictures: Pictures) -> None:
    shown = pictures.picture(Image("http://pictures.example/a.jpg"), "Mug")
    assert (shown.url, shown.remote, shown.width) == ("https://pictures.example/a.jpg", True, 0)


@pytest.mark.parametrize("image", [None, Image("img/products/none.jpg"), Image("/etc/passwd"), Image("data:x")])
def test_a_missing_picture_has_a_fallback(pictures: Pictures, image: Image | None) -> None:
    shown = pictures.picture(image, "Mug")
    assert (hashed(shown.url), shown.alt) == (f"/static/{FALLBACK}", "Mug")
    assert pictures.scene("nowhere", "A room").url == shown.url
