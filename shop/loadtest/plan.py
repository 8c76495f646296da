"""What a load test does, and who may be its target."""

from __future__ import annotations

import ipaddress
import socket
from urllib.parse import urlsplit

import msgspec

from shop.errors import ConfigurationError

DOMAIN = "example.com"
"""Where the shoppers' e-mails would go: RFC 2606 keeps it from being anybody's."""


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """How many shoppers do what, for how long."""

    url: str
    """The shop's address, without a slash at the end."""
    users: int
    seconds: float
    """From the first shopper's coming until all are told to go home."""
    spawn_rate: float
    """Shoppers who come per second until all are there."""
    pace: float
    """How many times as fast as Online Boutique's shoppers, who wait 1 to 10 seconds between two tasks."""
    run: str
    """Names this run in the e-mail addresses of its shoppers, by which its orders are found."""
    handles: tuple[str, ...]
    """The products that are looked at and bought."""

    def email(self, shopper: int, attempt: int) -> str:
        """The address for one attempt to order: no other attempt has it."""
        return f"{self.run}-{shopper}-{attempt}@{DOMAIN}"


def refuse_other_machines(url: str) -> None:
    """Raise ConfigurationError where a URL is not understood, or is not of this machine."""
    where = urlsplit(url)
    if where.scheme not in ("http", "https") or not where.hostname:
        raise ConfigurationError("--url is not understood. Write http://127.0.0.1:8000.")
    try:
        addresses = {str(found[4][0]) for found in socket.getaddrinfo(where.hostname, None)}
    except OSError as error:
        raise ConfigurationError(f"--url: {where.hostname} is not found: {error}.") from error
    if not all(ipaddress.ip_address(address.partition("%")[0]).is_loopback for address in addresses):
        raise ConfigurationError(
            f"{where.hostname} is not this machine. A load test orders as fast as it can, and somebody sends and pays "
            "what it orders: say --i-own-this-host if that is meant."
        )
