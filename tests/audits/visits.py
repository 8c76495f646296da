"""Opens a browser and brings a new shopper into a state of tests/e2e/states.py, for audit tools."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from playwright.sync_api import Page, sync_playwright

from tests.e2e.shopper import Shopper
from tests.e2e.states import STATES
from tests.fixtures.browser import ARGUMENTS, TIMEOUT_MILLISECONDS, chromium_path

ShopRequest = Callable[..., Page]


@contextmanager
def visits(url: str) -> Iterator[ShopRequest]:
    """`visit("cart", color_scheme="dark")` returns a page in that state, in a new browser profile with these options.

    The next visit closes the profile of the previous one; `seen` is called with each page before it is opened.
    """
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium_path(), args=ARGUMENTS)

        def visit(state: str, *, seen: Callable[[Page], None] = lambda _: None, **options: Any) -> Page:
            for context in browser.contexts:
                context.close()
            context = browser.new_context(base_url=url, reduced_motion="reduce", locale="en-DE", **options)
            context.set_default_timeout(TIMEOUT_MILLISECONDS)
            page = context.new_page()
            seen(page)
            STATES[state](Shopper(page))
            settle(page)
            return page

        yield visit
        browser.close()


def settle(page: Page) -> None:
    """Wait until every visible image and font is loaded."""
    page.evaluate(
        """async () => {
            for (const picture of document.images) picture.loading = "eager";
            await Promise.all([...document.images].map((picture) => picture.decode().catch(() => {})));
            await document.fonts.ready;
        }"""
    )
