"""The binary format of a stored cart. cart.lua reads and writes the same layout (big-endian).

    version 1 | revision 4 | changed at 4 | number of change ids 2 | number of lines 2
    change ids, 8 each
    lines: length of sku 1 | sku | quantity 2 | saved 1 | amount 5 | currency 3 | added at 4
    removed, if there is something to undo: change id 8 | at 4 | number of lines 2 | index 2 each | lines
    coupon, if there is one: its code, preceded by NOTHING_REMOVED if there is nothing to undo

In version 2, which is written only if several removals can be undone, their number (1) comes after the lines, and then
each of them, the latest first. A release that reads version 1 only leaves such a cart alone.

docs/decisions/carts-are-bytes.md gives the reasons and figures.
"""

from __future__ import annotations

from collections.abc import Iterable
from struct import Struct, error, pack, unpack_from

from shop.cart.model import COUPON, ID_BYTES, Cart, Line, Removed, removed_of
from shop.money import Money

ONE_REMOVAL = 1
"""The version with one removal at most."""
VERSION = 2
NEWEST_VERSION = 15
"""Bytes whose version is between these two are a cart of a later release."""
MAX_QUANTITY = 65_535

_head = Struct(">BIIHH")
_tail = Struct(">HBBI3sI")
_removed = Struct(">8sIH")
_price = Struct(">BI3s")

NOTHING_REMOVED = _removed.pack(b"", 0, 1) + bytes(3) + _tail.pack(1, 0, 0, 0, b"XXX", 0)
"""A placeholder removal dated 1970. Releases that know no coupons read it as the removal and skip the rest."""


class UnreadableCart(ValueError):
    """The stored bytes are not a cart. `data` has them."""

    def __init__(self, data: bytes) -> None:
        super().__init__("A stored cart cannot be read: it is not in the format of this shop.")
        self.data = data


class NewerCart(ValueError):
    """The stored bytes are a cart of a later release, which this one must not overwrite."""

    def __init__(self, version: int) -> None:
        super().__init__(
            f"A cart is stored in version {version}, which a newer release of the shop writes; this one reads "
            f"version {VERSION} and earlier."
        )


def encode(cart: Cart) -> bytes:
    """Encode a cart. Its id is the key and is not part of the bytes."""
    ids = len(cart.changes) // ID_BYTES
    version = VERSION if cart.removed and cart.removed.earlier else ONE_REMOVAL
    parts = [_head.pack(version, cart.revision, cart.changed_at, ids, len(cart.lines)), cart.changes]
    parts += [encode_line(line) for line in cart.lines]
    if version > ONE_REMOVAL:
        parts.append(bytes((len(cart.removals),)))
    parts += map(_encode_removed, cart.removals)
    if cart.coupon:
        parts += [b"" if cart.removed else NOTHING_REMOVED, cart.coupon.encode()]
    return b"".join(parts)


def _encode_removed(removed: Removed) -> bytes:
    indexes, lines = zip(*removed.lines, strict=True)
    head = _removed.pack(removed.change, removed.at, len(lines)) + pack(f">{len(indexes)}H", *indexes)
    return head + b"".join(map(encode_line, lines))


def encode_purchase(lines: Iterable[tuple[str, int]]) -> bytes:
    """Encode the lines of a Purchase for cart.lua, each as: length of sku 1 | sku | quantity 2."""
    return b"".join(
        bytes((len(name := sku.encode()),)) + name + min(quantity, MAX_QUANTITY).to_bytes(2) for sku, quantity in lines
    )


def encode_line(line: Line) -> bytes:
    """Encode one line."""
    sku = line.sku.encode()
    high, low = divmod(line.price.amount, 1 << 32)
    tail = _tail.pack(line.quantity, line.saved, high, low, line.price.currency.encode(), line.added_at)
    return bytes((len(sku),)) + sku + tail


def encode_price(price: Money) -> bytes:
    """Encode a price as lines contain it: amount 5 | currency 3."""
    high, low = divmod(price.amount, 1 << 32)
    return _price.pack(high, low, price.currency.encode())


def decode(cart_id: str, data: bytes) -> Cart:
    """Decode a cart. Raises UnreadableCart and NewerCart, both ValueErrors."""
    if data and VERSION < data[0] <= NEWEST_VERSION:
        raise NewerCart(data[0])
    try:
        return _decode(cart_id, data)
    except (error, IndexError, ValueError) as reason:
        raise UnreadableCart(data) from reason


def _decode(cart_id: str, data: bytes) -> Cart:
    version, revision, changed_at, ids, count = _head.unpack_from(data)
    if version not in (ONE_REMOVAL, VERSION):
        raise ValueError(f"version {version}")
    at = _head.size + ids * ID_BYTES
    changes = data[_head.size : at]
    lines, at = _decode_lines(data, at, count)
    if at == len(data):
        return Cart(cart_id, revision, lines, None, changes, changed_at)
    removed, end = _decode_all_removed(data, at) if version > ONE_REMOVAL else _decode_removed(data, at)
    if data[at:end] == NOTHING_REMOVED:
        removed = None
    coupon = data[end:].decode()
    if not COUPON.fullmatch(coupon):
        raise ValueError("this is no coupon")
    return Cart(cart_id, revision, lines, removed, changes, changed_at, coupon)


def _decode_lines(data: bytes, at: int, count: int) -> tuple[tuple[Line, ...], int]:
    lines = []
    for _ in range(count):
        start = at + 1
        end = start + data[at]
        quantity, saved, high, low, currency, added_at = _tail.unpack_from(data, end)
        price = Money((high << 32) + low, currency.decode())
        lines.append(Line(data[start:end].decode(), quantity, price, added_at, saved == 1))
        at = end + _tail.size
    return tuple(lines), at


def _decode_all_removed(data: bytes, at: int) -> tuple[Removed | None, int]:
    removals: list[Removed] = []
    end = at + 1
    for _ in range(data[at]):
        removed, end = _decode_removed(data, end)
        removals.append(removed)
    return removed_of(removals), end


def _decode_removed(data: bytes, at: int) -> tuple[Removed, int]:
    change, when, count = _removed.unpack_from(data, at)
    at += _removed.size
    indexes = unpack_from(f">{count}H", data, at)
    lines, at = _decode_lines(data, at + 2 * count, count)
    return Removed(change, when, tuple(zip(indexes, lines, strict=True))), at
