"""The contract of shop.cart.service, checked for every service. The tests of the model cover what changes do."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable

import msgspec
import pytest

from shop.cart.model import (
    Add,
    Cart,
    Change,
    Limits,
    Purchase,
    Remove,
    SaveForLater,
    SetQuantity,
    Undo,
    UseCoupon,
    apply,
    difference,
    new_change_id,
)
from shop.cart.service import CartService, now
from shop.errors import InvalidInput, LineLimitExceeded, QuantityLimitExceeded
from shop.money import Money
from tests.fixtures.cart_services import STORES, Open, builder, settle

EUR = Money(1900, "EUR")


@pytest.fixture
async def carts(open_carts: Open) -> CartService:
    """A started service of each kind in turn, with the default limits."""
    return await open_carts()


async def test_a_cart_nobody_has_changed_is_empty(carts: CartService) -> None:
    assert await carts.get("nobody") == Cart("nobody")
    assert [cart async for cart in carts.scan()] == []


async def test_an_added_item_is_stored(carts: CartService) -> None:
    answered = await carts.add("a", "mug", 2, EUR)
    assert answered.line("mug") is not None
    assert await carts.get("a") == answered
    assert await carts.get("b") == Cart("b")


async def test_shortcut_methods_apply_changes(carts: CartService) -> None:
    await carts.add("a", "mug", 2, EUR)
    await carts.add("a", "bowl", 1, EUR)
    assert (await carts.set_quantity("a", "mug", 5)).quantity == 6
    assert (await carts.remove("a", "bowl")).quantity == 5
    assert (await carts.clear("a")).lines == ()


async def test_the_same_change_twice_is_applied_once(carts: CartService) -> None:
    change = new_change_id()
    first = await carts.add("a", "mug", 2, EUR, change_id=change)
    assert await carts.add("a", "mug", 2, EUR, change_id=change) == first
    assert await carts.get("a") == first


async def test_a_change_that_comes_after_others_is_made_to_a_cart_that_has_them(carts: CartService) -> None:
    mug = await carts.add("a", "mug", 1, EUR)
    vase = await carts.add("a", "vase", 1, EUR)
    bowl, missing = Add(new_change_id(), now(), "bowl", 1, EUR), new_change_id()
    for first in (missing, vase.changes + missing, missing + vase.latest_change):
        assert await carts.apply_after("a", bowl, first) == vase
    assert await carts.apply_after("b", bowl, missing) == Cart("b")
    made = await carts.apply_after("a", bowl, vase.latest_change + mug.changes)
    assert made.quantity == 3
    assert await carts.apply_after("a", bowl, missing) == made, "it was made before"
    assert (await carts.apply_after("a", Remove(new_change_id(), now(), "mug"), made.changes)).quantity == 2


async def test_a_refused_change_leaves_the_cart_as_it_was(open_carts: Open) -> None:
    carts = await open_carts(limits=Limits(quantity=3, lines=2))
    await carts.add("a", "mug", 3, EUR)
    before = await carts.add("a", "bowl", 1, EUR)
    with pytest.raises(QuantityLimitExceeded, match="at most 3"):
        await carts.add("a", "mug", 1, EUR)
    with pytest.raises(QuantityLimitExceeded):
        await carts.set_quantity("a", "mug", 4)
    with pytest.raises(LineLimitExceeded, match="at most 2"):
        await carts.add("a", "vase", 1, EUR)
    with pytest.raises(InvalidInput):
        await carts.add("a", "mug", 0, EUR)
    assert await carts.get("a") == before


async def test_an_invalid_sku_or_quantity_is_refused(carts: CartService) -> None:
    before = await carts.add("a", "ä" * 127, 1, EUR)
    for sku in ("ä" * 128, "x" * 256, "\N{SNOWMAN}" * 10_000):
        with pytest.raises(InvalidInput):
            await carts.add("a", sku, 1, EUR)
        with pytest.raises(InvalidInput):
            await carts.remove("a", sku)
    with pytest.raises(QuantityLimitExceeded):
        await carts.add("a", "mug", 10**30, EUR)
    assert await carts.get("a") == before


async def test_what_no_store_can_hold_is_refused_by_all(carts: CartService) -> None:
    before = await carts.add("a", "mug", 1, EUR)
    one = new_change_id()
    wrong: list[Change] = [
        Add(b"short", 1, "mug", 1, EUR),
        Add(one * 2, 1, "mug", 1, EUR),
        Add(one, -1, "mug", 1, EUR),
        Add(one, 2**32, "mug", 1, EUR),
        Add(one, 1, "half a pair \ud800", 1, EUR),
        Add(one, 1, "mug", 1.5, EUR),  # type: ignore[arg-type]
        Add(one, 1, "mug", True, EUR),
        Add(one, 1, "mug", 1, EUR, -1),
        Add(one, 1, "mug", 1, Money(2**40, "EUR")),
        Add(one, 1, "mug", 1, Money(-1, "EUR")),
        Add(one, 1, "mug", 1, Money(1, "EURO")),
        Add(one, 1, "mug", 1, Money(1, "€")),
        SetQuantity(one, 1, "mug", 2.0),  # type: ignore[arg-type]
        Purchase(one, 1, (("mug", 1.0),)),  # type: ignore[arg-type]
        Undo(one, 1, "text"),  # type: ignore[arg-type]
        Remove(b"", 1, "mug"),
    ]
    for change in wrong:
        with pytest.raises(InvalidInput):
            await carts.apply("a", change)
    assert await carts.get("a") == before


@pytest.mark.parametrize("of", [b"", b"short", b"\0" * 8, b"longer than an id"])
async def test_undoing_what_was_not_removed_changes_no_line(carts: CartService, of: bytes) -> None:
    before = await carts.add("a", "mug", 1, EUR)
    undone = await carts.apply("a", Undo(new_change_id(), 3, of))
    assert (undone.lines, undone.revision) == (before.lines, 2)
    coupon = await carts.apply("a", UseCoupon(new_change_id(), 3, "SPRING"))
    assert (await carts.apply("a", Undo(new_change_id(), 3, of))).coupon == coupon.coupon == "SPRING"


async def test_the_highest_revision_stays_the_highest(carts: CartService) -> None:
    cart = apply(Cart("a"), Add(new_change_id(), now(), "mug", 1, EUR))
    await carts.put(msgspec.structs.replace(cart, revision=2**32 - 1))
    changed = await carts.add("a", "mug", 1, EUR)
    assert (changed.revision, changed.quantity) == (2**32 - 1, 2)
    assert await carts.get("a") == changed


async def test_a_refused_change_can_be_retried_with_the_same_id(open_carts: Open) -> None:
    carts = await open_carts(limits=Limits(quantity=3))
    await carts.add("a", "mug", 3, EUR)
    change = new_change_id()
    with pytest.raises(QuantityLimitExceeded):
        await carts.add("a", "mug", 1, EUR, change_id=change)
    await carts.set_quantity("a", "mug", 1)
    assert (await carts.add("a", "mug", 1, EUR, change_id=change)).quantity == 2


async def test_a_removal_can_be_undone_from_the_stored_cart(carts: CartService) -> None:
    before = await carts.add("a", "mug", 2, EUR)
    removal = Remove(new_change_id(), 2**31 + 5, "mug")
    removed = await carts.apply("a", removal)
    assert removed.removed is not None
    assert removed.removed.at == 2**31 + 5
    assert (await carts.apply("a", Undo(new_change_id(), 3, removal.id))).lines == before.lines


async def test_concurrent_adds_to_one_cart_lose_nothing(open_carts: Open) -> None:
    carts = await open_carts(limits=Limits(quantity=1000))
    await asyncio.gather(*(carts.add("a", f"sku-{n % 7}", 1, EUR) for n in range(400)))
    cart = await carts.get("a")
    assert Counter({line.sku: line.quantity for line in cart.lines}) == Counter(f"sku-{n % 7}" for n in range(400))
    assert cart.revision == 400


async def test_concurrent_repeats_of_one_change_count_once(carts: CartService) -> None:
    change = new_change_id()
    answers = await asyncio.gather(*(carts.add("a", "mug", 1, EUR, change_id=change) for _ in range(50)))
    assert {cart.quantity for cart in answers} == {1}


async def test_a_full_cart_is_stored_completely(open_carts: Open) -> None:
    carts = await open_carts(limits=Limits(quantity=99, lines=100))
    for n in range(100):
        await carts.add("a", f"sku-{n:03}-{'x' * 50}", 99, Money(2**40 - 1, "JPY"))
    cart = await carts.get("a")
    assert len(cart.lines) == 100
    assert cart.lines[99].price == Money(2**40 - 1, "JPY")
    assert (await carts.clear("a")).removed == (await carts.get("a")).removed


async def test_a_replay_applies_changes_in_order_capped_at_the_limits(open_carts: Open) -> None:
    carts = await open_carts(limits=Limits(quantity=5, lines=2))
    known = await carts.add("a", "mug", 3, EUR)
    made = [Add(new_change_id(), now(), sku, 2, EUR) for sku in ("mug", "mug", "bowl", "vase")]
    made.insert(0, Add(known.changes, now(), "mug", 3, EUR))
    cart = await carts.replay("a", made)
    assert {line.sku: line.quantity for line in cart.lines} == {"mug": 5, "bowl": 2, "vase": 2}
    assert cart == await carts.replay("a", made[:-1]) == await carts.get("a")
    assert (await carts.replay("b", made[2:4])).quantity == 4


async def test_concurrent_replays_and_changes_lose_nothing(open_carts: Open) -> None:
    carts = await open_carts(limits=Limits(quantity=1000))
    batches = [[Add(new_change_id(), now(), f"sku-{n % 3}", 1, EUR) for n in range(10)] for _ in range(20)]
    added = (carts.add("a", f"sku-{n % 3}", 1, EUR) for n in range(100))
    await asyncio.gather(*(carts.replay("a", batch) for batch in batches), *added)
    assert (await carts.get("a")).quantity == 300


async def test_put_restores_a_cart_and_never_reverts_it(carts: CartService) -> None:
    old = await carts.add("a", "mug", 1, EUR)
    new = await carts.add("a", "bowl", 1, EUR)
    assert await carts.put(old) == new
    assert await carts.get("a") == new
    old, new = of("b", old), of("b", new)
    assert await carts.put(old) == old
    assert await carts.put(new) == new
    assert await carts.get("b") == new


def of(cart_id: str, cart: Cart) -> Cart:
    """The same state under another id: as if the store had lost what it had there."""
    return msgspec.structs.replace(cart, id=cart_id)


async def test_put_adds_up_carts_that_were_begun_separately(carts: CartService) -> None:
    lost = of("c", await carts.add("a", "mug", 2, EUR))
    other = of("c", await carts.add("b", "mug", 3, EUR))
    await carts.put(lost)
    joined = await carts.put(other)
    assert joined.quantity == 5
    assert await carts.put(other) == await carts.put(lost) == joined == await carts.get("c")


async def test_put_of_a_diverged_state_never_unites_the_two(carts: CartService) -> None:
    """The state that changed last wins, or both count if it is known what the changes did: nothing removed is back."""
    past = await carts.add("a", "mug", 2, EUR)
    for cart_id in ("newer", "older"):
        await carts.put(of(cart_id, past))
    newer = await carts.apply("newer", Remove(new_change_id(), now() + 60, "mug"))
    older = await carts.apply("older", Add(new_change_id(), now() + 30, "mug", 1, EUR))
    merged = await carts.put(of("newer", older))
    assert merged == newer or merged.quantity == 1
    assert of("newer", await carts.put(of("older", newer))).quantity == merged.quantity


async def test_removals_can_be_undone_one_after_the_other(carts: CartService) -> None:
    skus = ("mug", "bowl", "vase")
    for sku in skus:
        before = await carts.add("a", sku, 2, EUR)
    removals = [Remove(new_change_id(), at, sku) for at, sku in enumerate(skus, 3)]
    for removal in removals:
        emptied = await carts.apply("a", removal)
    assert [removal.change for removal in emptied.removals] == [removal.id for removal in reversed(removals)]
    await carts.apply("a", UseCoupon(new_change_id(), 9, "SPRING"))
    for removal in reversed(removals):
        cart = await carts.apply("a", Undo(new_change_id(), 9, removal.id))
    assert (cart.lines, cart.removed, cart.coupon) == (before.lines, None, "SPRING")


async def test_a_removal_can_be_undone_after_a_put(carts: CartService) -> None:
    await carts.add("a", "mug", 3, EUR)
    lost = of("b", await carts.remove("a", "mug"))
    await carts.add("b", "bowl", 1, EUR)
    joined = await carts.put(lost)
    assert joined.removed == lost.removed
    assert (await carts.apply("b", Undo(new_change_id(), 3, lost.changes[-8:]))).quantity == 4


async def test_effects_are_applied_to_a_state_they_were_not_made_on(carts: CartService) -> None:
    past = await carts.add("a", "mug", 2, EUR)
    bowl = await carts.add("a", "bowl", 1, EUR)
    effect = difference(bowl, await carts.remove("a", "mug"))
    assert effect
    await carts.put(of("b", past))
    await carts.add("b", "mug", 1, EUR)
    merged = await carts.apply("b", effect)
    assert [(line.sku, line.quantity) for line in merged.lines] == [("mug", 1)]
    assert await carts.replay("b", [effect]) == merged == await carts.get("b")


async def test_a_purchase_removes_only_what_was_ordered(carts: CartService) -> None:
    await carts.add("a", "mug", 2, EUR)
    await carts.add("a", "bowl", 1, EUR)
    ordered = await carts.apply("a", UseCoupon(new_change_id(), now(), "SPRING"))
    assert ordered.coupon == "SPRING"
    bought = tuple((line.sku, line.quantity) for line in ordered.lines)
    purchase = Purchase(new_change_id(), now(), bought, ordered.coupon)
    added = (carts.add("a", "mug", 1, EUR) for _ in range(20))
    await asyncio.gather(*added, *(carts.apply("a", purchase) for _ in range(5)))
    cart = await carts.get("a")
    assert [(line.sku, line.quantity) for line in cart.lines] == [("mug", 20)]
    assert cart.coupon == ""


async def test_put_restores_the_coupon(carts: CartService) -> None:
    await carts.add("a", "mug", 2, EUR)
    lost = of("b", await carts.apply("a", UseCoupon(new_change_id(), now(), "TEN-OFF")))
    await carts.add("b", "bowl", 1, EUR)
    joined = await carts.put(lost)
    assert (joined.coupon, joined.quantity) == ("TEN-OFF", 3)
    assert await carts.get("b") == joined


async def test_a_deleted_cart_is_empty_and_no_copy_brings_it_back(carts: CartService) -> None:
    await carts.add("a", "bowl", 1, EUR)
    await carts.apply("a", SaveForLater(new_change_id(), now(), "bowl"))
    copy = await carts.add("a", "mug", 1, EUR)
    await carts.delete("a")
    await carts.delete("never-there")
    assert (await carts.get("never-there")).revision == 0
    forgotten = await carts.get("a")
    assert (forgotten.lines, forgotten.removed, forgotten.coupon) == ((), None, "")
    assert await carts.put(copy) == forgotten == await carts.get("a")


async def test_scan_finds_every_cart(carts: CartService) -> None:
    stored = {str(n): await carts.add(str(n), "mug", 1, EUR) for n in range(1200)}
    assert {cart.id: cart async for cart in carts.scan()} == stored


def test_only_a_change_extends_the_ttl(request: pytest.FixtureRequest) -> None:
    """In all stores concurrently, because it takes seconds. A standby leaves expiry to its store."""
    in_all_stores(request, 1000, extends_the_ttl_by_changes_only)


def test_a_cart_expires(request: pytest.FixtureRequest) -> None:
    """In all stores concurrently, because it takes seconds. A standby leaves expiry to its store."""
    in_all_stores(request, 1, expires)


def in_all_stores(
    request: pytest.FixtureRequest, ttl: int, check: Callable[[CartService, str], Awaitable[None]]
) -> None:
    builds = {store: builder(store, request) for store in STORES}

    async def one(store: str) -> None:
        carts = builds[store](Limits(), ttl)
        await carts.start()
        await check(carts, f"cart of {store}")
        await carts.close()

    async def every() -> None:
        async with asyncio.TaskGroup() as tasks:
            for store in builds:
                tasks.create_task(one(store))

    asyncio.run(every())


async def extends_the_ttl_by_changes_only(carts: CartService, cart_id: str) -> None:
    await carts.add(cart_id, "mug", 1, EUR)
    left = await carts.time_left(cart_id)
    async with asyncio.timeout(10):
        while left > carts.ttl - 2:
            await carts.get(cart_id)
            before, left = left, await carts.time_left(cart_id)
            assert left <= before, cart_id
            await asyncio.sleep(0.05)
        while await carts.time_left(cart_id) <= left:  # at once, unless the machine was very slow just then
            await carts.add(cart_id, "mug", 1, EUR)


async def expires(carts: CartService, cart_id: str) -> None:
    assert (await carts.add(cart_id, "mug", 1, EUR)).revision == 1
    await settle(carts)
    async with asyncio.timeout(10):
        while (await carts.get(cart_id)).revision:
            await asyncio.sleep(0.05)


async def test_ping_succeeds_while_the_store_is_up(carts: CartService) -> None:
    await carts.ping()
