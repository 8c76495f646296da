"""Origins: scheme, host and port of a URL (RFC 6454), in one spelling, so that equal ones compare equal."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

DEFAULT_PORTS = {"http": 80, "https": 443}
_HOST = re.compile(r"(?!-)[a-z0-9._-]{1,253}|\[[0-9a-f:.]{2,45}\]")


def normalized_origin(url: str) -> str:
    """'https://shop.example' for 'HTTPS://Shop.Example:443/': in lower case, without a default port, IDNs encoded.

    Raises ValueError with the end of a sentence for what is more, or less, than an origin.
    """
    parts = urlsplit(url.strip())
    if parts.scheme not in DEFAULT_PORTS:
        raise ValueError("which does not begin with https:// or http://")
    if parts.path not in ("", "/") or parts.query or parts.fragment or "@" in parts.netloc:
        raise ValueError("which is more than the address of a host")
    try:
        port = parts.port
        host = _encoded(parts.hostname or "")
    except ValueError as error:
        raise ValueError("which names no host and port") from error
    if not _HOST.fullmatch(host):
        raise ValueError("which names no host")
    return (
        f"{parts.scheme}://{host}" if port in (None, DEFAULT_PORTS[parts.scheme]) else f"{parts.scheme}://{host}:{port}"
    )


def _encoded(host: str) -> str:
    """A host as it travels: an IPv6 address in brackets, other alphabets as RFC 3490 encodes them."""
    return f"[{host}]" if ":" in host else host if host.isascii() else host.encode("idna").decode("ascii")
