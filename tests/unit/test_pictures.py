"""The photos match pictures.json in every width and format, and are small."""

from __future__ import annotations

import base64
import csv
from pathlib import Path

import msgspec
import pytest

from shop.catalog.demo import CATALOG
from shop.resources import resource_dir

IMG = resource_dir("static") / "img"
SHELVES = [folder for folder in (IMG / "products", IMG / "scenes") if folder.is_dir()]


class Entry(msgspec.Struct, forbid_unknown_fields=True):
    width: int
    height: int
    widths: list[int]
    blur: str


def entries(folder: Path) -> dict[str, Entry]:
    return msgspec.json.decode((folder / "pictures.json").read_bytes(), type=dict[str, Entry])


def files(name: str, entry: Entry) -> set[str]:
    sized = {f"{name}-{width}.{suffix}" for width in entry.widths for suffix in ("avif", "webp")}
    return {f"{name}.jpg", *sized}


def test_the_catalogue_names_what_was_photographed() -> None:
    with CATALOG.open(encoding="utf-8", newline="") as file:
        named = {row["Product image URL"] for row in csv.DictReader(file)} - {""}
    assert named == {f"img/products/{name}.jpg" for name in entries(IMG / "products")}


@pytest.mark.parametrize("folder", SHELVES, ids=lambda folder: folder.name)
def test_the_files_are_those_that_the_index_names(folder: Path) -> None:
    named = set().union(*(files(name, entry) for name, entry in entries(folder).items()))
    assert named | {"pictures.json"} == {path.name for path in folder.iterdir()}


@pytest.mark.parametrize("folder", SHELVES, ids=lambda folder: folder.name)
def test_a_picture_is_whole_in_its_widest_file_and_its_stand_in_is_tiny(folder: Path) -> None:
    for name, entry in entries(folder).items():
        assert entry.widths == sorted(entry.widths), name
        assert entry.widths[-1] == entry.width, name
        assert len(entry.blur) < 200, name
        head, _, data = entry.blur.partition(",")
        assert head == "data:image/webp;base64", name
        assert base64.b64decode(data, validate=True)[8:12] == b"WEBP", name


@pytest.mark.parametrize("folder", SHELVES, ids=lambda folder: folder.name)
def test_files_are_what_their_names_say(folder: Path) -> None:
    marks = {".jpg": (0, b"\xff\xd8\xff"), ".webp": (8, b"WEBP"), ".avif": (4, b"ftypavif")}
    for path in folder.iterdir():
        if path.suffix in marks:
            offset, mark = marks[path.suffix]
            with path.open("rb") as file:
                assert file.read(16)[offset : offset + len(mark)] == mark, path.name


def test_all_pictures_together_weigh_less_than_twelve_megabytes() -> None:
    weights = [path.stat().st_size for path in IMG.rglob("*") if path.is_file()]
    assert len(weights) > 800, "the photographs are there"
    assert sum(weights) < 12_000_000


def test_a_card_of_the_grid_is_small_for_a_telephone() -> None:
    cards = [path for path in (IMG / "products").glob("*-480.avif") if not path.name.endswith("-detail-480.avif")]
    assert max(path.stat().st_size for path in cards) < 24_000
