"""Browsers that bring a fresh shopper into a state of tests/e2e/states.py, for tools that look at it."""

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
    """`visit("cart", color_scheme="dark")`: a page in that state, in a browser profile of its own with these options.

    The profile of one visit is closed with the next; `seen` is called with each page before its way begins.
    """
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium_path(), args=ARGUMENTS)

        def visit(state: str, *, seen: Callable[[Page], None] = lambda _: None, **options: Any) -> Page:
            for context in browser.contexts:
                context.close()
            context = browser.new_context(base_url=url, reduced_motion="reduce", locale="en-IE", **options)
            context.set_default_timeout(TIMEOUT_MILLISECONDS)
            page = context.new_page()
            seen(page)
            STATES[state](Shopper(page))
            settle(page)
            return page

        yield visit
        browser.close()


def settle(page: Page) -> None:
    """Return when every picture and font that shows is there."""
    page.evaluate(
        """async () => {
            for (const picture of document.images) picture.loading = "eager";
            await Promise.all([...document.images].map((picture) => picture.decode().catch(() => {})));
            await document.fonts.ready;
        }"""
    )
