"""systemd itself reads the unit of deploy/."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

UNIT = Path(__file__).parents[2] / "deploy/shop.service"
PROGRAM = shutil.which("systemd-analyze")

pytestmark = pytest.mark.skipif(PROGRAM is None, reason="needs systemd-analyze")


def test_the_unit_is_understood(tmp_path: Path) -> None:
    copy = tmp_path / "shop.service"
    copy.write_text(UNIT.read_text().replace("/opt/shop/bin/shop", str(Path(sys.executable).with_name("shop"))))
    done = subprocess.run([str(PROGRAM), "verify", str(copy)], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
