"""A demonstration whose servers do not start stops those that did, and reports the reason."""

from __future__ import annotations

import signal
import tempfile
from pathlib import Path

import pytest

from shop.demo.stage import show
from shop.demo.topologies import TOPOLOGIES, Topology
from shop.errors import ShopError
from tests.unit.demo.test_restarter import Puppet


def test_servers_that_do_not_start_are_ended(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    first, second = Puppet("first"), Puppet("second")
    second.obstacle = "no such program"
    folders: list[Path] = []

    def topology(folder: Path) -> Topology:
        folders.append(folder)

        def start() -> None:
            first.start()
            assert first.pid
            assert folder.is_dir()
            second.start()

        return Topology((first, second), start, dict, ())

    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.setitem(TOPOLOGIES, "redis", topology)
    before = signal.getsignal(signal.SIGTERM)
    with pytest.raises(ShopError, match="The servers did not start: no such program"):
        show("redis", port=0, keep=None, restart_after=0)
    assert first.pid is None
    assert [folder.parent for folder in folders] == [tmp_path]
    assert list(tmp_path.iterdir()) == []
    assert signal.getsignal(signal.SIGTERM) is before
    assert tempfile.tempdir == str(tmp_path)
