"""`shop reviews`: reviews that were written elsewhere."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest

from shop.catalog.model import Reviews
from shop.catalog.reading.repository import CatalogRepository
from shop.database import create_engine
from tests.fixtures.catalog import a_product, fill, variant
from tests.fixtures.commands import ShopCommand

HEAD = "product_handle,rating,title,body,reviewer_name,reviewer_email,review_date"
GOOD = f"{HEAD}\nmug,5,Lovely,Holds tea.,Ada,ada@example.com,2026-05-01\nmug,4,,Holds coffee.,Bob,,2026-06-01\n"


@pytest.fixture(autouse=True)
def with_mugs(sqlite_url: str) -> None:
    async def prepare() -> None:
        engine = create_engine(sqlite_url)
        await fill(engine, a_product("mug", variant("MUG")))
        await engine.dispose()

    asyncio.run(prepare())


def reviews_in(url: str) -> tuple[Reviews, int]:
    """Those of the mug, and the version of the catalogue."""

    async def read() -> tuple[Reviews, int]:
        engine = create_engine(url)
        try:
            catalog = CatalogRepository(engine, "EUR")
            return await catalog.reviews("mug"), await catalog.version()
        finally:
            await engine.dispose()

    return asyncio.run(read())


def test_a_file_is_imported_once(shop_command: ShopCommand, sqlite_url: str, tmp_path: Path) -> None:
    file = tmp_path / "reviews.csv"
    file.write_text(GOOD)
    before = reviews_in(sqlite_url)[1]
    assert shop_command("reviews", "import", str(file))[1].strip() == "2 added, 0 known already."
    found, version = reviews_in(sqlite_url)
    assert (found.count, found.average) == (2, "4.5")
    assert [(review.author, review.text) for review in found.latest] == [
        ("Bob", "Holds coffee."),
        ("Ada", "Holds tea."),
    ]
    assert version > before
    assert shop_command("reviews", "import", str(file))[1].strip() == "0 added, 2 known already."
    assert reviews_in(sqlite_url)[1] == version


def test_json_is_read_too_and_a_review_is_removed(shop_command: ShopCommand, sqlite_url: str, tmp_path: Path) -> None:
    file = tmp_path / "reviews.json"
    row = {"product_handle": "mug", "rating": 3, "body": "A mug.", "reviewer_name": "Cy", "review_date": "2026-07-01"}
    file.write_text(json.dumps([row]))
    assert shop_command("reviews", "import", str(file))[0] == 0
    listed = shop_command("reviews", "list")[1]
    assert "3/5  Cy: A mug." in listed
    assert shop_command("reviews", "remove", listed.split()[0])[0] == 0
    assert reviews_in(sqlite_url)[0] == Reviews()
    assert shop_command("reviews", "remove", "nothing")[0] == 1


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        ("mug,6,,x,Ada,,2026-05-01", "line 2: rating '6' is not a whole number from 1 to 5"),
        ("mug,5,,x,Ada,,May", "line 2: "),
        (",5,,x,Ada,,2026-05-01", "line 2: product_handle is missing"),
        ("jug,5,,x,Ada,,2026-05-01", "there is no product jug"),
    ],
)
def test_a_file_with_a_wrong_row_is_refused_as_a_whole(
    shop_command: ShopCommand, sqlite_url: str, tmp_path: Path, rows: str, words: str
) -> None:
    file = tmp_path / "reviews.csv"
    file.write_text(f"{GOOD.splitlines()[0]}\n{rows}\n{GOOD.splitlines()[1]}\n")
    status, _, errors = shop_command("reviews", "import", str(file))
    assert (status, words in errors) == (1, True)
    assert reviews_in(sqlite_url)[0] == Reviews()
