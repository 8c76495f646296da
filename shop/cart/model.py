"""The cart model: a cart is a fold over changes. Pure: no I/O, no clock, no environment.

`apply(cart, change)` is the complete specification of a cart; every service must reach the same state.
Each change has an id, generated once by whoever makes the change, and applying the same id twice has the effect of
applying it once. So a retry after a timeout is safe, the log of an outage is a list of changes, and undo is an
ordinary change.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable, Iterable
from hashlib import blake2b

import msgspec

from shop.errors import InvalidInput, LineLimitExceeded, QuantityLimitExceeded
from shop.money import Money

ID_BYTES = 8
MAX_LIMIT = 60_000
"""The highest value that a limit of a cart can have."""
SKU_BYTES = 255
"""Maximum length of a sku in UTF-8."""
COUPON = re.compile(r"[A-Z0-9-]{0,32}")
"""Matches a coupon code; '' means no coupon."""
REMEMBERED_CHANGES = 256
"""How many change ids a cart remembers, and so how many changes later a retried change is still recognized."""


def new_change_id() -> bytes:
    """Generate a change id: 8 random bytes."""
    return secrets.token_bytes(ID_BYTES)


def change_id(*parts: str) -> bytes:
    """Derive a change id from text such as an Idempotency-Key: the same text gives the same id."""
    return blake2b("\x00".join(parts).encode(), digest_size=ID_BYTES).digest()


class Limits(msgspec.Struct, frozen=True):
    """The limits of a cart: the quantity of a line, and the number of lines, including those saved for later.

    Raises ValueError for a limit outside 1 to MAX_LIMIT.
    """

    quantity: int = 99
    lines: int = 100

    def __post_init__(self) -> None:
        if not (1 <= self.quantity <= MAX_LIMIT and 1 <= self.lines <= MAX_LIMIT):
            raise ValueError(f"a cart limit must be from 1 to {MAX_LIMIT}")


class Line(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A quantity of one sku. `price` is of the latest add, `added_at` (seconds since the epoch) of the first."""

    sku: str
    quantity: int
    price: Money
    added_at: int
    saved: bool = False
    """Saved for later: stored with the cart, but not part of an order."""


class Removed(msgspec.Struct, frozen=True, array_like=True):
    """The lines that the latest removal took out, each with its index, so that Undo can restore them."""

    change: bytes
    at: int
    lines: tuple[tuple[int, Line], ...]


class Cart(msgspec.Struct, frozen=True):
    """A cart after `revision` changes; revision 0 is a cart that nobody has changed yet."""

    id: str
    revision: int = 0
    lines: tuple[Line, ...] = ()
    """In the order they were added."""
    removed: Removed | None = None
    changes: bytes = b""
    """The ids of the latest changes, oldest first, 8 bytes each, at most REMEMBERED_CHANGES."""
    changed_at: int = 0
    """When the latest of its changes was made, seconds since the epoch."""
    coupon: str = ""
    """The coupon code that the shopper entered, '' for none. Checkout decides whether it is valid."""
    partial: bool = False
    """Whether a standby answered without knowing what the store holds. Never stored."""
    idle_since: int = 0
    """If this call restored the cart from the archive: when it had last been changed, seconds since the epoch; else 0.
    Never stored."""

    @property
    def active(self) -> tuple[Line, ...]:
        """The lines that checkout orders: those not saved for later."""
        return tuple(line for line in self.lines if not line.saved)

    @property
    def saved(self) -> tuple[Line, ...]:
        """The lines saved for later."""
        return tuple(line for line in self.lines if line.saved)

    @property
    def quantity(self) -> int:
        """The total quantity of the active lines, as the badge shows it."""
        return sum(line.quantity for line in self.lines if not line.saved)

    @property
    def change_ids(self) -> list[bytes]:
        """The ids in `changes`, as a list."""
        return [self.changes[i : i + ID_BYTES] for i in range(0, len(self.changes), ID_BYTES)]

    @property
    def latest_change(self) -> bytes:
        """The id of the last applied change; empty if there is none."""
        return self.changes[-ID_BYTES:]

    def line(self, sku: str, *, saved: bool = False) -> Line | None:
        """The line of a sku, or None. A sku can have both an active and a saved line."""
        return next((line for line in self.lines if line.sku == sku and line.saved is saved), None)

    def knows(self, change: bytes) -> bool:
        """Whether a change with this id is among the changes that the cart remembers."""
        at = self.changes.find(change)
        while at > 0 and at % ID_BYTES:
            at = self.changes.find(change, at + 1)
        return at >= 0

    def grew_from(self, older: Cart) -> bool:
        """Whether the older state is part of this one's history, as far back as changes are remembered."""
        if older.revision == 0 or self.revision >= older.revision + REMEMBERED_CHANGES:
            return True
        if self.revision < older.revision:
            return False
        start = self.changes.find(older.changes)
        if start >= 0 and start % ID_BYTES == 0:  # the older ids are a consecutive run of these: the usual case
            return True
        # Knowing the latest change is not enough: a store that lost the cart may have been sent only that one again.
        known = len(self.changes) < REMEMBERED_CHANGES * ID_BYTES
        for change in older.change_ids:
            if self.knows(change):
                known = True
            elif known:
                return False
        return known


