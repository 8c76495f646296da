"""The targets of the Makefile that are quick, made in a fresh clone. `make targets` tries the others: targets.py."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from shop.demo.ports import free_port
from tests.fixtures.shop_process import wait_until_it_answers
from tests.house import targets
from tests.house.conftest import ROOT, Clone

QUICK = {"help", "format", "words", "run", "clean", "art"}
ELSEWHERE = {
    "test": "runs this",
    "check": "is the first step of make test",
    "targets": "runs targets.py",
    "audit": "asks a public service; the nightly run does",
}


def test_every_target_is_tried() -> None:
    listed = set(re.findall(r"^([a-z]+):.* ## ", (ROOT / "Makefile").read_text(), re.MULTILINE))
    assert listed == {*QUICK, *targets.TRIED, *ELSEWHERE}


def test_a_target_that_fails_fails_its_test(clone: Clone) -> None:
    (clone / "Makefile").write_text((clone / "Makefile").read_text().replace("awk", "awk_is_not_here"))
    with pytest.raises(AssertionError, match="awk_is_not_here"):
        clone.make("help")


def test_help_lists_the_targets(clone: Clone) -> None:
    assert "make test" in clone.make("help")


def test_format_formats_and_has_nothing_to_do_in_a_clone(clone: Clone) -> None:
    clone.make("format")
    assert clone.changes() == []
    (clone / "shop/money.py").write_text((clone / "shop/money.py").read_text() + "ADDED = { 'one' : 1 }\n")
    clone.make("format")
    assert (clone / "shop/money.py").read_text().endswith('\nADDED = {"one": 1}\n')


def test_words_has_nothing_to_do_in_a_clone(clone: Clone) -> None:
    clone.make("words")
    assert clone.changes() == []


def test_art_is_described_as_it_is_made(clone: Clone) -> None:
    """It needs Python 3.11 alone, and half an hour."""
    assert "-m art.encode" in clone.make("--dry-run", "art")


def test_run_serves(clone: Clone, tmp_path: Path) -> None:
    port, log = free_port(), tmp_path / "log"
    environ = {**os.environ, "PORT": str(port), "HOST": "127.0.0.1", "REDIS_URL": ""}
    with log.open("w") as file:
        process = subprocess.Popen(
            ["make", "run"], cwd=clone.folder, env=environ, stdout=file, stderr=file, start_new_session=True
        )
    try:
        wait_until_it_answers(f"http://127.0.0.1:{port}", process, log)
        assert "Tide Mug" in httpx.get(f"http://127.0.0.1:{port}/").text
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        process.wait()


def test_clean_leaves_what_is_committed_and_the_data(tmp_path: Path) -> None:
    clone = Clone(tmp_path)
    (clone / "var").mkdir()
    (clone / "var/shop.db").write_text("data")
    for made in (".mypy_cache", "dist", "shop/__pycache__"):
        (clone / made).mkdir()
        (clone / made / "file").touch()
    clone.make("clean")
    assert clone.changes("--ignored") == ["!! var/"]
    assert Path(sys.executable).exists(), "what a link leads to is not ours to remove"
