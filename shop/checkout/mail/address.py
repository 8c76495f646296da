"""Validates e-mail addresses. Whether one exists, only a delivery shows."""

from __future__ import annotations

import re

from shop.errors import InvalidInput

MAX_LENGTH = 254
"""Characters: a path of RFC 5321 (4.5.3.1.3) has at most 256, two of which are its brackets."""
_LOCAL = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}")
"""The part before the @, as HTML's <input type=email> has it, at most 64 long (RFC 5321, 4.5.3.1.1)."""
_DOMAIN = re.compile(r"(?=.{4,253}$)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z0-9-]{2,63}")


def read_email(text: str) -> str:
    """The address as typed, with its domain in lower case. Raises InvalidInput for field 'email'."""
    address = text.strip()
    local, at, domain = address.rpartition("@")
    if not address:
        raise InvalidInput("Please enter your e-mail address.", field="email")
    if not at or not local or not domain:
        raise InvalidInput("An e-mail address looks like name@example.com.", field="email")
    if len(address) > MAX_LENGTH or not _LOCAL.fullmatch(local) or not _DOMAIN.fullmatch(_in_ascii(domain)):
        raise InvalidInput("This is not an e-mail address that we can write to. Please check it.", field="email")
    return f"{local}@{domain.lower()}"


def ascii_address(address: str) -> str:
    """The address for SMTP: an internationalised domain in its ASCII form (RFC 3490)."""
    local, _, domain = address.rpartition("@")
    return f"{local}@{_in_ascii(domain)}"


def _in_ascii(domain: str) -> str:
    try:
        return domain.encode("idna").decode().lower()
    except UnicodeError:
        return ""
