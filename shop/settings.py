"""The settings. Only this module reads the environment, and an .env file in the current folder."""

from __future__ import annotations

import os
import re
import secrets
from collections.abc import Mapping
from io import StringIO
from pathlib import Path
from typing import get_args
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec
from dotenv.parser import Binding, parse_stream
from dotenv.variables import parse_variables

from shop.errors import ConfigurationError
from shop.money import is_currency
from shop.origins import normalized_origin

MAX_SERIES = 24
TEN_YEARS = 10 * 365 * 24 * 3600
BOUNDS: Mapping[str, tuple[float, float]] = {
    "cart_ttl": (1, TEN_YEARS),
    "cart_archive_ttl": (1, TEN_YEARS),
    "memory_carts": (1, 10**9),
    "redis_patience": (0.05, 60),
    "reservation_seconds": (0, 24 * 3600),
    "payment_seconds": (0.01, 600),
    "port": (0, 65535),
    "metrics_port": (0, 65535),
    "workers": (1, 1000),
    "page_cache_bytes": (0, 2**40),
    "edge_seconds": (0, 3600),
    "drain_seconds": (0, 600),
}
"""Setting -> the lowest and the highest value that it can have."""
CHOICES: Mapping[str, tuple[str, ...]] = {
    "log_level": ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"),
    "log_format": ("text", "json"),
}
"""Setting -> the values that it can have, in any case."""
SECRETS = frozenset(
    (
        *("redis_url", "database_url", "cart_move_from", "payments_url", "stripe_secret_key", "stripe_webhook_secret"),
        *("smtp_url", "secret_key", "operator_password"),
    )
)
"""Settings that hold a password or a key: `NAME_FILE` may name a file with the value, as Docker's secrets do."""
COMPOSE_NAMES = frozenset(
    (
        "POSTGRES_PASSWORD",
        "REDIS_PASSWORD",
        "REDIS_MAXMEMORY",
        "REDIS_MEMORY_LIMIT",
        "POSTGRES_MEMORY_LIMIT",
        "SHOP_MEMORY_LIMIT",
        "PORT_SENTINEL",
        "PORT_CLUSTER",
        "PORT_HYBRID",
        "PORT_PGBOUNCER",
        "PORT_PROMETHEUS",
        "PORT_GRAFANA",
        "GRAFANA_PASSWORD",
        "SHOP_NAME",
    )
)
"""Names in an .env file that only compose.yaml reads."""
_NEEDED: Mapping[type, str] = {int: "a whole number", float: "a number", bool: "on or off"}


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
    """The payment provider; `demo:` moves no money, `stripe:` is Stripe; docs/payments.md says how to add one."""
    stripe_secret_key: str = ""
    """Stripe's secret key, `sk_…` or the restricted `rk_…`; only for PAYMENTS_URL=stripe:."""
    stripe_webhook_secret: str = ""
    """The secret of the webhook that Stripe shows, `whsec_…`; empty: Stripe's messages are refused."""
    payment_seconds: float = 8.0
    """Timeout of the payment provider in seconds; after twice that time, another process takes over an open order."""
    smtp_url: str = ""
    """The mail server: smtp:// (with STARTTLS) or smtps://; empty: e-mails stay in the outbox."""
    mail_from: str = "Neap <orders@neap.example>"
    """The sender of e-mails."""
    orders_to: str = ""
    """The merchant's e-mail address, which is told of every new order; empty: nobody is."""
    time_zone: str = "UTC"
    """The time zone of the days on receipts, invoices and in e-mails, and of coupons: an IANA name."""
    invoice_series: str = "{year}-"
    """What the numbers of invoices begin with; each series is counted from 1, without gaps."""
    secret_key: str = ""
    """Signs the contents of checkout forms, and links that carry a cart; empty: a random key, generated at startup
    and shared by the workers."""
    host: str = "127.0.0.1"
    port: int = 8000
    workers: int = 1
    log_level: str = "INFO"
    log_format: str = "text"
    """'text' for people, or 'json': one object a line."""
    metrics_port: int = 0
    """The port of /metrics, on HOST; 0: none. It is a port of its own because figures of business are not public."""
    metrics_sockets: str = ""
    """The folder in which the workers answer `shop run` when it adds up their metrics; `shop run` sets it."""
    limits: bool = True
    """Whether one client is limited in new carts, checkouts, declined cards, guessed coupons and the like."""
    trusted_proxies: str = "127.0.0.1"
    """The proxies whose X-Forwarded-For and X-Forwarded-Proto are believed: addresses and networks, by commas."""
    drain_seconds: float = 5.0
    """Seconds for which a shop that is to end says on /readyz that it will, if something has asked there."""
    demo: bool | None = None
    """Whether an empty catalogue is filled with the demo; None: only in a SQLite file, and without PUBLIC_URL."""
    operator_password: str = ""
    """The hash of the password for /operations, from `shop config --hash-password`; empty: no such page."""
    page_cache_bytes: int = 64 * 1024 * 1024
    """Bytes of memory for the cache of rendered pages."""
    edge_seconds: int = 0
    """Seconds for which a proxy or a CDN may keep the browse pages of visitors without cookies; 0: not at all."""
    public_url: str = ""
    """The shop's public https:// address, if it is behind a proxy; empty: taken from each request."""

    def __post_init__(self) -> None:
        """Raise ConfigurationError for a value that cannot work; bring the others into their usual form."""
        for name, (least, most) in BOUNDS.items():
            if not least <= (given := getattr(self, name)) <= most:
                raise ConfigurationError(f"{name.upper()} is {given:g}; it must be from {least:g} to {most:,g}.")
        for name, choices in CHOICES.items():
            _normalize(self, name, _chosen(name, getattr(self, name), choices))
        _normalize(self, "public_url", _origin(self.public_url))
        _normalize(self, "currency", self.currency.upper())
        if not is_currency(self.currency):
            raise ConfigurationError(f"CURRENCY is {self.currency!r}; it must be an ISO 4217 code, such as EUR.")
        self._check_invoices()
        if self.operator_password and not self.operator_password.startswith("$argon2"):
            raise ConfigurationError("OPERATOR_PASSWORD must be a hash: `shop config --hash-password` makes one.")

    def _check_invoices(self) -> None:
        try:
            ZoneInfo(self.time_zone)
        except (ValueError, OSError, ZoneInfoNotFoundError) as error:
            raise ConfigurationError(
                f"TIME_ZONE is {self.time_zone!r}; it must be the name of a time zone, such as Europe/Berlin."
            ) from error
        if len(self.invoice_series) > MAX_SERIES or not self.invoice_series.isprintable():
            raise ConfigurationError(f"INVOICE_SERIES has at most {MAX_SERIES} characters.")

    @property
    def zone(self) -> ZoneInfo:
        """The shop's time zone."""
        return ZoneInfo(self.time_zone)

    @property
    def opens_with_demo(self) -> bool:
        """Whether `shop run` fills an empty catalogue with the demo."""
        return self.demo if self.demo is not None else not self.public_url and self.database_url.startswith("sqlite")

    @property
    def lasting_secret(self) -> str:
        """SECRET_KEY if it was set: what is stored must not depend on one that was generated at startup."""
        return "" if self.secret_key.startswith(GENERATED) else self.secret_key

    @classmethod
    def from_env(cls, environ: Mapping[str, str] | None = None, env_file: Path = Path(".env")) -> Settings:
        """Read an .env file and the environment, which takes precedence. Raises ConfigurationError."""
        environ = os.environ if environ is None else environ
        values = {**with_files(read_env_file(env_file, environ)), **with_files(environ)}
        given = {
            name: _switch(value) if _type_of(cls, name) is bool else value
            for name in cls.__struct_fields__
            if (value := values.get(name.upper(), "").strip())
        }
        try:
            return msgspec.convert(given, cls, strict=False)
        except msgspec.ValidationError as error:
            raise _misread(cls, given, error) from error


