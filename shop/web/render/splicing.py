"""Compresses a page once, with a gap of a fixed number of bytes for what differs between visitors.

A page is text in UTF-8, and does not begin with the gap. Each format can hold bytes as they are: a stored block of
deflate (RFC 1951, 3.2.4), an uncompressed meta-block of brotli (RFC 7932, 9.2), a raw block of zstd (RFC 8878,
3.1.1.2.2). What follows the gap may refer to what is before it, but not into it, so any bytes can be put there. The
two last are always the same, because brotli chooses the code of a letter by the two before it.
"""

from __future__ import annotations

import sys
import zlib
from collections.abc import Callable
from functools import lru_cache

import brotli

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

GAP = 12
"""Bytes of the gap."""
END_OF_GAP = b" >"
"""The last bytes of every gap."""
_MARK = b"\xf8\xf9\xfa\xfb\xfc\xfd\xfe\xff\xc0\xc1" + END_OF_GAP
"""What the compressors are given for the gap: bytes that UTF-8 never has, so that nothing can refer to them."""
_GZIP_HEADER = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff"
_MAX_CHECKSUMS = 64
"""Checksums cached per page, one for each content of the gap."""
_WINDOW_BITS = 18
"""Base 2 logarithm of the window: larger than any page and a dictionary."""

Spliced = Callable[[bytes], bytes]
"""Returns the compressed page for the content of the gap."""


def gzipped(head: bytes, tail: bytes) -> Spliced:
    """A page as one gzip member (RFC 1952); only its checksum is computed for each content of the gap."""
    compressor = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    first = _GZIP_HEADER + compressor.compress(head) + compressor.flush(zlib.Z_SYNC_FLUSH)
    compressor.compress(_MARK)
    compressor.flush(zlib.Z_SYNC_FLUSH)
    last = compressor.compress(tail) + compressor.flush()
    first += b"\x00" + GAP.to_bytes(2, "little") + (GAP ^ 0xFFFF).to_bytes(2, "little")
    size = (len(head) + GAP + len(tail)) & 0xFFFFFFFF

    @lru_cache(maxsize=_MAX_CHECKSUMS)
    def trailer(gap: bytes) -> bytes:
        checksum = zlib.crc32(tail, zlib.crc32(gap, zlib.crc32(head)))
        return checksum.to_bytes(4, "little") + size.to_bytes(4, "little")

    return lambda gap: b"".join((first, gap, last, trailer(gap)))


def brotlied(head: bytes, tail: bytes, quality: int) -> Spliced:
    """A page as a stream of brotli."""
    compressor = brotli.Compressor(mode=brotli.MODE_TEXT, quality=quality, lgwin=_WINDOW_BITS)
    first = compressor.process(head) + compressor.flush()
    compressor.process(_MARK)
    compressor.flush()
    last = compressor.process(tail) + compressor.finish()
    first += ((GAP - 1) << 3 | 1 << 19).to_bytes(3, "little")
    return lambda gap: b"".join((first, gap, last))


def zstandard(head: bytes, tail: bytes, level: int, dictionary: zstd.ZstdDict | None = None) -> Spliced:
    """A page as a frame of zstd, with a dictionary if one is given."""
    options: dict[int, int] = {
        zstd.CompressionParameter.compression_level: level,
        zstd.CompressionParameter.window_log: _WINDOW_BITS,
    }
    compressor = zstd.ZstdCompressor(options=options, zstd_dict=dictionary)
    first = compressor.compress(head, zstd.ZstdCompressor.FLUSH_BLOCK)
    compressor.compress(_MARK, zstd.ZstdCompressor.FLUSH_BLOCK)
    last = compressor.compress(tail, zstd.ZstdCompressor.FLUSH_FRAME)
    first += (GAP << 3).to_bytes(3, "little")
    return lambda gap: b"".join((first, gap, last))
