"""The settings, and the only reader of the environment (and of an .env file in the current folder)."""

from __future__ import annotations

import os
import secrets
from collections.abc import Mapping
from pathlib import Path

import msgspec

from shop.errors import ConfigurationError


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that differs between installations. `Settings()` is the embedded default."""

    redis_url: str = ""
    """Where live carts are kept: a server, Sentinels or a cluster; empty: in this process's memory."""
    database_url: str = "sqlite+aiosqlite:///var/shop.db"
    """Catalogue and orders; a SQLite file or postgresql+asyncpg://."""
    cart_ttl: int = 30 * 24 * 3600
    """Seconds a cart lives after its last change."""
    cart_max_quantity: int = 99
    """Pieces of one line."""
    cart_max_lines: int = 100
    """Lines of one cart."""
    cart_archive: bool = False
    """Whether carts are also kept in the database, where they sleep longer than in the store of live carts."""
    cart_archive_delay: float = 1.0
    """Seconds after which a change is in the archive at the latest."""
    cart_archive_ttl: int = 180 * 24 * 3600
    """Seconds that a sleeping cart is kept after its last change."""
    cart_move_from: str = ""
    """The URL of the store that carts are being moved away from: it is read too, and written no more."""
    cart_require_store: bool = False
    """Whether the shop refuses to start without the store of its carts, where it would start on the standby."""
    memory_carts: int = 100_000
    """Carts kept in memory at most; the least recently used goes first."""
    currency: str = "EUR"
    """The catalogue's own currency, ISO 4217; used for imported files that name none."""
    languages: str = "en de ar"
    """Codes of the languages that are offered; the first one is for who prefers none of them."""
    exchange_rates: str = ""
    """A JSON file of rates; empty: the table that comes with the demo catalogue."""
    checkout_terms: str = ""
    """A JSON file of shipping methods and taxes; empty: the ones that come with the demo catalogue."""
    reservation_seconds: int = 600
    """Seconds for which the pieces of a cart are set aside when its checkout is opened; 0: they are not."""
    payments_url: str = "demo:"
    """The payment provider; `demo:` moves no money. docs/payments.md says how to add one."""
    payment_seconds: float = 8.0
    """Seconds that a payment provider may take to answer; an order whose process died is taken up after twice that."""
    smtp_url: str = ""
    """Where e-mails are sent: smtp:// (by STARTTLS) or smtps://; empty: they stay in the outbox."""
    mail_from: str = "Neap <orders@neap.example>"
    """The sender of e-mails."""
    secret_key: str = ""
    """Signs what a checkout form shows, and links that carry a cart; empty: a key drawn when the shop starts, and
    shared by its workers."""
    host: str = "127.0.0.1"
    port: int = 8000
    workers: int = 1
    log_level: str = "INFO"
    page_cache_bytes: int = 64 * 1024 * 1024
    """Memory for pages that are kept rendered."""
    public_url: str = ""
    """The https:// address people use, where a proxy stands before the shop; empty: as the request says."""

    @classmethod
    def from_env(cls, environ: Mapping[str, str] | None = None, env_file: Path = Path(".env")) -> Settings:
        """Settings from the environment, which wins, and an .env file; raises ConfigurationError."""
        values = {**read_env_file(env_file), **(os.environ if environ is None else environ)}
        given = {
            field.name: _switch(values[field.name.upper()]) if field.type is bool else values[field.name.upper()]
            for field in msgspec.structs.fields(cls)
            if values.get(field.name.upper(), "").strip()
        }
        try:
            return msgspec.convert(given, cls, strict=False)
        except msgspec.ValidationError as error:
            name = str(error).rpartition("$.")[2].rstrip("`").upper()
            raise ConfigurationError(f"{name} is set to {given.get(name.lower())!r}: {error}") from error


def hand_down_secret(settings: Settings) -> Settings:
    """The settings with a SECRET_KEY: without one, a key is drawn that the processes share which this one starts."""
    if settings.secret_key:
        return settings
    os.environ["SECRET_KEY"] = drawn = secrets.token_hex(32)
    return msgspec.structs.replace(settings, secret_key=drawn)


def environment(**settings: str) -> dict[str, str]:
    """This process's environment, for a shop in another process: a setting that is not given has its default."""
    return {**os.environ, **{name.upper(): "" for name in Settings.__struct_fields__}, **settings}


def _switch(text: str) -> str:
    """'true' and 'false', the words msgspec knows, for on, off, yes and no."""
    return {"on": "true", "yes": "true", "off": "false", "no": "false"}.get(text.strip().lower(), text.strip())


def read_env_file(path: Path) -> dict[str, str]:
    """NAME=value lines of a file, quotes and comments taken off; no such file: nothing."""
    if not path.is_file():
        return {}
    pairs = (line.partition("=") for line in path.read_text().splitlines() if not line.lstrip().startswith("#"))
    return {
        name.strip().removeprefix("export ").strip(): value.strip().strip("'\"")
        for name, equals, value in pairs
        if equals
    }
