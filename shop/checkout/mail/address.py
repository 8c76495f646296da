"""What counts as an e-mail address. Whether it exists, only an e-mail tells."""

from __future__ import annotations

import re

from shop.errors import InvalidInput

MOST = 254
"""Characters; a path of RFC 5321 (4.5.3.1.3) has 256, two of which are its brackets."""
_LOCAL = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}")
"""The part before the @, as HTML's <input type=email> has it, at most 64 long (RFC 5321, 4.5.3.1.1)."""
_DOMAIN = re.compile(r"(?=.{4,253}$)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z0-9-]{2,63}")


def read_email(text: str) -> str:
    """The address as it was typed, its domain in small letters; raises InvalidInput in words, field 'email'."""
    address = text.strip()
    local, at, domain = address.rpartition("@")
    if not address:
        raise InvalidInput("Please enter your e-mail address.", field="email")
    if not at or not local or not domain:
        raise InvalidInput("An e-mail address looks like name@example.com.", field="email")
    if len(address) > MOST or not _LOCAL.fullmatch(local) or not _DOMAIN.fullmatch(_in_ascii(domain)):
        raise InvalidInput("This is not an e-mail address that we can write to. Please check it.", field="email")
    return f"{local}@{domain.lower()}"


def on_the_wire(address: str) -> str:
    """An address as mail servers take it: an internationalised domain in its ASCII form (RFC 3490)."""
    local, _, domain = address.rpartition("@")
    return f"{local}@{_in_ascii(domain)}"


def _in_ascii(domain: str) -> str:
    try:
        return domain.encode("idna").decode().lower()
    except UnicodeError:
        return ""
