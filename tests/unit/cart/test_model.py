import contextlib

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shop.cart.model import (
    ID_BYTES,
    MOST_REMOVALS,
    REMEMBERED_CHANGES,
    Add,
    Cart,
    Change,
    Clear,
    Effect,
    Forget,
    Limits,
    MoveToCart,
    Purchase,
    Remove,
    RemoveSaved,
    SaveForLater,
    SetQuantity,
    Undo,
    UseCoupon,
    apply,
    change_id,
    difference,
    join,
    new_change_id,
    reconcile,
    replay,
)
from shop.errors import InvalidInput, LineLimitExceeded, QuantityLimitExceeded
from shop.money import Money
from tests.fixtures.carts import changes

EUR = Money(1900, "EUR")
LIMITS = Limits(quantity=10, lines=4)


def add(sku: str, quantity: int = 1, price: Money = EUR, at: int = 100) -> Add:
    return Add(new_change_id(), at, sku, quantity, price)


def cart_of(*changes: Change, cart: Cart | None = None) -> Cart:
    cart = cart or Cart("c")
    for change in changes:
        cart = apply(cart, change, LIMITS)
    return cart


def contents(cart: Cart) -> list[tuple[str, int, bool]]:
    return [(line.sku, line.quantity, line.saved) for line in cart.lines]


def test_an_add_creates_a_cart() -> None:
    cart = cart_of(add("mug", 2, at=7))
    assert contents(cart) == [("mug", 2, False)]
    assert (cart.revision, cart.quantity, cart.lines[0].price, cart.lines[0].added_at) == (1, 2, EUR, 7)


@pytest.mark.parametrize(
    "change",
    [
        SetQuantity(b"x" * 8, 1, "mug", 2),
        Remove(b"x" * 8, 1, "mug"),
        Clear(b"x" * 8, 1),
        UseCoupon(b"x" * 8, 1, "SPRING"),
        Purchase(b"x" * 8, 1, (("mug", 1),)),
    ],
)
def test_only_an_add_creates_a_cart(change: Change) -> None:
    assert apply(Cart("c"), change) == Cart("c")


def test_adding_again_sums_quantities_and_takes_the_latest_price() -> None:
    dearer = Money(2100, "EUR")
    cart = cart_of(add("mug", 2, at=7), add("mug", 3, dearer, at=9))
    assert contents(cart) == [("mug", 5, False)]
    assert (cart.lines[0].price, cart.lines[0].added_at) == (dearer, 7)


def test_a_product_is_saved_for_later_without_being_in_the_cart() -> None:
    saved = Add(new_change_id(), 7, "mug", 1, EUR, at_most=1, saved=True)
    assert contents(cart_of(add("mug", 2), saved)) == [("mug", 2, False), ("mug", 1, True)]
    with pytest.raises(QuantityLimitExceeded):
        cart_of(saved, msgspec.structs.replace(saved, id=new_change_id()))


def test_a_repeated_change_is_applied_once() -> None:
    change = add("mug", 2)
    cart = cart_of(change)
    assert apply(cart, change) is cart


def test_a_cart_remembers_the_promised_number_of_changes() -> None:
    first = add("mug")
    cart = cart_of(first, *(SetQuantity(new_change_id(), 1, "mug", 1) for _ in range(REMEMBERED_CHANGES - 1)))
    assert cart.knows(first.id)
    later = cart_of(SetQuantity(new_change_id(), 1, "mug", 1), cart=cart)
    assert not later.knows(first.id)
    assert len(later.changes) == REMEMBERED_CHANGES * ID_BYTES


def test_a_change_id_is_matched_only_at_its_alignment() -> None:
    one, two = b"\x01" * 8, b"\x01" * 4 + b"\x02" * 4
    cart = Cart("c", 2, changes=one + two)
    assert cart.knows(one)
    assert cart.knows(two)
    assert not Cart("c", 2, changes=b"\x00" * 4 + b"\x09" * 8 + b"\x00" * 4).knows(b"\x09" * 8)


