"""The order of what is in a journal, and what one journal adds to another."""

import msgspec
import pytest

from shop.cart.journal import MAX_CHANGES_OF_CART, MAX_CHANGES_WITHOUT_BASE, Outage
from shop.cart.model import Add, Cart, Change, Clear, Limits, SetQuantity, apply, new_change_id
from shop.errors import StoreBusy
from shop.money import Money

EMPTY, LIMITS = Cart("a"), Limits()


def add(sku: str) -> Add:
    return Add(new_change_id(), 1, sku, 1, Money(500, "EUR"))


def acknowledged(*changes: Change) -> Outage:
    """What a process has that acknowledged these changes of an empty cart."""
    outage, cart = Outage(), EMPTY
    for change in changes:
        outage, cart = outage.with_change(change, cart.changes, cart), apply(cart, change)
    return outage


def skus(changes: list[Change]) -> list[str]:
    return [change.sku for change in changes if isinstance(change, Add)]


def test_a_change_waits_for_what_its_shopper_had_been_shown() -> None:
    mug, bowl = add("mug"), add("bowl")
    outage = Outage().with_change(bowl, mug.id, EMPTY)
    ready, waiting = outage.in_order(EMPTY)
    assert (skus(ready), skus(waiting)) == ([], ["bowl"])
    ready, waiting = outage.in_order(apply(EMPTY, mug))
    assert (skus(ready), skus(waiting)) == (["bowl"], [])
    assert outage.cart("a", LIMITS).quantity == 1, "it is shown all the same"


def test_two_journals_come_together_in_the_order_of_the_clicks() -> None:
    first, second, third, fourth = map(add, ("first", "second", "third", "fourth"))
    one = Outage().with_change(first, b"", EMPTY)
    other = Outage().with_change(second, first.id, EMPTY)
    one = one.with_change(third, first.id + second.id, apply(EMPTY, first))
    other = other.with_change(fourth, second.id + third.id, apply(EMPTY, second))
    for merged in (one.then(other), other.then(one)):
        assert skus(merged.in_order(EMPTY)[0]) == ["first", "second", "third", "fourth"]


def test_what_is_acknowledged_after_a_change_that_waits_does_not_overtake_it() -> None:
    """The process knows all that its shopper has been shown, but its own last change waits for another's."""
    first, second, third = map(add, ("first", "second", "third"))
    outage = Outage().with_change(second, first.id, EMPTY).with_change(third, second.id, apply(EMPTY, second))
    assert skus(outage.in_order(EMPTY)[1]) == ["second", "third"]
    assert skus(outage.then(Outage(None, (first,))).in_order(EMPTY)[0]) == ["first", "second", "third"]


def test_a_change_that_two_processes_took_has_the_place_that_one_of_them_knew() -> None:
    first, twice, last = map(add, ("first", "twice", "last"))
    knew = acknowledged(first, twice, last)
    did_not = Outage().with_change(twice, first.id, EMPTY)
    for merged in (knew.then(did_not), did_not.then(knew)):
        assert skus(merged.in_order(EMPTY)[0]) == ["first", "twice", "last"]


def test_a_cart_is_behind_while_a_change_waits() -> None:
    mug, bowl = add("mug"), add("bowl")
    outage = msgspec.structs.replace(Outage().with_change(bowl, mug.id, EMPTY), base=EMPTY)
    assert outage.cart("a", LIMITS).behind
    whole = outage.then(Outage(None, (mug,))).cart("a", LIMITS)
    assert (whole.quantity, whole.partial, whole.behind) == (2, False, False)


def test_changes_that_wait_keep_their_order() -> None:
    """What they wait for may never come: the process that knew it has ended."""
    lost, mug = add("lost"), add("mug")
    clear = Clear(new_change_id(), 1)
    added = Outage().with_change(mug, lost.id, EMPTY)
    cleared = Outage().with_change(clear, lost.id + mug.id, EMPTY)
    for merged in (added.then(cleared), cleared.then(added)):
        assert merged.in_order(EMPTY) == ([], [mug, clear])
        assert not merged.cart("a", LIMITS).lines


def test_what_one_process_took_after_a_shared_change_does_not_overtake_it() -> None:
    """One process took a double click without what came before it, and went on; the other knew that."""
    first, twice, last, latest = map(add, ("first", "twice", "last", "latest"))
    base = apply(EMPTY, first)
    behind = Outage().with_change(twice, first.id, EMPTY).with_change(last, first.id + twice.id, EMPTY)
    shared = msgspec.structs.replace(behind.then(Outage(base, (twice,))), base=base)
    later = shared.with_change(latest, last.id, shared.cart("a", LIMITS))
    assert skus(shared.then(later).in_order(base)[0]) == ["twice", "last", "latest"]


def test_two_journals_come_together_in_the_same_order_however_often() -> None:
    """Two requests at once move what the memory of their process holds to the database."""
    changes = [*map(add, ("first", "second", "third", "fourth"))]
    shared, own = acknowledged(*changes[:2]), acknowledged(*changes)
    once = shared.then(own)
    for merged in (once, once.then(own), own.then(once), once.then(once)):
        assert merged.in_order(EMPTY) == (changes, [])


def test_changes_that_come_after_each_other_are_all_made() -> None:
    one, other = add("one"), add("other")
    merged = acknowledged(one, other).then(acknowledged(other, one))
    assert [*map(len, merged.in_order(EMPTY))] == [2, 0]


def test_what_is_wanted_stays_until_it_is_there() -> None:
    outage = Outage().wanting(b"12345678").wanting(b"12345678abcdefgh")
    assert (outage.wanted, outage.is_pending) == (b"12345678abcdefgh", True)
    assert not outage.without((), EMPTY).is_pending
    assert outage.without((), EMPTY, wanted=b"abcdefgh").is_pending


def test_the_oldest_of_many_changes_are_made_to_the_known_state() -> None:
    added, missing = add("mug"), add("missing")
    outage = Outage(apply(EMPTY, added))
    for number in range(1, 301):
        cart = outage.cart("a", LIMITS)
        change = SetQuantity(new_change_id(), 1, "mug", number % 90 + 1)
        shown = missing.id if number > 290 else b""
        outage = outage.with_change(change, shown, cart).bounded(LIMITS)
        assert len(outage.changes) <= MAX_CHANGES_OF_CART
    assert outage.cart("a", LIMITS).quantity == 300 % 90 + 1
    assert outage.base is not None
    ready, waiting = outage.in_order(outage.base)
    assert (len(waiting), len(outage.after)) == (10, len(outage.changes))
    assert outage.base.revision + len(ready) + len(waiting) == 301


def test_changes_to_an_unknown_state_have_a_limit() -> None:
    outage = Outage(None, tuple(add("mug") for _ in range(MAX_CHANGES_WITHOUT_BASE)))
    assert outage.bounded(LIMITS) is outage
    with pytest.raises(StoreBusy, match="changed too often"):
        outage.with_change(add("mug"), b"", EMPTY).bounded(LIMITS)


def test_two_journals_come_together_on_the_newer_state() -> None:
    first, second, third = map(add, ("first", "second", "third"))
    old = apply(EMPTY, first)
    new = apply(old, second)
    here, there = Outage(old, (second,)), Outage(new, (third,))
    for merged in (here.then(there), there.then(here)):
        assert merged.base == new
        assert [line.sku for line in merged.cart("a", LIMITS).lines] == ["first", "second", "third"]
