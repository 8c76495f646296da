"""Key states look as they did. What they looked like is in looks/; `make looks` renews it when a change is meant.

A picture is compared at a quarter of its size, so that the edges of letters, which each machine draws a little
differently, do not count. At that size a pixel is another one where a channel differs by more than CHANNEL of 255;
up to SHARE of the pixels may, and the page may be SHARE longer or shorter.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from PIL import Image, ImageChops
from playwright.sync_api import Page

from tests.audits.visits import settle
from tests.e2e.states import STATES
from tests.fixtures.browser import PHONE, OpenShopper
from tests.fixtures.shop_process import ShopProcess

LOOKS = Path(__file__).with_name("looks")
SEEN = Path("var/looks")
"""Where a picture goes that is not as it was."""
REDUCED = 4
CHANNEL = 40
SHARE = 0.01
DESK: dict[str, Any] = {"viewport": {"width": 1280, "height": 800}}
VARYING = "time, [data-varies]"
"""What is another one each time, such as an order's number: it is covered."""


class Look(NamedTuple):
    """A state, and how it is looked at."""

    state: str
    size: dict[str, Any]
    scheme: str = "light"
    language: str = "en"

    @property
    def name(self) -> str:
        """The file's name."""
        return "-".join((self.state, "phone" if self.size is PHONE else "desktop", self.scheme, self.language))


KEY_LOOKS = (
    Look("home", PHONE),
    Look("home", DESK, "dark"),
    Look("grid", DESK),
    Look("product", PHONE, "dark"),
    Look("product", DESK),
    Look("product", DESK, language="ar"),
    Look("cart", PHONE, language="ar"),
    Look("cart-changed", DESK),
    Look("drawer", PHONE),
    Look("checkout-refused", PHONE),
    Look("checkout", DESK, "dark"),
    Look("receipt", DESK),
    Look("not-found", PHONE),
)


@pytest.fixture(scope="module")
def shop_process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ShopProcess]:
    """A shop in which nobody else has bought anything."""
    shop = ShopProcess(tmp_path_factory.mktemp("looks"))
    shop.start()
    yield shop
    shop.stop()


@pytest.mark.parametrize("look", KEY_LOOKS, ids=lambda look: look.name)
def test_it_looks_as_it_did(look: Look, open_shopper: OpenShopper, request: pytest.FixtureRequest) -> None:
    locale = {"en": "en-IE"}.get(look.language, look.language)
    shopper = open_shopper("/healthz", color_scheme=look.scheme, locale=locale, **look.size)
    STATES[look.state](shopper)
    shopper.complaints.clear()  # some states are refusals
    settle(shopper.page)
    picture = reduced(shopper.page)
    known = LOOKS / f"{look.name}.webp"
    if request.config.getoption("--renew-looks"):
        LOOKS.mkdir(exist_ok=True)
        picture.save(known, "WEBP", lossless=True, method=6)
        return
    difference = differs(picture, Image.open(known).convert("RGB"))
    if difference > SHARE:
        SEEN.mkdir(parents=True, exist_ok=True)
        picture.save(SEEN / known.name, "WEBP", lossless=True)
    assert difference <= SHARE, f"see {SEEN / known.name} beside {known}; `make looks` if it is meant"


def reduced(page: Page) -> Image.Image:
    """What the window shows, at a fraction of its size."""
    shot = page.screenshot(mask=[page.locator(VARYING)], mask_color="#888888", animations="disabled")
    return Image.open(io.BytesIO(shot)).convert("RGB").reduce(REDUCED)


def differs(one: Image.Image, other: Image.Image) -> float:
    """The share of pixels that are not the same in both; 1 where the sizes are not."""
    if one.size != other.size:
        return 1.0
    most = ImageChops.lighter(*ImageChops.difference(one, other).split()[:2])
    most = ImageChops.lighter(most, ImageChops.difference(one, other).split()[2])
    return sum(most.histogram()[CHANNEL + 1 :]) / (one.width * one.height)


def test_a_shifted_block_is_a_difference_and_a_soft_edge_is_none() -> None:
    page = Image.new("RGB", (320, 200), "#F7F4ED")
    moved, softer = page.copy(), page.copy()
    page.paste("#1E5650", (20, 20, 80, 40))
    moved.paste("#1E5650", (20, 28, 80, 48))
    softer.paste("#1E5650", (20, 20, 80, 40))
    softer.paste("#2C605A", (19, 20, 20, 40))
    assert differs(page, moved) > SHARE
    assert 0 < differs(page, softer) <= SHARE