def test_a_quantity_above_the_limit_is_refused() -> None:
    cart = cart_of(add("mug", 8))
    with pytest.raises(QuantityLimitExceeded, match="at most 10") as refusal:
        apply(cart, add("mug", 3), LIMITS)
    assert refusal.value.limit == 10
    with pytest.raises(QuantityLimitExceeded):
        apply(cart, SetQuantity(new_change_id(), 1, "mug", 11), LIMITS)


def test_at_most_can_lower_the_limit() -> None:
    cart = cart_of(add("mug", 2))
    with pytest.raises(QuantityLimitExceeded) as refusal:
        apply(cart, Add(new_change_id(), 1, "mug", 2, EUR, at_most=3), LIMITS)
    assert refusal.value.limit == 3
    with pytest.raises(QuantityLimitExceeded) as refusal:
        apply(cart, Add(new_change_id(), 1, "mug", 9, EUR, at_most=50), LIMITS)
    assert refusal.value.limit == 10


def test_a_line_above_the_limit_is_refused() -> None:
    cart = cart_of(*(add(sku) for sku in "abcd"))
    with pytest.raises(LineLimitExceeded, match="at most 4"):
        apply(cart, add("e"), LIMITS)
    assert contents(apply(cart, add("a"), LIMITS))[0] == ("a", 2, False)


@pytest.mark.parametrize("change", [add("mug", 0), add("mug", -1), SetQuantity(b"x" * 8, 1, "mug", -1)])
def test_an_invalid_quantity_is_refused(change: Change) -> None:
    with pytest.raises(InvalidInput):
        apply(Cart("c"), change)


def test_setting_a_quantity_replaces_it() -> None:
    cart = cart_of(add("mug", 2), add("bowl"), SetQuantity(new_change_id(), 1, "mug", 5))
    assert contents(cart) == [("mug", 5, False), ("bowl", 1, False)]


def test_setting_zero_removes_and_can_be_undone() -> None:
    zero = SetQuantity(new_change_id(), 1, "mug", 0)
    cart = cart_of(add("mug", 2), add("bowl"), zero)
    assert contents(cart) == [("bowl", 1, False)]
    assert contents(cart_of(Undo(new_change_id(), 2, zero.id), cart=cart)) == [("mug", 2, False), ("bowl", 1, False)]


def test_undo_restores_a_line_at_its_index() -> None:
    removal = Remove(new_change_id(), 1, "bowl")
    before = cart_of(add("mug"), add("bowl", 3), add("vase"))
    after = cart_of(removal, Undo(new_change_id(), 2, removal.id), cart=before)
    assert after.lines == before.lines
    assert after.removed is None


def test_undo_of_clear_restores_every_line() -> None:
    clear = Clear(new_change_id(), 1)
    before = cart_of(add("mug"), add("bowl", 3), SaveForLater(new_change_id(), 1, "mug"), add("vase"))
    cleared = cart_of(clear, cart=before)
    assert contents(cleared) == [("mug", 1, True)]
    assert cart_of(Undo(new_change_id(), 2, clear.id), cart=cleared).lines == before.lines


def test_undo_after_the_item_was_added_again_sums_the_quantities() -> None:
    removal = Remove(new_change_id(), 1, "mug")
    cart = cart_of(add("mug", 3), removal, add("mug", 1), Undo(new_change_id(), 2, removal.id))
    assert contents(cart) == [("mug", 4, False)]


def test_removals_are_undone_one_after_the_other() -> None:
    before = cart_of(add("mug"), add("bowl"), add("vase"))
    first, second = Remove(new_change_id(), 1, "mug"), Remove(new_change_id(), 2, "vase")
    cart = cart_of(first, second, add("pot"), cart=before)
    once = cart_of(Undo(new_change_id(), 3, second.id), Undo(new_change_id(), 3, second.id), cart=cart)
    assert contents(once) == [("bowl", 1, False), ("vase", 1, False), ("pot", 1, False)]
    twice = cart_of(Undo(new_change_id(), 4, first.id), cart=once)
    assert contents(twice) == [("mug", 1, False), ("bowl", 1, False), ("vase", 1, False), ("pot", 1, False)]
    assert twice.removed is None


