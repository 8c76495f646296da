"""Translates redis-py's errors: the store is unavailable, the settings are wrong, or the error is a bug.

Each message is one plain sentence that says what is wrong and what to do. It never contains a password or the
arguments of a command.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

from redis import exceptions as redis_errors
from redis.asyncio.connection import SSLConnection

from shop.errors import StoreReadOnly, StoreRefused, StoreTimeout, StoreUnavailable

_REFUSED = (
    (r"\bNOAUTH\b", "{where} requires a password. Add it to the URL, as user:password@ before the host."),
    (r"AUTH <password> called without", "{where} has no password, but its URL contains one. Remove it from the URL."),
    (r"AuthenticationError|\bWRONGPASS\b", "{where} refuses the user or the password. Correct them in its URL."),
    (
        r"\bNOPERM\b",
        "{where} denies this user a command: {detail} docs/deploy.md has the ACL rule that the shop needs.",
    ),
    (
        r"ACL failure in script|executing the script can't",
        "{where} denies this user a command of the shop's script: {detail} docs/deploy.md has the ACL rule that the "
        "shop needs.",
    ),
    (
        r"DB index is out of range",
        "{where} has no database with this number. Its URL ends with the number; /0 always exists.",
    ),
    (r"SELECT is not allowed in cluster", "{where} is a cluster node: write redis+cluster:// without a number."),
    (
        r"Cluster mode is not enabled|cluster support disabled",
        "{where} is a single server, not a cluster node: write redis:// for it.",
    ),
    (
        r"unknown command .?SENTINEL",
        "{where} is not a Sentinel: write redis:// for it, or name the Sentinels.",
    ),
    (
        r"unknown command",
        "{where} does not know {command}: it is a Sentinel (write redis+sentinel://host:26379/service), is older than "
        "Redis 6.2, or has renamed that command.",
    ),
    (r"gaierror|Error -\d+ connecting", "The host name of {where} cannot be resolved. Correct it in the URL."),
    (
        r"certificate is not valid for",
        "The certificate of {where} is for another host: {detail} Correct the host name.",
    ),
    (
        r"SSLCertVerificationError",
        "The certificate of {where} is not trusted: {detail} Name the CA that signed it with ?ssl_ca_certs=FILE.",
    ),
    (
        r"CERTIFICATE_REQUIRED|HANDSHAKE_FAILURE|BAD_CERTIFICATE|UNKNOWN_CA",
        "{where} rejects the shop's certificate, or requires one: ?ssl_certfile=FILE&ssl_keyfile=FILE.",
    ),
    (r"PEM|KEY_VALUES_MISMATCH", "A certificate or key in the URL of {where} cannot be read, or they do not match."),
    (r"SSLError", "{where} does not use TLS on this port: write redis://, or use its TLS port. {detail}"),
    (r"FileNotFoundError", "The URL of {where} names a file (a socket, a certificate, a key) that does not exist."),
    (
        r"PermissionError",
        "The shop may not open a file (a socket, a certificate, a key) that the URL of {where} names.",
    ),
    (r"InvalidResponse", "{where} is not Redis: it answers in another protocol. Correct the port in the URL."),
)
_READ_ONLY = (
    (r"\bOOM\b", "{where} is full and refuses changes (maxmemory). Give it more memory."),
    (r"\bMISCONF\b", "{where} cannot save to its disk and refuses changes until it can. Its log says why."),
    (r"\bNOREPLICAS\b", "{where} refuses changes while it has too few replicas (min-replicas-to-write)."),
    (r"\bREADONLY\b", "{where} is a read-only replica. Its URL must name the primary, or the Sentinels that know it."),
)
_UNAVAILABLE = (
    (r"max number of clients", "{where} has reached its limit of connections (maxclients)."),
    (r"\bLOADING\b", "{where} is still loading its data."),
    (r"\bMASTERDOWN\b", "{where} is a replica that has lost its primary. Its URL must name the primary."),
    (
        r"\bCLUSTERDOWN\b",
        "The cluster of {where} does not serve every slot: a primary is down, or slots are unassigned.",
    ),
    (r"\bTRYAGAIN\b", "The cluster is migrating the slot of this cart."),
    (r"\bBUSY\b", "{where} is busy with a script."),
    (r"ConnectionRefusedError", "{where} cannot be reached: connection refused. Start it, or correct its URL."),
    (r"ConnectionResetError|closed by server", "{where} cannot be reached: it closed the connection."),
)
_TIMEOUT = ((r"TimeoutError", "{where} cannot be reached: it timed out."),)
_OUTCOMES: tuple[tuple[tuple[tuple[str, str], ...], type[StoreUnavailable]], ...] = (
    (_REFUSED, StoreRefused),
    (_READ_ONLY, StoreReadOnly),
    (_UNAVAILABLE, StoreUnavailable),
    (_TIMEOUT, StoreTimeout),
)
_HINTS = (
    (True, r"Timeout connecting", "It hangs, or does not use TLS on this port: then write redis:// in its URL."),
    (
        True,
        r"ConnectionResetError|closed by server",
        "It may require a certificate: ?ssl_certfile=FILE&ssl_keyfile=FILE.",
    ),
    (False, r"ConnectionResetError|closed by server", "If it uses TLS on this port, write rediss:// in its URL."),
)
"""(whether the URL asks for TLS, pattern, hint): the possible cause of a failed connection."""


def translate(error: Exception, where: str = "Redis") -> Exception:
    """Translate an error of redis-py into a StoreUnavailable; return it unchanged if it is a bug in the shop."""
    if not isinstance(error, (redis_errors.RedisError, redis_errors.RedisClusterException, OSError)):
        return error
    symptoms = " ".join(_symptoms(error))
    facts = {"where": _address(str(error)) or where, "detail": _detail(error), "command": _command(str(error))}
    for meanings, outcome in _OUTCOMES:
        for pattern, message in meanings:
            if re.search(pattern, symptoms):
                return outcome(message.format(**facts))
    if isinstance(error, redis_errors.ResponseError):
        return error
    return StoreUnavailable(f"{where} cannot be reached: {facts['detail']}")


def translator_for(pool: Any) -> Callable[[Exception], Exception]:
    """Make a `translate` whose messages name the server that this redis-py connection pool connects to."""
    options = pool.connection_kwargs
    address = options.get("path") or (f"{options['host']}:{options.get('port', 6379)}" if "host" in options else "")
    where = f"Redis at {address}" if address else "Redis"
    hints = [hint for tls, *hint in _HINTS if tls is issubclass(pool.connection_class, SSLConnection)]

    def translate_for_server(error: Exception) -> Exception:
        if isinstance(error, redis_errors.MovedError):
            return StoreRefused(f"{where} is a cluster node: write redis+cluster:// for it.")
        translated = translate(error, where)
        hint = next((message for pattern, message in hints if re.search(pattern, " ".join(_symptoms(error)))), "")
        if hint and type(translated) in (StoreUnavailable, StoreTimeout):
            return type(translated)(f"{translated} {hint}")
        return translated

    return translate_for_server


def _symptoms(error: BaseException) -> Iterator[str]:
    """The strings to match: the error's type, the types of the OSErrors that caused it, its code and its text."""
    yield type(error).__name__
    cause = error.__cause__ or error.__context__
    while isinstance(cause, OSError):
        yield type(cause).__name__
        cause = cause.__cause__ or cause.__context__
    yield f"{getattr(error, 'status_code', None) or ''} {error}"


def _address(text: str) -> str:
    found = re.search(r"(?:connecting to|reading from) (/\S+|\S+:\d+)[. ]", text)
    return f"Redis at {found[1].rstrip('.')}" if found else ""


def _command(text: str) -> str:
    found = re.search(r"unknown command\W+(\w+)", text)
    return found[1].upper() if found else "a command"


def _detail(error: Exception) -> str:
    """The error's text as a sentence, without the noise that OpenSSL adds."""
    text = str(error) or type(error).__name__
    found = re.search(r"certificate verify failed: (.*?)\.? \(_ssl", text)
    return (found[1] if found else text).rstrip(".") + "."
