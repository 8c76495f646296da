"""Content codings: the one that a client weighs highest, and bodies that it can read."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shop.web.http.compression import COMPRESS_BEST, COMPRESS_FAST, COMPRESS_WELL, FASTEST, SMALLEST, coding_of
from tests.fixtures.codings import DECOMPRESS

TEXT = b"Stoneware, oak, linen, wool. " * 100


@pytest.mark.parametrize(
    ("accept", "smallest"),
    [
        ("gzip, deflate, br, zstd", "br"),
        ("gzip, deflate, br", "br"),
        ("gzip, zstd", "zstd"),
        ("gzip", "gzip"),
        ("x-gzip", "gzip"),
        ("GZIP, BR", "br"),
        ("*", "br"),
        ("br;q=0.5, gzip", "gzip"),
        ("br; q=0.5 , gzip ; q=0.8, zstd;q=0.1", "gzip"),
        ("br;q=0, *", "zstd"),
        ("br;q=0.000, zstd;q=0, gzip;q=0", "identity"),
        ("*;q=0", "identity"),
        ("gzip;q=0.5, identity", "identity"),
        ("gzip;q=0.5, identity;q=0.5", "gzip"),
        ("identity", "identity"),
        ("identity;q=0", "identity"),
        ("br;q=many, gzip", "gzip"),
        ("br;q=2, gzip", "gzip"),
        ("br;q=nan, gzip", "gzip"),
        ("x-gzip-not, brotli", "identity"),
        ("", "identity"),
    ],
)
def test_the_coding_with_the_highest_weight(accept: str, smallest: str) -> None:
    assert coding_of(accept.encode(), SMALLEST) == smallest


def test_the_fastest_is_chosen_for_a_single_reply() -> None:
    assert coding_of(b"gzip, deflate, br, zstd", FASTEST) == "zstd"
    assert coding_of(b"gzip, deflate, br", FASTEST) == "gzip"
    assert coding_of(b"br", FASTEST) == "br"


@given(st.binary(max_size=400))
def test_no_header_is_an_error(header: bytes) -> None:
    assert coding_of(header, SMALLEST) in {"br", "zstd", "gzip", "identity"}


@pytest.mark.parametrize("coding", SMALLEST)
def test_each_level_can_be_read(coding: str) -> None:
    bodies = [compress[coding](TEXT) for compress in (COMPRESS_FAST, COMPRESS_WELL, COMPRESS_BEST)]
    assert {DECOMPRESS[coding](body) for body in bodies} == {TEXT}
    assert all(len(body) < len(TEXT) / 5 for body in bodies)