def test_the_oldest_of_many_removals_cannot_be_undone() -> None:
    skus = [f"mug-{number}" for number in range(MOST_REMOVALS + 2)]
    cart = cart_of(*(change for sku in skus for change in (add(sku), Remove(new_change_id(), 1, sku))))
    assert [removal.lines[0][1].sku for removal in cart.removals] == skus[: -MOST_REMOVALS - 1 : -1]


def test_what_was_undone_elsewhere_is_not_undone_again_by_an_effect() -> None:
    one = Remove(new_change_id(), 1, "mug")
    start = cart_of(one, cart=cart_of(add("mug", 2), add("bowl")))
    two = Remove(new_change_id(), 2, "bowl")
    here = cart_of(Undo(new_change_id(), 2, one.id), cart=start)
    effect = difference(start, cart_of(two, cart=start))
    assert effect is not None
    both = replay(here, [effect], LIMITS)
    assert contents(both) == [("mug", 2, False)]
    assert [removal.change for removal in both.removals] == [two.id]


def test_only_the_latest_removal_can_be_undone() -> None:
    first, second = Remove(new_change_id(), 1, "mug"), Remove(new_change_id(), 1, "bowl")
    cart = cart_of(add("mug"), add("bowl"), first, second)
    assert contents(cart_of(Undo(new_change_id(), 2, first.id), cart=cart)) == []
    assert contents(cart_of(Undo(new_change_id(), 2, second.id), cart=cart)) == [("bowl", 1, False)]


def test_a_line_can_be_saved_for_later_and_moved_back() -> None:
    saved = cart_of(add("mug", 2), add("bowl"), SaveForLater(new_change_id(), 1, "mug"))
    assert [line.sku for line in saved.active] == ["bowl"]
    assert [line.sku for line in saved.saved] == ["mug"]
    assert saved.quantity == 1
    back = cart_of(MoveToCart(new_change_id(), 1, "mug"), cart=saved)
    assert contents(back) == [("mug", 2, False), ("bowl", 1, False)]


def test_an_item_can_be_in_the_cart_and_saved_at_once() -> None:
    cart = cart_of(add("mug", 2), SaveForLater(new_change_id(), 1, "mug"), add("mug", 9))
    assert contents(cart) == [("mug", 2, True), ("mug", 9, False)]
    joined = cart_of(MoveToCart(new_change_id(), 1, "mug"), cart=cart)
    assert contents(joined) == [("mug", 10, False)]
    assert contents(cart_of(RemoveSaved(new_change_id(), 1, "mug"), cart=cart)) == [("mug", 9, False)]


def use(code: str) -> UseCoupon:
    return UseCoupon(new_change_id(), 1, code)


def test_the_coupon_entered_last_replaces_earlier_ones() -> None:
    cart = cart_of(add("mug"), use("SPRING"), use("TEN-OFF"), add("bowl"), Remove(new_change_id(), 1, "mug"))
    assert cart.coupon == "TEN-OFF"
    assert cart_of(use(""), cart=cart).coupon == ""
    assert contents(cart) == [("bowl", 1, False)]


@pytest.mark.parametrize("code", ["spring", "A B", "Ä", "A\n", "X" * 33])
def test_an_invalid_coupon_code_is_refused(code: str) -> None:
    for change in (use(code), Purchase(new_change_id(), 1, (("mug", 1),), code)):
        with pytest.raises(InvalidInput) as refusal:
            apply(cart_of(add("mug")), change)
        assert refusal.value.field == "coupon"


