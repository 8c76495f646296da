"""Every hook of .pre-commit-config.yaml starts a tool that is here, on files that are here, and the tree passes it."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import msgspec
import pytest

ROOT = Path(__file__).parents[2]
HOOKS: list[dict[str, Any]] = [
    hook
    for repository in msgspec.yaml.decode((ROOT / ".pre-commit-config.yaml").read_bytes())["repos"]
    for hook in repository["hooks"]
]
SUFFIXES = {"python": ".py"}
"""How a file's name ends, by pre-commit's name for its type."""


def files() -> list[str]:
    listing = subprocess.run(["git", "ls-files"], cwd=ROOT, check=True, capture_output=True, text=True).stdout
    return listing.splitlines()


def meant(hook: dict[str, Any]) -> list[str]:
    """The files that a hook is for."""
    ends = tuple(SUFFIXES[kind] for kind in hook.get("types", [])) or ("",)
    return [file for file in files() if re.search(hook.get("files", ""), file) and file.endswith(ends)]


def test_all_are_local() -> None:
    assert HOOKS
    assert {hook["language"] for hook in HOOKS} == {"system"}


@pytest.mark.parametrize("hook", HOOKS, ids=lambda hook: hook["id"])
def test_the_tree_passes(hook: dict[str, Any]) -> None:
    named = meant(hook)
    assert named
    program, *arguments = shlex.split(hook["entry"].replace("--fix", ""))
    if program.startswith(".venv/bin/"):  # the tests may run in another environment, such as that of another Python
        program = str(Path(sys.executable).parent / Path(program).name)
    if hook["entry"].startswith(".venv/bin/ruff format"):
        arguments.append("--check")
    given = named[:50] if hook.get("pass_filenames", True) else []
    done = subprocess.run([program, *arguments, *given], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
