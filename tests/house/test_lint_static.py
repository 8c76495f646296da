"""bin/lint_static lints where it can, and says so where it cannot."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
BIOME = ROOT / "tests/lint/node_modules"


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """The script with all it needs, but for Biome."""
    for folder in ("bin", "tests/lint", "static/css", "static/js"):
        (tmp_path / folder).mkdir(parents=True)
    for file in ("bin/lint_static", "biome.json", "tests/lint/package-lock.json"):
        shutil.copy(ROOT / file, tmp_path / file)
    return tmp_path


def lint(checkout: Path, *arguments: str, path: str = os.environ["PATH"]) -> subprocess.CompletedProcess[str]:
    command = ["/bin/sh", str(checkout / "bin/lint_static"), *arguments]
    return subprocess.run(command, env={"PATH": path}, capture_output=True, text=True, check=False)


def only(folder: Path, **scripts: str) -> str:
    """A PATH on which there are only these scripts, and what the shell needs."""
    folder.mkdir()
    for name in ("cmp", "cp", "dirname"):
        (folder / name).symlink_to(str(shutil.which(name)))
    for name, script in scripts.items():
        (folder / name).write_text(f"#!/bin/sh\n{script}\n")
        (folder / name).chmod(0o755)
    return str(folder)


def test_without_node_it_says_so_and_fails_only_where_it_must_not_be_skipped(checkout: Path) -> None:
    path = only(checkout / "path")
    done = lint(checkout, path=path)
    assert done.stderr == "Skipped linting style sheets and scripts: Node.js is not installed.\n"
    assert done.returncode == 0
    assert lint(checkout, "--strict", path=path).returncode == 1


def test_it_says_so_where_npm_fails(checkout: Path) -> None:
    path = only(checkout / "path", npm="exit 1")
    done = lint(checkout, path=path)
    assert done.stderr == "Skipped linting style sheets and scripts: npm cannot install Biome.\n"
    assert done.returncode == 0
    assert lint(checkout, "--strict", path=path).returncode == 1


@pytest.mark.skipif(not BIOME.exists(), reason="Biome is not installed: bin/lint_static fetches it where Node.js is")
@pytest.mark.parametrize(
    ("file", "text", "complaint"),
    [
        ("css/page.css", ".page { colour: red; }\n", "noUnknownProperty"),
        ("css/page.css", ".page { color: red; color: blue; }\n", "noDuplicateProperties"),
        ("js/page.js", "documant.title = 1;\n", "noUndeclaredVariables"),
        ("js/page.js", "document.title == 1;\n", "noDoubleEquals"),
        ("js/page.js", "document.title = 1;\n", ""),
    ],
)
def test_faults_are_found(checkout: Path, file: str, text: str, complaint: str) -> None:
    (checkout / "tests/lint/node_modules").symlink_to(BIOME)
    (checkout / "static" / file).write_text(text)
    done = lint(checkout)
    assert (done.returncode != 0) is bool(complaint)
    assert complaint in done.stdout + done.stderr
