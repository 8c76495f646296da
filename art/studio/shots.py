"""The list of pictures: a function that builds one, registered under the names of what it builds."""

from __future__ import annotations

import importlib
import pkgutil
import sys
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from art.studio import stage

Build = Callable[[str], None]

SQUARE = (960, 960)


@dataclass(frozen=True)
class Shot:
    """One picture: its name, what builds its scene, its size in pixels and the samples for each of them."""

    name: str
    build: Build
    size: tuple[int, int] = SQUARE
    samples: int = 16

    def take(self, path: Path, *, width: int | None = None, samples: int | None = None) -> None:
        """Build the scene, in an empty one, and render it to a PNG; a draft is narrower and has fewer samples."""
        across, down = self.size
        width = width or across
        stage.clear()
        self.build(self.name)
        path.parent.mkdir(parents=True, exist_ok=True)
        stage.render(str(path), pixels=(width, round(down * width / across)), samples=samples or self.samples)


SHOTS: dict[str, Shot] = {}


def shot(*names: str, size: tuple[int, int] = SQUARE, samples: int = 16) -> Callable[[Build], Build]:
    """Register a function as what builds the pictures of these names: it is called with one of them."""

    def register(build: Build) -> Build:
        for name in names:
            if name in SHOTS:
                raise ValueError(f"{name} is built twice, by {SHOTS[name].build.__module__} and {build.__module__}")
            SHOTS[name] = Shot(name, build, size, samples)
        return build

    return register


def every_shot() -> dict[str, Shot]:
    """All pictures, by name. A module that does not import is reported and left out: the others can be taken."""
    import art

    for module in pkgutil.walk_packages(art.__path__, "art."):
        if module.name.startswith(("art.products", "art.scenes")):
            try:
                importlib.import_module(module.name)
            except Exception:
                traceback.print_exc(file=sys.stderr)
    return SHOTS
