"""The password of /operations is kept as a hash (argon2id, RFC 9106), so that settings do not give it away."""

from __future__ import annotations

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError


def hashed(password: str) -> str:
    """A hash for OPERATOR_PASSWORD; another one at each call."""
    return PasswordHasher().hash(password)


def matches(hash_: str, password: str) -> bool:
    """Whether the hash is that of the password. Takes some 50 ms of processor time, on purpose."""
    try:
        return PasswordHasher().verify(hash_, password)
    except (VerificationError, InvalidHashError):
        return False
