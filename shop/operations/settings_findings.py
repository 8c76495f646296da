"""A look at the settings alone: no store is contacted."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from shop.errors import ConfigurationError
from shop.operations.findings import Finding, note, ok, problem, warning
from shop.settings import Settings

PART = "Settings"


def settings_findings(settings: Settings, env_file: Mapping[str, str]) -> Iterator[Finding]:
    """What there is to say of settings, and of the lines of an .env file."""
    known = {name.upper() for name in Settings.__struct_fields__}
    unknown = sorted(set(env_file) - known)
    if unknown:
        says = f".env sets {', '.join(unknown)}, which the shop does not know."
        yield warning(PART, ".env", says, "Correct the name: docs/configure.md lists the settings.")
    elif env_file:
        yield ok(PART, ".env", f".env sets {', '.join(sorted(env_file))}.")
    if settings.workers > 1 and not settings.redis_url:
        says = f"{settings.workers} workers need REDIS_URL: each would keep carts in its own memory."
        yield problem(PART, "WORKERS", says, "Set REDIS_URL, or use one worker.")
    elif not settings.redis_url:
        end = "and are archived" if settings.cart_archive else "and end with it"
        yield note(PART, "REDIS_URL", f"Carts are in the memory of the shop's process, {end}.")
    if settings.cart_require_store and not settings.redis_url:
        yield problem(PART, "CART_REQUIRE_STORE", NO_STORE)
    yield from _secret(settings)
    if settings.smtp_url and not settings.public_url:
        says = "E-mails carry no link to their order: without it only a request says where the shop is, and it may lie."
        yield warning(PART, "PUBLIC_URL", says, "Set it to the address that people use.")
    if settings.public_url and not settings.public_url.startswith("https://"):
        yield warning(PART, "PUBLIC_URL", "It does not begin with https://.", "Cookies are only safe over TLS.")


def _secret(settings: Settings) -> Iterator[Finding]:
    """What signs the forms of the checkout."""
    if settings.secret_key and len(settings.secret_key) < SECRET_LENGTH:
        says = f"It has {len(settings.secret_key)} characters, so that it could be guessed."
        yield warning(PART, "SECRET_KEY", says, DRAW_ONE)
    elif not settings.secret_key and settings.database_url.startswith("postgres"):
        says = "Each machine, and each start, draws a key of its own: one does not know what another's form has shown."
        yield warning(PART, "SECRET_KEY", says, f"{DRAW_ONE} All machines need the same one.")


SECRET_LENGTH = 32
DRAW_ONE = "Set it to what `openssl rand -hex 32` prints."
NO_STORE = "CART_REQUIRE_STORE is on, and REDIS_URL names no store that could be required. Set it, or turn it off."


def wrong(error: ConfigurationError) -> Finding:
    """What a setting is wrong for."""
    return problem(PART, "settings", str(error))