def test_a_purchase_removes_exactly_what_was_ordered() -> None:
    removal = Remove(new_change_id(), 1, "vase")
    bought = Purchase(new_change_id(), 3, (("mug", 2), ("bowl", 1), ("gone", 4)), "SPRING")
    cart = cart_of(
        add("mug", 2), add("bowl", 3), add("vase"), removal, use("SPRING"), SaveForLater(new_change_id(), 1, "mug"),
        add("mug", 1), bought,
    )  # fmt: skip
    assert contents(cart) == [("mug", 2, True), ("bowl", 2, False)]
    assert (cart.coupon, cart.changed_at) == ("", 100)
    undone = cart_of(Undo(new_change_id(), 4, removal.id), cart=cart)
    assert undone.line("vase")
    assert apply(undone, bought, LIMITS) is undone


def test_a_purchase_keeps_a_coupon_entered_since_the_order() -> None:
    cart = cart_of(add("mug"), use("TEN-OFF"), Purchase(new_change_id(), 1, (("mug", 1),), "SPRING"))
    assert (cart.lines, cart.coupon) == ((), "TEN-OFF")
    assert cart_of(Purchase(new_change_id(), 1, ()), cart=cart).coupon == "TEN-OFF"


@pytest.mark.parametrize("lines", [(("mug", 0),), (("mug", -1),), (("mug", 1), ("ä" * 128, 1))])
def test_an_invalid_purchase_is_refused(lines: tuple[tuple[str, int], ...]) -> None:
    with pytest.raises(InvalidInput):
        apply(cart_of(add("mug")), Purchase(new_change_id(), 1, lines))


def test_a_purchase_is_replayed_on_the_current_cart() -> None:
    before = cart_of(add("mug", 2))
    bought = Purchase(new_change_id(), 1, (("mug", 2),))
    assert contents(replay(before, [add("mug", 1), bought, add("bowl"), bought], LIMITS)) == [
        ("mug", 1, False),
        ("bowl", 1, False),
    ]


def test_an_idempotency_key_stands_for_one_change() -> None:
    assert change_id("cart", "key") == change_id("cart", "key") != change_id("cart", "kez")
    assert change_id("a", "bc") != change_id("ab", "c")


def test_joining_takes_the_newer_of_two_states() -> None:
    older = cart_of(add("mug"))
    newer = cart_of(add("bowl"), cart=older)
    assert join(older, newer) == newer
    assert join(newer, older) == newer
    assert join(Cart("c"), older) == older
    assert join(older, Cart("c")) == older


def test_joining_states_without_a_common_change_sums_quantities() -> None:
    lost, fresh = cart_of(add("mug", 3), add("vase")), cart_of(add("mug", 2), add("bowl"))
    joined = join(fresh, lost, LIMITS)
    assert contents(joined) == [("mug", 5, False), ("vase", 1, False), ("bowl", 1, False)]
    assert joined.revision == 4
    assert join(joined, lost, LIMITS) == joined
    assert join(joined, fresh, LIMITS) == joined


def test_a_removal_can_be_undone_after_a_join() -> None:
    removal = Remove(new_change_id(), 1, "mug")
    lost = cart_of(add("mug", 3), add("vase"), removal)
    joined = join(cart_of(add("bowl")), lost, LIMITS)
    undone = cart_of(Undo(new_change_id(), 2, removal.id), cart=joined)
    assert contents(undone) == [("mug", 3, False), ("vase", 1, False), ("bowl", 1, False)]


def test_joining_states_with_a_common_past_takes_the_one_that_changed_last() -> None:
    past = cart_of(add("mug", 3))
    here = cart_of(Remove(new_change_id(), 200, "mug"), cart=past)
    there = cart_of(add("mug", 1), add("bowl"), cart=past)
    assert join(here, there, LIMITS) == join(there, here, LIMITS) == here
    assert not here.grew_from(there)