def _normalize(settings: Settings, name: str, value: str) -> None:
    if getattr(settings, name) != value:
        msgspec.structs.force_setattr(settings, name, value)


def _chosen(name: str, given: str, choices: tuple[str, ...]) -> str:
    """The choice that `given` names, whatever its case. Raises ConfigurationError."""
    found = next((choice for choice in choices if choice.lower() == given.lower()), None)
    if found is None:
        raise ConfigurationError(f"{name.upper()} is {given!r}; choose from {', '.join(choices)}.")
    return found


def _origin(given: str) -> str:
    try:
        return normalized_origin(given) if given else ""
    except ValueError as error:
        raise ConfigurationError(
            f"PUBLIC_URL is {given!r}, {error}. Write it like https://shop.example or https://shop.example:8443."
        ) from error


def _type_of(cls: type[Settings], name: str) -> type:
    """The type of a field, without the None of those that may be left open."""
    declared = next(field.type for field in msgspec.structs.fields(cls) if field.name == name)
    return next(kind for kind in (*get_args(declared), declared) if isinstance(kind, type))


def _misread(cls: type[Settings], given: Mapping[str, str], error: msgspec.ValidationError) -> ConfigurationError:
    """What to say of a value that is not of its setting's type."""
    name = str(error).rpartition("$.")[2].rstrip("`")
    needed = _NEEDED.get(_type_of(cls, name), "a text")
    return ConfigurationError(f"{name.upper()} is set to {given.get(name)!r}; it must be {needed}.")


