"""`make targets`: the targets of the Makefile that take their time, as short as they get, in a fresh clone.

This is no part of `make test`: all of it takes some minutes.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.house.conftest import Clone

NODE = pytest.mark.skipif(shutil.which("npm") is None, reason="needs Node.js")
JAVA = pytest.mark.skipif(shutil.which("java") is None, reason="needs Java")
SHORT = {
    "bench": (("SHORT=1",), "Stores of three-line carts"),
    "chaos": (("ONLY=hung", "SECONDS=1"), "Faults under load"),
    "acidrain": (("ONLY=last", "SHORT=1"), "Attacks"),
    "fuzz": (("EXAMPLES=1",), "1 passed"),
    "simulate": (("SEEDS=10",), "10 seeds in"),
    "access": (("ONLY=home",), "1 states, 6 looks each, 0 faults"),
    "lighthouse": (("RUNS=1", "ONLY=home"), "simulated slow 4G"),
    "validate": (("ONLY=home",), "2 documents in 1 states, 0 messages"),
}
"""How a target is called, and some of what it says."""
NEEDS = {"lighthouse": [NODE], "validate": [NODE, JAVA]}
PICTURES = {"looks": ("home-phone", "tests/e2e/looks/"), "screens": ("home", "docs/screens/")}
"""Targets that take pictures: of what, and the folder."""
TRIED = {*SHORT, *PICTURES, "lock"}


@pytest.mark.parametrize("target", [pytest.param(name, marks=NEEDS.get(name, [])) for name in SHORT])
def test_it_runs(target: str, clone: Clone) -> None:
    arguments, says = SHORT[target]
    assert says in clone.make(target, *arguments)
    assert clone.changes() == []


@pytest.mark.parametrize("target", PICTURES)
def test_it_takes_the_pictures_that_it_is_asked_for(target: str, clone: Clone) -> None:
    only, folder = PICTURES[target]
    pictures = list((clone / folder).glob(f"{only}*.webp"))
    for file in pictures:
        file.unlink()
    clone.make(target, f"ONLY={only}")
    assert pictures
    assert all(file.stat().st_size for file in pictures)
    assert all(folder in change for change in clone.changes())


def test_lock_has_nothing_to_do_in_a_clone(clone: Clone, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It asks the package index, for uv and for what each locked version needs."""
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--target", str(tmp_path), "uv"]
    subprocess.run(pip, check=True)  # beside the .venv, which is borrowed
    monkeypatch.setenv("PATH", str(tmp_path / "bin"), prepend=os.pathsep)
    clone.make("lock")
    assert clone.changes() == []
