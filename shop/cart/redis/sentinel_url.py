"""A URL that names Sentinels and the service whose primary keeps the carts."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import SplitResult, parse_qsl, urlencode, urlsplit

import msgspec
from redis.asyncio.connection import parse_url

from shop.cart.redis.cluster import seeds_of
from shop.cart.redis.topology import Address

_SERVICE = re.compile(r"[A-Za-z0-9._-]+(/[0-9]+)?")  # the names that Sentinel takes, and a database
_SWITCH = {"1": True, "true": True, "yes": True, "on": True, "0": False, "false": False, "no": False, "off": False}


class SentinelUrl(msgspec.Struct, frozen=True):
    """What such a URL says."""

    sentinels: tuple[Address, ...]
    service: str
    server: dict[str, Any]
    """redis-py's options for a connection to a server."""
    sentinel: dict[str, Any]
    """redis-py's options for a connection to a Sentinel."""
    tls: bool
    """Whether the servers speak TLS."""
    sentinel_tls: bool

    @classmethod
    def parse(cls, url: str) -> SentinelUrl:
        """From redis+sentinel://user:password@h1:26379,h2:26379/service/db; rediss+sentinel:// is TLS to all of them.

        Options are redis-py's own, for the servers; sentinel_username and sentinel_password, for Sentinels have users
        of their own; and sentinel_ssl, where they differ from the servers in that. The ssl_ options are for both.
        Raises ValueError, in words, for what cannot be read.
        """
        parts = urlsplit(url)
        sentinels = tuple(seeds_of(parts))
        if not names_service(parts):
            raise ValueError("its path is no service, such as /mymaster or /mymaster/0")
        service, _, database = parts.path.strip("/").partition("/")
        options = dict(parse_qsl(parts.query, keep_blank_values=True))
        own = {name: options.pop(f"sentinel_{name}", "") for name in ("username", "password", "ssl")}
        tls = parts.scheme.startswith("rediss")
        sentinel_tls = _switch("sentinel_ssl", own.pop("ssl"), otherwise=tls)
        user = parts.netloc.rpartition("@")[0]
        read = parse_url(f"redis://{user + '@' if user else ''}/{database}?{urlencode(options)}")
        server: dict[str, Any] = {name: value for name, value in read.items() if not name.startswith("ssl_")}
        certificates = {name: value for name, value in read.items() if name.startswith("ssl_")}
        sentinel: dict[str, Any] = {name: value for name, value in own.items() if value}
        return cls(
            sentinels,
            service,
            server | certificates if tls else server,
            sentinel | certificates if sentinel_tls else sentinel,
            tls,
            sentinel_tls,
        )


def names_service(url: SplitResult) -> bool:
    """Whether the URL ends with a service, and perhaps the number of a database."""
    return _SERVICE.fullmatch(url.path.strip("/")) is not None


def _switch(name: str, text: str, *, otherwise: bool) -> bool:
    if text and text.lower() not in _SWITCH:
        raise ValueError(f"{name} is neither on nor off")
    return _SWITCH.get(text.lower(), otherwise)
