"""A test that hangs is named and ended, on a worker of xdist, and those after it run."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
TESTS = """
import asyncio

async def test_that_hangs():
    await asyncio.Event().wait()

def test_that_spins():
    while True:
        pass

def test_that_is_well():
    pass
"""


def test_it_is_named_and_the_others_run(tmp_path: Path) -> None:
    (tmp_path / "test_some.py").write_text(TESTS)
    options = ["-c", str(ROOT / "pyproject.toml"), "--rootdir", str(tmp_path), "-n", "1", "-o", "timeout=1"]
    run = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", *options, str(tmp_path)]
    said = subprocess.run(run, cwd=tmp_path, capture_output=True, text=True, check=False).stdout
    assert "FAILED test_some.py::test_that_hangs - Failed: Timeout" in said, said
    assert "FAILED test_some.py::test_that_spins - Failed: Timeout" in said, said
    assert "2 failed, 1 passed" in said
