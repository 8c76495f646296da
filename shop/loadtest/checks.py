"""Whether the shop kept its word: each promise over all of a run, and what broke it in words. Pure."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence

import msgspec

from shop.checkout.model import Order
from shop.loadtest.tally import Attempt, Seen

Ledger = Mapping[str, Mapping[str, tuple[int, str]]]
"""What was done under each payment's key: kind -> amount in minor units, and currency."""
Shelves = Mapping[str, int]
"""Pieces by sku that are for sale or set aside; a sku without a limit is not in it."""

GIVEN_BACK = ("failed", "cancelled")
"""Orders whose pieces are for sale again."""
CHARGED = ("paid", "shipped")


class Check(msgspec.Struct, frozen=True, kw_only=True):
    """A promise, and how it was kept."""

    promise: str
    looked_at: str
    """What it was held against: '1,204 carts'; '' where it was not checked."""
    wrong: tuple[str, ...] = ()
    """What broke it."""
    not_checked: str = ""
    """Why not; '' where it was."""

    @property
    def kept(self) -> bool | None:
        """None where it was not checked."""
        return None if self.not_checked else not self.wrong


CARTS = "A cart shows what was acknowledged, nothing lost, nothing twice"
RECEIPTS = "Every order that was accepted has its receipt"
ORDERS = "A checkout that was accepted is one order of what was in the cart"
CHARGES = "An order is charged once, and nothing else is"
TOTALS = "The total of an order is the sum of its parts"
STOCK = "Stock is never negative, and what left it was ordered"
NO_ORDER = "No order was accepted."
OF_THE_BOOKS = (ORDERS, CHARGES, TOTALS, STOCK)


def seen_by_shoppers(seen: Seen) -> list[Check]:
    """What needs nothing but the pages."""
    verdict = seen.verdict
    broken = f"{verdict.lost} pieces lost, {verdict.doubled} pieces too many."
    return [
        Check(
            promise=CARTS,
            looked_at=f"{seen.changes:,} changes, {seen.reads:,} looks at a cart",
            wrong=(broken, *verdict.words) if verdict.words else (),
            not_checked="" if seen.changes or verdict.words else "Nobody put anything into a cart.",
        ),
        Check(
            promise=RECEIPTS,
            looked_at=f"{seen.receipts:,} receipts",
            wrong=seen.without_receipt,
            not_checked="" if seen.receipts or seen.without_receipt else NO_ORDER,
        ),
    ]


def not_checked(why: str) -> list[Check]:
    """The promises that only the shop's database can prove."""
    return [Check(promise=promise, looked_at="", not_checked=why) for promise in OF_THE_BOOKS]


def orders_check(attempts: Sequence[Attempt], orders: Iterable[Order]) -> Check:
    """Each attempt against the orders that were made under its address."""
    made: dict[str, list[Order]] = defaultdict(list)
    for order in orders:
        made[order.buyer.email].append(order)
    wrong = [words for attempt in attempts for words in _attempt(attempt, made.pop(attempt.email, []))]
    wrong += [f"Order {order.number} was made, and nobody ordered it." for rest in made.values() for order in rest]
    return Check(promise=ORDERS, looked_at=f"{len(attempts):,} checkouts", wrong=tuple(wrong))


def _attempt(attempt: Attempt, made: Sequence[Order]) -> Iterable[str]:
    live = [order for order in made if order.state != "failed"]
    if len(live) > 1:
        yield f"One checkout ({attempt.email}) became {len(live)} orders: {', '.join(order.number for order in live)}."
    if attempt.answer == "refused" and live:
        yield f"A checkout was refused, and is order {live[0].number}."
    if attempt.answer == "placed" and attempt.number not in [order.number for order in made]:
        yield f"Order {attempt.number} was accepted, and there is no such order."
    for order in live:
        if order.quote.wanted != attempt.lines:
            yield f"Order {order.number} is for {order.quote.wanted}; the cart had {attempt.lines}."
        if not order.settled:
            yield f"Order {order.number} is {order.state} and was not settled in time."


def charges_check(orders: Sequence[Order], ledger: Ledger, strangers: Sequence[str]) -> Check:
    """Each order against the payment provider's ledger; `strangers` are charges of which there is no order."""
    wrong = [words for order in orders for words in _charge(order, ledger.get(order.number, {}))]
    wrong += [f"{key} was charged, and there is no such order." for key in strangers]
    return Check(promise=CHARGES, looked_at=f"{len(orders):,} orders", wrong=tuple(wrong))


def _charge(order: Order, done: Mapping[str, tuple[int, str]]) -> Iterable[str]:
    charged, total = done.get("captured"), (order.quote.total.amount, order.quote.currency)
    if order.state in CHARGED:
        if charged is None:
            yield f"Order {order.number} is {order.state} and was not charged."
        elif charged != total:
            yield f"Order {order.number} comes to {total}; {charged} was charged."
        if "refunded" in done or "voided" in done:
            yield f"Order {order.number} is {order.state}, and its money was given back."
    elif charged is not None and "refunded" not in done:
        yield f"Order {order.number} is {order.state} and was charged."


def totals_check(orders: Sequence[Order]) -> Check:
    """Each order's amounts against each other."""
    wrong = [f"Order {order.number} does not add up: {order.quote.totals}." for order in orders if not _adds_up(order)]
    return Check(promise=TOTALS, looked_at=f"{len(orders):,} orders", wrong=tuple(wrong))


def _adds_up(order: Order) -> bool:
    totals, lines = order.quote.totals, order.quote.lines
    tax = 0 if totals.tax_included else totals.tax
    return (
        totals.subtotal == sum(line.unit.amount * line.quantity for line in lines)
        and totals.discount == sum(line.discount for line in lines)
        and totals.total == totals.subtotal - totals.discount + totals.shipping + tax
    )


class Stock(msgspec.Struct, frozen=True):
    """Where all pieces are: on the shelves, or in the latest orders."""

    shelves: Shelves
    orders: Sequence[Order]

    @property
    def ordered(self) -> Counter[str]:
        """Pieces by sku in the orders that keep theirs."""
        taken: Counter[str] = Counter()
        for order in self.orders:
            taken.update({} if order.state in GIVEN_BACK else order.quote.wanted)
        return taken


def stock_check(before: Stock, after: Stock, lowest: int | None, looks: int) -> Check:
    """Before and after a run there must be as many pieces of everything, on the shelves and in orders together.

    `lowest` is the lowest stock in so many looks while the shoppers shopped; None where nothing has a limit.
    """
    taken = after.ordered
    taken.subtract(before.ordered)
    skus = sorted(before.shelves.keys() & after.shelves.keys())
    wrong = [f"Stock was {lowest}."] if lowest is not None and lowest < 0 else []
    wrong += [
        f"{sku}: of {before.shelves[sku]} pieces {taken[sku]} were ordered, and {after.shelves[sku]} are left."
        for sku in skus
        if before.shelves[sku] - taken[sku] != after.shelves[sku]
    ]
    return Check(promise=STOCK, looked_at=f"{len(skus):,} skus, {looks:,} looks", wrong=tuple(wrong))
