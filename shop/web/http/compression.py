"""Content codings (RFC 9110, 8.4): which one a client is sent, and whole bodies compressed with it."""

from __future__ import annotations

import gzip
import sys
from collections.abc import Callable
from functools import lru_cache, partial

import brotli

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

IDENTITY, GZIP, BROTLI, ZSTD = "identity", "gzip", "br", "zstd"
SMALLEST = (BROTLI, ZSTD, GZIP)
"""The order of preference for what is compressed once."""
FASTEST = (ZSTD, GZIP, BROTLI)
"""The order of preference for what is compressed for one reply."""
_MAX_HEADER = 200
"""Bytes of an Accept-Encoding header that are parsed, and cached."""
_ALIASES = {"x-gzip": GZIP}

Compress = Callable[[bytes], bytes]


def coding_of(header: bytes, offered: tuple[str, ...]) -> str:
    """The coding that an Accept-Encoding header weighs highest; of equal ones the first offered; IDENTITY for none."""
    return _chosen(header[:_MAX_HEADER], offered)


@lru_cache(maxsize=1024)
def _chosen(header: bytes, offered: tuple[str, ...]) -> str:
    weights = _weights(header.decode("latin-1").lower())
    others = weights.get("*", 0.0)
    best = max(offered, key=lambda coding: weights.get(coding, others))
    weight = weights.get(best, others)
    return best if weight and weight >= weights.get(IDENTITY, 0.0) else IDENTITY


def _weights(header: str) -> dict[str, float]:
    """The weight of each coding in a header, 0 for one that is refused or malformed."""
    weights = {}
    for member in header.split(","):
        name, _, parameter = member.replace(" ", "").partition(";")
        try:
            weight = float(parameter.removeprefix("q=") or 1)
        except ValueError:
            weight = 0.0
        weights[_ALIASES.get(name, name)] = weight if 0 <= weight <= 1 else 0.0
    return weights


def _levels(*, gzip_level: int, zstd_level: int, quality: int) -> dict[str, Compress]:
    return {
        GZIP: partial(gzip.compress, compresslevel=gzip_level, mtime=0),
        ZSTD: partial(zstd.compress, level=zstd_level),
        BROTLI: partial(brotli.compress, quality=quality),
    }


COMPRESS_FAST = _levels(gzip_level=1, zstd_level=1, quality=1)
"""For one reply: a third of a millisecond for 90 KB."""
COMPRESS_WELL = _levels(gzip_level=9, zstd_level=5, quality=5)
"""For what is sent often: a few milliseconds."""
COMPRESS_BEST = _levels(gzip_level=9, zstd_level=19, quality=11)
"""For static files: up to a fifth of a second, for which a request must not wait in the event loop."""
