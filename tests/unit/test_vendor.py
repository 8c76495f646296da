"""Every vendored file is the original: its checksum and licence are beside it."""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path

import pytest

from shop.resources import resource_dir

VENDOR = resource_dir("static") / "vendor"


@pytest.mark.parametrize("script", sorted(VENDOR.glob("*.js")), ids=lambda path: path.name)
def test_a_vendored_script_is_unchanged_and_has_its_licence(script: Path) -> None:
    recorded, name = (VENDOR / f"{script.name}.sha256").read_text().split()
    assert name == script.name
    assert sha256(script.read_bytes()).hexdigest() == recorded
    assert (VENDOR / script.name.replace(".min.js", ".LICENSE")).read_text().strip()


def test_htmx_is_vendored() -> None:
    assert [path.name for path in VENDOR.glob("htmx-*.min.js")] == ["htmx-4.0.1.min.js"]


@pytest.mark.parametrize("font", sorted((VENDOR / "fonts").glob("*.woff2")), ids=lambda path: path.name)
def test_a_font_is_unchanged_and_has_its_licence(font: Path) -> None:
    recorded, name = font.with_name(f"{font.name}.sha256").read_text().split()
    assert name == font.name
    assert sha256(font.read_bytes()).hexdigest() == recorded
    licence = font.with_name(f"{font.name.partition('-')[0]}.LICENSE").read_text()
    assert "SIL OPEN FONT LICENSE Version 1.1" in licence


def test_the_fonts_are_vendored() -> None:
    assert len(list((VENDOR / "fonts").glob("*.woff2"))) == 2
