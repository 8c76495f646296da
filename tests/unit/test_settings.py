"""A key that nobody has set is drawn."""

from __future__ import annotations

import os

import pytest

from shop.settings import Settings, export_secret


def test_a_key_that_is_set_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECRET_KEY", "")
    settings = Settings(secret_key="from a file")
    assert export_secret(settings) is settings
    assert os.environ["SECRET_KEY"] == ""


def test_two_shops_draw_two_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECRET_KEY", "")
    assert export_secret(Settings()).secret_key != export_secret(Settings()).secret_key