class _Change(msgspec.Struct, frozen=True, tag=True):
    id: bytes
    at: int
    """When the change was made, seconds since the epoch."""


class Add(_Change, frozen=True):
    """Increase the quantity of a sku by `quantity` (at least 1); the line takes the price of the latest add.

    `at_most` limits the resulting quantity of the line, if it is lower than the cart's own limit: for example the
    stock. 0 means no such limit.
    """

    sku: str
    quantity: int
    price: Money
    at_most: int = 0


class SetQuantity(_Change, frozen=True):
    """Set the quantity of a line; 0 removes the line. Does nothing if there is no such line.

    `at_most` works as in Add.
    """

    sku: str
    quantity: int
    at_most: int = 0


class Remove(_Change, frozen=True):
    """Remove the active line of a sku."""

    sku: str


class RemoveSaved(_Change, frozen=True):
    """Remove the saved line of a sku."""

    sku: str


class Clear(_Change, frozen=True):
    """Remove every active line; lines saved for later stay."""


class SaveForLater(_Change, frozen=True):
    """Save the active line of a sku for later. If there is a saved line, their quantities add up, to the limit."""

    sku: str


class MoveToCart(_Change, frozen=True):
    """Move the saved line of a sku to the cart. If there is an active line, their quantities add up, to the limit."""

    sku: str


class Undo(_Change, frozen=True):
    """Restore the lines that the removal with id `of` took out, at their indexes, if it was the latest removal.

    If a line has been added again since, the quantities are added, up to the limit.
    """

    of: bytes


class UseCoupon(_Change, frozen=True):
    """Replace the coupon; '' removes it."""

    code: str


class Purchase(_Change, frozen=True):
    """Remove what was ordered: the quantity of each active sku, and the coupon if it is still the same.

    Quantities and lines added since the order stay, and so do the lines that Undo can restore.
    """

    lines: tuple[tuple[str, int], ...]
    """(sku, quantity at least 1)"""
    coupon: str = ""


Change = Add | SetQuantity | Remove | RemoveSaved | Clear | SaveForLater | MoveToCart | Undo | UseCoupon | Purchase


def apply(cart: Cart, change: Change, limits: Limits = Limits()) -> Cart:
    """Apply a change. Returns the same object if the cart knows the change already.

    Only an Add can create a cart: any other change leaves a cart of revision 0 unchanged.

    Raises InvalidInput for an invalid quantity, sku or coupon, QuantityLimitExceeded and LineLimitExceeded. The cart
    does not remember a refused change.
    """
    check(change)
    if cart.knows(change.id) or (cart.revision == 0 and not isinstance(change, Add)):
        return cart
    lines, removed = _fold(cart, change, limits)
    return Cart(
        id=cart.id,
        revision=cart.revision + 1,
        lines=lines,
        removed=removed,
        changes=(cart.changes + change.id)[-REMEMBERED_CHANGES * ID_BYTES :],
        changed_at=max(cart.changed_at, change.at),
        coupon=_coupon(cart.coupon, change),
    )


