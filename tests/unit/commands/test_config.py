"""`shop config` shows what is in effect, and no secret."""

from __future__ import annotations

from pathlib import Path

import pytest

from shop.commands import config
from shop.operator_password import hashed, matches
from shop.settings import SECRETS, Settings
from tests.fixtures.commands import ShopCommand


def test_it_can_be_used_as_an_env_file(shop_command: ShopCommand, tmp_path: Path) -> None:
    status, out, _ = shop_command("config")
    assert status == 0
    assert "#CART_TTL=2592000\n" in out
    assert "\nDATABASE_URL=sqlite+aiosqlite:///" in out
    (tmp_path / "other.env").write_text(out)
    assert Settings.from_env({}, tmp_path / "other.env").database_url.startswith("sqlite")


def test_no_secret_is_shown() -> None:
    settings = Settings(
        redis_url="redis://:word@host/0",
        database_url="postgresql://user:word@host/shop?password=word",
        cart_move_from="redis://:word@old",
        payments_url="other:word",
        stripe_secret_key="sk_test_word",
        stripe_webhook_secret="whsec_word",
        smtp_url="smtp://user:word@mail",
        secret_key="word" * 8,
        operator_password="$argon2id$word",
    )
    assert all(getattr(settings, name) != getattr(Settings(), name) for name in SECRETS)
    text = "\n".join(config.shown(settings))
    assert "word" not in text.lower().replace("operator_password", "")
    assert "REDIS_URL=redis://host/0\n" in text
    assert "SECRET_KEY=(hidden)\n" in text


def test_a_password_is_hashed(shop_command: ShopCommand, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("click.prompt", lambda *_, **__: "correct horse")
    status, out, _ = shop_command("config", "--hash-password")
    assert status == 0
    assert matches(out.strip(), "correct horse")
    assert not matches(out.strip(), "wrong horse")
    assert not matches("no hash", "wrong horse")
    assert hashed("a") != hashed("a")
