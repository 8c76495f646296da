"""Take the pictures: `python -m art [NAME …]`; without a name all that are missing from art/out.

A name may be a pattern: 'tide-mug-*'.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from fnmatch import fnmatch
from pathlib import Path

from art.studio.shots import Shot, every_shot

OUT = Path(__file__).parent / "out"
DRAFTS = Path(tempfile.gettempdir()) / "neap-drafts"


def main() -> None:
    """Read the command line and do what it says."""
    arguments = _arguments()
    folder = DRAFTS if arguments.draft else OUT
    shots = _chosen(every_shot(), arguments.names, folder, everything=arguments.contact)
    if arguments.list:
        print(*(shot.name for shot in shots), sep="\n")
        return
    for shot in shots:
        if not arguments.contact:
            _take(shot, folder / f"{shot.name}.png", draft=arguments.draft, samples=arguments.samples)
    if arguments.contact:
        _contact_sheet([folder / f"{shot.name}.png" for shot in shots], DRAFTS / "contact.png")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m art", description=__doc__)
    parser.add_argument("names", nargs="*", help="names or patterns of pictures")
    parser.add_argument("--draft", action="store_true", help=f"half as wide, few samples, to {DRAFTS}")
    parser.add_argument("--samples", type=int, help="samples for each pixel")
    parser.add_argument("--list", action="store_true", help="say which pictures would be taken")
    parser.add_argument("--contact", action="store_true", help="put what is there on one sheet, and render nothing")
    return parser.parse_args()


def _chosen(shots: dict[str, Shot], patterns: list[str], folder: Path, *, everything: bool) -> list[Shot]:
    """The shots of these names; without names, those that are missing (or, for a sheet, all)."""
    unknown = [pattern for pattern in patterns if not any(fnmatch(name, pattern) for name in shots)]
    if unknown:
        raise SystemExit(f"No picture is called {', '.join(unknown)}.")
    if patterns:
        return [shot for shot in shots.values() if any(fnmatch(shot.name, pattern) for pattern in patterns)]
    return [shot for shot in shots.values() if everything or not (folder / f"{shot.name}.png").exists()]


def _take(shot: Shot, path: Path, *, draft: bool, samples: int | None) -> None:
    start = time.monotonic()
    if draft:
        shot.take(path, width=shot.size[0] // 2, samples=samples or 12)
    else:
        shot.take(path, samples=samples)
    print(f"{path} {time.monotonic() - start:.0f} s", flush=True)


def _contact_sheet(paths: list[Path], target: Path, *, across: int = 6, cell: int = 240) -> None:
    from PIL import Image

    found = [path for path in paths if path.exists()]
    sheet = Image.new("RGB", (across * cell, -(-len(found) // across) * cell), "#808080")
    for index, path in enumerate(found):
        with Image.open(path) as picture:
            picture.thumbnail((cell - 4, cell - 4))
            sheet.paste(picture, (index % across * cell + 2, index // across * cell + 2))
    target.parent.mkdir(parents=True, exist_ok=True)
    sheet.save(target)
    print(target)


if __name__ == "__main__":
    main()