def replay(cart: Cart, changes: Iterable[Change], limits: Limits = Limits()) -> Cart:
    """Apply changes that were accepted before, in order; those that the cart knows already have no effect.

    If the cart has become fuller since then, a change that exceeds the quantity limit is capped, and one that needs a
    line too many is skipped.
    """
    for change in changes:
        try:
            cart = apply(cart, change, limits)
        except QuantityLimitExceeded as error:
            cart = apply(cart, capped(change, error), limits)
        except LineLimitExceeded:
            continue
    return cart


def capped(change: Change, error: QuantityLimitExceeded) -> SetQuantity:
    """The change to apply instead of a replayed one that exceeds the quantity limit: it sets the line to the limit."""
    return SetQuantity(change.id, change.at, getattr(change, "sku", ""), error.limit)


def check(change: Change) -> None:
    """Raise InvalidInput for a change that is invalid for every cart."""
    _check_sku(getattr(change, "sku", ""))
    match change:
        case Add(quantity=quantity) if quantity < 1:
            raise InvalidInput("Choose a quantity of 1 or more.", field="quantity")
        case SetQuantity(quantity=quantity) if quantity < 0:
            raise InvalidInput("Choose a quantity of 0 or more.", field="quantity")
        case UseCoupon():
            _check_coupon(change.code)
        case Purchase():
            _check_coupon(change.coupon)
            for sku, quantity in change.lines:
                _check_sku(sku)
                if quantity < 1:
                    raise InvalidInput("Choose a quantity of 1 or more.", field="quantity")
        case _:
            pass


def _check_sku(sku: str) -> None:
    if len(sku) * 4 > SKU_BYTES and len(sku.encode()) > SKU_BYTES:
        raise InvalidInput("There is no such item.")


def _check_coupon(code: str) -> None:
    if not COUPON.fullmatch(code):
        raise InvalidInput("A coupon's code has at most 32 letters, digits and dashes.", field="coupon")


def max_quantity(change: Add | SetQuantity, limits: Limits) -> int:
    """The maximum quantity of the line that a change affects."""
    return min(limits.quantity, change.at_most) if change.at_most else limits.quantity


def join(stored: Cart, cart: Cart, limits: Limits = Limits()) -> Cart:
    """Merge two states of a cart. If one grew from the other, the result is the newer one.

    Histories diverge when a store comes back without its latest data and changes are then made on both sides.
    Nothing is lost then: lines of only one side are kept. For a line on both sides, the quantities are added if the
    histories share no change; otherwise the larger one is used. Both are capped at the limit. Joining the same cart
    again changes nothing.
    """
    if stored.grew_from(cart):
        return stored
    if cart.grew_from(stored):
        return cart
    unrelated = not any(cart.knows(change) for change in stored.change_ids)
    lines = list(cart.lines)
    for line in stored.lines:
        at = _index(lines, line.sku, line.saved)
        if at is not None:
            quantities = (line.quantity, lines[at].quantity)
            quantity = min(sum(quantities) if unrelated else max(quantities), limits.quantity)
            lines[at] = msgspec.structs.replace(line, quantity=quantity)
        elif len(lines) < limits.lines:
            lines.append(line)
    missing = b"".join(change for change in stored.change_ids if not cart.knows(change))
    return Cart(
        id=stored.id,
        revision=max(stored.revision, cart.revision) + 1,
        lines=tuple(lines),
        removed=stored.removed or cart.removed,
        changes=(cart.changes + missing)[-REMEMBERED_CHANGES * ID_BYTES :],
        changed_at=max(stored.changed_at, cart.changed_at),
        coupon=stored.coupon or cart.coupon,
    )


_Folded = tuple[tuple[Line, ...], Removed | None]


def _fold(cart: Cart, change: Change, limits: Limits) -> _Folded:
    match change:
        case Add():
            return _add(cart, change, limits), cart.removed
        case SetQuantity() if change.quantity:
            return _set_quantity(cart, change, limits), cart.removed
        case SetQuantity() | Remove():
            return _remove(cart, change, lambda line: line.sku == change.sku and not line.saved)
        case RemoveSaved():
            return _remove(cart, change, lambda line: line.sku == change.sku and line.saved)
        case Clear():
            return _remove(cart, change, lambda line: not line.saved)
        case SaveForLater() | MoveToCart():
            return _move(cart, change.sku, isinstance(change, SaveForLater), limits), cart.removed
        case Undo():
            return _undo(cart, change, limits)
        case UseCoupon():
            return cart.lines, cart.removed
        case Purchase():
            return _subtract(cart.lines, change.lines), cart.removed


