"""From the photographs to what the shop serves: `python -m art.encode [NAME …]`; without a name all that are newer.

Square pictures are products', wide ones are scenes. Each becomes AVIF and WebP in several widths, a JPEG for those who
know neither, and an entry in pictures.json: its shape, its widths, and a few blurred pixels to look at meanwhile.
"""

from __future__ import annotations

import argparse
import base64
import io
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from PIL import Image, ImageFilter

from art.__main__ import OUT

IMG = Path(__file__).parent.parent / "static" / "img"
AVIF = {"quality": 54, "speed": 5, "subsampling": "4:2:0"}
WEBP = {"quality": 80, "method": 4, "use_sharp_yuv": True}
JPEG = {"quality": 80, "optimize": True, "progressive": True}


@dataclass(frozen=True)
class Shelf:
    """Where a kind of picture lies and how wide its files are, in pixels; none is wider than the picture itself."""

    folder: Path
    widths: tuple[int, ...]


PRODUCTS = Shelf(IMG / "products", (320, 480, 720, 960))
SCENES = Shelf(IMG / "scenes", (640, 960, 1440))


def main() -> None:
    """Encode the named pictures or the newer ones, and tell what they weigh."""
    parser = argparse.ArgumentParser(prog="python -m art.encode", description=__doc__)
    parser.add_argument("names", nargs="*", help="names of pictures")
    parser.add_argument("--source", type=Path, default=OUT, help="the folder of the PNGs (%(default)s)")
    arguments = parser.parse_args()
    for path in sorted(arguments.source.glob("*.png")):
        if path.stem in arguments.names or (not arguments.names and _newer(path)):
            entry = encode(path)
            print(f"{path.stem} {sum(file.stat().st_size for file in files(path.stem)) / 1000:.0f} kB {entry['width']}")
    print(f"{sum(file.stat().st_size for file in IMG.rglob('*') if file.is_file()) / 1e6:.2f} MB in all")


def encode(path: Path) -> dict[str, Any]:
    """Write one picture's files and its entry in pictures.json, which is returned."""
    with Image.open(path) as png:
        picture = png.convert("RGB")
    shelf = PRODUCTS if picture.width == picture.height else SCENES
    shelf.folder.mkdir(parents=True, exist_ok=True)
    for file in files(path.stem):
        file.unlink()
    widths = (*(width for width in shelf.widths if width < picture.width), min(picture.width, shelf.widths[-1]))
    for width in widths:
        scaled = _scaled(picture, width)
        scaled.save(shelf.folder / f"{path.stem}-{width}.avif", **AVIF)
        scaled.save(shelf.folder / f"{path.stem}-{width}.webp", **WEBP)
    whole = _scaled(picture, widths[-1])
    whole.save(shelf.folder / f"{path.stem}.jpg", **JPEG)
    entry = {"width": whole.width, "height": whole.height, "widths": widths, "blur": _blur(whole)}
    _enter(shelf.folder / "pictures.json", path.stem, entry)
    return entry


def files(name: str) -> list[Path]:
    """The files there are of a picture."""
    patterns = (f"{name}.jpg", f"{name}-[0-9]*.avif", f"{name}-[0-9]*.webp")
    return [file for shelf in (PRODUCTS, SCENES) for pattern in patterns for file in shelf.folder.glob(pattern)]


def _newer(path: Path) -> bool:
    done = files(path.stem)
    return not done or min(file.stat().st_mtime for file in done) < path.stat().st_mtime


def _scaled(picture: Image.Image, width: int) -> Image.Image:
    if width == picture.width:
        return picture
    return picture.resize((width, round(picture.height * width / picture.width)), Image.Resampling.LANCZOS)


def _blur(picture: Image.Image) -> str:
    """16 pixels of it as a data: URL of less than 200 bytes."""
    small = _scaled(picture.filter(ImageFilter.GaussianBlur(picture.width / 24)), 16)
    data = io.BytesIO()
    small.save(data, "WEBP", quality=20, method=6)
    return "data:image/webp;base64," + base64.b64encode(data.getvalue()).decode()


def _enter(index: Path, name: str, entry: dict[str, Any]) -> None:
    """The index with this entry, one line for each picture, by name."""
    entries = json.loads(index.read_text()) if index.exists() else {}
    lines = (f"{json.dumps(key)}: {json.dumps(value)}" for key, value in sorted({**entries, name: entry}.items()))
    index.write_text("{\n" + ",\n".join(lines) + "\n}\n")


if __name__ == "__main__":
    main()
