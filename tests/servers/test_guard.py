"""No test in tests/unit starts a server or a process without failing, even where its code catches every error."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
TESTS = """
import asyncio
import os
import socket
import subprocess

import pytest

@pytest.mark.parametrize("attempt", [
    lambda: subprocess.run(["true"]),
    lambda: os.system("true"),
    lambda: socket.create_server(("127.0.0.1", 0)),
    lambda: socket.create_connection(("127.0.0.1", 1)),
])
def test_that_catches_everything(attempt):
    try:
        attempt()
    except BaseException:
        pass

async def test_that_is_well():
    await asyncio.sleep(0)
"""


def test_it_fails_in_words(tmp_path: Path) -> None:
    (tmp_path / "conftest.py").write_text((ROOT / "tests/unit/conftest.py").read_text())
    (tmp_path / "test_some.py").write_text(TESTS)
    options = ["-c", str(ROOT / "pyproject.toml"), "--rootdir", str(tmp_path), "-p", "no:cacheprovider"]
    run = [sys.executable, "-m", "pytest", *options, str(tmp_path)]
    environ = {name: value for name, value in os.environ.items() if name != "PYTEST_ADDOPTS"}
    said = subprocess.run(run, cwd=tmp_path, env=environ, capture_output=True, text=True, check=False).stdout
    for words in (
        "It starts a process (subprocess.Popen 'true')",
        "It starts a process (os.system b'true')",
        "It listens on a socket (socket.bind ('127.0.0.1', 0))",
        "It connects a socket (socket.connect ('127.0.0.1', 1)): such a test belongs in tests/servers.",
    ):
        assert words in said, said
    assert len(re.findall("^ERROR test_some.py::test_that_catches", said, re.MULTILINE)) == 4, said
    assert "test_that_is_well" not in said
