"""The names of countries are those that their sources have."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def test_the_file_of_names_is_up_to_date() -> None:
    checked = subprocess.run([sys.executable, ROOT / "bin/country_names.py", "--check"], timeout=200, check=False)
    assert checked.returncode == 0, "run bin/country_names.py"
