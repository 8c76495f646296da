"""The Python in the documents runs as it is written."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
URL = "redis://127.0.0.1:6379/0"
AS_A_SHELL = (
    "import ast, asyncio, sys\n"
    "code = compile(sys.stdin.read(), 'README.md', 'exec', ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)\n"
    "asyncio.run(eval(code))\n"
)
"""What `python -m asyncio` does: it allows `await` outside of a function."""


def sample(page: str) -> str:
    """The one Python program of a page that uses carts."""
    blocks = re.findall(r"^```python\n(.*?)^```", (ROOT / page).read_text(), re.DOTALL | re.MULTILINE)
    programs: list[str] = [block for block in blocks if URL in block]
    assert len(programs) == 1
    return programs[0]


def run(program: str, *, shell: bool = False) -> str:
    code = AS_A_SHELL if shell else program
    done = subprocess.run([sys.executable, "-c", code], input=program, check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout


def in_memory(program: str) -> str:
    return program.replace(f'redis_url="{URL}"', "")


def test_the_readmes_three_lines_keep_a_cart_in_redis(valkey_url: str) -> None:
    assert run(sample("README.md").replace(URL, f"{valkey_url}/0"), shell=True) == "3 TIDE-MUG-MOSS\n"


def test_the_readmes_three_lines_keep_a_cart_in_memory() -> None:
    assert run(in_memory(sample("README.md")), shell=True) == "3 TIDE-MUG-MOSS\n"


def test_the_readmes_lines_are_three() -> None:
    assert len([line for line in sample("README.md").splitlines() if line and not line.startswith("from ")]) == 3


def test_the_program_keeps_a_cart_in_redis(valkey_url: str) -> None:
    assert run(sample("docs/extend.md").replace(URL, f"{valkey_url}/0")) == "3 TIDE-MUG-MOSS €57.00\n"


def test_the_program_keeps_a_cart_in_memory() -> None:
    assert run(in_memory(sample("docs/extend.md"))) == "3 TIDE-MUG-MOSS €57.00\n"


@pytest.mark.parametrize("page", ["README.md", "docs/extend.md"])
def test_the_programs_are_for_a_redis_that_can_be_replaced(page: str) -> None:
    assert sample(page).count(URL) == 1