GENERATED = "generated:"
"""What a SECRET_KEY begins with that lives only as long as this process and its workers."""


def export_secret(settings: Settings) -> Settings:
    """Settings with a SECRET_KEY: generate one if it is empty, and export it to the processes that this one starts."""
    if settings.secret_key:
        return settings
    key = GENERATED + secrets.token_hex(32)
    export("secret_key", key)
    return msgspec.structs.replace(settings, secret_key=key)


def export(name: str, value: str) -> None:
    """Set a setting for the processes that this one starts."""
    os.environ[name.upper()] = value


def known_names() -> frozenset[str]:
    """Every name that an .env file may set."""
    names = frozenset(name.upper() for name in Settings.__struct_fields__)
    return names | COMPOSE_NAMES | {f"{name.upper()}_FILE" for name in SECRETS}


def environment(**settings: str) -> dict[str, str]:
    """The environment for a shop in another process: this process's, with every setting not given here unset."""
    return {**os.environ, **dict.fromkeys(known_names() - COMPOSE_NAMES, ""), **settings}


def _switch(text: str) -> str:
    """Convert on, off, yes and no to 'true' and 'false', which msgspec understands."""
    return {"on": "true", "yes": "true", "off": "false", "no": "false"}.get(text.strip().lower(), text.strip())


def with_files(values: Mapping[str, str]) -> dict[str, str]:
    """The values, with the contents of the files that `NAME_FILE` names. Raises ConfigurationError."""
    found = dict(values)
    for name in (secret.upper() for secret in SECRETS):
        if not (file := values.get(f"{name}_FILE", "").strip()):
            continue
        if values.get(name, "").strip():
            raise ConfigurationError(f"{name} and {name}_FILE are both set. Remove one of them.")
        try:
            found[name] = Path(file).read_text().strip()
        except (OSError, UnicodeDecodeError) as error:
            raise ConfigurationError(f"{name}_FILE: {file} cannot be read: {error}.") from error
    return found


def read_env_file(path: Path, environ: Mapping[str, str] | None = None) -> dict[str, str]:
    """The values of an .env file, as Docker Compose reads it; {} if the file does not exist.

    A comment begins with ` #`; quotes are around a whole value; `${NAME}` is the value of an earlier line or of the
    environment, except in single quotes. Raises ConfigurationError for what other readers would understand otherwise.
    """
    if not path.is_file():
        return {}
    values = dict(os.environ if environ is None else environ)
    found: dict[str, str] = {}
    try:
        lines = list(parse_stream(StringIO(path.read_text("utf-8-sig"))))
    except UnicodeDecodeError as error:
        raise ConfigurationError(f"{path} is not encoded in UTF-8: save it as UTF-8.") from error
    for line in lines:
        if line.key is not None or line.error:
            name, value = _read(line, path, values)
            found[name] = value
            values.setdefault(name, value)
    return found


def _read(line: Binding, path: Path, values: Mapping[str, str]) -> tuple[str, str]:
    """The name and the value of one line. Raises ConfigurationError."""
    source = line.original.string
    number = line.original.line + len(source) - len(source.lstrip("\n"))
    if line.error or line.key is None:
        raise ConfigurationError(
            f"{path}, line {number}, is not understood. Write NAME=value, with quotes around the whole value or none."
        )
    value = line.value or ""
    if "$" not in value or source.partition("=")[2].lstrip().startswith("'"):
        return line.key, value
    if _PLAIN_DOLLAR.search(value):
        raise ConfigurationError(
            f"{path}, line {number}: put the value of {line.key} in single quotes, because of its $."
        )
    return line.key, "".join(atom.resolve(values) for atom in parse_variables(value))


_PLAIN_DOLLAR = re.compile(r"\$(?!\{[A-Za-z_][A-Za-z0-9_]*(:-[^}]*)?\})")
