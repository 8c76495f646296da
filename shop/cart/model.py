"""A cart is a fold over changes. Pure: no I/O, no clock, no environment.

`apply(cart, change)` is the whole specification of a cart; every service must end in the same state as it.
A change carries its own id, made once where the change was born: applying the same id twice is the same as
applying it once. That makes a retry after a time-out safe, the journal of an outage a list of changes, and
undo a change like any other.
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
MOST = 60_000
"""No limit of a cart can be more."""
SKU_BYTES = 255
"""A sku is no longer than this in UTF-8."""
COUPON = re.compile(r"[A-Z0-9-]{0,32}")
"""What a coupon's code may be; '' for none."""
REMEMBERED_CHANGES = 256
"""How many change ids a cart remembers. It bounds how late a repeated change is still recognised."""


def new_change_id() -> bytes:
    """A fresh change id: 8 random bytes."""
    return secrets.token_bytes(ID_BYTES)


def change_id(*parts: str) -> bytes:
    """The change id that stands for a text, such as an Idempotency-Key: the same text, the same id."""
    return blake2b("\x00".join(parts).encode(), digest_size=ID_BYTES).digest()


class Limits(msgspec.Struct, frozen=True):
    """What a cart takes at most: pieces of one line, and lines (those saved for later count too).

    Raises ValueError for a limit that is not from 1 to MOST.
    """

    quantity: int = 99
    lines: int = 100

    def __post_init__(self) -> None:
        if not (1 <= self.quantity <= MOST and 1 <= self.lines <= MOST):
            raise ValueError(f"a limit of a cart is a number from 1 to {MOST}")


