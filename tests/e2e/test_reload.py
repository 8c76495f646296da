"""`shop run --reload` shows what was changed, whatever kind of source it is."""

from __future__ import annotations

import re
import shutil
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest

from shop.errors import ConfigurationError
from shop.serving import listen, serve
from shop.settings import Settings
from tests.fixtures.shop_process import ShopProcess

ROOT = Path(__file__).parents[2]
PATIENCE_SECONDS = 60


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A copy of the shop's sources."""
    for name in ("shop", "templates", "static", "migrations"):
        shutil.copytree(ROOT / name, tmp_path / "tree" / name, ignore=shutil.ignore_patterns("__pycache__"))
    return tmp_path / "tree"


@pytest.fixture
def shop(tree: Path, tmp_path: Path) -> Iterator[ShopProcess]:
    process = ShopProcess(tmp_path / "shop", PYTHONPATH=str(tree))
    process.sells({"tide-mug": 1900})
    process.start("--reload", folder=tree)
    yield process
    process.stop()
    print(process.log.read_text())


def edit(file: Path, old: str, new: str) -> None:
    text = file.read_text()
    assert text.count(old) == 1, file
    file.write_text(text.replace(old, new))


def file_with(folder: Path, pattern: str, text: str) -> Path:
    (found,) = (file for file in folder.rglob(pattern) if text in file.read_text())
    return found


def until(seen: Callable[[], bool]) -> None:
    """Return when it is seen; while the shop starts again it may not answer."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline:
        try:
            if seen():
                return
        except httpx.TransportError:
            pass
        time.sleep(0.05)
    pytest.fail("The change is never shown.")


def test_every_kind_of_source_is_shown_when_it_changes(shop: ShopProcess, tree: Path) -> None:
    def page(path: str, language: str = "en") -> str:
        return httpx.get(f"{shop.url}{path}", headers={"Accept-Language": language}).text

    def styles() -> str:
        linked = re.search(r'href="(/static/css/shop\.[0-9a-f]+\.css)"', page("/about"))
        return page(linked[1]) if linked else ""

    assert "</body>" in page("/about")  # the template is read now
    edit(tree / "templates/layouts/base.html", "</body>", "<p>A new template</p></body>")
    until(lambda: "A new template" in page("/about"))

    edit(tree / "static/css/shop/tokens.css", "--radius:", "--new-token: 7px; --radius:")
    until(lambda: "--new-token" in styles())

    script = next((tree / "static/js").glob("*.js"))
    script.write_text(f"{script.read_text()}\n// A new script\n")
    until(lambda: "A new script" in page(f"/static/js/{script.name}"))

    words = tree / "shop/locale/de/LC_MESSAGES/messages.po"
    translated = re.search(r'msgid "We could not find that"\nmsgstr "(.+)"', words.read_text())
    assert translated is not None
    assert translated[1] in page("/nothing", "de")
    edit(words, translated[0], translated[0].replace(translated[1], "Neu übersetzt"))
    until(lambda: "Neu übersetzt" in page("/nothing", "de"))

    edit(file_with(tree / "shop", "*.py", '"We could not find that"'), '"We could not find that"', '"New code"')
    until(lambda: "New code" in page("/nothing"))


def test_without_watchfiles_it_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "watchfiles", None)
    with listen("127.0.0.1", 0) as socket, pytest.raises(ConfigurationError, match="bin/setup dev"):
        serve(Settings(), socket, reload=True)
