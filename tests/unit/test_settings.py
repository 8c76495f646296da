"""A key that nobody has set is drawn."""

from __future__ import annotations

import os

import pytest

from shop.errors import ConfigurationError
from shop.settings import Settings, export_secret


@pytest.mark.parametrize(
    ("name", "given"),
    [
        ("CART_TTL", "0"),
        ("CART_TTL", "-5"),
        ("CART_TTL", "99999999999"),
        ("CART_ARCHIVE_TTL", "0"),
        ("MEMORY_CARTS", "0"),
        ("MEMORY_CARTS", "-1"),
        ("REDIS_PATIENCE", "0"),
        ("REDIS_PATIENCE", "nan"),
    ],
)
def test_a_number_that_cannot_work_is_refused(name: str, given: str) -> None:
    with pytest.raises(ConfigurationError, match=f"{name} is .*; it must be from"):
        Settings.from_env({name: given})
    with pytest.raises(ConfigurationError, match=f"{name} is .*; it must be from"):
        Settings(**{name.lower(): float(given)})  # type: ignore[arg-type]


def test_a_key_that_is_set_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECRET_KEY", "")
    settings = Settings(secret_key="from a file")
    assert export_secret(settings) is settings
    assert os.environ["SECRET_KEY"] == ""


def test_two_shops_draw_two_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECRET_KEY", "")
    assert export_secret(Settings()).secret_key != export_secret(Settings()).secret_key
