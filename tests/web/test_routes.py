"""The URL map has every URL, with the package that handles it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from litestar import Litestar

from shop.app import create_app
from shop.settings import Settings
from shop.web import routes

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def app() -> Litestar:
    return create_app(Settings())


def mapped() -> dict[str, str]:
    """Package by URL, from the map."""
    room = ""
    found: dict[str, str] = {}
    for line in (routes.__doc__ or "").splitlines():
        if (named := re.fullmatch(r"    (\w*) +(/.*)", line)) is not None:
            room = named[1] or room
            found |= dict.fromkeys(named[2].split(), room)
    return found


def mounted(app: Litestar) -> set[str]:
    return {re.sub(r":\w+}", "}", route.path) for route in app.routes}


def test_the_map_has_exactly_the_mounted_urls(app: Litestar) -> None:
    assert mapped().keys() == mounted(app)


def test_each_url_is_in_the_package_that_the_map_names() -> None:
    for url, room in mapped().items():
        source = (ROOT / "shop/web" / room / "routes.py").read_text()
        assert re.search(rf'"{re.escape(url)}"', re.sub(r":\w+}", "}", source)), (url, room)


def test_every_package_mirrors_its_templates_and_tests() -> None:
    rooms = {folder.parent.name for folder in (ROOT / "shop/web").glob("*/routes.py")}
    assert rooms == set(mapped().values())
    for room in rooms - {"operations"}:
        assert (ROOT / "templates" / room).is_dir()
    for room in rooms:
        assert list((ROOT / "tests/web" / room).glob("test_*.py"))