@pytest.mark.parametrize("again", [[-1], [0, -1], [-1, 0]])
def test_a_lost_cart_that_gets_old_changes_again_has_not_grown_from_its_old_state(again: list[int]) -> None:
    made = [add("mug", 2), add("bowl"), add("vase")]
    lost = cart_of(*made)
    anew = cart_of(*(made[n] for n in again))
    effects = [difference(Cart("c"), cart_of(made[0])), *effects_of(cart_of(made[0]), *made[1:])]
    for fresh in (anew, cart_of(add("cup"), add("pot"), cart=anew)):
        assert not fresh.grew_from(lost)
        merged = reconcile(fresh, lost, [effect for effect in effects if effect], LIMITS)
        assert {line[:2] for line in contents(merged)} >= {("mug", 2), ("bowl", 1), ("vase", 1)}
        assert reconcile(merged, lost, (), LIMITS) == reconcile(merged, fresh, (), LIMITS) == merged


def effects_of(cart: Cart, *made: Change) -> list[Effect]:
    """The effect of each change, made on the cart one after the other."""
    effects = []
    for change in made:
        after = apply(cart, change, LIMITS)
        effects.append(difference(cart, after))
        cart = after
    return [effect for effect in effects if effect]


EARLIER = (add("mug", 2), add("bowl", 3), add("vase"), SaveForLater(new_change_id(), 1, "vase"))
AT_REST = [("bowl", 3, False), ("vase", 1, True)]
PAIRS: tuple[tuple[Change, Change, list[tuple[str, int, bool]]], ...] = (
    (Clear(new_change_id(), 1), add("bowl"), [("bowl", 1, False), ("vase", 1, True)]),
    (SetQuantity(new_change_id(), 1, "mug", 5), add("mug"), [*AT_REST, ("mug", 6, False)]),
    (Remove(new_change_id(), 1, "mug"), add("mug"), [*AT_REST, ("mug", 1, False)]),
    (SaveForLater(new_change_id(), 1, "mug"), add("mug"), [*AT_REST, ("mug", 1, False), ("mug", 2, True)]),
    (Purchase(new_change_id(), 1, (("mug", 2),)), add("mug"), [*AT_REST, ("mug", 1, False)]),
)


@pytest.mark.parametrize(("first", "second", "expected"), PAIRS, ids=lambda change: type(change).__name__)
def test_effects_can_be_applied_in_any_order(
    first: Change, second: Change, expected: list[tuple[str, int, bool]]
) -> None:
    before = cart_of(*EARLIER)
    effects = effects_of(before, first, second)
    assert sorted(contents(replay(before, effects, LIMITS))) == sorted(expected)
    assert sorted(contents(replay(before, reversed(effects), LIMITS))) == sorted(expected)
    here, there = apply(before, first, LIMITS), cart_of(add("pot"), cart=before)
    merged = reconcile(there, here, effects[:1], LIMITS)
    assert sorted(contents(merged)) == sorted(contents(replay(there, effects[:1], LIMITS)))
    assert reconcile(merged, here, (), LIMITS) is merged


def test_an_effect_is_applied_once_and_undone_as_the_change_would_be() -> None:
    before = cart_of(*EARLIER)
    removal = Remove(new_change_id(), 1, "mug")
    (effect,) = effects_of(before, removal)
    after = apply(before, effect, LIMITS)
    assert after == apply(before, removal, LIMITS)
    assert apply(after, effect, LIMITS) is after is apply(after, removal, LIMITS)
    assert contents(cart_of(Undo(new_change_id(), 2, removal.id), cart=after)) == contents(before)


