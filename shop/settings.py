"""The settings. Only this module reads the environment, and an .env file in the current folder."""

from __future__ import annotations

import os
import secrets
from collections.abc import Mapping
from pathlib import Path

import msgspec

from shop.errors import ConfigurationError

TEN_YEARS = 10 * 365 * 24 * 3600
BOUNDS: Mapping[str, tuple[float, float]] = {
    "cart_ttl": (1, TEN_YEARS),
    "cart_archive_ttl": (1, TEN_YEARS),
    "memory_carts": (1, 10**9),
    "redis_patience": (0.05, 60),
}
"""Setting -> the lowest and the highest value that it can have."""


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that differs between installations. `Settings()` is the embedded default."""

    redis_url: str = ""
    """The store of live carts: a server, Sentinels or a cluster; empty: this process's memory."""
    redis_patience: float = 0.4
    """Seconds in which the store of live carts has to answer; after that, the standby may take over."""
    database_url: str = "sqlite+aiosqlite:///var/shop.db"
    """The database of catalogue and orders: a SQLite file or postgresql+asyncpg://."""
    cart_ttl: int = 30 * 24 * 3600
    """Seconds a cart lives after its last change."""
    cart_max_quantity: int = 99
    """Maximum quantity of one line."""
    cart_max_lines: int = 100
    """Maximum number of lines in a cart."""
    cart_archive: bool = False
    """Whether carts are also archived in the database, for longer than in the store of live carts."""
    cart_archive_delay: float = 1.0
    """Maximum seconds until a change is in the archive."""
    cart_archive_ttl: int = 180 * 24 * 3600
    """Seconds that an archived cart is kept after its last change."""
    cart_move_from: str = ""
    """The URL of the old store during a migration of carts: still read, no longer written."""
    cart_require_store: bool = False
    """Whether the shop refuses to start if the cart store is down, instead of starting on the standby."""
    memory_carts: int = 100_000
    """Maximum number of carts in memory; the least recently used is evicted first."""
    currency: str = "EUR"
    """The catalogue's currency, ISO 4217; also the default for imported files without a currency."""
    languages: str = "en de ar"
    """Codes of the languages on offer; the first is the fallback for browsers that prefer none of them."""
    exchange_rates: str = ""
    """A JSON file of exchange rates; empty: the demo catalogue's rates."""
    checkout_terms: str = ""
    """A JSON file of shipping methods and taxes; empty: those of the demo catalogue."""
    reservation_seconds: int = 600
    """Seconds for which a cart keeps its items after a declined payment; 0: not at all."""
    payments_url: str = "demo:"
    """The payment provider; `demo:` moves no money. docs/payments.md says how to add one."""
    payment_seconds: float = 8.0
    """Timeout of the payment provider in seconds; after twice that time, another process takes over an open order."""
    smtp_url: str = ""
    """The mail server: smtp:// (with STARTTLS) or smtps://; empty: e-mails stay in the outbox."""
    mail_from: str = "Neap <orders@neap.example>"
    """The sender of e-mails."""
    orders_to: str = ""
    """The merchant's e-mail address, which is told of every new order; empty: nobody is."""
    secret_key: str = ""
    """Signs the contents of checkout forms, and links that carry a cart; empty: a random key, generated at startup
    and shared by the workers."""
    host: str = "127.0.0.1"
    port: int = 8000
    workers: int = 1
    log_level: str = "INFO"
    page_cache_bytes: int = 64 * 1024 * 1024
    """Bytes of memory for the cache of rendered pages."""
    public_url: str = ""
    """The shop's public https:// address, if it is behind a proxy; empty: taken from each request."""

    def __post_init__(self) -> None:
        """Raise ConfigurationError for a number that cannot work."""
        for name, (least, most) in BOUNDS.items():
            if not least <= (given := getattr(self, name)) <= most:
                raise ConfigurationError(f"{name.upper()} is {given:g}; it must be from {least:g} to {most:,g}.")

    @property
    def lasting_secret(self) -> str:
        """SECRET_KEY if it was set: what is stored must not depend on one that was generated at startup."""
        return "" if self.secret_key.startswith(GENERATED) else self.secret_key

    @classmethod
    def from_env(cls, environ: Mapping[str, str] | None = None, env_file: Path = Path(".env")) -> Settings:
        """Read an .env file and the environment, which takes precedence. Raises ConfigurationError."""
        values = {**read_env_file(env_file), **(os.environ if environ is None else environ)}
        values_given = {
            field.name: _switch(values[field.name.upper()]) if field.type is bool else values[field.name.upper()]
            for field in msgspec.structs.fields(cls)
            if values.get(field.name.upper(), "").strip()
        }
        try:
            return msgspec.convert(values_given, cls, strict=False)
        except msgspec.ValidationError as error:
            name = str(error).rpartition("$.")[2].rstrip("`").upper()
            raise ConfigurationError(f"{name} is set to {values_given.get(name.lower())!r}: {error}") from error


GENERATED = "generated:"
"""What a SECRET_KEY begins with that lives only as long as this process and its workers."""


def export_secret(settings: Settings) -> Settings:
    """Settings with a SECRET_KEY: generate one if it is empty, and export it to the processes that this one starts."""
    if settings.secret_key:
        return settings
    os.environ["SECRET_KEY"] = key = GENERATED + secrets.token_hex(32)
    return msgspec.structs.replace(settings, secret_key=key)


def environment(**settings: str) -> dict[str, str]:
    """The environment for a shop in another process: this process's, with every setting not given here unset."""
    return {**os.environ, **{name.upper(): "" for name in Settings.__struct_fields__}, **settings}


def _switch(text: str) -> str:
    """Convert on, off, yes and no to 'true' and 'false', which msgspec understands."""
    return {"on": "true", "yes": "true", "off": "false", "no": "false"}.get(text.strip().lower(), text.strip())


def read_env_file(path: Path) -> dict[str, str]:
    """The NAME=value lines of a file, without quotes and comments; {} if the file does not exist."""
    if not path.is_file():
        return {}
    pairs = (line.partition("=") for line in path.read_text().splitlines() if not line.lstrip().startswith("#"))
    return {
        name.strip().removeprefix("export ").strip(): value.strip().strip("'\"")
        for name, equals, value in pairs
        if equals
    }
