"""Carts as JSON lines, one complete cart per line: a cart that is exported and imported again is the same cart.

    {"id": "…", "revision": 2, "changed_at": 1790000000,
     "lines": [{"sku": "TIDE-MUG-MOSS", "quantity": 2, "price": {"amount": 1900, "currency": "EUR"},
                "added_at": 1790000000, "saved": false}],
     "removed": {"change": "0011223344556677", "at": 1790000000, "lines": [{"index": 0, "line": {…}}]},
     "changes": ["8899aabbccddeeff", "0011223344556677"],
     "coupon": "SPRING"}

Times are seconds since the epoch, amounts are minor units (cents), change ids are 16 hexadecimal digits, oldest first.
`removed` holds the lines that Undo restores, or null; its `earlier`, present only if there are any, the removals that
can be undone after it, the latest first. `coupon` is present only if the cart has one. The bounds are those of
codec.py.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import partial
from typing import Annotated, BinaryIO

import msgspec
from msgspec import Meta

from shop.cart.model import (
    COUPON,
    ID_BYTES,
    MAX_LIMIT,
    MOST_REMOVALS,
    REMEMBERED_CHANGES,
    SKU_BYTES,
    Cart,
    Line,
    Removed,
)
from shop.money import Money

MAX_LINE_BYTES = 1 << 24
"""Maximum bytes of a line; a longer line cannot be a cart."""

_U32 = Annotated[int, Meta(ge=0, lt=2**32)]
_ChangeId = Annotated[str, Meta(pattern=f"^[0-9a-f]{{{2 * ID_BYTES}}}$")]


class _Price(msgspec.Struct, forbid_unknown_fields=True):
    amount: Annotated[int, Meta(ge=0, lt=2**40)]
    currency: Annotated[str, Meta(pattern="^[A-Z]{3}$")]


class _Line(msgspec.Struct, forbid_unknown_fields=True):
    sku: Annotated[str, Meta(max_length=SKU_BYTES)]
    quantity: Annotated[int, Meta(ge=1, le=MAX_LIMIT)]
    price: _Price
    added_at: _U32
    saved: bool = False

    def __post_init__(self) -> None:
        if len(self.sku.encode()) > SKU_BYTES:
            raise ValueError(f"a sku has at most {SKU_BYTES} bytes")


class _RemovedLine(msgspec.Struct, forbid_unknown_fields=True):
    index: Annotated[int, Meta(ge=0, lt=MAX_LIMIT)]
    line: _Line


class _Removed(msgspec.Struct, forbid_unknown_fields=True, omit_defaults=True):
    change: _ChangeId
    at: _U32
    lines: Annotated[list[_RemovedLine], Meta(min_length=1, max_length=MAX_LIMIT)]
    earlier: Annotated[list[_Removed], Meta(max_length=MOST_REMOVALS - 1)] = []


class _Cart(msgspec.Struct, forbid_unknown_fields=True, omit_defaults=True):
    id: Annotated[str, Meta(min_length=1, max_length=255)]
    revision: Annotated[int, Meta(ge=1, lt=2**32)]
    changed_at: _U32
    lines: Annotated[list[_Line], Meta(max_length=MAX_LIMIT)]
    removed: _Removed | None
    changes: Annotated[list[_ChangeId], Meta(min_length=1, max_length=REMEMBERED_CHANGES)]
    coupon: Annotated[str, Meta(pattern=rf"^{COUPON.pattern}\Z")] = ""

    def __post_init__(self) -> None:
        if len({(line.sku, line.saved) for line in self.lines}) < len(self.lines):
            raise ValueError("two lines have the same sku")


_decoder = msgspec.json.Decoder(_Cart)
_encoder = msgspec.json.Encoder()


def encode(cart: Cart) -> bytes:
    """Encode a cart as one line, without the line feed."""
    return _encoder.encode(as_document(cart))


def as_document(cart: Cart) -> _Cart:
    """The cart as the struct that becomes its JSON, so that it can be part of a larger document."""
    removed = _removed_of(cart.removed) if cart.removed else None
    changes = [cart.changes[at : at + ID_BYTES].hex() for at in range(0, len(cart.changes), ID_BYTES)]
    return _Cart(
        cart.id, cart.revision, cart.changed_at, list(map(_line_of, cart.lines)), removed, changes, cart.coupon
    )


def decode(line: bytes) -> Cart:
    """Decode the cart of a line. Raises ValueError, whose message says what is wrong."""
    given = _decoder.decode(line)
    removed = _removed_from(given.removed) if given.removed else None
    return Cart(
        id=given.id,
        revision=given.revision,
        lines=tuple(map(_line_from, given.lines)),
        removed=removed,
        changes=bytes.fromhex("".join(given.changes)),
        changed_at=given.changed_at,
        coupon=given.coupon,
    )


def read(file: BinaryIO) -> Iterator[tuple[int, Cart | ValueError]]:
    """Each line's number with its cart, or with the error if it is not a cart. Skips empty lines."""
    lines: Iterable[bytes] = iter(partial(file.readline, MAX_LINE_BYTES), b"")
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            yield number, decode(line)
        except ValueError as error:
            yield number, error


def _line_of(line: Line) -> _Line:
    return _Line(line.sku, line.quantity, _Price(line.price.amount, line.price.currency), line.added_at, line.saved)


def _line_from(line: _Line) -> Line:
    return Line(line.sku, line.quantity, Money(line.price.amount, line.price.currency), line.added_at, line.saved)


def _removed_of(removed: Removed) -> _Removed:
    lines = [_RemovedLine(index, _line_of(line)) for index, line in removed.lines]
    return _Removed(removed.change.hex(), removed.at, lines, [_removed_of(each) for each in removed.earlier])


def _removed_from(removed: _Removed) -> Removed:
    lines = tuple((place.index, _line_from(place.line)) for place in removed.lines)
    earlier = tuple(msgspec.structs.replace(_removed_from(each), earlier=()) for each in removed.earlier)
    return Removed(bytes.fromhex(removed.change), removed.at, lines, earlier)
