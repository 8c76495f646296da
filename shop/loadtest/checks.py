"""Checks the shop's promises against the data of a whole run. Pure."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence

import msgspec

from shop.checkout.model import Order
from shop.loadtest.tally import Attempt, Seen

Ledger = Mapping[str, Mapping[str, tuple[int, str]]]
"""Payment key -> kind of entry -> amount in minor units, and currency."""
StockLevels = Mapping[str, int]
"""Sku -> units in stock, including reserved ones; without skus of unlimited stock."""

RETURNED = ("failed", "cancelled")
"""States of orders whose items are back in stock."""
CHARGED = ("paid", "shipped")


class Check(msgspec.Struct, frozen=True, kw_only=True):
    """A promise of the shop, and whether the run kept it."""

    promise: str
    looked_at: str
    """What was checked: '1,204 carts'; '' if it was not checked."""
    wrong: tuple[str, ...] = ()
    """Each violation, as a sentence."""
    not_checked: str = ""
    """Why it was not checked; '' if it was."""

    @property
    def kept(self) -> bool | None:
        """Whether the promise was kept; None if it was not checked."""
        return None if self.not_checked else not self.wrong


CARTS = "A cart shows every acknowledged change, nothing lost, nothing doubled"
RECEIPTS = "Every accepted order has a receipt"
ORDERS = "Every accepted checkout became one order of the cart's contents"
CHARGES = "Every order is charged once, and nothing else is charged"
TOTALS = "The total of every order is the sum of its parts"
STOCK = "Stock is never negative, and every unit that left it was ordered"
NO_ORDER = "No order was accepted."
RECORD_CHECKS = (ORDERS, CHARGES, TOTALS, STOCK)


def seen_by_shoppers(seen: Seen) -> list[Check]:
    """The checks that need only the pages that shoppers saw."""
    verdict = seen.verdict
    broken = (
        f"{verdict.lost} units lost, {verdict.doubled} units doubled, {len(verdict.resurrected)} lines resurrected."
    )
    return [
        Check(
            promise=CARTS,
            looked_at=f"{seen.changes:,} changes, {seen.reads:,} reads of a cart",
            wrong=(broken, *verdict.words) if verdict.words else (),
            not_checked="" if seen.changes or verdict.words else "No cart was changed.",
        ),
        Check(
            promise=RECEIPTS,
            looked_at=f"{seen.receipts:,} receipts",
            wrong=seen.without_receipt,
            not_checked="" if seen.receipts or seen.without_receipt else NO_ORDER,
        ),
    ]


def not_checked(why: str) -> list[Check]:
    """The checks that need the shop's database, marked as not checked."""
    return [Check(promise=promise, looked_at="", not_checked=why) for promise in RECORD_CHECKS]


def orders_check(attempts: Sequence[Attempt], orders: Iterable[Order]) -> Check:
    """Compare each checkout with the orders under its e-mail address."""
    made: dict[str, list[Order]] = defaultdict(list)
    for order in orders:
        made[order.buyer.email].append(order)
    wrong = [problem for attempt in attempts for problem in _attempt(attempt, made.pop(attempt.email, []))]
    wrong += [f"Order {order.number} exists, but nobody ordered it." for rest in made.values() for order in rest]
    return Check(promise=ORDERS, looked_at=f"{len(attempts):,} checkouts", wrong=tuple(wrong))


def _attempt(attempt: Attempt, made: Sequence[Order]) -> Iterable[str]:
    live = [order for order in made if order.state != "failed"]
    if len(live) > 1:
        yield f"One checkout ({attempt.email}) became {len(live)} orders: {', '.join(order.number for order in live)}."
    if attempt.answer == "refused" and live:
        yield f"A checkout was refused, but became order {live[0].number}."
    if attempt.answer == "placed" and attempt.number not in [order.number for order in made]:
        yield f"Order {attempt.number} was accepted, but does not exist."
    for order in live:
        if order.quote.wanted != attempt.lines:
            yield f"Order {order.number} is for {order.quote.wanted}; the cart had {attempt.lines}."
        if not order.settled:
            yield f"Order {order.number} is {order.state} and was not settled in time."


def charges_check(orders: Sequence[Order], ledger: Ledger, orphans: Sequence[str]) -> Check:
    """Compare each order with the payment provider's ledger; `orphans` are the keys of charges without an order."""
    wrong = [problem for order in orders for problem in _charge(order, ledger.get(order.number, {}))]
    wrong += [f"{key} was charged, but there is no such order." for key in orphans]
    return Check(promise=CHARGES, looked_at=f"{len(orders):,} orders", wrong=tuple(wrong))


def _charge(order: Order, done: Mapping[str, tuple[int, str]]) -> Iterable[str]:
    charged, total = done.get("captured"), (order.quote.total.amount, order.quote.currency)
    if order.state in CHARGED:
        if charged is None:
            yield f"Order {order.number} is {order.state}, but was not charged."
        elif charged != total:
            yield f"Order {order.number} has a total of {total}, but {charged} was charged."
        if "refunded" in done or "voided" in done:
            yield f"Order {order.number} is {order.state}, but was refunded or voided."
    elif charged is not None and "refunded" not in done:
        yield f"Order {order.number} is {order.state}, but was charged."


def totals_check(orders: Sequence[Order]) -> Check:
    """Compare each order's total with the sum of its parts."""
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
    """The stock of every sku, and the latest orders, at one moment."""

    levels: StockLevels
    orders: Sequence[Order]

    @property
    def ordered(self) -> Counter[str]:
        """Sku -> units in orders that still hold them."""
        taken: Counter[str] = Counter()
        for order in self.orders:
            taken.update({} if order.state in RETURNED else order.quote.wanted)
        return taken


def stock_check(before: Stock, after: Stock, lowest: int | None, samples: int) -> Check:
    """Check that stock plus ordered units is the same before and after a run, for every sku.

    `lowest` is the lowest stock in `samples` samples during the run; None if all stock is unlimited.
    """
    taken = after.ordered
    taken.subtract(before.ordered)
    skus = sorted(before.levels.keys() & after.levels.keys())
    wrong = [f"Stock was {lowest}."] if lowest is not None and lowest < 0 else []
    wrong += [
        f"{sku}: of {before.levels[sku]} units, {taken[sku]} were ordered, but {after.levels[sku]} are left."
        for sku in skus
        if before.levels[sku] - taken[sku] != after.levels[sku]
    ]
    return Check(promise=STOCK, looked_at=f"{len(skus):,} skus, {samples:,} samples", wrong=tuple(wrong))
