"""The cart model: a cart is a fold over changes. Pure: no I/O, no clock, no environment.

`apply(cart, change)` is the complete specification of a cart; every service must reach the same state.
Each change has an id, generated once by whoever makes the change, and applying the same id twice has the effect of
applying it once. So a retry after a timeout is safe, the journal of an outage is a list of changes, and undo is an
ordinary change.

Two states of a cart may each have changes that the other lacks, because a store came back without its latest data. An
`Effect` is what changes did, as a difference of quantities; effects commute, so they can be applied to a state that
the changes were not made on. `reconcile` merges two states by the effects that one of them lacks.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable, Iterable
from hashlib import blake2b

import msgspec

from shop.errors import CartLimitExceeded, InvalidChange, InvalidInput, LineLimitExceeded, QuantityLimitExceeded
from shop.money import Money

ID_BYTES = 8
MAX_LIMIT = 60_000
"""The highest value that a limit of a cart can have."""
SKU_BYTES = 255
"""Maximum length of a sku in UTF-8."""
COUPON = re.compile(r"[A-Z0-9-]{0,32}")
"""Matches a coupon code; '' means no coupon."""
MAX_U32 = 2**32 - 1
"""The largest revision, and the latest time: a stored cart has four bytes for each."""
MAX_AMOUNT = 2**40
"""Prices are below this number of minor units."""
SHOWN_CHANGES = 4
"""Of how many changes a browser keeps the ids: the latest alone does not tell apart states that were merged."""
MOST_REMOVALS = 5
"""How many removals can be undone, one after the other."""
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
    """The lines that a removal took out, each with its index, so that Undo can restore them."""

    change: bytes
    at: int
    lines: tuple[tuple[int, Line], ...]
    earlier: tuple[Removed, ...] = ()
    """The removals that can be undone after it, the latest first. They have no `earlier` themselves."""


class Cart(msgspec.Struct, frozen=True):
    """A cart after `revision` changes; revision 0 is a cart that nobody has changed yet."""

    id: str
    revision: int = 0
    lines: tuple[Line, ...] = ()
    """In the order they were added."""
    removed: Removed | None = None
    """The latest removal."""
    changes: bytes = b""
    """The ids of the latest changes, oldest first, 8 bytes each, at most REMEMBERED_CHANGES."""
    changed_at: int = 0
    """When the latest of its changes was made, seconds since the epoch."""
    coupon: str = ""
    """The coupon code that the shopper entered, '' for none. Checkout decides whether it is valid."""
    partial: bool = False
    """Whether a standby answered without knowing what the store holds. Never stored."""
    behind: bool = False
    """Whether it lacks changes that its shopper has been shown, which only another process knows. Never stored."""
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
    def removals(self) -> tuple[Removed, ...]:
        """The removals that can be undone, the latest first, each without its `earlier`."""
        return _removals(self.removed)

    @property
    def change_ids(self) -> list[bytes]:
        """The ids in `changes`, as a list."""
        return ids_in(self.changes)

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

    def knows_all(self, changes: bytes) -> bool:
        """Whether all changes with these ids, 8 bytes each, are among the changes that the cart remembers."""
        return self.changes.endswith(changes) or all(map(self.knows, ids_in(changes)))

    def grew_from(self, older: Cart) -> bool:
        """Whether the older state is part of this one's history, as far back as changes are remembered."""
        if older.revision == 0:
            return True
        if self.revision >= older.revision + REMEMBERED_CHANGES and self.changed_at >= older.changed_at:
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
    stock. 0 means no such limit. `saved`: to the list saved for later.
    """

    sku: str
    quantity: int
    price: Money
    at_most: int = 0
    saved: bool = False


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
    """Restore the lines that the removal with id `of` took out, at their indexes, if it is the latest that is left.

    If a line has been added again since, the quantities are added, up to the limit. The removal before it is then the
    latest.
    """

    of: bytes


class UseCoupon(_Change, frozen=True):
    """Replace the coupon; '' removes it."""

    code: str


class Forget(_Change, frozen=True):
    """Remove everything: all lines, saved or not, the coupon, and what Undo can restore.

    The change ids stay, so that the empty cart is newer than every copy of it that is still around.
    """


class Purchase(_Change, frozen=True):
    """Remove what was ordered: the quantity of each active sku, and the coupon if it is still the same.

    Quantities and lines added since the order stay, and so do the lines that Undo can restore.
    """

    lines: tuple[tuple[str, int], ...]
    """(sku, quantity at least 1)"""
    coupon: str = ""


class Effect(_Change, frozen=True):
    """What one or more changes did to a cart: see `difference`. `id` is that of the latest change.

    Applied to a cart that knows none of its ids, and has no effect on a cart that knows one. It creates a cart. Each
    quantity is at most the limit, or what the line has already; the number of lines is not limited: what was
    acknowledged stays. What it takes out that a removal has taken out before, Undo cannot restore any more.
    """

    ids: bytes = b""
    """The ids of all its changes, oldest first, 8 bytes each; without any it changes nothing."""
    lines: tuple[tuple[int, Line], ...] = ()
    """Lines whose `quantity` is a difference, each with its index in the cart after the change. 0: a new price."""
    coupon: str | None = None
    """The new coupon; None if it is unchanged."""
    removed: Removed | None = None
    """The removals among its changes that Undo can restore, and those before them of which it left less."""
    undone: bytes = b""
    """The ids of the removals that Undo can no longer restore after the change."""


Change = (
    Add
    | SetQuantity
    | Remove
    | RemoveSaved
    | Clear
    | SaveForLater
    | MoveToCart
    | Undo
    | UseCoupon
    | Purchase
    | Forget
    | Effect
)


def apply(cart: Cart, change: Change, limits: Limits = Limits()) -> Cart:
    """Apply a change. Returns the same object if the cart knows the change already.

    Only an Add or an Effect can create a cart: any other change leaves a cart of revision 0 unchanged.

    Raises InvalidInput for an invalid quantity, sku or coupon, QuantityLimitExceeded and LineLimitExceeded. The cart
    does not remember a refused change.
    """
    if isinstance(change, Effect):
        return _apply_effect(cart, change, limits)
    check(change)
    if cart.knows(change.id) or (cart.revision == 0 and not isinstance(change, Add)):
        return cart
    lines, removed = _fold(cart, change, limits)
    return Cart(
        id=cart.id,
        revision=min(cart.revision + 1, MAX_U32),
        lines=lines,
        removed=removed,
        changes=(cart.changes + change.id)[-REMEMBERED_CHANGES * ID_BYTES :],
        changed_at=max(cart.changed_at, change.at),
        coupon=_coupon(cart.coupon, change),
    )


def replay(cart: Cart, changes: Iterable[Change], limits: Limits = Limits()) -> Cart:
    """Apply changes that were accepted before, in order; those that the cart knows already have no effect.

    None is refused. If the cart has become fuller since then, a quantity above the limit is capped, at what the line
    has already or at the limit, and a line too many is added all the same. The cart knows every one of them afterwards,
    even if it had nothing to change: replayed again, it must not take out what came after it.
    """
    for change in changes:
        if not cart.revision and not isinstance(change, Add | Effect):
            cart = _apply_effect(cart, Effect(change.id, change.at, change.id), limits)
            continue
        try:
            cart = apply(cart, change, limits)
        except CartLimitExceeded:
            cart = apply(cart, _accepted(cart, change, limits), limits)
    return cart


def _accepted(cart: Cart, change: Change, limits: Limits) -> Effect:
    """The effect of an accepted Add or SetQuantity on a cart that would refuse it now."""
    assert isinstance(change, Add | SetQuantity)
    saved = isinstance(change, Add) and change.saved
    line = cart.line(change.sku, saved=saved)
    there = line.quantity if line else 0
    wanted = there + change.quantity if isinstance(change, Add) else change.quantity
    quantity = min(wanted, max(there, max_quantity(change, limits))) - there
    price = change.price if isinstance(change, Add) else line.price if line else None
    lines = ((len(cart.lines), Line(change.sku, quantity, price, change.at, saved)),) if price else ()
    return Effect(change.id, change.at, change.id, lines)


def difference(before: Cart, after: Cart) -> Effect | None:
    """The effect of the changes that lead from one state of a cart to a later one.

    None if that is not known: `after` did not grow from `before`, or no longer remembers all the changes in between.
    """
    ids = after.changes.removeprefix(before.changes)
    if not after.changes.startswith(before.changes) or after.revision != before.revision + len(ids) // ID_BYTES:
        ids = b"".join(change for change in after.change_ids if not before.knows(change))
        if after.revision != before.revision + len(ids) // ID_BYTES or not after.grew_from(before):
            return None
    if not ids:
        return None
    old = {(line.sku, line.saved): line for line in before.lines}
    lines = [
        (at, msgspec.structs.replace(line, quantity=line.quantity - (was.quantity if was else 0)))
        for at, line in enumerate(after.lines)
        if (was := old.pop((line.sku, line.saved), None)) is None
        or (was.quantity, was.price) != (line.quantity, line.price)
    ]
    lines += [(0, msgspec.structs.replace(line, quantity=-line.quantity)) for line in old.values()]
    left = {removal.change for removal in after.removals}
    return Effect(
        id=after.latest_change,
        at=after.changed_at,
        ids=ids,
        lines=tuple(lines),
        coupon=after.coupon if after.coupon != before.coupon else None,
        removed=removed_of(removal for removal in after.removals if removal not in before.removals),
        undone=b"".join(removal.change for removal in before.removals if removal.change not in left),
    )


def check(change: Change) -> None:
    """Raise InvalidInput for a change that is invalid for every cart, so that every store refuses it alike."""
    if not isinstance(change.id, bytes) or len(change.id) != ID_BYTES:
        raise InvalidChange(f"The id of a change must be {ID_BYTES} bytes.")
    if type(change.at) is not int or not 0 <= change.at <= MAX_U32:
        raise InvalidChange("The time of a change must be in whole seconds since the epoch.")
    match change:
        case Add():
            _check_sku(change.sku)
            _check_quantity(change.quantity, 1)
            _check_at_most(change.at_most)
            _check_price(change.price)
        case SetQuantity():
            _check_sku(change.sku)
            _check_quantity(change.quantity, 0)
            _check_at_most(change.at_most)
        case Remove() | RemoveSaved() | SaveForLater() | MoveToCart():
            _check_sku(change.sku)
        case UseCoupon():
            _check_coupon(change.code)
        case Purchase():
            _check_coupon(change.coupon)
            for sku, quantity in change.lines:
                _check_sku(sku)
                _check_quantity(quantity, 1)
        case Undo() if not isinstance(change.of, bytes):
            raise InvalidChange("The id of the removal to undo must be bytes.")
        case _:
            pass


def _check_quantity(quantity: int, least: int) -> None:
    if type(quantity) is int and quantity >= least:
        return
    if least:
        raise InvalidInput("Choose a quantity of 1 or more.", field="quantity")
    raise InvalidInput("Choose a quantity of 0 or more.", field="quantity")


def _check_at_most(at_most: int) -> None:
    if type(at_most) is not int or at_most < 0:
        raise InvalidChange("The highest quantity must be a whole number; 0 means none.")


def _check_price(price: Money) -> None:
    if type(price.amount) is not int or not 0 <= price.amount < MAX_AMOUNT:
        raise InvalidChange(f"A price must be a whole number of minor units below {MAX_AMOUNT}.")
    if len(price.currency) != 3 or not price.currency.isascii():
        raise InvalidChange("A currency must be an ISO 4217 code, such as EUR.")


def _check_sku(sku: str) -> None:
    try:
        size = len(sku) if sku.isascii() else len(sku.encode())
    except UnicodeEncodeError:  # half of a surrogate pair
        size = SKU_BYTES + 1
    if size > SKU_BYTES:
        raise InvalidInput("There is no such item.")


def _check_coupon(code: str) -> None:
    if not COUPON.fullmatch(code):
        raise InvalidInput("A coupon's code has at most 32 letters, digits and dashes.", field="coupon")


def max_quantity(change: Add | SetQuantity, limits: Limits) -> int:
    """The maximum quantity of the line that a change affects."""
    return min(limits.quantity, change.at_most) if change.at_most else limits.quantity


def join(stored: Cart, cart: Cart, limits: Limits = Limits()) -> Cart:
    """Merge two states of a cart of which nothing more is known. Joining the same cart again changes nothing.

    If one grew from the other, the result is the newer one. Two carts that were begun separately are added up, each
    quantity to the limit: at least one of them must remember all its changes, and they must have none in common.
    Otherwise each has changes that the other lacks, and what these did is not known: the one that changed last wins as
    a whole, so that nothing that was removed comes back, and nothing is counted twice. `reconcile` loses nothing if it
    is told the effects.
    """
    if stored.grew_from(cart):
        return stored
    if cart.grew_from(stored):
        return cart
    if not (_is_complete(stored) or _is_complete(cart)) or any(map(cart.knows, stored.change_ids)):
        return max(stored, cart, key=lambda state: (state.changed_at, state.revision))
    lines = list(cart.lines)
    for line in stored.lines:
        at = _index(lines, line.sku, line.saved)
        if at is None:
            lines.append(line)
        else:
            lines[at] = _merge(line, lines[at], limits)
    return Cart(
        id=stored.id,
        revision=min(stored.revision + cart.revision, MAX_U32),
        lines=tuple(lines),
        removed=stored.removed or cart.removed,
        changes=(cart.changes + stored.changes)[-REMEMBERED_CHANGES * ID_BYTES :],
        changed_at=max(stored.changed_at, cart.changed_at),
        coupon=stored.coupon or cart.coupon,
    )


def reconcile(stored: Cart, cart: Cart, effects: Iterable[Effect], limits: Limits = Limits()) -> Cart:
    """Merge two states of a cart, given the effects of its latest changes, oldest first: exactly if they suffice.

    Otherwise the result is that of `join`.
    """
    exact = reconcile_exactly(stored, cart, effects, limits)
    return join(stored, cart, limits) if exact is None else exact


def reconcile_exactly(stored: Cart, cart: Cart, effects: Iterable[Effect], limits: Limits = Limits()) -> Cart | None:
    """Merge two states of a cart: the result has every change of both once. None if the effects do not suffice.

    They do if those of all changes that one state has and the other lacks are among them.
    """
    if stored.grew_from(cart):
        return stored
    if cart.grew_from(stored):
        return cart
    known = tuple(effects)
    for older, newer in ((stored, cart), (cart, stored)):
        missing = {change for change in newer.change_ids if not older.knows(change)}
        lacking = [effect for effect in known if missing.issuperset(ids_in(effect.ids))]
        if missing == {change for effect in lacking for change in ids_in(effect.ids)}:
            return replay(older, lacking, limits)
    return None


def ids_in(changes: bytes) -> list[bytes]:
    """The ids in a string of ids, as in `Cart.changes`."""
    return [changes[i : i + ID_BYTES] for i in range(0, len(changes), ID_BYTES)]


def ids_shown(cart: Cart, before: bytes) -> bytes:
    """The ids of the latest changes that the shopper of a cart has been shown: its own, after those of `before`.

    If the cart is behind, they include some that it lacks: its answer must not make a browser forget them.
    """
    missed = [change for change in ids_in(before) if not cart.knows(change)] if cart.behind else []
    half = SHOWN_CHANGES // 2
    number = half if missed else SHOWN_CHANGES
    return b"".join((*missed[-half:], cart.changes[-number * ID_BYTES :]))


def _is_complete(cart: Cart) -> bool:
    """Whether the cart remembers every change that was ever made to it."""
    return cart.revision * ID_BYTES == len(cart.changes)


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
        case Forget():
            return (), None
        case Effect():
            raise AssertionError("apply() has its own function for effects")


def _apply_effect(cart: Cart, effect: Effect, limits: Limits) -> Cart:
    if not effect.ids or any(map(cart.knows, ids_in(effect.ids))):
        return cart
    lines = cart.lines
    undone = ids_in(effect.undone)
    removals = tuple(removal for removal in cart.removals if removal.change not in undone)
    for index, line in effect.lines:
        removals = _without_lacking(removals, lines, line)
        lines = _with_difference(lines, index, line, limits)
    return Cart(
        id=cart.id,
        revision=min(cart.revision + len(effect.ids) // ID_BYTES, MAX_U32),
        lines=lines,
        removed=removed_of(_with_removals(removals, effect)),
        changes=(cart.changes + effect.ids)[-REMEMBERED_CHANGES * ID_BYTES :],
        changed_at=max(cart.changed_at, effect.at),
        coupon=cart.coupon if effect.coupon is None else effect.coupon,
    )


def _with_difference(lines: tuple[Line, ...], index: int, line: Line, limits: Limits) -> tuple[Line, ...]:
    """The lines after a difference: a line that would have no quantity left is removed, one that is missing added."""
    at = _index(lines, line.sku, line.saved)
    if at is None:
        return (*lines[:index], line, *lines[index:]) if line.quantity > 0 else lines
    there = lines[at]
    quantity = there.quantity + line.quantity
    if line.quantity > 0:
        quantity = min(quantity, max(there.quantity, limits.quantity))
    if quantity <= 0:
        return (*lines[:at], *lines[at + 1 :])
    price = line.price if line.quantity >= 0 else there.price
    return _replace_line(lines, at, msgspec.structs.replace(there, quantity=quantity, price=price))


def _without_lacking(removals: tuple[Removed, ...], lines: tuple[Line, ...], line: Line) -> tuple[Removed, ...]:
    """What Undo can restore, less what a difference takes out that is not in the lines any more."""
    at = _index(lines, line.sku, line.saved)
    lacking = -line.quantity - (lines[at].quantity if at is not None else 0)
    if lacking <= 0:
        return removals
    left = []
    for removal in removals:
        rest = []
        for index, each in removal.lines:
            taken = min(lacking, each.quantity) if (each.sku, each.saved) == (line.sku, line.saved) else 0
            lacking -= taken
            if each.quantity > taken:
                rest.append((index, msgspec.structs.replace(each, quantity=each.quantity - taken)))
        if rest:
            left.append(Removed(removal.change, removal.at, tuple(rest)))
    return tuple(left)


def _with_removals(removals: tuple[Removed, ...], effect: Effect) -> tuple[Removed, ...]:
    """Removals after those of an effect. One that was there before it, and is no longer, has been undone since."""
    changed = {removal.change: removal for removal in _removals(effect.removed)}
    own = set(ids_in(effect.ids))
    new = tuple(removal for change, removal in changed.items() if change in own)
    return (*new, *(changed.get(removal.change, removal) for removal in removals if removal.change not in own))


def removed_of(removals: Iterable[Removed]) -> Removed | None:
    """Removals, the latest first, as a cart has them: the latest with those before it, MOST_REMOVALS at most."""
    kept = tuple(removals)[:MOST_REMOVALS]
    return msgspec.structs.replace(kept[0], earlier=kept[1:]) if kept else None


def _removals(removed: Removed | None) -> tuple[Removed, ...]:
    if removed is None:
        return ()
    return (msgspec.structs.replace(removed, earlier=()) if removed.earlier else removed, *removed.earlier)


def _coupon(coupon: str, change: Change) -> str:
    match change:
        case UseCoupon():
            return change.code
        case Purchase() if change.coupon == coupon:
            return ""
        case Forget():
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
    at = _index(cart.lines, change.sku, change.saved)
    quantity = change.quantity + (cart.lines[at].quantity if at is not None else 0)
    if quantity > max_quantity(change, limits):
        raise QuantityLimitExceeded(max_quantity(change, limits))
    if at is not None:
        line = Line(change.sku, quantity, change.price, cart.lines[at].added_at, change.saved)
        return _replace_line(cart.lines, at, line)
    if len(cart.lines) >= limits.lines:
        raise LineLimitExceeded(limits.lines)
    return (*cart.lines, Line(change.sku, quantity, change.price, change.at, change.saved))


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
    return remaining, removed_of((Removed(change.id, change.at, removed), *cart.removals))


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
    """Two lines of a sku as one: the sum, at most the limit or what either has already."""
    most = max(limits.quantity, line.quantity, other.quantity)
    return msgspec.structs.replace(line, quantity=min(line.quantity + other.quantity, most))


def _undo(cart: Cart, change: Undo, limits: Limits) -> _Folded:
    if cart.removed is None or cart.removed.change != change.of:
        return cart.lines, cart.removed
    lines = list(cart.lines)
    for index, line in cart.removed.lines:
        at = _index(lines, line.sku, line.saved)
        if at is not None:
            lines[at] = _merge(lines[at], line, limits)
        else:
            lines.insert(index, line)
    return tuple(lines), removed_of(cart.removed.earlier)
