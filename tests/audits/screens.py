"""`make screens`: screenshots of every state on phone and desktop, light and dark, and all photos, in docs/screens."""

from __future__ import annotations

import argparse
import io
from pathlib import Path
from typing import Any, Literal

from PIL import Image
from playwright.sync_api import Page

from tests.audits.open_shop import open_shop
from tests.audits.visits import settle, visits
from tests.e2e.states import STATES
from tests.e2e.test_access import FADED

FOLDER = Path("docs/screens")
SIZES: dict[str, dict[str, Any]] = {
    "phone": {"viewport": {"width": 390, "height": 844}, "is_mobile": True, "has_touch": True},
    "desktop": {"viewport": {"width": 1280, "height": 800}},
}
SCHEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")
ALL = tuple((size, scheme) for size in SIZES for scheme in SCHEMES)
TALLEST = 2400
"""Maximum height of a screenshot in CSS pixels."""
QUALITY = 68
PHOTOGRAPHS = Path("static/img/products")
ACROSS, CELL = 10, 144
"""Photos per row of the contact sheet, and the size of each in pixels."""


def main() -> None:
    """Take screenshots of all states, or of the given ones."""
    parser = argparse.ArgumentParser()
    parser.add_argument("states", nargs="*", default=[*STATES])
    states = parser.parse_args().states
    FOLDER.mkdir(exist_ok=True)
    with open_shop() as shop, visits(shop.url) as visit:
        for state in states:
            for size, options in SIZES.items():
                page = visit(state, **options)
                for scheme in SCHEMES:
                    page.emulate_media(color_scheme=scheme)
                    page.evaluate(FADED)
                    save(page, FOLDER / f"{state}-{size}-{scheme}.webp")
    contact_sheet().save(FOLDER / "photographs.webp", "WEBP", quality=QUALITY, method=6)
    (FOLDER / "README.md").write_text(index())
    total = sum(file.stat().st_size for file in FOLDER.glob("*.webp"))
    print(f"{len(states)} states, {total / 1e6:.1f} MB in {FOLDER}")


def contact_sheet() -> Image.Image:
    """The contact sheet: all product photos, small, sorted by name."""
    files = sorted(PHOTOGRAPHS.glob("*.jpg"))
    sheet = Image.new("RGB", (ACROSS * CELL, -(-len(files) // ACROSS) * CELL), "white")
    for number, file in enumerate(files):
        with Image.open(file) as photograph:
            place = (number % ACROSS * CELL, number // ACROSS * CELL)
            sheet.paste(photograph.convert("RGB").resize((CELL, CELL), Image.Resampling.LANCZOS), place)
    return sheet


def index() -> str:
    """The Markdown page with all screenshots."""
    rows = [
        f"| {state} | " + " | ".join(f"[{size}, {scheme}]({state}-{size}-{scheme}.webp)" for size, scheme in ALL) + " |"
        for state in STATES
    ]
    return "\n".join(
        [
            "# What the pages look like",
            "",
            "Made by `make screens`, from the list of states in [tests/e2e/states.py](../../tests/e2e/states.py).",
            "",
            "| state |" + " |" * len(ALL),
            "| --- |" + " --- |" * len(ALL),
            *rows,
            "",
            "## The photographs",
            "",
            "Every picture of a product, rendered by the code in [art](../../art/README.md).",
            "",
            "![All photographs of the demo catalogue](photographs.webp)",
            "",
        ]
    )


def save(page: Page, file: Path) -> None:
    """A screenshot of the page down to TALLEST, or of the viewport if a dialog is open.

    The viewport is made as high as the page, so that a bar at its lower edge covers nothing.
    """
    window = page.viewport_size
    assert window is not None
    if page.locator("dialog[open]").count() == 0:
        height = page.evaluate("document.documentElement.scrollHeight")
        page.set_viewport_size({"width": window["width"], "height": min(height, TALLEST)})
        settle(page)
    shot = Image.open(io.BytesIO(page.screenshot()))
    shot.save(file, "WEBP", quality=QUALITY, method=6)
    page.set_viewport_size(window)


if __name__ == "__main__":
    main()
