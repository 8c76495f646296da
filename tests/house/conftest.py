"""A fresh clone of this tree, in which targets of the Makefile are made."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def git(folder: Path, *arguments: str) -> str:
    return subprocess.run(["git", *arguments], cwd=folder, check=True, capture_output=True, text=True).stdout


class Clone:
    """The tree as it would be committed now, cloned.

    It has the packages of the .venv that runs the tests, so that nothing is fetched twice, and `bin/setup dev` finds
    nothing to do. (bin/setup has tests of its own.)
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        for name in git(ROOT, "ls-files", "--cached", "--others", "--exclude-standard").splitlines():
            if (ROOT / name).is_file():
                (folder / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(ROOT / name, folder / name)
        git(folder, "init", "--quiet")
        git(folder, "add", "--all")
        git(folder, "-c", "user.name=a", "-c", "user.email=a@localhost", "commit", "--quiet", "--message=all")
        self._furnish(folder / ".venv", Path(sys.prefix))

    def _furnish(self, venv: Path, borrowed: Path) -> None:
        (venv / "bin").mkdir(parents=True)
        for file in borrowed.glob("bin/*"):
            (venv / "bin" / file.name).symlink_to(file)
        for name in ("lib", "pyvenv.cfg"):
            (venv / name).symlink_to(borrowed / name)
        (venv / "bin/shop").unlink()  # it is that of the tree, not of the clone
        (venv / "bin/shop").write_text('#!/bin/sh\nexec .venv/bin/python -m shop.cli "$@"\n')
        (venv / "bin/shop").chmod(0o755)
        for lock in self.folder.glob("requirements*.lock"):
            shutil.copy(lock, venv)
        (venv / "home").write_text(f"{self.folder}\n")

    def __truediv__(self, path: str) -> Path:
        return self.folder / path

    def make(self, *arguments: str) -> str:
        """What a target says; the test fails with it where the target does."""
        environ = {name: value for name, value in os.environ.items() if not name.startswith(("MAKE", "MFLAGS"))}
        done = subprocess.run(
            ["make", *arguments], cwd=self.folder, env=environ, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def changes(self, *options: str) -> list[str]:
        """What git sees that is not as it was committed."""
        return git(self.folder, "status", "--porcelain", *options).splitlines()

    def reset(self) -> None:
        """Make it what was committed."""
        git(self.folder, "checkout", "--quiet", ".")


@pytest.fixture(scope="session")
def cloned() -> Iterator[Clone]:
    """In a folder that PostgreSQL may enter, which is not root where this is."""
    with tempfile.TemporaryDirectory(prefix="clone-") as folder:
        Path(folder).chmod(0o755)
        yield Clone(Path(folder))


@pytest.fixture
def clone(cloned: Clone) -> Clone:
    """The clone as it was committed."""
    cloned.reset()
    return cloned
