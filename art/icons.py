"""Draws the icons that browsers and home screens want as PNG, from the mark in static/img/favicon.svg.

`python -m art.icons` writes static/img/icons/. It needs a Chromium: the system's, or Playwright's own.
"""

from __future__ import annotations

import re
import shutil
from pathlib import Path

from playwright.sync_api import sync_playwright

STATIC = Path(__file__).parent.parent / "static"
MARK = (STATIC / "img" / "favicon.svg").read_text()
CORNER = re.compile(r' rx="\d+"')


def filled(margin: float) -> str:
    """The mark on a square without round corners, so far from its edges: systems cut their own shape out of it."""
    lower = MARK.index("<path")
    side = 64 * (1 + 2 * margin)
    shift = 64 * margin
    ground = CORNER.sub("", MARK[:lower]).replace('viewBox="0 0 64 64"', f'viewBox="0 0 {side} {side}"')
    ground = ground.replace('width="64" height="64"', f'width="{side}" height="{side}"')
    return f'{ground}<g transform="translate({shift} {shift})">{MARK[lower:].replace("</svg>", "</g></svg>")}'


ICONS = {
    "192": (192, MARK),
    "512": (512, MARK),
    "maskable-512": (512, filled(0.1)),
    "apple-touch-icon": (180, filled(0.06)),
}
"""File name -> (pixels, SVG). Of a maskable icon, a system shows at least a circle of 80 % of its width."""


def main() -> None:
    """Draw them all."""
    folder = STATIC / "img" / "icons"
    folder.mkdir(exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        for name, (pixels, svg) in ICONS.items():
            page = browser.new_page(viewport={"width": pixels, "height": pixels})
            sized = svg.replace("<svg ", f'<svg width="{pixels}" height="{pixels}" style="display: block" ', 1)
            page.set_content(f'<body style="margin: 0">{sized}')
            page.screenshot(path=folder / f"{name}.png", omit_background=True)
            page.close()
        browser.close()


if __name__ == "__main__":
    main()
