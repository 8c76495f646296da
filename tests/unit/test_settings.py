"""Settings are checked where they are read; an .env file means what it means to Docker Compose."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from shop.errors import ConfigurationError
from shop.settings import COMPOSE_NAMES, Settings, export_secret, known_names, read_env_file
from tests.servers.test_house import ROOT


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
        ("PORT", "65536"),
        ("WORKERS", "0"),
        ("PAYMENT_SECONDS", "-1"),
        ("PAGE_CACHE_BYTES", "-1"),
        ("RESERVATION_SECONDS", "-1"),
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


@pytest.mark.parametrize(
    ("name", "given", "words"),
    [
        ("LOG_LEVEL", "BANANA", "LOG_LEVEL is 'BANANA'; choose from DEBUG, INFO"),
        ("LOG_FORMAT", "xml", "choose from text, json"),
        ("CURRENCY", "EURO", "must be an ISO 4217 code"),
        ("PORT", "8000 # mine", "PORT is set to '8000 # mine'; it must be a whole number"),
        ("CART_ARCHIVE", "perhaps", "it must be on or off"),
        ("DEMO", "perhaps", "it must be on or off"),
        ("PUBLIC_URL", "https://shop.example # live", "more than the address of a host"),
        ("PUBLIC_URL", "https://shop.example/shop", "more than the address of a host"),
        ("PUBLIC_URL", "shop.example", "does not begin with https://"),
        ("PUBLIC_URL", "https://", "names no host"),
        ("PUBLIC_URL", "https://shop.example:port", "names no host and port"),
        ("OPERATOR_PASSWORD", "hunter2", "must be a hash"),
    ],
)
def test_what_is_wrong_is_said(name: str, given: str, words: str) -> None:
    with pytest.raises(ConfigurationError, match=words):
        Settings.from_env({name: given})


@pytest.mark.parametrize(
    ("given", "origin"),
    [
        ("https://shop.example/", "https://shop.example"),
        ("HTTPS://Shop.Example:443", "https://shop.example"),
        ("https://münchen.example", "https://xn--mnchen-3ya.example"),
        ("http://[::1]:8000", "http://[::1]:8000"),
    ],
)
def test_the_public_address_is_an_origin_in_one_spelling(given: str, origin: str) -> None:
    assert Settings(public_url=given).public_url == origin


@pytest.mark.parametrize(
    ("line", "value"),
    [
        ("A=8000 # mine", "8000"),
        ("A=https://shop.example # live", "https://shop.example"),
        ("A=a#b", "a#b"),
        ('A="a b" # c', "a b"),
        ("A='$argon2id$v=19'", "$argon2id$v=19"),
        ("A='${B}'", "${B}"),
        ("export A=1", "1"),
        ("A = spaced", "spaced"),
        ("A=redis://:${B}@redis:6379/0", "redis://:word@redis:6379/0"),
        ("A=${NONE:-else}", "else"),
        ("A=", ""),
        ("\ufeffA=1", "1"),
        ('A="a\\nb"', "a\nb"),
    ],
)
def test_a_line_means_what_it_means_to_compose(tmp_path: Path, line: str, value: str) -> None:
    (tmp_path / ".env").write_text(f"{line}\n", encoding="utf-8")
    assert read_env_file(tmp_path / ".env", {"B": "word"}) == {"A": value}


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b'B=1\nA="Neap\'s shop" <a@b.de>\n', r"line 2, is not understood"),
        (b"# one\n\nwhat is this\n", r"line 3, is not understood"),
        (b"A=pa$word\n", "in single quotes"),
        ("A=Läden".encode("cp1252"), "not encoded in UTF-8"),
    ],
)
def test_a_line_that_others_would_read_otherwise_is_refused(tmp_path: Path, content: bytes, words: str) -> None:
    (tmp_path / ".env").write_bytes(content)
    with pytest.raises(ConfigurationError, match=words):
        Settings.from_env({}, tmp_path / ".env")


def test_a_secret_may_be_in_a_file(tmp_path: Path) -> None:
    (tmp_path / "key").write_text("of a file\n")
    assert Settings.from_env({"SECRET_KEY_FILE": f"{tmp_path}/key"}).secret_key == "of a file"
    with pytest.raises(ConfigurationError, match="SECRET_KEY and SECRET_KEY_FILE are both set"):
        Settings.from_env({"SECRET_KEY_FILE": f"{tmp_path}/key", "SECRET_KEY": "other"})
    with pytest.raises(ConfigurationError, match="SECRET_KEY_FILE: /nowhere cannot be read"):
        Settings.from_env({"SECRET_KEY_FILE": "/nowhere"})


def test_the_environment_goes_before_a_file_named_in_env(tmp_path: Path) -> None:
    (tmp_path / "key").write_text("of a file")
    (tmp_path / ".env").write_text(f"SECRET_KEY_FILE={tmp_path}/key\n")
    assert Settings.from_env({}, tmp_path / ".env").secret_key == "of a file"
    assert Settings.from_env({"SECRET_KEY": "mine"}, tmp_path / ".env").secret_key == "mine"


def test_every_name_of_the_compose_file_is_known() -> None:
    text = (ROOT / "compose.yaml").read_text()
    read = {name.partition("}")[0].partition(":")[0] for name in text.replace("$${", "").split("${")[1:]}
    assert read <= known_names()
    assert read >= COMPOSE_NAMES


@pytest.mark.parametrize(
    ("settings", "opens"),
    [
        (Settings(), True),
        (Settings(public_url="https://shop.example"), False),
        (Settings(database_url="postgresql+asyncpg://host/shop"), False),
        (Settings(database_url="postgresql+asyncpg://host/shop", demo=True), True),
        (Settings(demo=False), False),
    ],
)
def test_invented_goods_are_sold_only_where_nobody_could_buy_them(settings: Settings, opens: bool) -> None:
    assert settings.opens_with_demo is opens
