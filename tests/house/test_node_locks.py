"""The locks of the tools that run through Node.js install on a fresh machine, from any registry."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
FOLDERS = [file.parent for file in sorted(ROOT.glob("tests/*/package.json"))]
VERSIONS = re.compile(r"[\d^~<>=*|]")
"""How a range of versions begins. A tag such as 'latest' is another version tomorrow, and then npm refuses the lock."""


def read(file: Path) -> dict[str, Any]:
    return dict(json.loads(file.read_text()))


def tags(lock: dict[str, Any], overrides: dict[str, Any]) -> set[tuple[str, str]]:
    """Each package, and what it asks for by a tag that no override turns into a version."""
    return {
        (name, dependency)
        for path, package in lock["packages"].items()
        for name in [path.rpartition("node_modules/")[2]]
        for dependency, asked in package.get("dependencies", {}).items()
        if not VERSIONS.match(asked) and dependency not in overrides.get(name, {})
    }


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
class TestLock:
    def test_has_what_its_package_asks_for_and_names_no_address(self, folder: Path) -> None:
        lock = read(folder / "package-lock.json")
        asked = read(folder / "package.json")["dependencies"]
        assert lock["packages"][""]["dependencies"] == asked
        for name, version in asked.items():
            assert lock["packages"][f"node_modules/{name}"]["version"] == version
        assert all("resolved" not in package for package in lock["packages"].values())
        assert all(package["integrity"] for path, package in lock["packages"].items() if path)
        assert "omit-lockfile-registry-resolved=true" in (folder / ".npmrc").read_text().splitlines()

    def test_pins_what_is_asked_for_by_a_tag(self, folder: Path) -> None:
        overrides = read(folder / "package.json").get("overrides", {})
        lock = read(folder / "package-lock.json")
        assert tags(lock, overrides) == set()
        for name, pinned in overrides.items():
            assert tags(lock, {}) == {(name, dependency) for dependency in pinned}
            for dependency, version in pinned.items():
                assert lock["packages"][f"node_modules/{dependency}"]["version"] == version