class Line(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """So many pieces of one sku. `price` and `added_at` (seconds since the epoch) are of when it was added."""

    sku: str
    quantity: int
    price: Money
    added_at: int
    saved: bool = False
    """Saved for later: kept with the cart, not bought with it."""


class Removed(msgspec.Struct, frozen=True, array_like=True):
    """What the latest removing change took out: what Undo puts back, and where each line stood."""

    change: bytes
    at: int
    lines: tuple[tuple[int, Line], ...]


class Cart(msgspec.Struct, frozen=True):
    """A cart as it is after `revision` changes; revision 0 is the cart nobody has changed yet."""

    id: str
    revision: int = 0
    lines: tuple[Line, ...] = ()
    """In the order in which they were added."""
    removed: Removed | None = None
    changes: bytes = b""
    """The ids of the latest changes, oldest first, 8 bytes each, at most REMEMBERED_CHANGES."""
    changed_at: int = 0
    """When the youngest of its changes was born, seconds since the epoch."""
    coupon: str = ""
    """The code the shopper has entered, '' for none. Whether it counts is for the checkout to say."""
    partial: bool = False
    """True when a standby answered that cannot know what the store holds. Never stored."""
    woken: int = 0
    """Where this answer brought the cart back from its sleep in the archive: when it had been changed last, seconds
    since the epoch; else 0. Never stored."""

    @property
    def active(self) -> tuple[Line, ...]:
        """The lines that are bought at checkout: those not saved for later."""
        return tuple(line for line in self.lines if not line.saved)

    @property
    def saved(self) -> tuple[Line, ...]:
        """The lines saved for later."""
        return tuple(line for line in self.lines if line.saved)

    @property
    def quantity(self) -> int:
        """Pieces in the cart, as the badge shows it."""
        return sum(line.quantity for line in self.lines if not line.saved)

    @property
    def change_ids(self) -> list[bytes]:
        """The ids in `changes`, one by one."""
        return [self.changes[i : i + ID_BYTES] for i in range(0, len(self.changes), ID_BYTES)]

    @property
    def latest_change(self) -> bytes:
        """The id of the change that was applied last; empty where there was none."""
        return self.changes[-ID_BYTES:]

    def line(self, sku: str, *, saved: bool = False) -> Line | None:
        """The line of a sku, or None. A sku can have one active and one saved line."""
        return next((line for line in self.lines if line.sku == sku and line.saved is saved), None)

    def knows(self, change: bytes) -> bool:
        """Whether the change with this id is already part of the cart (or lately was)."""
        at = self.changes.find(change)
        while at > 0 and at % ID_BYTES:
            at = self.changes.find(change, at + 1)
        return at >= 0

    def grew_from(self, older: Cart) -> bool:
        """Whether this state has the other in its history, as far back as changes are remembered."""
        if older.revision == 0 or self.revision >= older.revision + REMEMBERED_CHANGES:
            return True
        if self.revision < older.revision:
            return False
        start = self.changes.find(older.changes)
        if start >= 0 and start % ID_BYTES == 0:  # the older ids are a consecutive run of these: the usual case
            return True
        # That it knows the latest change is not enough: a store that lost the cart may have taken just that one again.
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
    """When the change was born, seconds since the epoch."""


class Add(_Change, frozen=True):
    """Put `quantity` (at least 1) more pieces into the cart; the line takes the price of the latest add.

    `at_most`: how many pieces the line may have after it, where that is less than the cart's own limit
    (such as what is in stock); 0 where it is not.
    """

    sku: str
    quantity: int
    price: Money
    at_most: int = 0


class SetQuantity(_Change, frozen=True):
    """Make it `quantity` pieces; 0 removes the line. Nothing happens where there is no such line.

    `at_most` is as for Add.
    """

    sku: str
    quantity: int
    at_most: int = 0


class Remove(_Change, frozen=True):
    """Take the active line of a sku out."""

    sku: str


class RemoveSaved(_Change, frozen=True):
    """Take the saved line of a sku out."""

    sku: str


class Clear(_Change, frozen=True):
    """Take every active line out; what is saved for later stays."""


class SaveForLater(_Change, frozen=True):
    """Move the active line of a sku to the saved ones; joined to a saved line it is cut off at the limit."""

    sku: str


class MoveToCart(_Change, frozen=True):
    """Move the saved line of a sku into the cart; joined to an active line it is cut off at the limit."""

    sku: str


class Undo(_Change, frozen=True):
    """Put back what the removing change `of` took out, where it stood, if that was the latest removal.

    A line that was added again meanwhile gets the pieces on top, cut off at the limit.
    """

    of: bytes


class UseCoupon(_Change, frozen=True):
    """Have this coupon in place of the one there was; '' takes it out."""

    code: str


class Purchase(_Change, frozen=True):
    """Take out what was ordered: so many pieces of each active sku, and the coupon if it is this one.

    Pieces and lines that were added meanwhile stay, and so does what Undo puts back.
    """

    lines: tuple[tuple[str, int], ...]
    """(sku, quantity at least 1)"""
    coupon: str = ""


Change = Add | SetQuantity | Remove | RemoveSaved | Clear | SaveForLater | MoveToCart | Undo | UseCoupon | Purchase


def apply(cart: Cart, change: Change, limits: Limits = Limits()) -> Cart:
    """The cart after the change; the same cart if it knows the change already.

    Only an Add begins a cart: any other change leaves a cart of revision 0 as it is.

    Raises InvalidInput for a quantity that is no count, QuantityLimitExceeded, LineLimitExceeded; the cart
    and the ids it knows are then unchanged.
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
    """The cart after changes that were accepted once, in their order; those it knows count no more.

    Where the cart has become fuller since, a change is cut off at the limit; one that finds no room for its line is
    left out.
    """
    for change in changes:
        try:
            cart = apply(cart, change, limits)
        except QuantityLimitExceeded as error:
            cart = apply(cart, cut_off(change, error), limits)
        except LineLimitExceeded:
            continue
    return cart


def cut_off(change: Change, error: QuantityLimitExceeded) -> SetQuantity:
    """What is left of a change that was accepted once and does not fit any more: its line, filled up to the limit."""
    return SetQuantity(change.id, change.at, getattr(change, "sku", ""), error.limit)


def check(change: Change) -> None:
    """Raise InvalidInput for a change that no cart can take, whatever is in it."""
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


def allowed(change: Add | SetQuantity, limits: Limits) -> int:
    """How many pieces the line of a change may have."""
    return min(limits.quantity, change.at_most) if change.at_most else limits.quantity


def join(stored: Cart, cart: Cart, limits: Limits = Limits()) -> Cart:
    """One cart from two states of it: the newer one, where one grew from the other.

    Where their histories went apart (a store came back without its latest data, and changes were made on
    both sides), no piece of either is lost: lines of one side are kept, and of a line on both sides the
    pieces are added up if the histories share nothing, else the larger number is taken; both cut off at
    the limit. Joining the same cart again changes nothing.
    """
    if stored.grew_from(cart):
        return stored
    if cart.grew_from(stored):
        return cart
    apart = not any(cart.knows(change) for change in stored.change_ids)
    lines = list(cart.lines)
    for line in stored.lines:
        there = _index(lines, line.sku, line.saved)
        if there is None:
            lines.extend([line] if len(lines) < limits.lines else [])
        else:
            pieces = (line.quantity, lines[there].quantity)
            quantity = min(sum(pieces) if apart else max(pieces), limits.quantity)
            lines[there] = msgspec.structs.replace(line, quantity=quantity)
    fresh = b"".join(change for change in stored.change_ids if not cart.knows(change))
    return Cart(
        id=stored.id,
        revision=max(stored.revision, cart.revision) + 1,
        lines=tuple(lines),
        removed=stored.removed or cart.removed,
        changes=(cart.changes + fresh)[-REMEMBERED_CHANGES * ID_BYTES :],
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
            return _take_out(cart, change, lambda line: line.sku == change.sku and not line.saved)
        case RemoveSaved():
            return _take_out(cart, change, lambda line: line.sku == change.sku and line.saved)
        case Clear():
            return _take_out(cart, change, lambda line: not line.saved)
        case SaveForLater() | MoveToCart():
            return _move(cart, change.sku, isinstance(change, SaveForLater), limits), cart.removed
        case Undo():
            return _put_back(cart, change, limits)
        case UseCoupon():
            return cart.lines, cart.removed
        case Purchase():
            return _without(cart.lines, change.lines), cart.removed


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


def _with(lines: tuple[Line, ...], at: int, line: Line) -> tuple[Line, ...]:
    return (*lines[:at], line, *lines[at + 1 :])


def _add(cart: Cart, change: Add, limits: Limits) -> tuple[Line, ...]:
    at = _index(cart.lines, change.sku, saved=False)
    quantity = change.quantity + (cart.lines[at].quantity if at is not None else 0)
    if quantity > allowed(change, limits):
        raise QuantityLimitExceeded(allowed(change, limits))
    if at is not None:
        line = Line(change.sku, quantity, change.price, cart.lines[at].added_at)
        return _with(cart.lines, at, line)
    if len(cart.lines) >= limits.lines:
        raise LineLimitExceeded(limits.lines)
    return (*cart.lines, Line(change.sku, quantity, change.price, change.at))


def _set_quantity(cart: Cart, change: SetQuantity, limits: Limits) -> tuple[Line, ...]:
    if change.quantity > allowed(change, limits):
        raise QuantityLimitExceeded(allowed(change, limits))
    at = _index(cart.lines, change.sku, saved=False)
    if at is None:
        return cart.lines
    return _with(cart.lines, at, msgspec.structs.replace(cart.lines[at], quantity=change.quantity))


def _take_out(cart: Cart, change: Change, goes: Callable[[Line], bool]) -> _Folded:
    gone = tuple((i, line) for i, line in enumerate(cart.lines) if goes(line))
    if not gone:
        return cart.lines, cart.removed
    stays = tuple(line for line in cart.lines if not goes(line))
    return stays, Removed(change.id, change.at, gone)


def _without(lines: tuple[Line, ...], bought: tuple[tuple[str, int], ...]) -> tuple[Line, ...]:
    for sku, quantity in bought:
        at = _index(lines, sku, saved=False)
        if at is None:
            continue
        left = lines[at].quantity - quantity
        rest = (msgspec.structs.replace(lines[at], quantity=left),) if left > 0 else ()
        lines = (*lines[:at], *rest, *lines[at + 1 :])
    return lines


def _move(cart: Cart, sku: str, saved: bool, limits: Limits) -> tuple[Line, ...]:
    at = _index(cart.lines, sku, not saved)
    if at is None:
        return cart.lines
    moved = msgspec.structs.replace(cart.lines[at], saved=saved)
    there = _index(cart.lines, sku, saved)
    if there is None:
        return _with(cart.lines, at, moved)
    joined = _joined(cart.lines[there], moved, limits)
    return tuple(joined if i == there else line for i, line in enumerate(cart.lines) if i != at)


def _joined(line: Line, more: Line, limits: Limits) -> Line:
    return msgspec.structs.replace(line, quantity=min(line.quantity + more.quantity, limits.quantity))


def _put_back(cart: Cart, change: Undo, limits: Limits) -> _Folded:
    if cart.removed is None or cart.removed.change != change.of:
        return cart.lines, cart.removed
    lines = list(cart.lines)
    for at, line in cart.removed.lines:
        there = _index(lines, line.sku, line.saved)
        if there is not None:
            lines[there] = _joined(lines[there], line, limits)
        elif len(lines) < limits.lines:
            lines.insert(at, line)
    return tuple(lines), None