@pytest.mark.parametrize(
    ("change", "left"),
    [
        (Purchase(new_change_id(), 1, (("mug", 2),)), [("bowl", 3, False)]),
        (Purchase(new_change_id(), 1, (("bowl", 2),)), [("mug", 2, False), ("bowl", 1, False)]),
        (SaveForLater(new_change_id(), 1, "mug"), [("bowl", 3, False), ("mug", 2, True)]),
        (SetQuantity(new_change_id(), 1, "mug", 1), [("mug", 1, False), ("bowl", 3, False)]),
    ],
    ids=lambda change: type(change).__name__,
)
def test_undo_does_not_restore_what_an_effect_took_out(change: Change, left: list[tuple[str, int, bool]]) -> None:
    """The cart was emptied by a process that did not know of the other change."""
    before = cart_of(add("mug", 2), add("bowl", 3))
    effects = effects_of(before, change)
    emptied = Clear(new_change_id(), 2)
    both = replay(apply(before, emptied, LIMITS), effects, LIMITS)
    undone = cart_of(Undo(new_change_id(), 3, emptied.id), cart=both)
    assert sorted(contents(undone)) == sorted(left)


def test_nothing_is_left_to_undo_if_all_was_taken_out_since() -> None:
    before = cart_of(add("mug", 2))
    effects = effects_of(before, Purchase(new_change_id(), 1, (("mug", 2),)))
    assert replay(apply(before, Clear(new_change_id(), 2), LIMITS), effects, LIMITS).removed is None


def test_a_lowered_limit_takes_nothing_from_a_cart() -> None:
    full = replay(Cart("c"), [Add(new_change_id(), 1, "mug", 50, EUR)], Limits(quantity=99))
    limits = Limits(quantity=20, lines=1)
    assert contents(replay(full, [add("mug", 1), add("bowl")], limits)) == [("mug", 50, False), ("bowl", 1, False)]
    at_most = Add(new_change_id(), 1, "mug", 1, EUR, at_most=8)
    assert contents(replay(full, [at_most], Limits())) == [("mug", 50, False)]


def test_a_forgotten_cart_is_newer_than_every_copy_of_it() -> None:
    before = cart_of(*EARLIER, use("SPRING"))
    forgotten = cart_of(Forget(new_change_id(), 1), cart=before)
    assert (forgotten.lines, forgotten.coupon, forgotten.removed) == ((), "", None)
    assert join(forgotten, before, LIMITS) is forgotten
    assert join(before, forgotten, LIMITS) is forgotten


@given(st.lists(changes(), min_size=1, max_size=12), st.lists(changes(), min_size=1, max_size=8))
def test_a_difference_leads_from_the_one_state_to_the_other(earlier: list[Change], later: list[Change]) -> None:
    before = replayed(Cart("c"), earlier)
    after = replayed(before, later)
    effect = difference(before, after)
    if effect is None:
        assert after is before
    else:
        merged = apply(before, effect, LIMITS)
        assert msgspec.structs.replace(merged, lines=()) == msgspec.structs.replace(after, lines=())
        assert sorted(contents(merged)) == sorted(contents(after))


def replayed(cart: Cart, made: list[Change]) -> Cart:
    for change in made:
        with contextlib.suppress(InvalidInput):
            cart = apply(cart, change, LIMITS)
    return cart


def test_a_state_that_is_very_old_is_not_joined_again() -> None:
    old = cart_of(add("mug", 3))
    many = (SetQuantity(new_change_id(), 1, "mug", 2) for _ in range(REMEMBERED_CHANGES))
    newer = cart_of(*many, cart=old)
    assert not newer.knows(old.changes)
    assert join(newer, old) == newer


@given(st.lists(changes(), max_size=30), st.data())
def test_a_cart_never_exceeds_its_limits_and_repeats_change_nothing(
    sequence: list[Change], data: st.DataObject
) -> None:
    cart = Cart("c")
    applied: list[Change] = []
    for change in sequence:
        try:
            cart = apply(cart, change, LIMITS)
        except InvalidInput:
            continue
        applied.append(change)
        assert all(1 <= line.quantity <= LIMITS.quantity for line in cart.lines)
        assert len(cart.lines) <= LIMITS.lines
        assert len({(line.sku, line.saved) for line in cart.lines}) == len(cart.lines)
        repeated = data.draw(st.sampled_from(applied))
        if cart.knows(repeated.id):
            assert apply(cart, repeated, LIMITS) is cart
