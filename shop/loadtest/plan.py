"""The plan of a load test, and the guard against testing other people's machines."""

from __future__ import annotations

import ipaddress
import socket
from urllib.parse import urlsplit

import msgspec

from shop.errors import ConfigurationError

DOMAIN = "example.com"
"""The domain of the shoppers' e-mail addresses, reserved by RFC 2606, so that nobody receives them."""


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """The parameters of a load test. Made by `shop loadtest`, read by the process of the shoppers."""

    url: str
    """The shop's URL, without a trailing slash."""
    users: int
    seconds: float
    """Seconds from the start of the first shopper until all are stopped."""
    spawn_rate: float
    """Shoppers that start per second until all have started."""
    pace: float
    """Speed relative to Online Boutique's shoppers, who wait 1 to 10 seconds between tasks."""
    run: str
    """The id of this run in the e-mail addresses of its shoppers, which identifies its orders."""
    handles: tuple[str, ...]
    """The handles of the products to view and buy."""

    def email(self, shopper: int, attempt: int) -> str:
        """A unique e-mail address for one checkout."""
        return f"{self.run}-{shopper}-{attempt}@{DOMAIN}"


def refuse_other_machines(url: str) -> None:
    """Raise ConfigurationError if a URL is malformed, or not of this machine."""
    where = urlsplit(url)
    if where.scheme not in ("http", "https") or not where.hostname:
        raise ConfigurationError("--url is not understood. Use a URL such as http://127.0.0.1:8000.")
    try:
        addresses = {str(found[4][0]) for found in socket.getaddrinfo(where.hostname, None)}
    except OSError as error:
        raise ConfigurationError(f"--url: cannot resolve {where.hostname}: {error}.") from error
    if not all(ipaddress.ip_address(address.partition("%")[0]).is_loopback for address in addresses):
        raise ConfigurationError(
            f"{where.hostname} is not this machine. A load test places real orders as fast as it can. If you own that "
            "host and want this, add --i-own-this-host."
        )
