"""What redis-py's errors mean for a shop: not now, not with these settings, or a fault of ours."""

from __future__ import annotations

import re
import socket

from redis import exceptions as redis_errors

from shop.errors import StoreRefused, StoreUnavailable

_REFUSED = re.compile(r"\b(NOAUTH|WRONGPASS|NOPERM|invalid password|invalid username|DB index is out of range)\b", re.I)
_CANNOT_NOW = re.compile(r"\b(OOM|MISCONF|NOREPLICAS|READONLY|LOADING|BUSY|MASTERDOWN|CLUSTERDOWN|TRYAGAIN)\b")
_UNAVAILABLE = (
    redis_errors.ReadOnlyError,
    redis_errors.OutOfMemoryError,
    redis_errors.ClusterDownError,
    redis_errors.MasterDownError,
    redis_errors.TryAgainError,
)


def in_our_words(error: Exception) -> Exception:
    """The StoreUnavailable that stands for an error of redis-py; the error itself if it is a fault of ours."""
    text = str(error)
    if isinstance(error, redis_errors.AuthenticationError) or _REFUSED.search(text):
        return StoreRefused(f"Redis does not let the shop in; check REDIS_URL: {text}")
    if isinstance(error.__context__, socket.gaierror):
        return StoreRefused(f"The host name in REDIS_URL is not known: {text}")
    if isinstance(error, redis_errors.ResponseError) and not isinstance(error, _UNAVAILABLE):
        return StoreUnavailable(f"Redis cannot take this now: {text}") if _CANNOT_NOW.search(text) else error
    if isinstance(error, (redis_errors.RedisError, OSError)):
        return StoreUnavailable(f"Redis cannot be reached: {text or 'no answer in time.'}")
    return error
