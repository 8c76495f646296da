"""What GitHub is told to do is pinned, may do no more than it must, and names what is here."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

import msgspec
import pytest

ROOT = Path(__file__).parents[2]
WORKFLOWS = sorted((ROOT / ".github/workflows").glob("*.yml"))
TARGETS = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))


def read(file: Path) -> Any:
    return msgspec.yaml.decode(file.read_bytes())


def matrix(workflow: str, job: str, name: str) -> list[str]:
    return list(read(ROOT / ".github/workflows" / workflow)["jobs"][job]["strategy"]["matrix"][name])


@pytest.mark.parametrize("file", WORKFLOWS, ids=lambda file: file.stem)
class TestWorkflow:
    def test_its_actions_are_pinned_to_a_commit_with_its_version(self, file: Path) -> None:
        uses = re.findall(r"uses: (.*)", file.read_text())
        assert uses
        assert [use for use in uses if not re.fullmatch(r"[\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+", use)] == []

    def test_it_may_read_and_no_more_unless_a_job_says_why(self, file: Path) -> None:
        text = file.read_text()
        assert read(file)["permissions"] in ({}, {"contents": "read"})
        assert re.findall(r"^ +[\w-]+: write$", text, re.MULTILINE) == []
        assert text.count("actions/checkout@") == text.count("persist-credentials: false")

    def test_every_job_ends(self, file: Path) -> None:
        assert all(job["timeout-minutes"] <= 120 for job in read(file)["jobs"].values())

    def test_it_calls_what_is_here(self, file: Path) -> None:
        text = file.read_text()
        assert set(re.findall(r"run: make (?:\w+=\w+ )?(\w+)", text)) <= TARGETS
        for path in re.findall(r"run: (bin/\w+)|\.venv/bin/python (\S+)", text):
            assert (ROOT / "".join(path)).exists()
        for pattern in re.findall(r"cache-dependency-path: (\S+)", text):
            assert list(ROOT.glob(pattern))


def test_it_tests_every_python_that_the_project_promises() -> None:
    oldest = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["requires-python"].removeprefix(">=3.")
    assert matrix("ci.yml", "test", "python") == [f"3.{minor}" for minor in range(int(oldest), 15)]


def test_the_night_runs_targets_that_are_here() -> None:
    assert {"chaos", "acidrain", "bench", "audit"} <= set(matrix("nightly.yml", "run", "target")) <= TARGETS


def test_updates_are_looked_for_wherever_something_is_locked() -> None:
    updates = read(ROOT / ".github/dependabot.yml")["updates"]
    watched = {
        (each["package-ecosystem"], at) for each in updates for at in each.get("directories", [each.get("directory")])
    }
    node = {("npm", f"/{file.parent.relative_to(ROOT)}") for file in ROOT.glob("tests/*/package-lock.json")}
    assert watched == node | {(kind, "/") for kind in ("pip", "github-actions", "docker", "docker-compose")}


@pytest.mark.parametrize("form", ["bug", "feature"])
def test_forms_ask_for_something(form: str) -> None:
    asked = read(ROOT / f".github/ISSUE_TEMPLATE/{form}.yml")
    assert {"name", "description", "body"} <= asked.keys()
    ids = [field["id"] for field in asked["body"] if field["type"] != "markdown"]
    assert len(ids) == len(set(ids)) > 2
