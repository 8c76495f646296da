"""One Playwright, and one Chromium with pictures and one without, for all modules here that a worker runs in a row.

They end with the last of these modules, because Playwright's event loop would conflict with asynchronous tests.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Playwright, expect, sync_playwright

from tests.fixtures.browser import ARGUMENTS, NO_PICTURES, TIMEOUT_MILLISECONDS, OpenBrowser, chromium_path


@pytest.fixture(scope="package")
def playwright() -> Iterator[Playwright]:
    """Playwright, whose expectations are patient."""
    expect.set_options(timeout=TIMEOUT_MILLISECONDS)
    with sync_playwright() as playwright:
        yield playwright


@pytest.fixture(scope="package")
def open_browser(playwright: Playwright) -> Iterator[OpenBrowser]:
    """Returns the Chromium that loads pictures, or the one that does not."""
    opened: dict[bool, Browser] = {}

    def one(shows_pictures: bool) -> Browser:
        if shows_pictures not in opened:
            arguments = ARGUMENTS if shows_pictures else [*ARGUMENTS, NO_PICTURES]
            opened[shows_pictures] = playwright.chromium.launch(executable_path=chromium_path(), args=arguments)
        return opened[shows_pictures]

    yield one
    for browser in opened.values():
        browser.close()
