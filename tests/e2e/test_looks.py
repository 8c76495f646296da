"""Key states look as they did. What they looked like is in looks/; `make looks` renews it when a change is meant.

A picture shows the whole page, at a quarter of its size, so that the edges of letters, which each machine draws a
little differently, do not count. At that size a pixel differs where a channel differs by more than CHANNEL of 255, or
where one of the pages has ended. In no screenful of the page may more than SHARE of the pixels differ. That is 1 %: a
block of 100 by 100 pixels of a desktop's screen, or a page that is 8 pixels longer; a line of text more is too much,
however long the page is.
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
QUALITY = 75
"""A quarter of the bytes of a lossless picture, and less than 0.05 % of a screenful's pixels differ by it."""
DESK: dict[str, Any] = {"viewport": {"width": 1280, "height": 800}}
VARYING = "time, .offer__promise, .order__number strong, .order__page a"
"""What is another one each time, such as an order's address: it gets the same words, and is covered."""


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
    Look("menu", PHONE),
    Look("filters", PHONE, "dark"),
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
def shows_pictures() -> bool:
    return True


@pytest.fixture(scope="module")
def shop_process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ShopProcess]:
    """A shop in which nobody else has bought anything."""
    shop = ShopProcess(tmp_path_factory.mktemp("looks"))
    shop.start()
    yield shop
    shop.stop()


@pytest.mark.parametrize("look", KEY_LOOKS, ids=lambda look: look.name)
def test_it_looks_as_it_did(look: Look, open_shopper: OpenShopper, request: pytest.FixtureRequest) -> None:
    locale = {"en": "en-DE"}.get(look.language, look.language)
    shopper = open_shopper("/healthz", color_scheme=look.scheme, locale=locale, **look.size)
    if look.state.startswith("cart"):  # what is recommended comes in time or not
        shopper.page.route("**/recommended?*", lambda route: route.fulfill(status=204))
    STATES[look.state](shopper)
    shopper.complaints.clear()  # some states are refusals
    settle(shopper.page)
    picture = reduced(shopper.page)
    known = LOOKS / f"{look.name}.webp"
    if request.config.getoption("--renew-looks"):
        LOOKS.mkdir(exist_ok=True)
        picture.save(known, "WEBP", quality=QUALITY, method=6)
        return
    screen = look.size["viewport"]["height"] // REDUCED
    difference = differs(picture, Image.open(known).convert("RGB"), screen)
    if difference > SHARE:
        SEEN.mkdir(parents=True, exist_ok=True)
        picture.save(SEEN / known.name, "WEBP", lossless=True)
    assert difference <= SHARE, f"see {SEEN / known.name} beside {known}; `make looks` if it is meant"


def reduced(page: Page) -> Image.Image:
    """What the whole page shows, at a fraction of its size; with a dialog open, what the window shows.

    A screenshot of the whole page may move what is fixed to the window to another place each time.
    """
    varying = page.locator(VARYING)
    varying.evaluate_all("(elements) => elements.forEach((element) => (element.textContent = '0000'))")
    whole = page.get_by_role("dialog").count() == 0
    shot = page.screenshot(full_page=whole, mask=[varying], mask_color="#888888", animations="disabled")
    return Image.open(io.BytesIO(shot)).convert("RGB").reduce(REDUCED)


def differs(one: Image.Image, other: Image.Image, screen: int) -> float:
    """The share of pixels that differ in the screenful that differs most; `screen` is its height in pixels.

    It is 1 where the widths differ. A page that has ended differs in every pixel, and may count as more than 1.
    """
    if one.width != other.width:
        return 1.0
    both = min(one.height, other.height)
    pixels = differing(one.crop((0, 0, one.width, both)), other.crop((0, 0, one.width, both)))
    pixels += [one.width] * (max(one.height, other.height) - both)
    screenfuls = [sum(pixels[top : top + screen]) for top in range(len(pixels))]
    return max(screenfuls) / (one.width * screen)


def differing(one: Image.Image, other: Image.Image) -> list[int]:
    """How many pixels of each row differ in two pictures of one size."""
    red, green, blue = ImageChops.difference(one, other).split()
    most = ImageChops.lighter(ImageChops.lighter(red, green), blue)
    rows = most.point(lambda value: value > CHANNEL).tobytes()
    return [sum(rows[start : start + one.width]) for start in range(0, len(rows), one.width)]


SCREEN = 200


@pytest.fixture
def page_picture() -> Image.Image:
    """A page of ten screenfuls."""
    return Image.new("RGB", (320, 10 * SCREEN), "#F7F4ED")


def test_a_shifted_block_is_a_difference_and_a_soft_edge_is_none(page_picture: Image.Image) -> None:
    moved, softer = page_picture.copy(), page_picture.copy()
    page_picture.paste("#1E5650", (20, 1520, 80, 1540))
    moved.paste("#1E5650", (20, 1528, 80, 1548))
    softer.paste("#1E5650", (20, 1520, 80, 1540))
    softer.paste("#2C605A", (19, 1520, 20, 1540))
    assert differs(page_picture, moved, SCREEN) > SHARE
    assert 0 < differs(page_picture, softer, SCREEN) <= SHARE


@pytest.mark.parametrize(("rows", "is_seen"), [(1, False), (2, False), (6, True)])
def test_a_line_of_text_more_is_a_difference(page_picture: Image.Image, rows: int, is_seen: bool) -> None:
    longer = Image.new("RGB", (320, page_picture.height + rows), "#F7F4ED")
    assert (differs(page_picture, longer, SCREEN) > SHARE) is is_seen
    assert (differs(longer, page_picture, SCREEN) > SHARE) is is_seen


def test_a_field_at_the_bottom_of_a_page_is_seen(open_shopper: OpenShopper) -> None:
    shopper = open_shopper("/healthz", **DESK)
    STATES["checkout"](shopper)
    settle(shopper.page)
    before = reduced(shopper.page)
    first_screenful = shopper.page.screenshot()
    shopper.page.evaluate(
        """document.querySelector("main").insertAdjacentHTML("beforeend", "<p><label>Note <input></label></p>")"""
    )
    assert shopper.page.screenshot() == first_screenful, "nothing has changed in the first screenful"
    assert differs(before, reduced(shopper.page), DESK["viewport"]["height"] // REDUCED) > SHARE
