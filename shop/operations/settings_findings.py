"""Checks the settings alone, without contacting any server."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from shop.errors import ConfigurationError
from shop.operations.findings import Finding, note, ok, problem, warning
from shop.settings import Settings, known_names

PART = "Settings"


def settings_findings(settings: Settings, env_file: Mapping[str, str]) -> Iterator[Finding]:
    """The findings about the settings and the lines of an .env file."""
    unknown = sorted(set(env_file) - known_names())
    if unknown:
        says = f".env sets {', '.join(unknown)}, which are not settings of the shop."
        yield warning(PART, ".env", says, "Correct the names: docs/configure.md lists the settings.")
    elif env_file:
        yield ok(PART, ".env", f".env sets {', '.join(sorted(env_file))}.")
    if settings.workers > 1 and not settings.redis_url:
        says = f"{settings.workers} workers need REDIS_URL: otherwise each keeps its own carts in memory."
        yield problem(PART, "WORKERS", says, "Set REDIS_URL, or use one worker.")
    elif not settings.redis_url:
        end = "and in the archive" if settings.cart_archive else "and are lost when it ends"
        yield note(PART, "REDIS_URL", f"Carts are in the memory of the shop's process, {end}.")
    if settings.cart_require_store and not settings.redis_url:
        yield problem(PART, "CART_REQUIRE_STORE", NO_STORE)
    yield from _secret(settings)
    if settings.smtp_url and not settings.public_url:
        says = "E-mails have no link to their order: without PUBLIC_URL, the shop's address comes from requests, which "
        says += "can be forged."
        yield warning(PART, "PUBLIC_URL", says, "Set it to the public address of the shop.")
    if settings.public_url and not settings.public_url.startswith("https://"):
        yield warning(
            PART, "PUBLIC_URL", "It does not begin with https://.", "Use https://: cookies are only safe over TLS."
        )


def _secret(settings: Settings) -> Iterator[Finding]:
    """The findings about the key that signs checkout forms."""
    if settings.secret_key and len(settings.secret_key) < MIN_SECRET_LENGTH:
        says = f"It has {len(settings.secret_key)} characters, so it could be guessed."
        yield warning(PART, "SECRET_KEY", says, GENERATE_KEY)
    elif not settings.secret_key and settings.database_url.startswith("postgres"):
        says = "Each machine generates its own key at each start, and rejects checkout forms signed with another key."
        yield warning(PART, "SECRET_KEY", says, f"{GENERATE_KEY} All machines need the same key.")


MIN_SECRET_LENGTH = 32
GENERATE_KEY = "Set it to the output of `openssl rand -hex 32`."
NO_STORE = "CART_REQUIRE_STORE is on, but REDIS_URL is not set. Set REDIS_URL, or turn CART_REQUIRE_STORE off."


def settings_problem(error: ConfigurationError) -> Finding:
    """The finding for a wrong setting."""
    return problem(PART, "settings", str(error))