def _coupon(coupon: str, change: Change) -> str:
    match change:
        case UseCoupon():
            return change.code
        case Purchase() if change.coupon == coupon:
            return ""
        case _:
            return coupon


def _index(lines: tuple[Line, ...] | list[Line], sku: str, saved: bool) -> int | None:
    for i, line in enumerate(lines):
        if line.sku == sku and line.saved is saved:
            return i
    return None


def _replace_line(lines: tuple[Line, ...], at: int, line: Line) -> tuple[Line, ...]:
    return (*lines[:at], line, *lines[at + 1 :])


def _add(cart: Cart, change: Add, limits: Limits) -> tuple[Line, ...]:
    at = _index(cart.lines, change.sku, saved=False)
    quantity = change.quantity + (cart.lines[at].quantity if at is not None else 0)
    if quantity > max_quantity(change, limits):
        raise QuantityLimitExceeded(max_quantity(change, limits))
    if at is not None:
        line = Line(change.sku, quantity, change.price, cart.lines[at].added_at)
        return _replace_line(cart.lines, at, line)
    if len(cart.lines) >= limits.lines:
        raise LineLimitExceeded(limits.lines)
    return (*cart.lines, Line(change.sku, quantity, change.price, change.at))


def _set_quantity(cart: Cart, change: SetQuantity, limits: Limits) -> tuple[Line, ...]:
    if change.quantity > max_quantity(change, limits):
        raise QuantityLimitExceeded(max_quantity(change, limits))
    at = _index(cart.lines, change.sku, saved=False)
    if at is None:
        return cart.lines
    return _replace_line(cart.lines, at, msgspec.structs.replace(cart.lines[at], quantity=change.quantity))


def _remove(cart: Cart, change: Change, matches: Callable[[Line], bool]) -> _Folded:
    removed = tuple((i, line) for i, line in enumerate(cart.lines) if matches(line))
    if not removed:
        return cart.lines, cart.removed
    remaining = tuple(line for line in cart.lines if not matches(line))
    return remaining, Removed(change.id, change.at, removed)


def _subtract(lines: tuple[Line, ...], bought: tuple[tuple[str, int], ...]) -> tuple[Line, ...]:
    for sku, quantity in bought:
        at = _index(lines, sku, saved=False)
        if at is None:
            continue
        remaining = lines[at].quantity - quantity
        kept = (msgspec.structs.replace(lines[at], quantity=remaining),) if remaining > 0 else ()
        lines = (*lines[:at], *kept, *lines[at + 1 :])
    return lines


def _move(cart: Cart, sku: str, saved: bool, limits: Limits) -> tuple[Line, ...]:
    at = _index(cart.lines, sku, not saved)
    if at is None:
        return cart.lines
    moved = msgspec.structs.replace(cart.lines[at], saved=saved)
    target = _index(cart.lines, sku, saved)
    if target is None:
        return _replace_line(cart.lines, at, moved)
    merged = _merge(cart.lines[target], moved, limits)
    return tuple(merged if i == target else line for i, line in enumerate(cart.lines) if i != at)


def _merge(line: Line, other: Line, limits: Limits) -> Line:
    return msgspec.structs.replace(line, quantity=min(line.quantity + other.quantity, limits.quantity))


def _undo(cart: Cart, change: Undo, limits: Limits) -> _Folded:
    if cart.removed is None or cart.removed.change != change.of:
        return cart.lines, cart.removed
    lines = list(cart.lines)
    for index, line in cart.removed.lines:
        at = _index(lines, line.sku, line.saved)
        if at is not None:
            lines[at] = _merge(lines[at], line, limits)
        elif len(lines) < limits.lines:
            lines.insert(index, line)
    return tuple(lines), None
