"""What redis-py's errors mean for a shop: not now, not with these settings, or a fault of ours.

Each becomes one plain sentence that says what is wrong and what to do. Neither a password nor the arguments of a
command are ever part of it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

from redis import exceptions as redis_errors
from redis.asyncio.connection import SSLConnection

from shop.errors import StoreRefused, StoreUnavailable

_TO_MEND = (
    (r"\bNOAUTH\b", "{where} asks for a password. Write it into its URL, as user:password@ before the host."),
    (r"AUTH <password> called without", "{where} has no password, and its URL gives one. Take it out of the URL."),
    (r"AuthenticationError|\bWRONGPASS\b", "{where} refuses the user or the password. Correct them in its URL."),
    (
        r"\bNOPERM\b",
        "{where} gives this user too few rights: {says} docs/deploy.md has the ACL rule that the shop needs.",
    ),
    (r"DB index is out of range", "{where} has no database of this number. Its URL ends with the number; /0 is there."),
    (r"SELECT is not allowed in cluster", "{where} is a node of a cluster: write redis+cluster:// without a number."),
    (
        r"Cluster mode is not enabled|cluster support disabled",
        "{where} is one server and no node of a cluster: write redis:// for it.",
    ),
    (
        r"unknown command .?SENTINEL",
        "{where} is no Sentinel: write redis:// for it, or name the Sentinels.",
    ),
    (
        r"unknown command",
        "{where} does not know {command}: it is a Sentinel (write redis+sentinel://host:26379/service), is older than "
        "Redis 6.2, or has that command renamed.",
    ),
    (r"gaierror", "The host name of {where} is not known. Correct it in its URL."),
    (r"certificate is not valid for", "The certificate of {where} is for another host: {says} Correct the host name."),
    (
        r"SSLCertVerificationError",
        "The certificate of {where} is not trusted: {says} Name the authority that signed it: ?ssl_ca_certs=FILE.",
    ),
    (
        r"CERTIFICATE_REQUIRED|HANDSHAKE_FAILURE|BAD_CERTIFICATE|UNKNOWN_CA",
        "{where} does not accept the shop's certificate, or asks for one: ?ssl_certfile=FILE&ssl_keyfile=FILE.",
    ),
    (r"PEM|KEY_VALUES_MISMATCH", "A certificate or key that the URL of {where} names cannot be read, or does not fit."),
    (r"SSLError", "{where} does not speak TLS on this port: write redis://, or take its TLS port. {says}"),
    (r"FileNotFoundError", "The URL of {where} names a file (a socket, a certificate, a key) that does not exist."),
    (
        r"PermissionError",
        "The URL of {where} names a file (a socket, a certificate, a key) that may not be opened.",
    ),
    (r"InvalidResponse", "{where} is no Redis: what answers there speaks something else. Correct the port in its URL."),
)
_NOT_NOW = (
    (r"max number of clients", "{where} has no connection left (maxclients)."),
    (r"\bLOADING\b", "{where} is still loading its data."),
    (r"\bOOM\b", "{where} is full and takes no change (maxmemory). Give it more memory."),
    (r"\bMISCONF\b", "{where} cannot save to its disk and takes no change until it can. Its own log says why."),
    (r"\bNOREPLICAS\b", "{where} takes no change while it has too few replicas (min-replicas-to-write)."),
    (r"\bREADONLY\b", "{where} is a read-only replica. Its URL must name the primary, or the Sentinels that know it."),
    (r"\bMASTERDOWN\b", "{where} is a replica that has lost its primary. Its URL must name the primary."),
    (
        r"\bCLUSTERDOWN\b",
        "The cluster of {where} does not serve every slot: a primary is away, or slots are nobody's.",
    ),
    (r"\bTRYAGAIN\b", "The cluster is just moving the slot of this cart."),
    (r"\bBUSY\b", "{where} is kept busy by a script."),
    (r"ConnectionRefusedError", "{where} cannot be reached: nothing listens there. Start it, or correct its URL."),
    (r"ConnectionResetError|closed by server", "{where} cannot be reached: it closed the connection."),
    (r"TimeoutError", "{where} cannot be reached: no answer in time."),
)
_HINTS = (
    (True, r"Timeout connecting", "It hangs, or has no TLS on this port: then write redis:// in its URL."),
    (
        True,
        r"ConnectionResetError|closed by server",
        "It may want a certificate: ?ssl_certfile=FILE&ssl_keyfile=FILE.",
    ),
    (False, r"ConnectionResetError|closed by server", "If it speaks TLS on this port, write rediss:// in its URL."),
)
"""Whether the URL asks for TLS, and what a connection that fails may then mean."""


def translated_error(error: Exception, where: str = "Redis") -> Exception:
    """The StoreUnavailable that stands for an error of redis-py; the error itself if it is a fault of ours."""
    if not isinstance(error, (redis_errors.RedisError, redis_errors.RedisClusterException, OSError)):
        return error
    signs = " ".join(_signs(error))
    facts = {"where": _address(str(error)) or where, "says": _says(error), "command": _command(str(error))}
    for meanings, outcome in ((_TO_MEND, StoreRefused), (_NOT_NOW, StoreUnavailable)):
        for pattern, words in meanings:
            if re.search(pattern, signs):
                return outcome(words.format(**facts))
    if isinstance(error, redis_errors.ResponseError):
        return error
    return StoreUnavailable(f"{where} cannot be reached: {facts['says']}")


def message_of(pool: Any) -> Callable[[Exception], Exception]:
    """`translated_error` for one server, the one that a redis-py connection pool connects to."""
    options = pool.connection_kwargs
    address = options.get("path") or (f"{options['host']}:{options.get('port', 6379)}" if "host" in options else "")
    where = f"Redis at {address}" if address else "Redis"
    hints = [hint for tls, *hint in _HINTS if tls is issubclass(pool.connection_class, SSLConnection)]

    def words(error: Exception) -> Exception:
        if isinstance(error, redis_errors.MovedError):
            return StoreRefused(f"{where} is a node of a cluster: write redis+cluster:// for it.")
        meant = translated_error(error, where)
        hint = next((words for pattern, words in hints if re.search(pattern, " ".join(_signs(error)))), "")
        return StoreUnavailable(f"{meant} {hint}") if hint and type(meant) is StoreUnavailable else meant

    return words


def _signs(error: BaseException) -> Iterator[str]:
    """What to tell an error by: its kind, the kinds of the system's errors that led to it, its code and its text."""
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


def _says(error: Exception) -> str:
    """Its text as a sentence, without the wrappings of OpenSSL."""
    text = str(error) or type(error).__name__
    found = re.search(r"certificate verify failed: (.*?)\.? \(_ssl", text)
    return (found[1] if found else text).rstrip(".") + "."
