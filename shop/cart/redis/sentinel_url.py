"""Parses URLs that name Sentinels and the service whose primary stores the carts."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import SplitResult, parse_qsl, urlencode, urlsplit

import msgspec
from redis.asyncio.connection import parse_url

from shop.cart.redis.cluster import seeds_of
from shop.cart.redis.topology import Address

_SERVICE = re.compile(r"[A-Za-z0-9._-]+(/[0-9]+)?")  # a name that Sentinel accepts, and a database
_SWITCH = {"1": True, "true": True, "yes": True, "on": True, "0": False, "false": False, "no": False, "off": False}


class SentinelUrl(msgspec.Struct, frozen=True):
    """The parts of a redis+sentinel:// or rediss+sentinel:// URL."""

    sentinels: tuple[Address, ...]
    service: str
    server: dict[str, Any]
    """redis-py's options for a connection to a server."""
    sentinel: dict[str, Any]
    """redis-py's options for a connection to a Sentinel."""
    tls: bool
    """Whether the servers use TLS."""
    sentinel_tls: bool
    """Whether the Sentinels use TLS."""

    @classmethod
    def parse(cls, url: str) -> SentinelUrl:
        """Parse redis+sentinel://user:password@h1:26379,h2:26379/service/db; with rediss+sentinel://, all use TLS.

        Options are redis-py's, for the servers. sentinel_username and sentinel_password are for the Sentinels, which
        have their own users; sentinel_ssl is for Sentinels that differ from the servers in using TLS. The ssl_ options
        are for both. Raises ValueError, whose message says what is invalid.
        """
        parts = urlsplit(url)
        sentinels = tuple(seeds_of(parts))
        if not names_service(parts):
            raise ValueError("its path must be a service, such as /mymaster or /mymaster/0")
        service, _, database = parts.path.strip("/").partition("/")
        options = dict(parse_qsl(parts.query, keep_blank_values=True))
        sentinel_options = {name: options.pop(f"sentinel_{name}", "") for name in ("username", "password", "ssl")}
        tls = parts.scheme.startswith("rediss")
        sentinel_tls = _switch("sentinel_ssl", sentinel_options.pop("ssl"), default=tls)
        user = parts.netloc.rpartition("@")[0]
        parsed = parse_url(f"redis://{user + '@' if user else ''}/{database}?{urlencode(options)}")
        server: dict[str, Any] = {name: value for name, value in parsed.items() if not name.startswith("ssl_")}
        certificates = {name: value for name, value in parsed.items() if name.startswith("ssl_")}
        sentinel: dict[str, Any] = {name: value for name, value in sentinel_options.items() if value}
        return cls(
            sentinels,
            service,
            server | certificates if tls else server,
            sentinel | certificates if sentinel_tls else sentinel,
            tls,
            sentinel_tls,
        )


def names_service(url: SplitResult) -> bool:
    """Whether the path is the name of a service, optionally followed by the number of a database."""
    return _SERVICE.fullmatch(url.path.strip("/")) is not None


def _switch(name: str, text: str, *, default: bool) -> bool:
    if text and text.lower() not in _SWITCH:
        raise ValueError(f"{name} must be on or off")
    return _SWITCH.get(text.lower(), default)
