"""The states that a cart may have, after the changes that its shopper has sent and the answers to them.

`model.apply` says what each change does. A change that was answered has happened, once; one that was never answered may
happen at any time, or never. Usually that leaves one state, and each answer has to show it.

A process that cannot know what others have acknowledged may show an older state. Yet the change is one to the cart as
the shopper has been shown it last. `Doubt` says how much an answer may lack.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from enum import IntEnum
from functools import lru_cache
from itertools import combinations
from typing import NamedTuple

import msgspec

from shop.cart.model import Cart, Change, apply
from shop.errors import CartLimitExceeded

MAX_STATES = 80
"""With more possible states than these, the cart is not judged any more."""
MEMORY = 5_000
"""How many results are remembered: each answer is compared with what came of the same states and deeds as the last."""
MAX_PAIRS = 2
"""Of how many pairs of steps that came at once both orders are tried together."""


class Forgotten(msgspec.Struct, frozen=True):
    """The shopper had the cart deleted."""

    id: bytes
    at: int


class Doubt(IntEnum):
    """What an answer may lack."""

    NONE = 0
    """Nothing."""
    OUTAGE = 1
    """What the store acknowledged to others, since this process last saw the cart; but nothing from the journal."""
    SPLIT = 2
    """All that others have acknowledged: this process is cut off alone, the store lost it, or the journal is away."""


Deed = Change | Forgotten
"""What a shopper does to a cart."""


class Content(NamedTuple):
    """What a shopper sees: (sku, saved) -> quantity, and the coupon."""

    lines: frozenset[tuple[str, bool, int]]
    coupon: str

    def __str__(self) -> str:
        lines = (f"{sku}{' saved' if saved else ''}: {quantity}" for sku, saved, quantity in sorted(self.lines))
        return "{" + ", ".join([*lines, *([self.coupon] if self.coupon else [])]) + "}"


@lru_cache(MEMORY)
def content(cart: Cart) -> Content:
    """What a cart shows."""
    return Content(frozenset((line.sku, line.saved, line.quantity) for line in cart.lines), cart.coupon)


class Step(NamedTuple):
    """A deed that was answered, and by whom."""

    process: str
    deed: Deed
    journalled: int
    """The number of the outage if it was answered from the journal, else 0."""
    either: bool
    """Whether it came at once with the next one, so that they may have happened in either order."""


class Answer(NamedTuple):
    """An answer to a deed, or to a look (None)."""

    process: str
    deed: Deed | None
    cart: Cart
    standby: bool = False
    """Whether the process says that the store was away, or may have been."""
    journalled: int = 0
    """The number of the outage if the store does not have the deed yet, else 0."""
    outage: int = 0
    """The number of the latest outage."""
    sent: bytes = b""
    """The ids of the changes that the browser had been shown when it asked."""


class History:
    """The possible states of one cart."""

    def __init__(self, cart_id: str) -> None:
        self.states = [Cart(cart_id)]
        self._kept: list[Deed] = []
        """Deeds of two tabs at once, answered by processes that share nothing: they happen now or later."""
        self._unshown: list[tuple[int, Deed]] = []
        """Those of two at once that the answer which came last may not have shown, each with the number of its step."""
        self.pending: list[Deed] = []
        """Deeds that were sent and never answered."""
        self.lost_count = False
        """Whether there were too many possible states, so that nothing can be said any more."""
        self._considered = 0
        """How many pending and kept deeds `states` considers."""
        self._before = self.states
        self._past: list[list[Cart]] = []
        """The possible states before each step."""
        self._steps: list[Step] = []
        self._seen: dict[str, int] = {}
        """How many steps each process knew at its latest answer beyond doubt."""

    @property
    def expected(self) -> str:
        """The possible contents before the latest answer, as words."""
        return " or ".join(sorted({str(content(state)) for state in self._before}))

    @property
    def contents(self) -> set[Content]:
        """The possible contents now."""
        return {content(state) for state in self._possible()}

    def answered(self, answer: Answer, doubt: Doubt) -> bool:
        """Take over an answer. Returns whether it is legal."""
        if doubt == Doubt.SPLIT and self._unshown:
            self._overtaken()
        deed, shown = answer.deed, content(answer.cart)
        before = self._before = self._possible()
        after = self._closed(_apply(state, deed) for state in before) if deed else before
        matching = [state for state in after if content(state) == shown]
        is_doubtful = bool(doubt) or answer.cart.partial
        is_legal = bool(matching) or (
            is_doubtful and any(content(_apply(view, deed)) == shown for view in self._views(answer, doubt))
        )
        self._remember(answer, before, after if is_doubtful else matching or after)
        if matching and not is_doubtful:
            self._seen[answer.process] = len(self._steps)
        return is_legal or self.lost_count

    def answered_both(self, one: Answer, other: Answer, doubt: Doubt) -> bool:
        """Take over the answers to two deeds at once. Returns whether each shows its own, or both in some order."""
        if doubt or one.cart.partial or other.cart.partial:
            before = self._possible()
            self._either_order(one, other, doubt)
            if doubt == Doubt.SPLIT:  # whoever is shown one of them next has not been shown the other
                self._kept += [answer.deed for answer in (one, other) if answer.deed is not None]
                self._consider([*before, *self.states])
            return True
        before = self._before = self._possible()
        middles, after, legal = [], [], []
        for state in before:
            alone = [_apply(state, answer.deed) for answer in (one, other)]
            both = [_apply(alone[0], other.deed), _apply(alone[1], one.deed)]
            middles += alone
            after += both
            shown = [{content(cart) for cart in (own, *both)} for own in alone]
            if content(one.cart) in shown[0] and content(other.cart) in shown[1]:
                legal += both
        self._unshown += [
            (len(self._steps), theirs.deed)
            for mine, theirs in ((one, other), (other, one))
            if theirs.deed is not None and not mine.cart.knows(theirs.deed.id)
        ]
        self._remember(one, before, middles, either=True)
        self._remember(other, [*before, *middles], legal or after)
        return bool(legal) or self.lost_count

    def _either_order(self, one: Answer, other: Answer, doubt: Doubt) -> None:
        """Take over two answers of which either may lack something."""
        before = self.states
        self.answered(one, doubt)
        self.answered(other, doubt)
        self._steps[-2] = self._steps[-2]._replace(either=True)
        after, past, steps = self.states, self._past[-2:], self._steps[-2:]
        self.states, self._considered = before, -1
        del self._past[-2:], self._steps[-2:]
        self.answered(other, doubt)
        self.answered(one, doubt)
        self._past[-2:] = [[*some, *others] for some, others in zip(past, self._past[-2:], strict=True)]
        self._steps[-2:] = steps
        self._consider([*after, *self.states])

    def refused(self, deed: Deed) -> bool:
        """Take over a refusal for a limit. Returns whether it is legal."""
        full = [state for state in self._possible() if _refuses(state, deed)]
        self.states, self._considered = full or self.states, -1
        return bool(full) or self.lost_count

    def _overtaken(self) -> None:
        """What a process has not been told of, because the browser kept the answer of another tab, may come later."""
        states = list(self.states)
        for number, deed in self._unshown:
            if not any(_apply(state, deed).knows(deed.id) for state in self._past[number]):
                continue  # there was no cart that it could have changed
            since = [step.deed for step in self._steps[number:] if step.deed.id != deed.id]
            states += [_fold(state, since) for state in self._past[number]]
            self._kept.append(deed)
        self._unshown.clear()
        self._consider(states)

    def unanswered(self, deed: Deed) -> None:
        """The shopper gave up waiting: the deed may happen now, later or never."""
        self.pending.append(deed)

    def ends(self, cart: Cart) -> bool:
        """Whether this is a legal state in the end."""
        self._before = self._possible()
        return self.lost_count or any(
            content(state) == content(cart)
            for state in self._before
            if all(state.knows(deed.id) for deed in self._kept)
        )

    def _possible(self) -> list[Cart]:
        if self._considered != len(self.pending) + len(self._kept):
            self._consider(self.states)
        return self.states

    def _consider(self, states: Iterable[Cart]) -> None:
        self.states = self._closed(states)
        self._considered = len(self.pending) + len(self._kept)

    def _closed(self, states: Iterable[Cart]) -> list[Cart]:
        """These states, and those after any of the deeds that happen now, later or never."""
        late = [*self.pending, *self._kept]
        if len(states := list(states)) == 1 and not late:
            return states
        found: dict[object, Cart] = {}
        queue = list(states)
        while queue and len(found) <= MAX_STATES:
            state = queue.pop()
            to_come = [deed for deed in late if not state.knows(deed.id)]
            key = (content(state), state.removed, tuple(deed.id for deed in to_come))
            if key not in found:
                found[key] = state
                queue += [_apply(state, deed) for deed in to_come]
        self.lost_count |= len(found) > MAX_STATES
        return list(found.values())

    def _remember(self, answer: Answer, before: list[Cart], after: list[Cart], *, either: bool = False) -> None:
        if answer.deed is not None:
            self._past.append(list({(content(state), state.removed): state for state in before}.values()))
            self._steps.append(Step(answer.process, answer.deed, answer.journalled, either))
        self._consider(after)

    def _views(self, answer: Answer, doubt: Doubt) -> Iterator[Cart]:
        """The states that a process may know: an older one, with what it cannot have missed since."""
        empty = [Cart(self.states[0].id), Cart(self.states[0].id, revision=1)]  # only the second takes a coupon
        first = self._seen.get(answer.process, 0) if doubt < Doubt.SPLIT else 0
        for number, states in enumerate([*self._past, self._possible()]):
            bases = [*(states if number >= first else ()), *(empty if answer.cart.partial else ())]
            for since in _orders(self._steps[number:]) if bases else ():
                own = [step.deed for step in since if step.process == answer.process]
                shared = [
                    step.deed
                    for step in since
                    if step.process == answer.process or 0 < step.journalled == answer.outage
                ]
                for state in bases:
                    yield _fold(state, shared)
                    if doubt == Doubt.SPLIT:
                        yield _fold(state, own)


def _orders(steps: list[Step]) -> Iterator[list[Step]]:
    """These steps, and with those that came at once the other way round."""
    yield steps
    pairs = [number for number, step in enumerate(steps[:-1]) if step.either]
    for count in range(1, min(len(pairs), MAX_PAIRS) + 1):
        for some in combinations(pairs, count):
            other = list(steps)
            for number in some:
                other[number : number + 2] = reversed(other[number : number + 2])
            yield other


@lru_cache(MEMORY)
def _apply(cart: Cart, deed: Deed | None) -> Cart:
    if deed is None or cart.knows(deed.id):
        return cart
    if isinstance(deed, Forgotten):
        return Cart(cart.id, cart.revision + 1, changes=cart.changes + deed.id)
    try:
        return apply(cart, deed)
    except CartLimitExceeded:
        return cart


def _refuses(cart: Cart, deed: Deed) -> bool:
    if isinstance(deed, Forgotten):
        return False
    try:
        apply(cart, deed)
    except CartLimitExceeded:
        return True
    return False


def _fold(cart: Cart, deeds: list[Deed]) -> Cart:
    for deed in deeds:
        cart = _apply(cart, deed)
    return cart
