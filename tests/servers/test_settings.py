"""The processes of one shop share a key, also where nobody has set one."""

from __future__ import annotations

import subprocess
import sys

import pytest

from shop.settings import GENERATED, Settings, export_secret

READ = "from shop.settings import Settings; print(Settings.from_env().secret_key)"


def test_a_key_that_is_drawn_is_handed_to_the_processes_that_are_started(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECRET_KEY", "")
    settings = export_secret(Settings())
    assert len(settings.secret_key.removeprefix(GENERATED)) == 64
    assert settings.lasting_secret == ""
    read = subprocess.run([sys.executable, "-c", READ], capture_output=True, text=True, check=True)
    assert read.stdout.strip() == settings.secret_key
